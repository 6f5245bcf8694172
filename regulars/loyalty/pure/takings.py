"""From where points are taken that a returned purchase had earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from regulars.loyalty.pure.lots import Lot, order_key, take

Policy = Literal["only_pending", "within_balance", "negative"]


@dataclass(frozen=True, slots=True)
class Taking:
    """So much of each lot; what became a debt; what could neither be taken nor owed.

    gone  so much was there no more, for it had ended by its date
    """

    pending: Mapping[int, int]
    available: Mapping[int, int]
    debt: int
    missed: int
    gone: int

    @property
    def points(self) -> int:
        return sum(self.pending.values()) + sum(self.available.values())


def taking(
    own: Sequence[Lot], points: int, purchase_id: str, policy: Policy, expired: int = 0
) -> Taking:
    """What the lots of one currency give, those of the purchase itself first.

    only_pending    its own pending points, then other pending ones, the latest first
    within_balance  its own pending and available points, then others that are available as a
                    burn would take them, then other pending ones
    negative        the same, and what is missing becomes a debt

    expired  so much of the purchase's own points has ended: nobody had anything of it, so it is
             neither taken from other points nor owed
    """
    ordered = sorted(own, key=order_key)
    mine = [lot for lot in ordered if lot.purchase_id == purchase_id]
    others = [lot for lot in ordered if lot.purchase_id != purchase_id]
    pending, rest = _take(mine, "pending", points)
    if policy == "only_pending":
        gone = min(rest, expired)
        more, rest = _take(others[::-1], "pending", rest - gone)
        return Taking(pending | more, {}, 0, rest, gone)
    available, rest = _take(mine, "available", rest)
    gone = min(rest, expired)
    rest -= gone
    further, rest = _take(others, "available", rest)
    more, rest = _take(others[::-1], "pending", rest)
    owed = rest if policy == "negative" else 0
    return Taking(pending | more, available | further, owed, rest - owed, gone)


def _take(own: Sequence[Lot], part: str, points: int) -> tuple[dict[int, int], int]:
    return take([(lot.id, getattr(lot, part)) for lot in own], points)
