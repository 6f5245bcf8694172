"""Posting to the ledger: the only module that writes entries, lots and balances.

A member's balance rows are locked before anything is decided about the member's points, in the
order of their ids; lots need no locks of their own, for nobody touches them without the balance.
Accounts of the programme have no row to lock: they are summed from the entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_noop

from regulars.kernel import clock
from regulars.kernel.errors import Conflict
from regulars.loyalty.actions import due
from regulars.loyalty.actions.sql import FIND_KEYS, LOCK, LOCK_ONE, POST
from regulars.loyalty.pure.ledger import Balance, Draft, Posted, body_hash, check
from regulars.store.scope import cursor

DRAFTS_MAX = 5_000
LOCKED_MAX = 50_000


def lock_members(
    workspace_id: int, member_ids: Sequence[int], now: datetime | None = None
) -> dict[int, dict[str, Balance]]:
    """Hold the balances of these members until the transaction ends, and tell them.

    What is due by now is activated and expired first, so that what is told is true at this moment.
    A member who never had points has no balance, and nothing that could be lost to a race.
    """
    assert len(member_ids) <= LOCKED_MAX
    moment = now or clock.now()
    rows = _lock(workspace_id, member_ids)
    late = sorted({row[0] for row in rows if row[6] is not None and row[6] <= moment})
    if late:
        due.settle(workspace_id, late, moment)
        rows = _lock(workspace_id, member_ids)
    found: dict[int, dict[str, Balance]] = {member_id: {} for member_id in member_ids}
    for member_id, currency, available, pending, held, debt, _ in rows:
        found[member_id][currency] = Balance(available, pending, held, debt)
    return found


def hold_rows(workspace_id: int, member_ids: Sequence[int]) -> None:
    """Hold the balances of these members until the transaction ends, and look at nothing."""
    cursor().execute(LOCK, [workspace_id, list(member_ids)])


def _lock(
    workspace_id: int, member_ids: Sequence[int]
) -> list[tuple[int, str, int, int, int, int, datetime | None]]:
    raw = cursor()
    if len(member_ids) == 1:
        raw.execute(LOCK_ONE, [workspace_id, member_ids[0]], prepare=True)
    else:
        raw.execute(LOCK, [workspace_id, list(member_ids)], prepare=True)
    return raw.fetchall()


def post(workspace_id: int, drafts: Sequence[Draft], now: datetime | None = None) -> list[Posted]:
    """Write transactions with all their effects in one statement.

    The caller has locked the members whose points move. What was posted before under the same
    kind and key is left alone.
    raises  Conflict(idempotency_mismatch) when it was posted with another body,
            Conflict(already_settled) when the hold or the transaction it names was settled before
    """
    if not drafts:
        return []
    assert len(drafts) <= DRAFTS_MAX
    for draft in drafts:
        check(draft)
    raw = cursor()
    raw.execute(POST, _arguments(workspace_id, drafts, now or clock.now()), prepare=True)
    new = {no: Posted(txn_id, True, tuple(lots)) for no, txn_id, lots in raw.fetchall()}
    missed = [no for no in range(len(drafts)) if no not in new]
    if missed:
        new |= _posted_before(workspace_id, drafts, missed)
    return [new[no] for no in range(len(drafts))]


def _posted_before(
    workspace_id: int, drafts: Sequence[Draft], missed: Sequence[int]
) -> dict[int, Posted]:
    raw = cursor()
    raw.execute(
        FIND_KEYS,
        {
            "workspace": workspace_id,
            "kinds": [drafts[n].kind for n in missed],
            "keys": [drafts[n].key for n in missed],
        },
    )
    before = {(kind, key): (txn_id, bytes(said)) for txn_id, kind, key, said in raw.fetchall()}
    found = {}
    for no in missed:
        draft = drafts[no]
        known = before.get((draft.kind, draft.key))
        if known is None:
            raise Conflict(
                "already_settled", gettext_noop("This was settled before in another way.")
            )
        if known[1] != body_hash(draft.body):
            raise Conflict(
                "idempotency_mismatch", gettext_noop("This key came before with another body.")
            )
        found[no] = Posted(known[0], False)
    return found


def _arguments(workspace_id: int, drafts: Sequence[Draft], now: datetime) -> dict[str, object]:
    heads = [
        (no, d.kind, d.key, body_hash(d.body), d.actor, d.occurred_at or now, d.rules_version,
         d.reason, d.purchase_id, d.reverses_id, d.resolves_id)
        for no, d in enumerate(drafts)
    ]  # fmt: skip
    lots: list[tuple[object, ...]] = []
    entries: list[tuple[object, ...]] = []
    for no, d in enumerate(drafts):
        first = len(lots)
        lots.extend(
            (first + place, no, lot.member_id, lot.currency, lot.amount, lot.activates_at,
             lot.expires_at, lot.slides, lot.waits_for, lot.partner_id, lot.cost_minor,
             lot.purchase_id, lot.line_id, lot.source_lot)
            for place, lot in enumerate(d.lots)
        )  # fmt: skip
        entries.extend(
            (no, e.account, e.owner_id, e.unit, e.lot,
             None if e.new_lot is None else first + e.new_lot, e.amount, e.activates_at,
             e.expires_at)
            for e in d.entries
        )  # fmt: skip
    named: dict[str, object] = {"workspace": workspace_id, "now": now}
    for letter, rows, width in (("t", heads, 11), ("l", lots, 14), ("e", entries, 9)):
        for number in range(width):
            named[f"{letter}{number}"] = [row[number] for row in rows]
    return named
