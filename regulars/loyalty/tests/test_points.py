"""Points are given, held, spent, and come back; every step stands in the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Refused
from regulars.loyalty.actions import members, points
from regulars.loyalty.point_records import Earn, Grant, Hold, Part, PointsInsufficient
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.queries import balances
from regulars.loyalty.queries.members import by_id
from regulars.store.scope import cursor, scope
from tests.town import Town, town

DAY = timedelta(days=1)


@pytest.fixture
def place(db: None) -> Iterator[Town]:
    made = town()
    with scope(made.bakery.id):
        yield made


def _member(place: Town) -> int:
    (member_id,) = members.enrol(place.bakery.id, [place.mira])
    return member_id


def _balance(place: Town, member_id: int) -> Balance:
    return balances.balances(place.bakery.id, [member_id])[member_id]["points"]


def _give(place: Town, member_id: int, amount: int, key: str, **dates: object) -> None:
    points.grant(place.bakery.id, Grant(member_id, "points", amount, key, **dates))  # type: ignore[arg-type]


def _sums(place: Town) -> list[tuple[object, ...]]:
    raw = cursor()
    raw.execute(
        "SELECT unit, sum(amount)::bigint FROM loyalty_entry WHERE workspace_id = %s GROUP BY 1",
        [place.bakery.id],
    )
    return raw.fetchall()


def _lines(place: Town) -> list[tuple[object, ...]]:
    """Transactions that took points back, and how many entries each has."""
    raw = cursor()
    raw.execute(
        "SELECT t.natural_key, count(e.id) FROM loyalty_txn t LEFT JOIN loyalty_entry e"
        " ON e.txn_id = t.id WHERE t.workspace_id = %s AND t.kind = 'take_back'"
        " GROUP BY t.id ORDER BY t.id",
        [place.bakery.id],
    )
    return raw.fetchall()


def test_a_grant_is_there_at_once_and_once(place: Town) -> None:
    member_id = _member(place)

    _give(place, member_id, 500, "a")
    _give(place, member_id, 500, "a")

    assert _balance(place, member_id) == Balance(available=500)
    assert _sums(place) == [("points:points", 0)]


def test_the_same_key_with_another_body_is_a_conflict(place: Town) -> None:
    member_id = _member(place)
    _give(place, member_id, 500, "a")

    with pytest.raises(Conflict) as error:
        _give(place, member_id, 600, "a")

    assert error.value.code == "idempotency_mismatch"
    assert _balance(place, member_id) == Balance(available=500)


def test_a_hold_takes_what_ends_first_and_is_spent_once(place: Town) -> None:
    member_id = _member(place)
    now = clock.now()
    _give(place, member_id, 300, "late", expires_at=now + 9 * DAY)
    _give(place, member_id, 200, "soon", expires_at=now + 2 * DAY)

    kept = points.hold(place.bakery.id, Hold(member_id, "points", 250, "h", "p1"))
    again = points.hold(place.bakery.id, Hold(member_id, "points", 250, "h", "p1"))

    assert list(kept.allocations.values()) == [200, 50]
    assert again.allocations == kept.allocations and not again.is_new
    assert _balance(place, member_id) == Balance(250, 0, 250, 0, now + 9 * DAY, 250)

    settled = points.capture(place.bakery.id, "h", "p1")

    assert (settled.captured, settled.released) == (250, 0)
    assert not points.capture(place.bakery.id, "h", "p1").is_new
    with pytest.raises(Conflict):
        points.release(place.bakery.id, "h", "p1")
    assert _balance(place, member_id) == Balance(250, 0, 0, 0, now + 9 * DAY, 250)
    assert _sums(place) == [("points:points", 0)]


def test_nobody_holds_more_than_there_is(place: Town) -> None:
    member_id = _member(place)
    _give(place, member_id, 300, "a")

    with pytest.raises(PointsInsufficient):
        points.hold(place.bakery.id, Hold(member_id, "points", 301, "h"))

    assert _balance(place, member_id) == Balance(300)


def test_who_is_blocked_earns_but_does_not_spend(place: Town) -> None:
    bakery = place.bakery.id
    member_id = _member(place)
    _give(place, member_id, 300, "a")
    points.hold(bakery, Hold(member_id, "points", 100, "before", "p1"))
    found = by_id(bakery, member_id)
    assert found is not None
    members.block(bakery, found.public_id)

    _give(place, member_id, 50, "b")
    with pytest.raises(Refused) as error:
        points.hold(bakery, Hold(member_id, "points", 1, "h"))
    # What was held before the card was blocked is still spent or let go.
    points.capture(bakery, "before", "c")

    assert error.value.code == "member_blocked"
    assert _balance(place, member_id) == Balance(250)
    members.unblock(bakery, found.public_id)
    assert points.hold(bakery, Hold(member_id, "points", 1, "h")).is_new


def test_a_part_is_spent_and_the_rest_goes_back(place: Town) -> None:
    member_id = _member(place)
    _give(place, member_id, 300, "a")
    points.hold(place.bakery.id, Hold(member_id, "points", 200, "h", "p1"))

    settled = points.capture(place.bakery.id, "h", "p1", points=150)

    assert (settled.captured, settled.released) == (150, 50)
    assert _balance(place, member_id) == Balance(150)


def test_a_released_lot_past_its_date_lives_a_day_more(place: Town) -> None:
    member_id = _member(place)
    now = clock.now()
    _give(place, member_id, 300, "a", expires_at=now + DAY)
    points.hold(place.bakery.id, Hold(member_id, "points", 300, "h"))

    points.release(place.bakery.id, "h", "r", now + 2 * DAY)

    def at(moment: timedelta) -> Balance:
        found = balances.balances(place.bakery.id, [member_id], now + moment)
        return found[member_id]["points"]

    assert at(3 * DAY - timedelta(seconds=1)).available == 300
    assert at(3 * DAY).available == 0


def test_a_purchase_is_settled_in_one_posting_and_returns_to_where_it_began(place: Town) -> None:
    member_id = _member(place)
    now = clock.now()
    _give(place, member_id, 1000, "a", expires_at=now + DAY)
    points.hold(place.bakery.id, Hold(member_id, "points", 400, "h", "p1"))
    earn = Earn(
        member_id, "p1", (Part("points", 70), Part("points", 30, activates_at=now + DAY)),
        purchase_id="p1",
    )  # fmt: skip

    points.settle(place.bakery.id, hold_key="h", capture_key="p1", earn=earn)

    assert _balance(place, member_id) == Balance(670, 30, 0, 0, now + DAY, 600)

    for number, (burnt, earned) in enumerate([(133, 33), (267, 67)]):
        points.give_back(place.bakery.id, "p1", burnt, f"r{number}")
        points.give_back(place.bakery.id, "p1", burnt, f"r{number}")
        taken = points.take_back(place.bakery.id, "p1", {"points": earned}, f"r{number}")
        assert (taken.taken, taken.debt, taken.missed) == ({"points": earned}, {}, {})

    assert _balance(place, member_id) == Balance(1000, 0, 0, 0, now + DAY, 1000)
    with pytest.raises(Refused):
        points.give_back(place.bakery.id, "p1", 1, "r9")
    with pytest.raises(Refused):
        points.take_back(place.bakery.id, "p1", {"points": 1}, "r9")


def test_what_was_spent_meanwhile_becomes_a_debt_that_the_next_points_repay(place: Town) -> None:
    member_id = _member(place)
    bakery = place.bakery.id
    points.earn(bakery, Earn(member_id, "p1", (Part("points", 100),), purchase_id="p1"))
    points.hold(bakery, Hold(member_id, "points", 80, "h", "p2"))
    points.capture(bakery, "h", "p2")

    taken = points.take_back(bakery, "p1", {"points": 100}, "r", policy="negative")

    assert (taken.taken, taken.debt) == ({"points": 20}, {"points": 80})
    assert _balance(place, member_id) == Balance(debt=80)
    now = clock.now()
    _give(place, member_id, 50, "b")
    _give(place, member_id, 100, "c", activates_at=now + DAY)
    assert _balance(place, member_id) == Balance(0, 100, 0, 30)
    later = balances.balances(bakery, [member_id], now + DAY)[member_id]["points"]
    assert later == Balance(70)
    points.hold(bakery, Hold(member_id, "points", 70, "h2"), now + DAY)
    assert _balance(place, member_id) == Balance(0, 0, 70, 0)
    assert _sums(place) == [("points:points", 0)]


def test_what_comes_back_repays_a_debt_too(place: Town) -> None:
    member_id = _member(place)
    bakery = place.bakery.id
    points.earn(bakery, Earn(member_id, "p1", (Part("points", 200),), purchase_id="p1"))
    points.hold(bakery, Hold(member_id, "points", 150, "h2", "p2"))
    points.capture(bakery, "h2", "p2")
    points.hold(bakery, Hold(member_id, "points", 50, "h3", "p3"))

    points.take_back(bakery, "p1", {"points": 200}, "r1", policy="negative")
    assert _balance(place, member_id) == Balance(0, 0, 50, 200)
    points.release(bakery, "h3", "r3")
    assert _balance(place, member_id) == Balance(debt=150)
    points.give_back(bakery, "p2", 150, "r2")

    assert _balance(place, member_id) == Balance()
    assert _sums(place) == [("points:points", 0)]


@pytest.mark.parametrize(("policy", "missed"), [("only_pending", 100), ("within_balance", 80)])
def test_a_policy_may_forbid_debts(place: Town, policy: str, missed: int) -> None:
    member_id = _member(place)
    bakery = place.bakery.id
    points.earn(bakery, Earn(member_id, "p1", (Part("points", 100),), purchase_id="p1"))
    points.hold(bakery, Hold(member_id, "points", 80, "h", "p2"))
    points.capture(bakery, "h", "p2")

    taken = points.take_back(bakery, "p1", {"points": 100}, "r", policy=policy)  # type: ignore[arg-type]

    assert taken.missed == {"points": missed}
    assert _balance(place, member_id).debt == 0


@pytest.mark.parametrize("policy", ["only_pending", "within_balance", "negative"])
def test_what_ended_of_a_purchase_is_not_taken_a_second_time(place: Town, policy: str) -> None:
    member_id = _member(place)
    bakery = place.bakery.id
    now = clock.now()
    _give(place, member_id, 500, "others")
    _give(place, member_id, 500, "waiting", activates_at=now + 9 * DAY)
    short = Part("points", 100, expires_at=now + DAY)
    points.earn(bakery, Earn(member_id, "p1", (short,), purchase_id="p1"))
    points.hold(bakery, Hold(member_id, "points", 40, "h", "p2"))
    points.capture(bakery, "h", "p2")
    later = now + 2 * DAY

    first = points.take_back(bakery, "p1", {"points": 50}, "r1", policy=policy, now=later)  # type: ignore[arg-type]
    again = points.take_back(bakery, "p1", {"points": 50}, "r1", policy=policy, now=later)  # type: ignore[arg-type]
    second = points.take_back(bakery, "p1", {"points": 50}, "r2", policy=policy, now=later)  # type: ignore[arg-type]

    # 60 ended before anybody had them; the 40 that were spent are taken from other points.
    assert (first.taken, first.debt, first.missed) == ({"points": 0}, {}, {})
    assert (again.taken, again.debt, again.missed, again.is_new) == ({}, {}, {}, False)
    assert (second.taken, second.debt, second.missed) == ({"points": 40}, {}, {})
    with pytest.raises(Refused):
        points.take_back(bakery, "p1", {"points": 1}, "r3", now=later)
    assert _lines(place) == [("r1", 2), ("r2", 2), ("r2:expired", 2)]
    left = balances.balances(bakery, [member_id], later)[member_id]["points"]
    assert (left.available + left.pending, left.debt) == (960, 0)
    assert _sums(place) == [("points:points", 0)]


def test_what_was_withdrawn_while_it_waited_is_not_taken_a_second_time(place: Town) -> None:
    member_id = _member(place)
    bakery = place.bakery.id
    now = clock.now()
    _give(place, member_id, 500, "others")
    waiting = Part("points", 100, waits_for="order.delivered:p1", expires_at=now + DAY)
    points.earn(bakery, Earn(member_id, "p1", (waiting,), purchase_id="p1"))
    assert _balance(place, member_id).pending == 100

    taken = points.take_back(
        bakery, "p1", {"points": 100}, "r1", policy="negative", now=now + 2 * DAY
    )

    assert (taken.taken, taken.debt, taken.missed) == ({"points": 0}, {}, {})
    assert _balance(place, member_id) == Balance(available=500)


def test_points_become_active_and_end_by_themselves(place: Town) -> None:
    member_id = _member(place)
    bakery = place.bakery.id
    now = clock.now()
    _give(place, member_id, 100, "a", activates_at=now + DAY, expires_at=now + 3 * DAY)

    with pytest.raises(PointsInsufficient):
        points.hold(bakery, Hold(member_id, "points", 1, "h0"), now)
    points.hold(bakery, Hold(member_id, "points", 40, "h1"), now + DAY)
    with pytest.raises(PointsInsufficient):
        points.hold(bakery, Hold(member_id, "points", 1, "h2"), now + 3 * DAY)

    assert _balance(place, member_id) == Balance(0, 0, 40, 0)
    assert _sums(place) == [("points:points", 0)]


def test_nobody_else_sees_it(place: Town) -> None:
    member_id = _member(place)
    _give(place, member_id, 100, "a")

    with scope(place.other.id):
        assert balances.balances(place.other.id, [member_id]) == {member_id: {}}


def test_a_till_reckons_with_what_is_due_and_not_yet_in_the_books(place: Town) -> None:
    member_id, now = _member(place), clock.now()
    _give(place, member_id, 500, "later", activates_at=now + DAY, expires_at=now + 3 * DAY)
    _give(place, member_id, 40, "stays")

    told = [balances.sums(place.bakery.id, member_id, now + days * DAY) for days in (0, 2, 4)]

    assert [(one["points"].available, one["points"].pending) for one in told] == [
        (40, 500), (540, 0), (40, 0),
    ]  # fmt: skip
    assert _balance(place, member_id) == Balance(available=40, pending=500)
    with scope(place.other.id):
        assert balances.sums(place.other.id, member_id, now) == {}
