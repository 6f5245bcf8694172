"""The consent ledger and the list of addresses nothing may be sent to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from regulars.audit import actions as audit
from regulars.customers.actions import present, stops
from regulars.customers.pure import addresses
from regulars.customers.queries.contact import HARD_REASONS
from regulars.customers.records import Basis, ConsentState, NewConsent
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

WORD_LENGTH_MAX = 60
TEXT_LENGTH_MAX = 200
NOTE_LENGTH_MAX = 500
# Keeps our advisory locks apart from those of other rooms.
LOCK_CLASS = 0x6D75
LOCK_NUMBERS = 1 << 31

# In the order of ids, as merges and splits lock them.
READ_ROOTS = """
SELECT id, merged_into FROM customers_customer
WHERE workspace_id = %(workspace)s AND id IN (
  SELECT unnest(ARRAY[id, merged_into]) FROM customers_customer
  WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s))
"""
# A line says once what was said once: the same word of the same instant is not written again.
APPEND = """
INSERT INTO customers_consent
  (workspace_id, customer_id, channel, purpose, state, at, source, actor, text_version,
   basis, recorded_at)
SELECT %(workspace)s, n.customer_id, n.channel, n.purpose, n.state, n.at, n.source, n.actor,
       n.text_version, n.basis, %(now)s
FROM json_to_recordset(%(rows)s::json) AS n
  (customer_id bigint, channel text, purpose text, state text, at timestamptz, is_own_time bool,
   source text, actor text, text_version text, basis text)
WHERE NOT EXISTS (
    SELECT FROM customers_consent AS old
    WHERE old.workspace_id = %(workspace)s AND old.customer_id = n.customer_id
      AND old.channel = n.channel AND old.purpose = n.purpose
      AND ((old.at = n.at AND old.state = n.state) OR NOT n.is_own_time))
  -- What those merged into the customer said stands in their own lines; here it is settled.
  AND (n.is_own_time OR NOT EXISTS (
    SELECT FROM customers_consentstate AS said
    WHERE said.workspace_id = %(workspace)s AND said.customer_id = n.customer_id
      AND said.channel = n.channel AND said.purpose = n.purpose AND NOT said.is_gone))
RETURNING customer_id, channel, purpose, state, at, source, basis
"""
# The newest word counts, and of two equally new ones the refusal. What is gone, since a merge was
# undone, is no word of the customer any more.
SETTLE = """
INSERT INTO customers_consentstate AS kept
  (workspace_id, customer_id, channel, purpose, state, changed_at, is_gone)
SELECT DISTINCT ON (customer_id, channel, purpose)
       %(workspace)s, customer_id, channel, purpose, state, at, false
FROM json_to_recordset(%(rows)s::json) AS n
  (customer_id bigint, channel text, purpose text, state text, at timestamptz)
ORDER BY customer_id, channel, purpose, at DESC, state DESC
ON CONFLICT (workspace_id, customer_id, channel, purpose) DO UPDATE
SET state = excluded.state, changed_at = excluded.changed_at, is_gone = false
WHERE kept.is_gone OR excluded.changed_at > kept.changed_at
   OR (excluded.changed_at = kept.changed_at AND excluded.state = 'withdrawn')
"""
SUPPRESS = """
INSERT INTO customers_suppression AS kept
  (workspace_id, channel, address_hash, customer_id, reason, at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, channel, address_hash) DO UPDATE
SET reason = excluded.reason, at = excluded.at, lifted_at = NULL,
    customer_id = coalesce(excluded.customer_id, kept.customer_id)
WHERE kept.lifted_at IS NOT NULL
   OR (excluded.reason = ANY(%s) AND NOT kept.reason = ANY(%s))
