"""The invariants of the ledger, over random histories against a plain dictionary.

Numbers are those of the design. Each rule is an operation somebody may do, or time, or a retry.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from regulars.kernel.errors import Conflict, Refused
from regulars.loyalty.actions import members, nightly, points
from regulars.loyalty.actions.adjustments import Adjust
from regulars.loyalty.point_records import Earn, Hold, Part, PointsInsufficient
from regulars.loyalty.queries import balances, replay, sealed
from regulars.loyalty.tests.plain import DAY, Plain
from regulars.store.scope import cursor, scope
from tests.town import town

WHO = st.sampled_from(["mira", "oleg"])
AMOUNT = st.integers(1, 500)
BOUGHT = st.sampled_from(["p1", "p2", "p3"])
GRACE = timedelta(hours=24)
EXTRA = timedelta(days=5)
START = datetime.fromisoformat("2026-02-26T09:00:00+02:00")
UNRESOLVED = """
SELECT h.natural_key, (SELECT coalesce(sum(amount), 0) FROM loyalty_entry
                       WHERE txn_id = h.id AND account = 'member:held'),
       (SELECT -coalesce(sum(e.amount), 0) FROM loyalty_entry e
        JOIN loyalty_txn t ON t.id = e.txn_id
        WHERE e.account = 'member:held' AND (t.resolves_id = h.id
            OR t.kind = 'release' AND t.natural_key = h.natural_key || ':end:rest')),
       (SELECT count(*) FROM loyalty_txn t WHERE t.resolves_id = h.id)
