"""Many at the same instant: points are neither doubled nor lost, whoever is first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import TypeVar

from django.db import connection

from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.loyalty.actions import ledger, members, nightly, points
from regulars.loyalty.point_records import Earn, Grant, Hold, Part
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.queries import balances, replay, sealed
from regulars.store.scope import cursor, scope
from tests.town import Town, town

Made = TypeVar("Made")
THREADS = 8
DAY = timedelta(days=1)


def at_once(
    workspace_id: int, acts: list[Callable[[], Made]], *, scoped: bool = True
) -> list[Made | str]:
    """What each came to, begun together, each in a transaction of its own; or the error's code."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Made]) -> Made | str:
        try:
            gate.wait()
            if not scoped:
                return act()
            with scope(workspace_id):
                return act()
        except RegularsError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _member(place: Town, given: int, **dates: datetime) -> int:
    with scope(place.bakery.id):
        (member_id,) = members.enrol(place.bakery.id, [place.mira])
        if given:
            points.grant(place.bakery.id, Grant(member_id, "points", given, "start", **dates))  # type: ignore[arg-type]
    return member_id


def _have(place: Town, member_id: int, now: datetime | None = None) -> Balance:
    with scope(place.bakery.id):
        assert sealed.sums(place.bakery.id) == []
        digest = replay.stored(place.bakery.id).digest()
        assert replay.replay(place.bakery.id).digest() == digest
        return balances.balances(place.bakery.id, [member_id], now)[member_id]["points"]


def test_holds_together_never_take_more_than_there_is(db: None) -> None:
    place = town()
    bakery = place.bakery.id
    member_id = _member(place, 500)

    found = at_once(
        bakery,
        [
            lambda n=n: points.hold(bakery, Hold(member_id, "points", 100, f"h{n}"))  # type: ignore[misc]
            for n in range(THREADS)
        ],
    )

    assert sorted(map(str, found)).count("points_insufficient") == THREADS - 5
    assert _have(place, member_id) == Balance(0, 0, 500, 0)


def test_the_same_grant_from_many_tills_is_one(db: None) -> None:
    place = town()
    bakery = place.bakery.id
    member_id = _member(place, 0)

    found = at_once(
        bakery,
        [lambda: points.grant(bakery, Grant(member_id, "points", 70, "same"))] * THREADS,
    )

    assert sum(getattr(one, "is_new", False) for one in found) == 1
    assert len({getattr(one, "txn_id", None) for one in found}) == 1
    assert _have(place, member_id) == Balance(70)


def test_a_hold_is_spent_or_let_go_and_never_both(db: None) -> None:
    place = town()
    bakery = place.bakery.id
    member_id = _member(place, 300)
    with scope(bakery):
        points.hold(bakery, Hold(member_id, "points", 300, "h", "p1"))

    found = at_once(
        bakery,
        [
            lambda n=n: (  # type: ignore[misc]
                points.capture(bakery, "h", f"c{n}")
                if n % 2
                else points.release(bakery, "h", f"r{n}")
            )
            for n in range(THREADS)
        ],
    )

    assert [str(one) for one in found].count("already_settled") == THREADS - 1
    have = _have(place, member_id)
    assert (have.available, have.reserved) in [(0, 0), (300, 0)]


def test_returns_together_give_back_no_more_than_was_burnt(db: None) -> None:
    place = town()
    bakery = place.bakery.id
    member_id = _member(place, 300)
    with scope(bakery):
        points.hold(bakery, Hold(member_id, "points", 300, "h", "p1"))
        earn = Earn(member_id, "p1", (Part("points", 50),), purchase_id="p1")
        points.settle(bakery, hold_key="h", capture_key="c", earn=earn)

    found = at_once(
        bakery,
        [
            lambda n=n: (  # type: ignore[misc]
                points.give_back(bakery, "p1", 100, f"b{n}").points,
                sum(points.take_back(bakery, "p1", {"points": 10}, f"b{n}").taken.values()),
            )
            for n in range(THREADS)
        ],
    )

    assert sorted(map(str, found)) == ["(100, 10)"] * 3 + ["return_exceeds_burn"] * (THREADS - 3)
    assert _have(place, member_id) == Balance(300 + 50 - 30)


def test_what_waits_becomes_active_once_whoever_comes_first(db: None) -> None:
    place = town()
    bakery = place.bakery.id
    midnight = clock.now().astimezone(place.bakery.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )  # fmt: skip
    member_id = _member(place, 100, activates_at=midnight + DAY)

    def ask() -> object:
        with scope(bakery):
            return ledger.lock_members(bakery, [member_id], midnight + DAY)

    def night() -> object:
        return nightly.run_due(bakery, midnight + DAY)

    at_once(bakery, [night if n % 2 else ask for n in range(6)], scoped=False)

    assert _have(place, member_id, midnight + DAY) == Balance(100)
    with scope(bakery):
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM loyalty_txn WHERE workspace_id = %s AND kind = 'activate'",
            [bakery],
        )
        assert raw.fetchone() == (1,)


def test_two_members_in_any_order_do_not_wait_for_each_other_for_ever(db: None) -> None:
    place = town()
    bakery = place.bakery.id
    with scope(bakery):
        both = members.enrol(bakery, [place.mira, place.oleg])
        for member_id in both:
            points.grant(bakery, Grant(member_id, "points", 10, f"s{member_id}"))

    def give(number: int) -> object:
        order = both if number % 2 else both[::-1]
        return points.earn_many(
            bakery, [Earn(m, f"{number}:{m}", (Part("points", 1),)) for m in order]
        )

    found = at_once(bakery, [lambda n=n: give(n) for n in range(THREADS)])  # type: ignore[misc]

    assert not [one for one in found if isinstance(one, str)]
    assert [_have(place, member_id).available for member_id in both] == [10 + THREADS] * 2


def test_nothing_is_left_of_a_transaction_that_broke_off(db: None) -> None:
    """13: what was not committed was never there (kill -9 of the process: tests/faults)."""
    place = town()
    bakery = place.bakery.id
    member_id = _member(place, 100)

    class PowerOff(Exception):
        pass

    try:
        with scope(bakery):
            points.hold(bakery, Hold(member_id, "points", 60, "h"))
            raise PowerOff
    except PowerOff:
        pass

    assert _have(place, member_id) == Balance(100)
