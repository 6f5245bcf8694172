"""Random histories at a till agree with a second implementation: a dictionary and fractions.

At the end of each everything is brought back, and nothing may be left of it: invariant 8.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from regulars.kernel.errors import RegularsError
from regulars.loyalty.pure.codes import normalised
from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.loyalty.tests.plain_till import Asked, Goods, PlainTill
from regulars.loyalty.till import calls
from regulars.loyalty.till.keys import Keys
from regulars.store.scope import cursor, scope

HISTORIES, HISTORIES_LONG = 25, 1_000
STEPS = 18
START = 15_00
CARD = 30_00
USES = 2
GIFT = """
SELECT available_minor, held_minor FROM loyalty_giftcard WHERE workspace_id = %s AND code = %s"""
CODE = "SELECT reserved, used FROM loyalty_code WHERE workspace_id = %s AND code = %s"
SOLD = ("confirmed", "partly_returned", "returned")

PRICES = st.sampled_from([33, 333, 999, 1_999, 2_500, 10_007]) | st.integers(1, 50).map(
    lambda n: n * 100
)
MILLI = st.sampled_from([1_000, 2_000, 3_000, 5_000, 455, 2_500])
GOODS = st.lists(st.builds(Goods, PRICES, MILLI), min_size=1, max_size=3)
ASKED = st.builds(
    Asked,
    st.sampled_from([0, 7_77, 600_00]),
    st.sampled_from([0, 0, 555]),
    st.booleans(),
    st.booleans(),
)


def quantity(milli: int) -> str:
    return f"{milli // 1000}.{milli % 1000:03d}"


def points_of(told: dict[str, int]) -> int:
    return told.get("points", 0)


class Till(RuleBasedStateMachine):
    """A till, and the plain one beside it."""

    place: Shop
    owes: bool

    @initialize()
    def begin(self) -> None:
        self.member = self.place.member(points_held=START)
        self.code, self.card = new_id("CODE").upper(), new_id("GIFT2026").upper()
        self.place.code(self.code, "tenth", uses_per_code=USES)
        self.place.gift_card(self.card, CARD)
        self.opened = Keys().opened(self.place.key)
        self.naive = PlainTill(START, CARD, USES, owes=self.owes)
        self.asked: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {}
        self.returns = 0

    def call(self, work: Callable[..., bytes], body: dict[str, Any]) -> Any:
        try:
            return json.loads(work(self.opened, json.dumps(body).encode()))
        except RegularsError as error:
            return error.code

    def names(self, *wanted: str) -> list[str]:
        return [name for name, one in self.naive.bought.items() if one["state"] in wanted]

    @rule(goods=GOODS, asked=ASKED)
    def hold_some(self, goods: list[Goods], asked: Asked) -> None:
        self.hold(goods, asked)

    def hold(self, goods: list[Goods], asked: Asked) -> None:
        name = new_id()
        lines = [
            line(str(n), qty=quantity(one.milli), price=one.price) for n, one in enumerate(goods)
        ]
        body = cart(
            name,
            member=self.member,
            lines=lines,
            points={"amount": asked.points},
            delivery=asked.delivery,
            codes=[self.code] if asked.has_code else [],
            gift_cards=[{"code": self.card}] if asked.has_gift else [],
        )

        told = self.call(calls._hold, body)

        if not self.naive.hold(name, goods, asked):
            assert told == "code_in_use"
            return
        one = self.naive.bought[name]
        assert told["summary"]["to_pay"] == sum(one["paid"]) + one["delivery"]
        for kind, field in (("to_pay", "paid"), ("points_paid", "points"), ("gift_paid", "gift")):
            assert [sold[kind] for sold in told["lines"]] == one[field], kind
        assert [sold["earn"] for sold in told["lines"]] == one["earn"]
        self.asked["hold", name] = (body, told)

    @precondition(lambda self: self.names("confirmed", "expired"))
    @rule()
    def hold_all_there_is(self) -> None:
        """Whoever comes back now, or confirms late, finds nothing."""
        self.hold([Goods(25_000, 1_000)], Asked(10**7, 0, has_gift=True))

    @precondition(lambda self: self.names("held", "expired"))
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names("held", "expired")))
        body = {"purchase_id": name, "occurred_at": at()}

        told = self.call(calls._confirm, body)

        self.naive.sell(name)
        one = self.naive.bought[name]
        assert told["summary"]["to_pay"] == sum(one["paid"]) + one["delivery"]
        assert told["summary"]["points_paid"] == sum(one["points"])
        assert told["summary"]["gift_paid"] == sum(one["gift"]) + one["delivery_gift"]
        assert told["summary"]["earn_pending"] == sum(one["earn"])
        self.asked["confirm", name] = (body, told)

    @precondition(lambda self: self.names("held"))
    @rule(data=st.data(), is_cancelled=st.sampled_from([True, False, False]))
    def let_go(self, data: st.DataObject, is_cancelled: bool) -> None:
        name = data.draw(st.sampled_from(self.names("held")))
        if is_cancelled:
            assert self.call(calls._cancel, {"purchase_id": name})["state"] == "cancelled"
            self.naive.release(name, "cancelled")
        else:
            self.place.let_pass(name)
            assert self.place.expire(name)
            self.naive.release(name, "expired")

    @precondition(lambda self: self.names("confirmed", "partly_returned"))
    @rule(data=st.data(), with_delivery=st.booleans())
    def take_back(self, data: st.DataObject, with_delivery: bool) -> None:
        name = data.draw(st.sampled_from(self.names("confirmed", "partly_returned")))
        left = self.left(name)
        chosen = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
        self.bring_back(
            name,
            {n: left[n] if data.draw(st.booleans()) else data.draw(st.integers(1, left[n]))
             for n in sorted(chosen)},
            delivery=with_delivery,
        )  # fmt: skip

    def left(self, name: str) -> dict[int, int]:
        one = self.naive.bought[name]
        left = [many - back for many, back in zip(one["milli"], one["back"], strict=True)]
        return {n: many for n, many in enumerate(left) if many}

    def bring_back(self, name: str, asked: dict[int, int], *, delivery: bool) -> None:
        self.returns += 1
        goods = [{"line_id": str(n), "qty": quantity(many)} for n, many in asked.items()]
        return_id = f"{name}-r{self.returns}"
        body = {
            "purchase_id": name, "return_id": return_id, "occurred_at": at(),
            **({"lines": goods} if goods else {}), "delivery": delivery,
        }  # fmt: skip

        told = self.call(calls._return, body)

        expected = self.naive.take_back(name, asked, delivery=delivery)
        summary = told["summary"]
        assert {
            **{kind: summary[kind] for kind in ("refund", "points_back", "gift_back")},
            **{kind: points_of(summary[kind]) for kind in ("earn_back", "earn_taken", "debt")},
        } == expected
        assert told["state"] == self.naive.bought[name]["state"]
        self.asked["return", return_id] = (body, told)

    @precondition(lambda self: any(kind != "hold" for kind, _ in self.asked))
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(k for k in self.asked if k[0] != "hold")))
        body, told = self.asked[key]
        work = calls._confirm if key[0] == "confirm" else calls._return

        assert self.call(work, body) == told
        assert self.call(work, {**body, "cashier": "other"}) == "idempotency_mismatch"

    @precondition(lambda self: self.names("cancelled", *SOLD))
    @rule(data=st.data())
    def do_what_cannot_be(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names("cancelled", *SOLD)))
        state = self.naive.bought[name]["state"]
        body, _ = self.asked["hold", name]

        assert self.call(calls._hold, body) == "purchase_state"
        told = self.call(calls._cancel, {"purchase_id": name})
        assert told == "use_return" if state in SOLD else told["state"] == "cancelled"
        if state == "cancelled":
            back = {"purchase_id": name, "return_id": new_id("r"), "occurred_at": at()}
            assert self.call(calls._return, back) == "purchase_not_confirmed"

    @invariant()
    def the_books_agree(self) -> None:
        if hasattr(self, "member"):
            assert self.place.balance(self.member) == {
                "available": self.naive.available,
                "pending": 0,
                "reserved": self.naive.reserved,
                "debt": self.naive.debt,
            }

    def teardown(self) -> None:
        """8: whatever was held let go and whatever was sold brought back, all is as before."""
        if not hasattr(self, "naive"):
            return
        for name in self.names("held"):
            self.call(calls._cancel, {"purchase_id": name})
            self.naive.release(name, "cancelled")
        for name in self.names(*SOLD):
            delivery = self.naive.bought[name]["has_delivery"]
            if self.left(name) or delivery:
                self.bring_back(name, self.left(name), delivery=delivery)
        # Earned points that were spent before their goods came back are the shop's loss at most.
        kept = self.naive.missed
        assert self.place.balance(self.member) == {
            "available": START + kept, "pending": 0, "reserved": 0, "debt": 0,
        }  # fmt: skip
        assert kept == 0 or not self.owes
        with scope(self.place.workspace.id):
            raw = cursor()
            raw.execute(GIFT, [self.place.workspace.id, normalised(self.card)])
            assert raw.fetchall() == [(CARD, 0)]
            raw.execute(CODE, [self.place.workspace.id, normalised(self.code)])
            assert raw.fetchall() == [(0, 0)]


def tea(policy: str) -> Shop:
    """7 % off every cart, a tenth more with a code."""
    made = shop({"returns": {"policy": policy}})
    made.promote("seven", effects=[{"type": "percent_off", "value": "7"}])
    made.promote("tenth", trigger="code", effects=[{"type": "percent_off", "value": "10"}])
    return made


def run(policy: str, histories: int) -> None:
    machine = type("OneTill", (Till,), {"place": tea(policy), "owes": policy == "negative"})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("policy", ["within_balance", "negative"])
def test_random_histories_agree_with_a_dictionary(db: None, policy: str) -> None:
    run(policy, HISTORIES)


@pytest.mark.long
@pytest.mark.parametrize("policy", ["within_balance", "negative"])
def test_many_histories_agree_with_a_dictionary(db: None, policy: str) -> None:
    run(policy, HISTORIES_LONG)
