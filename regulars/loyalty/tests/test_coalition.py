"""The coalition: who gave points out and who took them, to the coin; closed periods stay."""

from __future__ import annotations

import psycopg
import pytest
from django.db import InternalError, ProgrammingError, transaction

from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.loyalty.actions import coalition as actions
from regulars.loyalty.actions import points
from regulars.loyalty.actions.members import enrol
from regulars.loyalty.actions.seals import seal_waiting
from regulars.loyalty.point_records import Grant, Hold
from regulars.loyalty.queries import coalition as queries
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.usefixtures("as_engine")]


def partners(here: Town) -> tuple[int, int]:
    cafe = actions.create_partner(
        here.bakery.id, "Café", cost_minor_per_100=100, shops=["cafe-1", "cafe-2"]
    )
    books = actions.create_partner(
        here.bakery.id, "Books", cost_minor_per_100=150, shops=["books-1"]
    )
    return cafe.id, books.id


def purchase(here: Town, name: str, shop: str) -> None:
    cursor().execute(
        "INSERT INTO loyalty_purchase (workspace_id, purchase_id, state, shop,"
        " till, cashier, channel, currency, to_pay_minor, rules_version, occurred_at,"
        " created_at, updated_at, confirmed_at, hold_hash, confirm_hash, cart_hash, cart,"
        " result, flags) VALUES (%s, %s, 'confirmed', %s, '', '', 'till', 'UAH', 1, 0,"
        " now(), now(), now(), now(), '', '', '', '{}', '{}', '[]')",
        [here.bakery.id, name, shop],
    )


def earn(here: Town, member: int, amount: int, name: str, shop: str) -> None:
    purchase(here, name, shop)
    points.grant(
        here.bakery.id,
        Grant(member_id=member, currency="points", points=amount, key=name, purchase_id=name),
    )


def burn(here: Town, member: int, amount: int, name: str, shop: str) -> None:
    purchase(here, name, shop)
    points.hold(here.bakery.id, Hold(member, "points", amount, name, name))
    points.capture(here.bakery.id, name, name)


def followed(here: Town) -> None:
    while seal_waiting():
        pass
    with scope(here.bakery.id):
        while actions.follow(here.bakery.id):
            pass
    # What the coalition posted itself is in the chain too, and means nothing to it.
    while seal_waiting():
        pass
    with scope(here.bakery.id):
        while actions.follow(here.bakery.id):
            pass
        assert queries.coalition_faults(here.bakery.id) == []


def now_of(here: Town) -> dict[int, tuple[int, int, int, int, int]]:
    (open_one, *_) = queries.periods(here.bakery.id)
    return {
        one.partner_id: (
            one.issued, one.issued_minor, one.redeemed, one.redeemed_minor, one.owes_minor,
        )
        for one in queries.report(here.bakery.id, open_one.id)
    }  # fmt: skip


def test_who_gave_points_out_pays_whoever_took_them() -> None:
    here = town()
    with scope(here.bakery.id):
        cafe, books = partners(here)
        (mira,) = enrol(here.bakery.id, [here.mira])
        earn(here, mira, 30_000, "p1", "cafe-1")
        earn(here, mira, 10_000, "p2", "books-1")
        burn(here, mira, 33_333, "p3", "books-1")
    followed(here)

    with scope(here.bakery.id):
        assert now_of(here) == {
            # 300 points at 1.00 a hundred.
            cafe: (30_000, 300, 0, 0, 300),
            # 100 points at 1.50 a hundred; 300 of the café's and 33.33 of its own were taken.
            books: (10_000, 150, 33_333, 350, -200),
        }
        assert queries.pairs(here.bakery.id, queries.periods(here.bakery.id)[0].id) == [
            (cafe, books, 30_000, 300),
            (books, books, 3_333, 50),
        ]
        assert queries.whole(here.bakery.id) == (100, 450, 350)


def test_however_points_are_spent_a_lot_costs_what_it_cost() -> None:
    here = town()
    with scope(here.bakery.id):
        cafe, books = partners(here)
        (mira,) = enrol(here.bakery.id, [here.mira])
        earn(here, mira, 10_001, "p1", "cafe-1")
        for number, amount in enumerate((3_333, 3_333, 3_335)):
            burn(here, mira, amount, f"b{number}", "books-1")
    followed(here)

    with scope(here.bakery.id):
        found = now_of(here)
        assert found[cafe][1] == found[books][3] == 100
        assert queries.whole(here.bakery.id)[0] == 0


def test_returns_take_back_both_sides() -> None:
    here = town()
    with scope(here.bakery.id):
        cafe, books = partners(here)
        (mira,) = enrol(here.bakery.id, [here.mira])
        earn(here, mira, 20_000, "p1", "cafe-1")
        burn(here, mira, 5_000, "p2", "books-1")
        points.give_back(here.bakery.id, "p2", 5_000, "r2")
        points.take_back(here.bakery.id, "p1", {"points": 8_000}, "r1")
    followed(here)

    with scope(here.bakery.id):
        assert now_of(here) == {cafe: (12_000, 120, 0, 0, 120), books: (0, 0, 0, 0, 0)}


