"""Points follow their customer through merges and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from regulars.customers import actions as customers
from regulars.kernel import clock
from regulars.loyalty.actions import carrying, members, points
from regulars.loyalty.point_records import Earn, Grant, Hold, Part
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.queries import balances, replay, sealed
from regulars.loyalty.queries.members import now_of, of_customer
from regulars.store.scope import scope
from tests.town import Town, town

DAY = timedelta(days=1)


@pytest.fixture
def place(db: None) -> Iterator[Town]:
    made = town()
    with scope(made.bakery.id):
        yield made
        assert sealed.sums(made.bakery.id) == []
        digest = replay.stored(made.bakery.id).digest()
        assert replay.replay(made.bakery.id).digest() == digest


def _have(place: Town, member_id: int) -> Balance:
    found = balances.balances(place.bakery.id, [member_id])[member_id]
    return found.get("points", Balance())


def _merge(place: Town, key: str) -> bool:
    customers.merge(place.bakery.id, place.oleg, place.mira)
    return carrying.merge(place.bakery.id, place.oleg, place.mira, key)


def test_points_move_with_their_dates_and_come_back(place: Town) -> None:
    bakery = place.bakery.id
    now = clock.now()
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.grant(bakery, Grant(mira, "points", 100, "m", expires_at=now + 5 * DAY))
    points.grant(bakery, Grant(oleg, "points", 300, "o1", expires_at=now + 2 * DAY))
    points.grant(bakery, Grant(oleg, "points", 50, "o2", activates_at=now + DAY))

    assert _merge(place, "1") is True
    carrying.merge(bakery, place.oleg, place.mira, "1")

    assert _have(place, oleg) == Balance()
    assert _have(place, mira) == Balance(400, 50, 0, 0, now + 2 * DAY, 300)
    found = of_customer(bakery, place.oleg)
    assert found is not None and found.id == mira and now_of(bakery, oleg) == mira

    points.hold(bakery, Hold(mira, "points", 120, "h", "p1"))
    points.capture(bakery, "h", "p1")
    customers.unmerge(bakery, place.oleg)
    assert carrying.split(bakery, place.oleg, "2") is True
    assert carrying.split(bakery, place.oleg, "2") is False

    assert _have(place, mira) == Balance(100, 0, 0, 0, now + 5 * DAY, 100)
    assert _have(place, oleg) == Balance(180, 50, 0, 0, now + 2 * DAY, 180)


def test_a_hold_stays_where_it_was_and_its_rest_follows(place: Town) -> None:
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.grant(bakery, Grant(oleg, "points", 300, "o"))
    points.hold(bakery, Hold(oleg, "points", 200, "h", "p1"))

    _merge(place, "1")

    assert (_have(place, oleg), _have(place, mira)) == (Balance(reserved=200), Balance(100))
    points.capture(bakery, "h", "p1", points=150)
    assert (_have(place, oleg), _have(place, mira)) == (Balance(), Balance(150))
    points.give_back(bakery, "p1", 150, "r1")
    assert (_have(place, oleg), _have(place, mira)) == (Balance(), Balance(300))


def test_a_return_after_a_merge_takes_from_where_the_points_are(place: Town) -> None:
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.earn(bakery, Earn(oleg, "p1", (Part("points", 90),), purchase_id="p1"))
    points.grant(bakery, Grant(mira, "points", 5, "m"))

    _merge(place, "1")
    taken = points.take_back(bakery, "p1", {"points": 90}, "r1")

    assert taken.taken == {"points": 90}
    assert _have(place, mira) == Balance(5)


def test_a_debt_moves_too(place: Town) -> None:
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.earn(bakery, Earn(oleg, "p1", (Part("points", 90),), purchase_id="p1"))
    points.hold(bakery, Hold(oleg, "points", 90, "h", "p2"))
    points.capture(bakery, "h", "p2")
    points.take_back(bakery, "p1", {"points": 90}, "r1", policy="negative")

    _merge(place, "1")
    points.grant(bakery, Grant(mira, "points", 100, "m"))

    assert (_have(place, oleg), _have(place, mira)) == (Balance(), Balance(10))


def test_what_is_earned_after_a_merge_goes_to_whom_the_card_is_now(place: Town) -> None:
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.grant(bakery, Grant(oleg, "points", 300, "o"))
    points.hold(bakery, Hold(oleg, "points", 200, "h", "p1"))
    points.grant(bakery, Grant(oleg, "points", 7, "same"))
    _merge(place, "1")

    earn = Earn(oleg, "p1", (Part("points", 20),), purchase_id="p1")
    points.settle(bakery, hold_key="h", capture_key="c", earn=earn)
    points.grant(bakery, Grant(oleg, "points", 5, "late"))
    again = points.grant(bakery, Grant(oleg, "points", 7, "same"))

    assert not again.is_new
    assert (_have(place, oleg), _have(place, mira)) == (Balance(), Balance(107 + 20 + 5))