FROM loyalty_txn h WHERE h.workspace_id = %s AND h.kind = 'hold'
"""


class Ledger(RuleBasedStateMachine):
    """The ledger and the dictionary, side by side."""

    @initialize()
    def begin(self) -> None:
        self.town = town()
        self.bakery = self.town.bakery.id
        self.plain = Plain()
        self.now = START
        self.number = 0
        self.digests: list[tuple[datetime, str]] = []
        self.again: list[tuple[Callable[[], object], Callable[[], object] | None]] = []
        with scope(self.bakery):
            ids = members.enrol(self.bakery, [self.town.mira, self.town.oleg], self.now)
        self.members = dict(zip(("mira", "oleg"), ids, strict=True))
        with scope(self.town.other.id):
            (self.zoe,) = members.enrol(self.town.other.id, [self.town.zoe], self.now)
            points.earn(self.town.other.id, Earn(self.zoe, "z", (Part("points", 777),)), self.now)

    def _key(self) -> str:
        self.number += 1
        # Every operation has a moment of its own, so that the log can be cut after each.
        self.now += timedelta(seconds=1)
        return f"k{self.number}"

    def _do(self, act: Callable[[], Any], other: Callable[[], object] | None = None) -> Any:
        """Do it in a transaction, and remember how to do it again, and wrongly again."""
        with scope(self.bakery):
            found = act()
        self.again.append((act, other))
        return found

    @rule(
        who=WHO, amounts=st.lists(st.tuples(AMOUNT, st.integers(0, 9), st.integers(0, 12)),
                                  min_size=1, max_size=3), bought=st.none() | BOUGHT,
    )  # fmt: skip
    def earn(self, who: str, amounts: list[tuple[int, int, int]], bought: str | None) -> None:
        key, now = self._key(), self.now
        if bought is not None:
            bought = f"{bought}-{who}"
        parts = []
        for amount, waits, lives in amounts:
            starts = now + waits * DAY
            ends = starts + lives * DAY if lives else None
            parts.append(Part("points", amount, activates_at=starts, expires_at=ends))
        for part in parts:
            assert part.activates_at is not None
            self.plain.earn(who, part.points, part.activates_at, part.expires_at, bought, now)

        def give(further: tuple[Part, ...] = ()) -> object:
            made = Earn(self.members[who], key, (*parts, *further), purchase_id=bought)
            return points.earn(self.bakery, made, now)

        assert self._do(give, lambda: give((Part("points", 1),))).is_new

    @rule(who=WHO, amount=AMOUNT, bought=BOUGHT)
    def hold(self, who: str, amount: int, bought: str) -> None:
        key, now = self._key(), self.now
        bought = f"{bought}-{who}"

        def keep(more: int = 0) -> object:
            asked = Hold(self.members[who], "points", amount + more, key, bought)
            return points.hold(self.bakery, asked, now)

        if self.plain.hold(who, amount, key, bought, now):
            kept = self._do(keep, lambda: keep(1))
            assert kept.points == amount
        else:
            with pytest.raises(PointsInsufficient), scope(self.bakery):
                keep()

    def _open(self) -> list[str]:
        return [key for key, hold in self.plain.holds.items() if hold["open"]]

    @rule(data=st.data(), share=st.sampled_from([None, 0.3, 1.0]), lets_go=st.booleans())
    def resolve(self, data: st.DataObject, share: float | None, lets_go: bool) -> None:
        if not self._open():
            return
        key = data.draw(st.sampled_from(self._open()))
        self._key()
        now = self.now
        held = sum(n for _, n in self.plain.holds[key]["kept"])
        part = None if share is None else max(1, int(held * share))
        if lets_go:
            self.plain.resolve(key, 0, now, GRACE)
            settled = self._do(lambda: points.release(self.bakery, key, f"{key}:end", now, GRACE))
            assert (settled.captured, settled.released) == (0, held)
        else:
            spent = self.plain.resolve(key, part, now, GRACE)
            settled = self._do(
                lambda: points.capture(
                    self.bakery, key, f"{key}:end", points=part, now=now, grace=GRACE
                )
            )
            assert (settled.captured, settled.released) == (spent, held - spent)
        # 6: the other way is closed from now on.
        contrary = points.capture if lets_go else points.release
        with pytest.raises(Conflict), scope(self.bakery):
            contrary(self.bakery, key, f"{key}:end", now=now)

    @rule(who=WHO, bought=BOUGHT, amount=AMOUNT)
    def give_back(self, who: str, bought: str, amount: int) -> None:
        key, now = self._key(), self.now
        bought = f"{bought}-{who}"

        def back(more: int = 0) -> object:
            return points.give_back(self.bakery, bought, amount + more, key, extra=EXTRA, now=now)

        if self.plain.give_back(bought, amount, now, EXTRA):
            assert self._do(back, lambda: back(1)).points == amount
        else:
            with pytest.raises(Refused), scope(self.bakery):
                back()

    @rule(
        who=WHO, bought=BOUGHT, amount=AMOUNT,
        policy=st.sampled_from(["only_pending", "within_balance", "negative"]),
    )  # fmt: skip
    def take_back(self, who: str, bought: str, amount: int, policy: Any) -> None:
        key, now = self._key(), self.now
        bought = f"{bought}-{who}"

        def take(more: int = 0) -> object:
            return points.take_back(
                self.bakery, bought, {"points": amount + more}, key, policy=policy, now=now
            )

        expected = self.plain.take_back(bought, amount, policy, now)
        if expected is None:
            with pytest.raises(Refused), scope(self.bakery):
                take()
            return
        taken = self._do(take, lambda: take(1))
        assert (sum(taken.taken.values()), sum(taken.debt.values())) == expected

    @rule(who=WHO, amount=AMOUNT, sign=st.sampled_from([1, -1]))
    def adjust(self, who: str, amount: int, sign: int) -> None:
        key, now = self._key(), self.now

        def change(more: int = 0) -> object:
            asked = Adjust(
                self.members[who], "points", sign * amount + more, "because", key, "user:1"
            )
            return points.adjust(self.bakery, asked, limit=1_000, now=now)

        if self.plain.adjust(who, sign * amount, now):
            assert self._do(change, lambda: change(1)).state == "posted"
        else:
            with pytest.raises(PointsInsufficient), scope(self.bakery):
                change()

    @rule(days=st.sampled_from([0, 0, 1, 3]), hours=st.integers(0, 23))
    def wait(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule()
    def night(self) -> None:
        # 14: the night and whoever asks first do the same; here the night may well be late.
        zone = self.town.bakery.zone
        with scope(self.bakery):
            raw = cursor()
            raw.execute("SELECT max(day) FROM loyalty_night WHERE workspace_id = %s", [self.bakery])
            row = raw.fetchone()
        today = self.now.astimezone(zone).date()
        day = row[0] + DAY if row and row[0] else today
        first = datetime(day.year, day.month, day.day, tzinfo=zone)
        # What a late night does stands for its midnight: moments after it are told anew.
        self.digests = [one for one in self.digests if one[0] < first]
        while day <= today:
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            for who in self.members:
                self.plain.settle(who, midnight)
            day += DAY
        nightly.run_due(self.bakery, self.now)
        nightly.run_due(self.bakery, self.now)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """7: the same key and body change nothing; another body is a conflict."""
        if not self.again:
            return
        act, other = data.draw(st.sampled_from(self.again[-5:]))
        before = self._state()
        with scope(self.bakery):
            again: Any = act()
        assert not getattr(again, "is_new", False)
        if other is not None:
            with pytest.raises(Conflict) as error, scope(self.bakery):
                other()
            assert error.value.code == "idempotency_mismatch"
        assert self._state()[1] == before[1]

    def _state(self) -> tuple[str, int]:
        with scope(self.bakery):
            raw = cursor()
            raw.execute(
                "SELECT count(*) FROM loyalty_txn WHERE workspace_id = %s"
                " AND kind NOT IN ('activate', 'expire')",
                [self.bakery],
            )
            row = raw.fetchone()
            return replay.stored(self.bakery).digest(), int(row[0]) if row else 0

    @invariant()
    def agrees(self) -> None:
        """1, 2, 3, 5, 9: sums are zero, nothing is negative, three tellings are one, in order."""
        if not hasattr(self, "plain"):
            return
        with scope(self.bakery):
            found = balances.balances(self.bakery, list(self.members.values()), self.now)
            for who, member_id in self.members.items():
                own = found[member_id].get("points")
                told = (own.available, own.pending, own.reserved, own.debt) if own else (0,) * 4
                assert told == self.plain.view(who, self.now), who
            assert sealed.sums(self.bakery) == []
            self.digests.append((self.now, replay.stored(self.bakery).digest()))

    def teardown(self) -> None:
        """4, 6: the log tells every moment again; what was held is spent or free, once."""
        if not hasattr(self, "plain"):
            return
        with scope(self.bakery):
            last = dict(self.digests)
            assert replay.replay(self.bakery).digest() == replay.stored(self.bakery).digest()
            for moment, digest in list(last.items())[-4:]:
                assert replay.replay(self.bakery, moment).digest() == digest
            raw = cursor()
            raw.execute(UNRESOLVED, [self.bakery])
            for key, kept, resolved, times in raw.fetchall():
                is_open = self.plain.holds[key]["open"]
                assert (resolved, times) == ((0, 0) if is_open else (kept, 1))
        with scope(self.town.other.id):
            own = balances.balances(self.town.other.id, [self.zoe], self.now)[self.zoe]["points"]
            assert (own.available, own.pending, own.reserved, own.debt) == (777, 0, 0, 0)
            assert balances.balances(self.town.other.id, list(self.members.values()), self.now) == {
                member_id: {} for member_id in self.members.values()
            }


def test_any_history_agrees_with_a_plain_dictionary(db: None) -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=int(os.environ.get("REGULARS_HISTORIES", "20")),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