"""


def lock_consents(workspace_id: int, *, is_shared: bool = False) -> None:
    """Let no refusal come between reading consents and acting on them, until the transaction ends.

    is_shared  for those who read; they wait for refusals under way, and later refusals for them
    """
    suffix = "_shared" if is_shared else ""
    cursor().execute(
        f"SELECT pg_advisory_xact_lock{suffix}(%s, %s)", [LOCK_CLASS, workspace_id % LOCK_NUMBERS]
    )


def give_consent(
    workspace_id: int,
    customer_id: int,
    *,
    channel: str,
    purpose: str,
    source: str,
    actor: str = "",
    at: datetime | None = None,
    text_version: str = "",
    basis: Basis = Basis.CONSENT,
) -> None:
    """Write down that the customer agreed, now or at the time given."""
    _say(workspace_id, customer_id, channel, purpose, ConsentState.GIVEN, source, actor, at,
         text_version, basis)  # fmt: skip


def withdraw_consent(
    workspace_id: int,
    customer_id: int,
    *,
    channel: str,
    purpose: str,
    source: str,
    actor: str = "",
    at: datetime | None = None,
    text_version: str = "",
) -> None:
    """Write down that the customer refused, now or at the time given."""
    _say(workspace_id, customer_id, channel, purpose, ConsentState.WITHDRAWN, source, actor, at,
         text_version)  # fmt: skip


def _say(
    workspace_id: int,
    customer_id: int,
    channel: str,
    purpose: str,
    state: ConsentState,
    source: str,
    actor: str,
    at: datetime | None,
    text_version: str,
    basis: Basis = Basis.CONSENT,
) -> None:
    consent = NewConsent(
        customer_id=customer_id,
        channel=channel,
        purpose=purpose,
        state=state,
        source=source,
        at=at or clock.now(),
        actor=actor,
        text_version=text_version,
        basis=basis,
    )
    if record_consents(workspace_id, [consent]):
        known = present.public_id(workspace_id, customer_id)
        act = f"consent.{state.value}"
        audit.note(workspace_id, act, "customer", known, fields=[channel, purpose])


def record_consents(
    workspace_id: int, consents: Sequence[NewConsent], *, origin: str = "live"
) -> int:
    """Add lines to the ledger and settle the states; returns how many lines were new.

    A state moves only to a word newer than its own, so history brought in late undoes nothing;
    a consent without a time counts only where nothing was ever said. Refusals wait for letters
    that are being handed over, and letters after them see them; no merge comes between.
    raises  Invalid(consent_word), NotFound(customer_unknown)
    """
    if not consents:
        return 0
    now = clock.now()
    is_refusal = any(consent.state is ConsentState.WITHDRAWN for consent in consents)
    root_of = _roots(workspace_id, {c.customer_id for c in consents}, is_held=is_refusal)
    rows = [_as_row(consent, root_of[consent.customer_id], now) for consent in consents]
    if is_refusal:
        lock_consents(workspace_id)
    elif any(consent.at is None for consent in consents):
        # Whether anything was ever said is asked; a refusal under way has to be seen.
        lock_consents(workspace_id, is_shared=True)
    raw = cursor()
    values = {"workspace": workspace_id, "now": now, "rows": msgspec.json.encode(rows).decode()}
    raw.execute(APPEND, values)
    names = ("customer_id", "channel", "purpose", "state", "at", "source", "basis")
    added = [dict(zip(names, row, strict=True)) for row in raw.fetchall()]
    if not added:
        return 0
    raw.execute(SETTLE, {"workspace": workspace_id, "rows": msgspec.json.encode(added).decode()})
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind=f"consent.{row['state']}",
                time=row["at"],
                key=None,
                customer_id=row["customer_id"],
                props={
                    name: row[name]
                    for name in ("channel", "purpose", "source", "basis")
                    if row[name]
                },
                origin=origin,
            )
            for row in added
        ],
    )
    return len(added)


def _as_row(consent: NewConsent, root_id: int, now: datetime) -> dict[str, object]:
    for word in (consent.channel, consent.purpose):
        if not 0 < len(word) <= WORD_LENGTH_MAX or not word.isprintable():
            raise Invalid("consent_word", "A channel and a purpose are short words.")
    at = min(consent.at or now, now)
    return {
        "customer_id": root_id,
        "channel": consent.channel,
        "purpose": consent.purpose,
        "state": consent.state.value,
        "at": at,
        "is_own_time": consent.at is not None,
        "source": consent.source[:TEXT_LENGTH_MAX],
        "actor": consent.actor[:TEXT_LENGTH_MAX],
        "text_version": consent.text_version[:TEXT_LENGTH_MAX],
        "basis": consent.basis.value if consent.state is ConsentState.GIVEN else "",
    }


def _roots(workspace_id: int, customer_ids: set[int], *, is_held: bool) -> dict[int, int]:
    """Who each of these is now; with `is_held` a merge or a split waits until we are done."""
    raw = cursor()
    raw.execute(
        READ_ROOTS + (" ORDER BY id FOR KEY SHARE" if is_held else ""),
        {"workspace": workspace_id, "ids": list(customer_ids)},
    )
    into = dict(raw.fetchall())
    if not customer_ids <= into.keys():
        raise NotFound("customer_unknown", "There is no such customer.")
    root_of = {one: into[one] or one for one in customer_ids}
    # A root may have been merged on while we waited for its row.
    late = {root for root in root_of.values() if root not in into or into[root] is not None}
    if late:
        above = _roots(workspace_id, late, is_held=is_held)
        root_of = {one: above.get(root, root) for one, root in root_of.items()}
    return root_of


def suppress(
    workspace_id: int,
    *,
    channel: str,
    reason: str,
    address: str | None = None,
    address_hash: bytes | None = None,
    customer_id: int | None = None,
    past_owner_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Let nothing be sent to this address by this channel any more, whoever owns it.

    The first reason stays, unless the new one forbids more: a bounce or a complaint stops letters
    about orders, too. Saying it again changes nothing. Waits as a refusal does.
    address_hash  instead of the address, as queries.address_hashes gave it
    customer_id   who owns the address now, if anybody
    past_owner_id who had it when the letter was sent, where only its hash is known
    """
    assert (address is None) != (address_hash is None)
    if address is not None:
        secret = workspaces.workspace(workspace_id).secret
        address_hash = addresses.keyed_hash(secret, channel, address)
    lock_consents(workspace_id)
    hard = sorted(HARD_REASONS)
    cursor().execute(
        SUPPRESS,
        [workspace_id, channel, address_hash, customer_id, reason, at or clock.now(), hard, hard],
    )
    owners = [one for one in (customer_id, past_owner_id) if one is not None]
    stops.follow_address(workspace_id, channel, address=address, customer_ids=owners)


