"""Random histories of a coalition of shops: merges, splits, waiting, sliding, late sales, returns.

Nothing here is compared with another implementation: the books are asked whether they add up.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
import time_machine

from regulars.customers import actions as customers
from regulars.events.records import Event
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.loyalty.actions import (
    carrying,
    coalition,
    nightly,
    points,
    seals,
    sliding,
    tills,
    waking,
)
from regulars.loyalty.point_records import Grant
from regulars.loyalty.queries import balances, replay, sealed
from regulars.loyalty.queries import coalition as settlements
from regulars.loyalty.tests.counter import at, cart, line, new_id, shop
from regulars.loyalty.tests.plain_till import half_up
from regulars.loyalty.till import calls
from regulars.loyalty.till.keys import Keys
from regulars.store.scope import cursor, scope

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.usefixtures("as_engine")]

HISTORIES, HISTORIES_LONG = 8, 300
STEPS = 120
CHECKED_EACH = 10
WAITS = [20, 20, 2 * 24 * 60, 5 * 24 * 60]
SHOPS = ["", "cafe", "books"]
# Far enough back that no history, walking on by days, comes to the present.
AGO = timedelta(days=85)
POLICIES = ["within_balance", "negative", "only_pending"]
REFUSED = {"return_exceeds", "return_nothing"}
# Points that had ended before their goods came back were given out all the same.
GIVEN = """
SELECT -coalesce(sum(e.amount), 0) FROM loyalty_entry e JOIN loyalty_txn t ON t.id = e.txn_id
WHERE e.workspace_id = %s AND e.unit LIKE 'points:%%'
  AND (e.account IN ('issued', 'revoked', 'adjust')
       OR e.account = 'expired' AND t.kind = 'take_back')"""
LOTS = """
SELECT l.points, l.cost_minor, l.revoked + l.redeemed, p.cost_minor_per_100
FROM loyalty_partnerlot l JOIN loyalty_partner p ON p.id = l.partner_id
WHERE l.workspace_id = %s"""
MEMBER = """
SELECT m.id, c.id FROM loyalty_member m JOIN customers_customer c ON c.id = m.customer_id
WHERE m.workspace_id = %s AND c.external_id = %s"""


def rules(dice: random.Random) -> dict[str, Any]:
    """Points that live on by activity, and stars that wait for delivery and then end.

    Where a balance may go below zero nothing ends: the programme would refuse it.
    """
    policy = dice.choice(POLICIES)
    never = {"kind": "never"}
    sliding_on = {"kind": "inactivity", "span": "9d", "activities": ["burn", "App Opened"]}
    fixed = {"kind": "rolling", "span": "12d"}
    return {
        "currencies": [
            {"slug": "points", "name": "Points", "is_main": True, "terms": "active",
             "minor_per_point": dice.choice([100, 7])},
            {"slug": "stars", "name": "Stars", "terms": "delivered"},
        ],
        "terms": {
            "active": {"expiry": never if policy == "negative" else sliding_on},
            "delivered": {
                "pending": {"kind": "event", "event": "order.delivered", "cancel_after": "8d"},
                "expiry": never if policy == "negative" else fixed},
        },
        "earning": [
            {"id": "tenth", "trigger": "cart", "share": "10"},
            {"id": "stars", "trigger": "cart", "share": "3", "currency": "stars"},
        ],
        "returns": {"policy": policy, "debt_from_refund": dice.random() < 0.3},
    }  # fmt: skip


class History:
    """Three members, three tills, and what is done with them; the dice decide."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.place = shop(rules(self.dice))
        self.id = self.place.workspace.id
        self.tills = [Keys().opened(key) for key in self._partners()]
        self.open: list[tuple[str, Any]] = []
        self.sold: list[str] = []
        self.merged: set[int] = set()
        self.closed: list[tuple[int, str]] = []
        self.spent = 0
        self.does: list[Callable[[], None]] = [
            self.hold, self.hold, self.confirm, self.confirm, self.sell, self.sell, self.cancel,
            self.take_back, self.take_back, self.merge_or_split, self.deliver, self.be_active,
            self.wait, self.wait, self.night, self.give, self.close,
        ]  # fmt: skip

    def _partners(self) -> list[str]:
        with scope(self.id):
            coalition.create_partner(self.id, "Cafe", cost_minor_per_100=100, shops=["cafe"])
            coalition.create_partner(self.id, "Books", cost_minor_per_100=137, shops=["books"])
            made = [tills.open_till(self.id, one, shop=one, till="1") for one in SHOPS[1:]]
        return [self.place.key, *(key for _, key in made)]

    def enrol(self) -> None:
        """Somebody else may have points from before."""
        self.names = [self.place.member(points_held=n) for n in (0, 70_01, 50_00)]
        with scope(self.id):
            raw = cursor()
            self.members: list[int] = []
            self.customers: list[int] = []
            for one in self.names:
                raw.execute(MEMBER, [self.id, one["external_id"]])
                row = raw.fetchone()
                assert row is not None
                self.members.append(row[0])
                self.customers.append(row[1])

    def call(self, work: Callable[..., bytes], body: dict[str, Any], till: Any = None) -> Any:
        return json.loads(work(till or self.dice.choice(self.tills), json.dumps(body).encode()))

    # What people do.

    def hold(self) -> None:
        till = self.dice.choice(self.tills)
        body = self._cart(points={"amount": self.dice.choice([1_00, 12_34, "auto"])})
        self.call(calls._hold, body, till)
        self.open.append((body["purchase_id"], till))

    def _cart(self, **more: Any) -> dict[str, Any]:
        goods = line(qty=self.dice.choice(["1", "3", "0.7"]), price=self.dice.choice([999, 3_333]))
        return cart(member=self.dice.choice(self.names), lines=[goods], **more)

    def confirm(self) -> None:
        """In time, late, or after the job let the hold go."""
        if not self.open:
            return
        name, till = self.open.pop(self.dice.randrange(len(self.open)))
        if self.dice.random() < 0.5:
            self.place.expire(name)
        told = self.call(calls._confirm, {"purchase_id": name, "occurred_at": at()}, till)
        if told["summary"]["points_paid"]:
            self.spent += told["points"]["applied"]
        self.sold.append(name)

    def sell(self) -> None:
        body = self._cart()
        self.call(calls._confirm, body)
        self.sold.append(body["purchase_id"])

    def cancel(self) -> None:
        if self.open:
            name, _ = self.open.pop()
            self.call(calls._cancel, {"purchase_id": name})

    def take_back(self) -> None:
        if not self.sold:
            return
        part = {"lines": [{"line_id": "1", "qty": self.dice.choice(["1", "0.3"])}]}
        body = {"purchase_id": self.dice.choice(self.sold), "return_id": new_id("r"),
                "occurred_at": at(), **(part if self.dice.random() < 0.6 else {})}  # fmt: skip
        try:
            told = self.call(calls._return, body)
        except RegularsError as error:
            if error.code not in REFUSED:
                raise
            return
        self.spent -= told["summary"]["points_back"]

    def merge_or_split(self) -> None:
        at_, key = self.dice.choice([1, 2]), new_id("m")
        first, other = self.customers[0], self.customers[at_]
        with scope(self.id):
            if at_ in self.merged:
                customers.unmerge(self.id, other)
                carrying.split(self.id, other, key)
                self.merged.discard(at_)
            else:
                customers.merge(self.id, other, first)
                carrying.merge(self.id, other, first, key)
                self.merged.add(at_)

    def deliver(self) -> None:
        if self.sold:
            with scope(self.id):
                waking.awaken(self.id, [f"order.delivered:{self.dice.choice(self.sold)}"])

    def be_active(self) -> None:
        now = clock.now()
        opened = Event(
            self.dice.randrange(10**9), self.id, self.dice.choice(self.customers), now, now,
            "App Opened", "live", "test", None, {},
        )  # fmt: skip
        with scope(self.id):
            sliding.take(self.id, [opened], now)

    def give(self) -> None:
        asked = Grant(
            self.members[0], self.dice.choice(["points", "stars"]), self.dice.choice([50, 5_01]),
            key=new_id("g"),
        )  # fmt: skip
        with scope(self.id):
            points.grant(self.id, asked)

    # What time does.

    def wait(self) -> None:
        """Past the time of a hold, or past the day of points."""
        self.clock.shift(timedelta(minutes=self.dice.choice(WAITS)))

    def night(self) -> None:
        nightly.run_due(self.id, clock.now())

    def close(self) -> None:
        self.follow()
        with scope(self.id):
            (newest, *_) = settlements.periods(self.id)
            done = coalition.close_period(self.id, newest.public_id, actor="user:1")
        self.closed.append((done.id, done.lines_hash))

    def follow(self) -> None:
        # What the coalition posts itself is sealed and read in the next round.
        for _ in range(2):
            while seals.seal_waiting():
                pass
            with scope(self.id):
                while coalition.follow(self.id):
                    pass

    # What must be true.

    def check(self) -> None:
        """1–3: sums are zero and nobody has less than nothing; nothing stays with whoever left."""
        with scope(self.id):
            assert sealed.sums(self.id) == []
            found = balances.balances(self.id, self.members, clock.now())
        for number, member_id in enumerate(self.members):
            for one in found[member_id].values():
                assert min(one.available, one.pending, one.reserved, one.debt) >= 0
                assert number not in self.merged or one.available + one.pending == 0

    def check_all(self) -> None:
        """4: the log tells the same. 15: partners owe one another what the points did cost."""
        self.follow()
        self.check()
        with scope(self.id):
            assert replay.replay(self.id).digest() == replay.stored(self.id).digest()
            assert settlements.coalition_faults(self.id) == []
            shares = [one for period in settlements.periods(self.id)
                      for one in settlements.report(self.id, period.id)]  # fmt: skip
            for settlement_id, digest in self.closed:
                assert coalition.lines_hash(self.id, settlement_id) == digest
            total, _, _ = settlements.whole(self.id)
            raw = cursor()
            raw.execute(GIVEN, [self.id])
            given = raw.fetchone()
            raw.execute(LOTS, [self.id])
            lots = raw.fetchall()
        assert given is not None and sum(one.issued for one in shares) == given[0]
        assert sum(one.redeemed for one in shares) == self.spent
        issued = sum(one.issued_minor for one in shares)
        assert total == issued - sum(one.redeemed_minor for one in shares)
        # What is neither spent nor taken back is what partners still owe, lot by lot.
        assert all(cost == half_up(Fraction(n * rate, 10_000)) for n, cost, _, rate in lots)
        assert total == sum(cost - half_up(Fraction(cost * gone, n)) for n, cost, gone, _ in lots)

    def run(self) -> None:
        with time_machine.travel(clock.now() - AGO) as self.clock:
            self.enrol()
            for step in range(STEPS):
                self.dice.choice(self.does)()
                if step % CHECKED_EACH == CHECKED_EACH - 1:
                    self.check()
            while self.open:
                self.cancel()
            self.check_all()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_books_of_a_coalition_add_up_after_any_history(seed: int) -> None:
    History(seed).run()


