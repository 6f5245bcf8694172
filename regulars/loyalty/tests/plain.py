"""Points as a plain dictionary would keep them: slow, short, and written apart from the ledger."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

Lot = dict[str, Any]
DAY = timedelta(days=1)
FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Plain:
    """Members' points of one currency."""

    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.debt: dict[str, int] = {}
        self.holds: dict[str, dict[str, Any]] = {}
        self.purchases: dict[str, dict[str, Any]] = {}

    # What time does.

    def settle(self, who: str, now: datetime) -> None:
        for lot in self.lots:
            if lot["who"] == who and lot["pending"] and lot["starts"] <= now:
                repaid = min(self.debt.get(who, 0), lot["pending"])
                self.debt[who] = self.debt.get(who, 0) - repaid
                lot["available"] += lot["pending"] - repaid
                lot["pending"] = 0
        for lot in self.lots:
            if lot["who"] == who and lot["ends"] is not None and lot["ends"] <= now:
                if lot["purchase"] is not None:
                    self._purchase(lot["purchase"], who)["expired"] += lot["available"]
                lot["available"] = 0

    def view(self, who: str, now: datetime) -> tuple[int, int, int, int]:
        seen = copy.deepcopy(self)
        seen.settle(who, now)
        own = [lot for lot in seen.lots if lot["who"] == who]
        sums = [sum(lot[part] for lot in own) for part in ("available", "pending", "held")]
        return sums[0], sums[1], sums[2], seen.debt.get(who, 0)

    # What people do.

    def earn(
        self, who: str, points: int, starts: datetime, ends: datetime | None, purchase: str | None,
        now: datetime,
    ) -> None:  # fmt: skip
        self.settle(who, now)
        lot = {"who": who, "available": 0, "pending": points, "held": 0, "starts": starts,
               "ends": ends, "purchase": purchase, "number": len(self.lots)}  # fmt: skip
        self.lots.append(lot)
        if starts <= now:
            repaid = min(self.debt.get(who, 0), points)
            self.debt[who] = self.debt.get(who, 0) - repaid
            lot["pending"], lot["available"] = 0, points - repaid
        if purchase is not None:
            self._purchase(purchase, who)["earned"] += points

    def _purchase(self, name: str, who: str) -> dict[str, Any]:
        fresh = {"who": who, "earned": 0, "taken": 0, "expired": 0, "burnt": []}
        return self.purchases.setdefault(name, fresh)

    def _in_order(self, who: str) -> list[Lot]:
        own = [lot for lot in self.lots if lot["who"] == who]
        return sorted(
            own,
            key=lambda lot: (
                lot["ends"] or FAR, lot["starts"], lot["number"],
            ),
        )  # fmt: skip

    def hold(self, who: str, points: int, key: str, purchase: str, now: datetime) -> bool:
        self.settle(who, now)
        if sum(lot["available"] for lot in self.lots if lot["who"] == who) < points:
            return False
        kept = []
        for lot in self._in_order(who):
            used = min(points, lot["available"])
            if used:
                lot["available"] -= used
                lot["held"] += used
                points -= used
                kept.append((lot["number"], used))
        self.holds[key] = {"who": who, "kept": kept, "purchase": purchase, "open": True}
        return True

    def resolve(self, key: str, points: int | None, now: datetime, grace: timedelta) -> int:
        """Spend so many of a hold's points, all without a number; the others go back."""
        hold = self.holds[key]
        self.settle(hold["who"], now)
        hold["open"] = False
        wanted = sum(n for _, n in hold["kept"]) if points is None else points
        spent = 0
        came: list[tuple[Lot, int]] = []
        for number, kept in hold["kept"]:
            lot = self.lots[number]
            used = min(kept, wanted - spent)
            spent += used
            lot["held"] -= kept
            if used:
                self._purchase(hold["purchase"], hold["who"])["burnt"].append([number, used])
            if kept > used:
                came.append((lot, kept - used))
                if lot["ends"] is not None and lot["ends"] <= now:
                    lot["ends"] = now + grace
        for lot, back in came:
            lot["available"] += back
        self._repay(hold["who"])
        return spent

    def give_back(self, purchase: str, points: int, now: datetime, extra: timedelta) -> bool:
        bought = self.purchases.get(purchase, {"who": "", "burnt": []})
        if bought["who"]:
            self.settle(bought["who"], now)
        if sum(n for _, n in bought["burnt"]) < points:
            return False
        came: list[tuple[Lot, int]] = []
        for burnt in reversed(bought["burnt"]):
            used = min(points, burnt[1])
            burnt[1] -= used
            points -= used
            lot = self.lots[burnt[0]]
            if used:
                came.append((lot, used))
                if lot["ends"] is not None and lot["ends"] <= now:
                    lot["ends"] = now + extra
        for lot, used in came:
            lot["available"] += used
        self._repay(bought["who"])
        return True

    def _repay(self, who: str) -> None:
        """A debt takes what there is, first what ends first."""
        for lot in self._in_order(who):
            repaid = min(self.debt.get(who, 0), lot["available"])
            self.debt[who] = self.debt.get(who, 0) - repaid
            lot["available"] -= repaid

    def take_back(
        self, purchase: str, points: int, policy: str, now: datetime
    ) -> tuple[int, int] | None:
        """What was taken and what is owed for it; None when more than was earned."""
        bought = self.purchases.get(purchase)
        if bought is None:
            return None
        who = bought["who"]
        self.settle(who, now)
        if bought["earned"] - bought["taken"] < points:
            return None
        ordered = self._in_order(who)
        mine = [lot for lot in ordered if lot["purchase"] == purchase]
        others = [lot for lot in ordered if lot["purchase"] != purchase]
        spends = policy != "only_pending"
        rest = self._take(mine, "pending", points)
        rest = self._take(mine, "available", rest) if spends else rest
        # What ended of its own is neither taken elsewhere nor owed.
        gone = min(rest, bought["expired"])
        bought["expired"] -= gone
        rest -= gone
        rest = self._take(others, "available", rest) if spends else rest
        rest = self._take(others[::-1], "pending", rest)
        owed = rest if policy == "negative" else 0
        self.debt[who] = self.debt.get(who, 0) + owed
        bought["taken"] += points - rest + owed
        return points - rest - gone, owed

    def _take(self, lots: list[Lot], part: str, rest: int) -> int:
        for lot in lots:
            used = min(rest, lot[part])
            lot[part] -= used
            rest -= used
        return rest

    def adjust(self, who: str, points: int, now: datetime) -> bool:
        if points > 0:
            self.earn(who, points, now, None, None, now)
            return True
        self.settle(who, now)
        own = [lot for lot in self._in_order(who) if lot["available"]]
        if sum(lot["available"] for lot in own) < -points:
            return False
        rest = -points
        for lot in own:
            used = min(rest, lot["available"])
            lot["available"] -= used
            rest -= used
        return True