def lift_suppression(
    workspace_id: int, *, channel: str, address: str, actor: str, note: str
) -> None:
    """Allow the address again, by a person's hand; who did it and why stays as proof.

    raises  Invalid(lift_note), NotFound(suppression_unknown)
    """
    note = note.strip()
    if not note or len(note) > NOTE_LENGTH_MAX or not actor:
        raise Invalid("lift_note", "Write in a few words why the address may be written to again.")
    secret = workspaces.workspace(workspace_id).secret
    raw = cursor()
    raw.execute(
        "UPDATE customers_suppression SET lifted_at = %s, lifted_by = %s, lift_note = %s"
        " WHERE workspace_id = %s AND channel = %s"
        " AND address_hash = %s AND lifted_at IS NULL RETURNING customer_id, reason",
        [
            clock.now(),
            actor[:TEXT_LENGTH_MAX],
            note,
            workspace_id,
            channel,
            addresses.keyed_hash(secret, channel, address),
        ],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("suppression_unknown", "Nothing forbids this address.")
    owners = [] if row[0] is None else [row[0]]
    stops.follow_address(workspace_id, channel, address=address, customer_ids=owners)
    known = present.public_id(workspace_id, row[0]) if row[0] else ""
    audit.note(workspace_id, "suppression.lifted", "customer", known, fields=[channel])
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="suppression.lifted",
                time=clock.now(),
                key=f"suppression:{new_public_id()}",
                customer_id=row[0],
                props={"channel": channel, "actor": actor, "note": note, "reason": row[1]},
            )
        ],
    )
