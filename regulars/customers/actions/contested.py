"""What follows when rows claim contacts of others: who has them now, who is told, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from regulars.customers.actions import owners, profiles
from regulars.customers.pure.priority import BROWSER_KINDS
from regulars.customers.pure.resolve import Clash, Move, Resolution
from regulars.customers.records import Identifier, IdentifierKind
from regulars.events.records import NewEvent
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

COLUMNS = {IdentifierKind.EMAIL: "email", IdentifierKind.PHONE: "phone"}
Real = Callable[[int], int]

# Who lost a contact is written to by the next one of the kind that is left.
READ_NEXT = """
SELECT DISTINCT ON (customer_id, kind) customer_id, kind, value FROM customers_identifier
WHERE workspace_id = %s AND customer_id = ANY(%s) AND kind = ANY(%s)
ORDER BY customer_id, kind, id
"""
FORGET_SHARES = """
DELETE FROM customers_share AS s
USING unnest(%s::text[], %s::text[], %s::bigint[]) AS given (kind, value, customer_id)
WHERE s.workspace_id = %s AND s.kind = given.kind AND s.value = given.value
  AND s.customer_id = given.customer_id
"""


def settle(
    workspace_id: int, found: Resolution, real: Real, now: datetime, origin: str
) -> list[NewEvent]:
    """Write down who shares and who lost contacts; gives the events that tell of it.

    Call it when identifiers are moved and profiles are told.
    """
    holders = {
        identifier: real(owner.customer_id)
        for identifier, owner in {**found.gained, **found.moved}.items()
    }
    owners.share(workspace_id, _shares(found, real, holders), now)
    lost = [move for move in found.moves if holders[move.identifier] != real(move.loser_id)]
    if found.moves:
        _forget_shares(workspace_id, {m.identifier: holders[m.identifier] for m in found.moves})
        _clear(workspace_id, lost, real, now)
    return [
        *(_conflict(clash, real, now, origin) for clash in found.clashes),
        *(_moved(move, real, now, origin) for move in lost),
    ]


def _shares(
    found: Resolution, real: Real, holders: Mapping[Identifier, int]
) -> dict[tuple[Identifier, int], tuple[int, bool, str]]:
    shares: dict[tuple[Identifier, int], tuple[int, bool, str]] = {}
    for who, holder, was_held, what in _claims(found):
        if what.identifier.kind in BROWSER_KINDS:
            continue
        key = (what.identifier, real(who))
        at_last = holders.get(what.identifier, real(holder))
        if at_last == key[1]:
            shares.pop(key, None)
        else:
            before = shares.get(key)
            shares[key] = (at_last, was_held or bool(before and before[1]), what.rule)
    return shares


def _claims(found: Resolution) -> Iterator[tuple[int, int, bool, Clash | Move]]:
    """Who goes without a contact, who holds it, whether it was theirs, in the order of rows."""
    claims: list[tuple[int, int, int, bool, Clash | Move]] = [
        (clash.row, clash.customer_id, clash.owner_id, False, clash) for clash in found.clashes
    ]
    claims += [(move.row, move.loser_id, move.taker_id, True, move) for move in found.moves]
    for _, who, holder, was_held, what in sorted(claims, key=lambda claim: claim[0]):
        yield who, holder, was_held, what


def _forget_shares(workspace_id: int, holders: Mapping[Identifier, int]) -> None:
    """Who holds a contact now does not share it with somebody else."""
    cursor().execute(
        FORGET_SHARES, [*owners.columns(holders), list(holders.values()), workspace_id]
    )


def _clear(workspace_id: int, lost: list[Move], real: Real, now: datetime) -> None:
    """Take lost contacts out of the columns of those who lost them."""
    gone: dict[int, dict[str, str]] = {}
    for move in lost:
        column = COLUMNS.get(move.identifier.kind)
        if column:
            gone.setdefault(real(move.loser_id), {})[column] = move.identifier.value
    if not gone:
        return
    raw = cursor()
    raw.execute(READ_NEXT, [workspace_id, list(gone), [kind.value for kind in COLUMNS]])
    following = {(row[0], COLUMNS[IdentifierKind(row[1])]): row[2] for row in raw.fetchall()}
    stored = profiles.read(workspace_id, sorted(gone), is_locked=True)
    for customer_id, columns in gone.items():
        present = stored[customer_id].row.columns
        given = {
            column: following.get((customer_id, column))
            for column, value in columns.items()
            if present[column] == value
        }
        profiles.write_one(workspace_id, customer_id, given, now)


def _conflict(clash: Clash, real: Real, now: datetime, origin: str) -> NewEvent:
    customer_id = real(clash.customer_id)
    kind, value = clash.identifier
    return NewEvent(
        kind="customer.conflict",
        time=now,
        # One customer and one identifier make one conflict, however often rows repeat it.
        key=f"customer:{customer_id}:conflict:{kind.value}:{value}",
        customer_id=customer_id,
        props={"identifier": kind.value, "owner_id": real(clash.owner_id), "rule": clash.rule},
        origin=origin,
    )


def _moved(move: Move, real: Real, now: datetime, origin: str) -> NewEvent:
    return NewEvent(
        kind="contact.lost",
        time=now,
        key=f"customer:{real(move.loser_id)}:lost:{new_public_id()}",
        customer_id=real(move.loser_id),
        subject_id=real(move.taker_id),
        props={
            "identifier": move.identifier.kind.value,
            "taker_id": real(move.taker_id),
            "rule": move.rule,
        },
        origin=origin,
    )
