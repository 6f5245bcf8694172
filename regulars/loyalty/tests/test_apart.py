"""Invariant 12: what different members do may come in any order and gives the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.kernel.errors import RegularsError
from regulars.loyalty.actions import members, points
from regulars.loyalty.actions.adjustments import Adjust
from regulars.loyalty.point_records import Earn, Hold, Part
from regulars.loyalty.queries import balances, sealed
from regulars.loyalty.queries import ledger as books
from regulars.store.scope import scope
from tests.town import town

START = datetime.fromisoformat("2026-02-26T09:00:00+02:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["earn", "earn", "hold", "spend", "let_go", "take", "back", "adjust"]),
        st.integers(1, 300),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)


class Walker:
    """One member of one shop, who takes the steps of a history one after another."""

    def __init__(self, workspace_id: int, member_id: int, name: str, steps: Any) -> None:
        self.workspace_id, self.member_id, self.name = workspace_id, member_id, name
        self.left = list(enumerate(steps))
        self.held: list[str] = []
        self.told: list[object] = []

    def step(self) -> None:
        """The next step, at its own moment whoever else has done what."""
        number, (what, amount, days) = self.left.pop(0)
        try:
            with scope(self.workspace_id):
                now = START + number * 9 * HOUR
                self.told.append(self._do(what, amount, days, f"{self.name}{number}", now))
        except RegularsError as error:
            self.told.append(error.code)

    def _do(self, what: str, amount: int, days: int, key: str, now: datetime) -> object:
        shop, bought = self.workspace_id, f"bought by {self.name}"
        if what == "earn":
            part = Part("points", amount, activates_at=now + days * HOUR, expires_at=now + 2 * DAY)
            asked_for = Earn(self.member_id, key, (part,), purchase_id=bought)
            return points.earn(shop, asked_for, now).points
        if what == "hold":
            asked = Hold(self.member_id, "points", amount, key, bought)
            kept = points.hold(shop, asked, now).points
            self.held.append(key)
            return kept
        if what in ("spend", "let_go"):
            hold = self.held.pop() if self.held else "none"
            act = points.capture if what == "spend" else points.release
            done = act(shop, hold, key, now=now)
            return done.captured, done.released
        if what == "take":
            asked_back = {"points": amount}
            taken = points.take_back(shop, bought, asked_back, key, policy="negative", now=now)
            return sum(taken.taken.values()), sum(taken.debt.values())
        if what == "back":
            return points.give_back(shop, bought, amount, key, extra=DAY, now=now).points
        sign = 1 if days % 2 else -1
        change = Adjust(self.member_id, "points", sign * amount, "because", key, "user:1")
        return points.adjust(shop, change, limit=1_000, now=now).state

    def stands(self, now: datetime) -> object:
        """Balance and lots."""
        own = balances.balances(self.workspace_id, [self.member_id], now)[self.member_id]
        return own, [
            (lot.amount, lot.available, lot.pending, lot.held, lot.activates_at, lot.expires_at)
            for lot in books.open_lots(self.workspace_id, [self.member_id])
        ]


def walk(mine: Any, hers: Any, chance: Random | None) -> list[object]:
    """Both histories in a new shop, one after the other or mixed by chance."""
    place = town()
    shop = place.bakery.id
    with scope(shop):
        ids = members.enrol(shop, [place.mira, place.oleg], START)
    both = [Walker(shop, ids[0], "m", mine), Walker(shop, ids[1], "o", hers)]
    while any(one.left for one in both):
        going = [one for one in both if one.left]
        (chance.choice(going) if chance else going[0]).step()
    with scope(shop):
        assert sealed.sums(shop) == []
        return [(one.told, one.stands(START + 4 * DAY)) for one in both]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mine=STEPS, hers=STEPS, seed=st.integers(0, 1_000))
def test_what_different_members_do_may_come_in_any_order(
    db: None, mine: Any, hers: Any, seed: int
) -> None:
    assert walk(mine, hers, None) == walk(mine, hers, Random(seed))