@pytest.mark.long
def test_the_books_add_up_after_many_histories() -> None:
    for seed in range(HISTORIES, HISTORIES_LONG):
        History(seed).run()


def test_points_of_a_late_sale_come_back_whole_after_a_split(db: None) -> None:
    place = shop()
    winner, loser = place.member(), place.member(points_held=20_00)
    workspace_id = place.workspace.id
    ids = []
    with scope(workspace_id):
        for one in (winner, loser):
            raw = cursor()
            raw.execute(MEMBER, [workspace_id, one["external_id"]])
            ids.append(raw.fetchone())
    kept, gone = (found[-1] for found in ids if found)
    body = cart(member=loser, points={"amount": 20_00})
    name = body["purchase_id"]
    place.call("hold", body)
    with scope(workspace_id):
        customers.merge(workspace_id, gone, kept)
        carrying.merge(workspace_id, gone, kept, "m")
    place.let_pass(name)
    place.expire(name)
    place.call("confirm", {"purchase_id": name, "occurred_at": at()})
    with scope(workspace_id):
        customers.unmerge(workspace_id, gone)
        carrying.split(workspace_id, gone, "s")

    status, _ = place.call("returns", {"purchase_id": name, "return_id": "r", "occurred_at": at()})

    assert status == 200
    assert (place.balance(winner)["available"], place.balance(loser)["available"]) == (0, 20_00)
    with scope(workspace_id):
        assert sealed.sums(workspace_id) == []
