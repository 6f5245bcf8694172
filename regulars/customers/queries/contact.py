"""Whether a customer may be written to: consent, address, suppression, in that order of cost."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.customers.pure.addresses import keyed_hash
from regulars.customers.records import ADDRESS_COLUMNS, Purpose
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

# Reasons that forbid even what the customer waits for: the address is dead or angry.
HARD_REASONS = frozenset({"bounce", "complaint"})

READ = """
SELECT c.id, c.merged_into IS NOT NULL, {address}, s.state
FROM customers_customer c
LEFT JOIN customers_consentstate s
  ON s.workspace_id = c.workspace_id AND s.customer_id = c.id AND s.channel = %s
 AND s.purpose = %s AND NOT s.is_gone
WHERE c.workspace_id = %s AND c.id = ANY(%s)
"""


def may_contact(
    workspace_id: int, customer_ids: Sequence[int], channel: str, purpose: str
) -> dict[int, str | None]:
    """For each customer why nothing may be sent now, or None when it may.

    Transactional messages need no consent and stop only at addresses that bounced or complained.
    Two statements for any number of customers; what cannot be read raises, it never permits.
    Codes: customer_unknown, customer_merged, consent_missing, consent_withdrawn,
    address_missing, suppressed.
    """
    column = ADDRESS_COLUMNS.get(channel)
    raw = cursor()
    raw.execute(
        READ.format(address=f"c.{column}" if column else "NULL"),
        [channel, purpose, workspace_id, list(customer_ids)],
    )
    found = {row[0]: row[1:] for row in raw.fetchall()}
    addresses = {c: address for c, (_, address, _) in found.items() if address}
    suppressed = _suppressed(workspace_id, channel, addresses)
    is_free = purpose == Purpose.TRANSACTIONAL
    answers: dict[int, str | None] = {}
    for customer_id in customer_ids:
        if customer_id not in found:
            answers[customer_id] = "customer_unknown"
            continue
        is_merged, address, state = found[customer_id]
        answers[customer_id] = _refusal(
            is_merged, address, state, suppressed.get(customer_id), is_free=is_free
        )
    return answers


def _refusal(
    is_merged: bool, address: str | None, state: str | None, suppression: str | None, *,
    is_free: bool,
) -> str | None:  # fmt: skip
    if is_merged:
        return "customer_merged"
    if not is_free and state != "given":
        return "consent_withdrawn" if state == "withdrawn" else "consent_missing"
    if not address:
        return "address_missing"
    if suppression is not None and (not is_free or suppression in HARD_REASONS):
        return "suppressed"
    return None


def _suppressed(workspace_id: int, channel: str, addresses: dict[int, str]) -> dict[int, str]:
    secret = workspaces.workspace(workspace_id).secret
    hashes = {c: keyed_hash(secret, channel, address) for c, address in addresses.items()}
    raw = cursor()
    raw.execute(
        "SELECT address_hash, reason FROM customers_suppression WHERE workspace_id = %s"
        " AND channel = %s AND address_hash = ANY(%s) AND lifted_at IS NULL",
        [workspace_id, channel, list(set(hashes.values()))],
    )
    reasons = {bytes(row[0]): row[1] for row in raw.fetchall()}
    return {c: reasons[found] for c, found in hashes.items() if found in reasons}


def address_hashes(workspace_id: int, addresses: Sequence[str], *, channel: str) -> list[bytes]:
    """What stands for each address in the suppression list of the workspace."""
    secret = workspaces.workspace(workspace_id).secret
    return [keyed_hash(secret, channel, address) for address in addresses]


def contact_refusals(
    workspace_id: int, customer_ids: Sequence[int], *, channel: str, purpose: str
) -> dict[int, str]:
    """Only those who may not be written to, with the reason; see may_contact."""
    answers = may_contact(workspace_id, customer_ids, channel, purpose)
    return {customer_id: reason for customer_id, reason in answers.items() if reason is not None}


def marketing_channels(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The channels by which each of these customers agreed to be written to; absent for none."""
    raw = cursor()
    raw.execute(
        "SELECT customer_id, array_agg(channel) FROM customers_consentstate"
        " WHERE workspace_id = %s AND customer_id = ANY(%s) AND purpose = %s"
        " AND state = 'given' AND NOT is_gone GROUP BY customer_id",
        [workspace_id, list(customer_ids), Purpose.MARKETING.value],
    )
    return {row[0]: frozenset(row[1]) for row in raw.fetchall()}