def test_points_of_no_partner_are_the_houses() -> None:
    here = town()
    with scope(here.bakery.id):
        (mira,) = enrol(here.bakery.id, [here.mira])
        earn(here, mira, 10_000, "before", "own shop")
    while seal_waiting():
        pass
    with scope(here.bakery.id):
        cafe, _ = partners(here)
        house = queries.partners(here.bakery.id)[0]
        assert house.slug == "house"
        burn(here, mira, 4_000, "p2", "cafe-1")
    followed(here)

    with scope(here.bakery.id):
        assert now_of(here) == {
            house.id: (10_000, 100, 0, 0, 100),
            cafe: (0, 0, 4_000, 40, -40),
        }


def test_reading_again_changes_nothing() -> None:
    here = town()
    with scope(here.bakery.id):
        partners(here)
        (mira,) = enrol(here.bakery.id, [here.mira])
        earn(here, mira, 10_000, "p1", "cafe-1")
    followed(here)
    with scope(here.bakery.id):
        before = now_of(here)
        assert actions.follow(here.bakery.id) == 0
    followed(here)
    with scope(here.bakery.id):
        assert now_of(here) == before


def test_nothing_changes_a_closed_period_and_corrections_land_in_the_next() -> None:
    here = town()
    with scope(here.bakery.id):
        cafe, books = partners(here)
        (mira,) = enrol(here.bakery.id, [here.mira])
        earn(here, mira, 20_000, "p1", "cafe-1")
        burn(here, mira, 5_000, "p2", "books-1")
    followed(here)
    with scope(here.bakery.id):
        (first,) = queries.periods(here.bakery.id)
        before = queries.report(here.bakery.id, first.id)
        closed = actions.close_period(here.bakery.id, first.public_id, actor="anna")
        assert actions.close_period(here.bakery.id, first.public_id, actor="oleg") == closed
        assert (closed.state, closed.closed_by) == ("closed", "anna")
        points.give_back(here.bakery.id, "p2", 5_000, "r2")
        points.take_back(here.bakery.id, "p1", {"points": 20_000}, "r1")
    followed(here)

    with scope(here.bakery.id):
        second, one = queries.periods(here.bakery.id)
        assert (one.number, second.number, second.state) == (1, 2, "open")
        assert queries.report(here.bakery.id, one.id) == before
        assert actions.lines_hash(here.bakery.id, one.id) == one.lines_hash
        assert now_of(here) == {cafe: (-20_000, -200, 0, 0, -200), books: (0, 0, -5_000, -50, 50)}
        assert queries.whole(here.bakery.id) == (0, 0, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO loyalty_partnerline (workspace_id, settlement_id, partner_id, issuer_id,"
        " txn_id, kind, points, amount_minor, at)"
        " VALUES (%(w)s, %(s)s, 1, 1, 1, 'issued', 1, 1, now())",
        "UPDATE loyalty_settlement SET state = 'open' WHERE workspace_id = %(w)s AND id = %(s)s",
        "UPDATE loyalty_settlement SET closed_by = 'x' WHERE workspace_id = %(w)s AND id = %(s)s",
    ],
)
def test_the_database_itself_refuses_to_touch_a_closed_period(sql: str) -> None:
    here = town()
    with scope(here.bakery.id):
        partners(here)
        (first,) = queries.periods(here.bakery.id)
        actions.close_period(here.bakery.id, first.public_id, actor="anna")
        with (
            pytest.raises((InternalError, ProgrammingError, psycopg.Error)) as told,
            transaction.atomic(),
        ):
            cursor().execute(sql, {"w": here.bakery.id, "s": first.id})
        assert "closed" in str(told.value)


def test_a_shop_belongs_to_one_partner_and_names_are_once() -> None:
    here = town()
    with scope(here.bakery.id):
        cafe, _ = partners(here)
        with pytest.raises(Conflict) as told:
            actions.create_partner(here.bakery.id, "Third", cost_minor_per_100=1, shops=["cafe-1"])
        assert told.value.code == "shop_taken"
    with scope(here.bakery.id):
        with pytest.raises(Conflict):
            actions.create_partner(here.bakery.id, "Books", cost_minor_per_100=1)
        with pytest.raises(Invalid):
            actions.create_partner(here.bakery.id, "X", cost_minor_per_100=-1)
        assert queries.partner_of_shop(here.bakery.id, "cafe-1") == (cafe, 100)
        one = next(p for p in queries.partners(here.bakery.id) if p.id == cafe)
        actions.change_partner(
            here.bakery.id, one.public_id, name="Café", cost_minor_per_100=120, shops=["cafe-3"]
        )
        assert queries.partner_of_shop(here.bakery.id, "cafe-1") is None
        assert queries.partner_of_shop(here.bakery.id, "cafe-3") == (cafe, 120)
    with scope(here.other.id):
        assert queries.partners(here.other.id) == []
        assert queries.partner_of_shop(here.other.id, "cafe-3") is None
        with pytest.raises(NotFound):
            queries.partner(here.other.id, one.public_id)
