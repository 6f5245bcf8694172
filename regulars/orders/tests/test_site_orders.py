"""Orders that pages of a site tell of: believed about the sale, not about the stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from regulars.events import queries as event_queries
from regulars.events.records import Event
from regulars.kernel import clock
from regulars.orders import actions, chores, queries, tasks
from regulars.orders.queries import desk
from regulars.orders.records import Stage
from regulars.store.scope import cursor, scope
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE, SERVER = "site:abc", "segment"
PRODUCTS = [{"sku": "TEA", "price": 10, "quantity": 2}]


def stocked() -> Town:
    made = town()
    with scope(made.bakery.id):
        public_id = actions.save_place(made.bakery.id, name="Shop")
        place_id = desk.place(made.bakery.id, public_id).id
        actions.set_stock(made.bakery.id, place_id, {"TEA": Decimal(9)})
    return made


@pytest.fixture
def place(as_engine: None, db: None) -> Town:
    return stocked()


def take(
    place: Town, number: int, source: str, kind: str = "Order Completed", **more: object
) -> None:
    props = {"order_id": "9", "products": PRODUCTS, **more}
    event = Event(number, place.bakery.id, place.mira, NOON + timedelta(minutes=number), NOON,
                  kind, "live", source, None, props)  # fmt: skip
    with scope(place.bakery.id):
        tasks.take_order_events(place.bakery.id, [event])


def reserved(place: Town) -> int:
    with scope(place.bakery.id):
        (row,) = desk.stock(place.bakery.id)
    return int(row.reserved)


def may() -> dict[str, object]:
    return {"_context": {"promises": True}}


def test_a_page_promises_nothing_and_its_sale_counts(place: Town) -> None:
    take(place, 1, PAGE)

    assert reserved(place) == 0
    with scope(place.bakery.id):
        assert queries.value_of(place.bakery.id, [place.mira]).total_minor == 2000


def test_a_page_of_a_site_that_may_promises_for_a_day(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(place, 1, PAGE, **may())
    assert reserved(place) == 2
    for hours, count in ((23, 2), (25, 0)):
        later = clock.now() + timedelta(hours=hours)
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda at=later: at)
            chores.expire_reservations()
        assert reserved(place) == count


def test_what_staff_takes_into_work_is_kept(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    take(place, 1, PAGE, **may())
    with scope(place.bakery.id):
        (order,) = queries.page(place.bakery.id)
        actions.move(place.bakery.id, order.id, Stage.PROCESSING)
    later = clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    chores.expire_reservations()

    assert reserved(place) == 2


@pytest.mark.parametrize("more", [{}, may()])
@pytest.mark.parametrize("is_page_first", [True, False])
def test_a_server_that_tells_the_same_order_promises_as_usual(
    place: Town, more: dict[str, object], is_page_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [(PAGE, more), (SERVER, {})]
    for source, props in told if is_page_first else told[::-1]:
        # One purchase: both tell the same time and the same products.
        take(place, 1, source, **props)
    later = clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    chores.expire_reservations()

    assert reserved(place) == 2
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 1
        assert event_queries.failed_count(place.bakery.id) == 0


def end(place: Town, kinds: Sequence[str]) -> tuple[object, ...]:
    take(place, 1, SERVER)
    told: dict[str, dict[str, object]] = {
        "Order Refunded": {"total": 5, "products": []}, "whole": {"products": []},
        "Order Cancelled": {}, "again": {},
    }  # fmt: skip
    names = {"again": "Order Completed", "whole": "Order Refunded"}
    for number, kind in enumerate(kinds, 2):
        name = names.get(kind, kind)
        take(place, 1 if kind == "again" else number, SERVER, name, **told[kind])
    with scope(place.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT number, status, stage_now, total_minor FROM orders_order WHERE workspace_id ="
            " %s AND (kind = 'sale' OR status <> 'cancelled') ORDER BY number", [place.bakery.id],
        )  # fmt: skip
        value = queries.value_of(place.bakery.id, [place.mira])
        return (raw.fetchall(), value.total_minor, value.returned_minor, reserved(place))


def test_refund_cancelling_and_repeats_of_the_site_end_alike(as_engine: None, db: None) -> None:
    ends = set()
    for kinds in permutations(("Order Refunded", "Order Cancelled", "again", "whole")):
        ends.add(repr(end(stocked(), kinds)))

    assert ends == {repr(([("9", "cancelled", "cancelled", 2000)], 0, 0, 0))}


def test_a_refund_that_names_nothing_takes_back_all_that_is_left(place: Town) -> None:
    shop = place.bakery.id
    take(place, 1, SERVER, total=25)
    take(place, 2, SERVER, "Order Refunded", total=10, products=[{**PRODUCTS[0], "quantity": 1}])
    take(place, 3, SERVER, "Order Refunded", products=[])
    take(place, 4, SERVER, "Order Refunded", products=[])

    with scope(shop):
        found = {o.number: o.total_minor for o in queries.page(shop)}
        (order,) = queries.page(shop, queries.OrderFilter(kind="sale"))
        assert queries.returned_quantities(shop, order) == {"TEA": 2}
        failed = [one.reason for one in event_queries.failed(shop)]
    assert found == {"9": 2500, "9/R2": -1000, "9/R3": -1500}
    assert failed == ["return_nothing"]
