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


def _split(place: Town, key: str) -> bool:
    customers.unmerge(place.bakery.id, place.oleg)
    return carrying.split(place.bakery.id, place.oleg, key)


def _held_by_both(place: Town) -> tuple[int, int]:
    """Mira holds 600: 100 of her own, which end first, and 500 that came with Oleg."""
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.grant(bakery, Grant(mira, "points", 100, "m", expires_at=clock.now() + DAY))
    points.grant(bakery, Grant(oleg, "points", 700, "o"))
    _merge(place, "1")
    points.hold(bakery, Hold(mira, "points", 600, "h", "p1"))
    return mira, oleg


def test_what_a_hold_lets_go_goes_home_to_who_was_told_apart(place: Town) -> None:
    mira, oleg = _held_by_both(place)

    assert _split(place, "2") is True
    assert (_have(place, mira).reserved, _have(place, oleg)) == (600, Balance(200))
    points.release(place.bakery.id, "h", "end")
    points.release(place.bakery.id, "h", "end")

    assert (_have(place, mira).available, _have(place, mira).reserved) == (100, 0)
    assert _have(place, oleg) == Balance(700)


def test_the_rest_of_a_hold_goes_home_too_and_so_does_what_a_return_brings(place: Town) -> None:
    mira, oleg = _held_by_both(place)
    _split(place, "2")

    points.capture(place.bakery.id, "h", "p1", points=250)

    assert (_have(place, mira), _have(place, oleg)) == (Balance(), Balance(200 + 350))
    points.give_back(place.bakery.id, "p1", 250, "r1")
    assert _have(place, mira).available == 100
    assert _have(place, oleg) == Balance(700)


def test_what_comes_home_pays_the_debt_that_waits_there(place: Town) -> None:
    bakery = place.bakery.id
    mira, oleg = _held_by_both(place)
    _split(place, "2")
    points.earn(bakery, Earn(oleg, "p9", (Part("points", 50),), purchase_id="p9"))
    points.hold(bakery, Hold(oleg, "points", 250, "h9", "p8"))
    points.capture(bakery, "h9", "p8")
    points.take_back(bakery, "p9", {"points": 50}, "r9", policy="negative")

    points.release(bakery, "h", "end")

    assert _have(place, oleg) == Balance(450)
    assert _have(place, mira).available == 100


def test_nothing_goes_to_others_when_cards_were_merged_both_ways(place: Town) -> None:
    """Mira's points went to Oleg and came home; later he is merged into her and told apart."""
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.grant(bakery, Grant(mira, "points", 100, "m"))
    customers.merge(bakery, place.mira, place.oleg)
    carrying.merge(bakery, place.mira, place.oleg, "1")
    customers.unmerge(bakery, place.mira)
    carrying.split(bakery, place.mira, "2")
    points.grant(bakery, Grant(oleg, "points", 30, "o"))
    _merge(place, "3")
    points.hold(bakery, Hold(mira, "points", 130, "h", "p1"))

    _split(place, "4")
    points.release(bakery, "h", "end")

    assert (_have(place, mira), _have(place, oleg)) == (Balance(100), Balance(30))


def test_a_hold_of_before_a_merge_that_was_undone_stays_with_who_held(place: Town) -> None:
    bakery = place.bakery.id
    mira, oleg = members.enrol(bakery, [place.mira, place.oleg])
    points.grant(bakery, Grant(oleg, "points", 300, "o"))
    points.hold(bakery, Hold(oleg, "points", 200, "h", "p1"))
    _merge(place, "1")
    _split(place, "2")

    points.release(bakery, "h", "end")

    assert (_have(place, mira), _have(place, oleg)) == (Balance(), Balance(300))
