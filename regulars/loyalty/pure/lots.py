"""Which lots a burn takes, in which order, and how points find back to theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.loyalty.pure.ledger import NEVER

RELEASE_GRACE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one origin. The three parts are what is left of `amount`.

    expires_at  when it truly ends, for sliding lots the day their member's silence ends them
    """

    id: int
    member_id: int
    currency: str
    amount: int
    available: int
    pending: int
    held: int
    activates_at: datetime | None
    expires_at: datetime | None
    slides: bool = False
    purchase_id: str | None = None
    partner_id: int | None = None
    line_id: str | None = None
    source_txn: int = 0
    source_lot: int | None = None
    waits_for: str | None = None
    cost_minor: int = 0


def order_key(lot: Lot) -> tuple[datetime, datetime, int]:
    """What ends first is burnt first; then what became active first; then the older lot."""
    return lot.expires_at or NEVER, lot.activates_at or NEVER, lot.id


def is_live(lot: Lot, now: datetime) -> bool:
    """Whether the lot's date has not passed."""
    return lot.expires_at is None or lot.expires_at > now


def spendable(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """Lots that may be burnt now, in the order they are."""
    found = (lot for lot in lots if lot.available > 0 and is_live(lot, now))
    return sorted(found, key=order_key)


def burn(lots: Iterable[Lot], points: int, now: datetime) -> dict[int, int] | None:
    """So much of each lot for this many points; None when there are not enough."""
    taken: dict[int, int] = {}
    rest = points
    for lot in spendable(lots, now):
        if rest == 0:
            break
        taken[lot.id] = min(lot.available, rest)
        rest -= taken[lot.id]
    return None if rest else taken


def take(parts: Sequence[tuple[int, int]], points: int) -> tuple[dict[int, int], int]:
    """So much of each (lot, amount), the first first; and what could not be covered."""
    taken: dict[int, int] = {}
    rest = points
    for lot, amount in parts:
        used = min(amount, rest)
        if used:
            taken[lot] = taken.get(lot, 0) + used
            rest -= used
    return taken, rest


def put_back(burnt: Sequence[tuple[int, int]], points: int) -> dict[int, int]:
    """How returned points find back to the lots they were burnt from.

    burnt  (lot, what is still not given back) in the order of the burn; the last burnt comes
           back first, so that what ends soonest stays spent the longest
    """
    given, rest = take(tuple(reversed(burnt)), points)
    assert rest == 0, "more points come back than were burnt"
    return given


def date_back(lot_expires_at: datetime | None, now: datetime, extra: timedelta) -> datetime | None:
    """The date a lot has when points come back to it: its own, or some time more if passed."""
    if lot_expires_at is None or lot_expires_at > now:
        return lot_expires_at
    return now + extra


def next_expiry(lots: Iterable[Lot], now: datetime) -> tuple[datetime | None, int]:
    """When the next available points end and how many end at that instant."""
    ending = [lot for lot in spendable(lots, now) if lot.expires_at is not None]
    if not ending:
        return None, 0
    first = ending[0].expires_at
    return first, sum(lot.available for lot in ending if lot.expires_at == first)


def by_lot(pairs: Iterable[tuple[int, int]]) -> Mapping[int, int]:
    """The sum for each lot."""
    sums: dict[int, int] = {}
    for lot, amount in pairs:
        sums[lot] = sums.get(lot, 0) + amount
    return sums
