"""Random histories at a till agree with a second implementation: a dictionary and fractions."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from math import floor
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
from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.loyalty.till import calls
from regulars.loyalty.till.keys import Keys

HISTORIES = 100
STEPS = 14
START = 500_00
SOLD = ("confirmed", "partly_returned", "returned")

Lines = list[tuple[int, int]]


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def spread(total: int, weights: list[int]) -> list[int]:
    """Largest remainder, ties by order."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [floor(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in order[: total - sum(parts)]:
        parts[n] += 1
    return parts


class Naive:
    """One member and their purchases, without lots, locks or tables."""

    def __init__(self) -> None:
        self.available, self.reserved = START, 0
        self.bought: dict[str, dict[str, Any]] = {}

    def hold(self, name: str, lines: Lines, asked: int) -> int:
        base = [count * price for count, price in lines]
        burnt = min(asked, self.available, sum(base))
        self.available -= burnt
        self.reserved += burnt
        points = spread(burnt, base)
        self.bought[name] = {
            "state": "held", "lines": lines, "burnt": burnt, "points": points, "back": {},
            "paid": [b - p for b, p in zip(base, points, strict=True)], "refunded": 0,
            "points_back": 0, "earn_back": 0,
        }  # fmt: skip
        return sum(base) - burnt

    def sell(self, name: str) -> None:
        one = self.bought[name]
        if one["state"] == "held":
            self.reserved -= one["burnt"]
        elif self.available >= one["burnt"]:
            self.available -= one["burnt"]
        else:
            # Nobody has the points any more: they become a discount, and nothing comes back.
            one["burnt"], one["points"] = 0, [0] * len(one["points"])
        one["state"] = "confirmed"
        one["earn"] = half_up(Fraction(sum(one["paid"]), 10))
        self.available += one["earn"]

    def release(self, name: str, state: str) -> None:
        one = self.bought[name]
        one["state"] = state
        self.reserved -= one["burnt"]
        self.available += one["burnt"]

    def take_back(self, name: str, asked: dict[int, int]) -> int:
        """Money to hand back."""
        one = self.bought[name]
        for n, many in asked.items():
            one["back"][n] = one["back"].get(n, 0) + many
        share = [Fraction(one["back"].get(n, 0), c) for n, (c, _) in enumerate(one["lines"])]
        refund = sum(half_up(p * s) for p, s in zip(one["paid"], share, strict=True))
        points = sum(half_up(p * s) for p, s in zip(one["points"], share, strict=True))
        now, one["refunded"] = refund - one["refunded"], refund
        self.available += points - one["points_back"]
        one["points_back"] = points
        one["state"] = "returned" if all(s == 1 for s in share) else "partly_returned"
        return now

    def takes_earned(self, name: str, points: int) -> None:
        """What was earned is taken back as far as there is anything."""
        self.bought[name]["earn_back"] += points
        self.available -= points


class Till(RuleBasedStateMachine):
    """A till, and the naive book beside it."""

    place: Shop

    @initialize()
    def begin(self) -> None:
        self.member = self.place.member(points_held=START)
        self.opened = Keys().opened(self.place.key)
        self.naive = Naive()
        self.asked: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {}
        self.returns = 0

    def call(self, work: Callable[..., bytes], body: dict[str, Any]) -> Any:
        try:
            return json.loads(work(self.opened, json.dumps(body).encode()))
        except RegularsError as error:
            return error.code

    def names(self, *wanted: str) -> list[str]:
        return [name for name, one in self.naive.bought.items() if one["state"] in wanted]

    @rule(
        lines=st.lists(
            st.tuples(st.integers(1, 5), st.integers(1, 50).map(lambda n: n * 100)),
            min_size=1,
            max_size=3,
        ),
        points=st.integers(0, 60).map(lambda n: n * 10_00),
    )
    def hold(self, lines: Lines, points: int) -> None:
        name = new_id()
        goods = [
            line(str(n), qty=str(count), price=price) for n, (count, price) in enumerate(lines)
        ]
        body = cart(name, member=self.member, lines=goods, points={"amount": points})

        told = self.call(calls._hold, body)

        assert told["summary"]["to_pay"] == self.naive.hold(name, lines, points)
        assert [one["to_pay"] for one in told["lines"]] == self.naive.bought[name]["paid"]
        self.asked["hold", name] = (body, told)

    @precondition(lambda self: self.names("held", "expired"))
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names("held", "expired")))
        body = {"purchase_id": name, "occurred_at": at()}

        told = self.call(calls._confirm, body)

        self.naive.sell(name)
        one = self.naive.bought[name]
        assert told["summary"]["to_pay"] == sum(one["paid"])
        assert told["summary"]["points_paid"] == one["burnt"]
        assert told["summary"]["earn_pending"] == one["earn"]
        self.asked["confirm", name] = (body, told)

    @precondition(lambda self: self.names("held"))
    @rule(data=st.data(), is_cancelled=st.booleans())
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
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.names("confirmed", "partly_returned")))
        one = self.naive.bought[name]
        left = {n: c - one["back"].get(n, 0) for n, (c, _) in enumerate(one["lines"])}
        left = {n: many for n, many in left.items() if many}
        chosen = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
        asked = {n: data.draw(st.integers(1, left[n])) for n in sorted(chosen)}
        self.returns += 1
        goods = [{"line_id": str(n), "qty": str(many)} for n, many in asked.items()]
        body = {
            "purchase_id": name, "return_id": f"{name}-r{self.returns}", "occurred_at": at(),
            "lines": goods,
        }  # fmt: skip

        told = self.call(calls._return, body)

        assert told["summary"]["refund"] == self.naive.take_back(name, asked)
        assert told["state"] == one["state"]
        taken = told["summary"]["earn_taken"].get("points", 0)
        self.naive.takes_earned(name, taken)
        if one["state"] == "returned":
            assert one["points_back"] == one["burnt"]
            assert one["earn_back"] <= one["earn"]
        self.asked["return", body["return_id"]] = (body, told)

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
            found = self.place.balance(self.member)
            assert found == {
                "available": self.naive.available,
                "pending": 0,
                "reserved": self.naive.reserved,
                "debt": 0,
            }

    def teardown(self) -> None:
        """Whatever is left, given back in full, leaves what there was before."""
        for name in self.names("held") if hasattr(self, "naive") else []:
            self.call(calls._cancel, {"purchase_id": name})


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def test_random_histories_agree_with_a_dictionary(tea: Shop) -> None:
    machine = type("OneTill", (Till,), {"place": tea})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
