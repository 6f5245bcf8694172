"""Whether a customer may be written to: consent, pause, address, suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.customers.pure import normalise
from regulars.customers.pure.addresses import keyed_hash
from regulars.customers.pure.wishes import (
    Said,
    general_purpose,
    is_paused,
    refusal,
    topic_of,
)
from regulars.customers.records import ADDRESS_COLUMNS, ConsentState, Purpose
from regulars.kernel import clock
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

# Reasons that forbid even what the customer waits for: the address is dead or angry.
HARD_REASONS = frozenset({"bounce", "complaint"})

# Preferences stay under the id they were said for, so those merged into the customer count too.
READ = """
SELECT c.id, c.merged_into IS NOT NULL, {address}, s.state, s.changed_at, t.state, t.changed_at,
       chosen.paused_until
FROM customers_customer c
LEFT JOIN customers_consentstate s
  ON s.workspace_id = c.workspace_id AND s.customer_id = c.id AND s.channel = %(channel)s
 AND s.purpose = %(general)s AND NOT s.is_gone
LEFT JOIN customers_consentstate t
  ON t.workspace_id = c.workspace_id AND t.customer_id = c.id AND t.channel = %(channel)s
 AND t.purpose = %(topic)s AND NOT t.is_gone
LEFT JOIN LATERAL (
  SELECT max(p.paused_until) AS paused_until FROM customers_preference p
  WHERE p.workspace_id = c.workspace_id AND p.channel IN (%(channel)s, '')
    AND p.customer_id = ANY(ARRAY(SELECT m.loser_id FROM customers_merge m
      WHERE m.workspace_id = c.workspace_id AND m.root_id = c.id AND NOT m.is_gone)
      || c.id)
) AS chosen ON %(is_marketing)s
WHERE c.workspace_id = %(workspace)s AND c.id = ANY(%(customers)s)
"""


@dataclass(frozen=True, slots=True)
class _Found:
    is_merged: bool
    address: str | None
    general: Said | None
    topic: Said | None
    paused_until: datetime | None


def may_contact(
    workspace_id: int, customer_ids: Sequence[int], channel: str, purpose: str
) -> dict[int, str | None]:
    """For each customer why nothing may be sent now, or None when it may.

    purpose  marketing, transactional, profiling, or marketing:<key> for a letter of one topic
    Transactional messages need no consent and stop only at addresses that bounced or complained.
    Two statements for any number of customers; what cannot be read raises, it never permits.
    Codes: customer_unknown, customer_merged, consent_missing, consent_withdrawn, topic_left,
    paused, address_missing, suppressed.
    """
    found = _read(workspace_id, customer_ids, channel, purpose)
    addresses = {c: what.address for c, what in found.items() if what.address}
    suppressed = _suppressed(workspace_id, channel, addresses)
    is_free, now = purpose == Purpose.TRANSACTIONAL, clock.now()
    return {
        customer_id: _refusal(
            found.get(customer_id), suppressed.get(customer_id), now, is_free=is_free
        )
        for customer_id in customer_ids
    }


def _read(
    workspace_id: int, customer_ids: Sequence[int], channel: str, purpose: str
) -> dict[int, _Found]:
    column = ADDRESS_COLUMNS.get(channel)
    general = general_purpose(purpose)
    raw = cursor()
    raw.execute(
        READ.format(address=f"c.{column}" if column else "NULL"),
        {
            "workspace": workspace_id,
            "customers": list(customer_ids),
            "channel": channel,
            "general": general,
            "topic": purpose if topic_of(purpose) else "",
            "is_marketing": general == Purpose.MARKETING,
        },
    )
    return {
        id_: _Found(is_merged, address, _said(state, at), _said(topic, topic_at), paused_until)
        for id_, is_merged, address, state, at, topic, topic_at, paused_until in raw.fetchall()
    }


def _said(state: str | None, at: datetime | None) -> Said | None:
    return None if state is None or at is None else Said(state == ConsentState.GIVEN, at)


def _refusal(
    found: _Found | None, suppression: str | None, now: datetime, *, is_free: bool
) -> str | None:
    if found is None:
        return "customer_unknown"
    if found.is_merged:
        return "customer_merged"
    if not is_free:
        refused = refusal(found.general, found.topic)
        if refused is None and is_paused(found.paused_until, now):
            refused = "paused"
        if refused is not None:
            return refused
    if not found.address:
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


def hashes_now(workspace_id: int, customer_ids: Sequence[int], *, channel: str) -> dict[int, bytes]:
    """What stands for the address each of these customers has now; absent without one."""
    column = ADDRESS_COLUMNS[channel]
    raw = cursor()
    raw.execute(
        f"SELECT id, {column} FROM customers_customer"
        f" WHERE workspace_id = %s AND id = ANY(%s) AND {column} IS NOT NULL",
        [workspace_id, list(customer_ids)],
    )
    found = dict(raw.fetchall())
    hashes = address_hashes(workspace_id, [*found.values()], channel=channel)
    return dict(zip(found, hashes, strict=True))


def address_as_kept(workspace_id: int, address: str, *, channel: str) -> str:
    """The address as a card would keep it. raises Invalid(email_syntax | phone_syntax | …)"""
    column = ADDRESS_COLUMNS.get(channel)
    if column == "email":
        return normalise.email(address)
    if column == "phone":
        return normalise.phone(address, workspaces.workspace(workspace_id).region)
    return address.strip()


def contact_refusals(
    workspace_id: int, customer_ids: Sequence[int], *, channel: str, purpose: str
) -> dict[int, str]:
    """Only those who may not be written to, with the reason; see may_contact."""
    answers = may_contact(workspace_id, customer_ids, channel, purpose)
    return {customer_id: reason for customer_id, reason in answers.items() if reason is not None}


def consent_words(workspace_id: int) -> set[tuple[str, str]]:
    """Every channel and purpose that customers said a word about."""
    raw = cursor()
    raw.execute(
        "SELECT DISTINCT channel, purpose FROM customers_consentstate"
        " WHERE workspace_id = %s AND NOT is_gone",
        [workspace_id],
    )
    return {(row[0], row[1]) for row in raw.fetchall()}


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
