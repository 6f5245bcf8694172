"""Orders in the books: written once, moved on, taken back, and what they come to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from regulars.customers.records import Identity
from regulars.events import queries as event_queries
from regulars.events.records import Event
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.orders import actions, queries, tasks
from regulars.orders.records import NewLine, NewOrder, OrderStatus, Outcome
from regulars.store.scope import scope
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def tea(number: str = "1", quantity: str = "2", **fields: object) -> NewOrder:
    given: dict[str, object] = {
        "number": number, "placed_at": NOON, "currency": "UAH",
        "lines": (NewLine("TEA", Decimal(quantity), Decimal("10.005"), "Tea"),),
        "identity": Identity(external_id="mira"), **fields,
    }  # fmt: skip
    return NewOrder(**given)  # type: ignore[arg-type]


def kinds_of(place: Town, customer_id: int) -> list[str]:
    with scope(place.bakery.id):
        found = event_queries.timeline(place.bakery.id, customer_id)
    kinds = [event.kind for event in found if event.kind.startswith("order.")]
    return [kind for kind in kinds if kind != "order.status_changed"]


def test_an_order_is_written_with_its_lines_product_value_and_event(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        recorded = actions.record_order(shop.id, tea())
        order = queries.order(shop.id, recorded.public_id)
        (line,) = queries.lines(shop.id, order.id)
        value = queries.value_of(shop.id, [place.mira])
        ((_id, product),) = queries.products(shop.id)

    assert (order.customer_id, order.total_minor, order.status) == (place.mira, 2001, "paid")
    assert (line.unit_price, line.total_minor) == (Decimal("10.005"), 2001)
    assert (value.orders_count, value.total_minor, value.last_at) == (1, 2001, NOON)
    assert (product.sku, product.name, product.sold_minor) == ("TEA", "Tea", 2001)
    assert kinds_of(place, place.mira) == ["order.paid"]


def test_the_same_order_again_is_answered_and_another_body_is_a_conflict(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        first = actions.record_order(shop.id, tea())
        again = actions.record_order(shop.id, tea())
    assert (again.id, again.outcome) == (first.id, Outcome.REPEATED)

    with pytest.raises(Conflict) as caught, scope(shop.id):
        actions.record_order(shop.id, tea(quantity="3"))
    assert caught.value.code == "idempotency_mismatch"
    with scope(shop.id):
        assert queries.value_of(shop.id, [place.mira]).orders_count == 1
    assert kinds_of(place, place.mira) == ["order.paid"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": ""}, "order_number"),
        ({"number": "1\n2"}, "order_number"),
        ({"number": "x" * 201}, "order_number"),
        ({"currency": "EUR"}, "currency_unsupported"),
        ({"placed_at": datetime(2026, 1, 1)}, "order_time"),  # noqa: DTZ001
        ({"placed_at": datetime(1812, 1, 1, tzinfo=UTC)}, "order_time"),
        ({"lines": ()}, "order_lines"),
        ({"lines": (NewLine("", Decimal(1), Decimal(1)),)}, "order_line"),
        ({"lines": (NewLine("A", Decimal(0), Decimal(1)),)}, "order_line"),
        ({"lines": (NewLine("A", Decimal(1), Decimal(-1)),)}, "order_line"),
        ({"lines": (NewLine("A", Decimal("NaN"), Decimal(1)),)}, "order_line"),
        ({"lines": (NewLine("A", Decimal("1e13"), Decimal(1)),)}, "order_line"),
        ({"lines": (NewLine("A", Decimal("0.0000001"), Decimal(1)),)}, "order_line"),
        ({"lines": (NewLine("A", Decimal(10**9), Decimal(10**9)),)}, "order_amount"),
        ({"lines": (NewLine("A", Decimal(10**6), Decimal(6 * 10**6)),) * 2}, "order_amount"),
        ({"total_minor": 10**15 + 1}, "order_amount"),
        ({"total_minor": -(10**15) - 1}, "order_amount"),
    ],
)
def test_what_the_books_cannot_take_is_refused_and_nothing_is_written(
    place: Town, fields: dict[str, object], code: str
) -> None:
    shop = place.bakery
    with pytest.raises(Invalid) as caught, scope(shop.id):
        actions.record_order(shop.id, tea(**fields))  # type: ignore[arg-type]

    assert caught.value.code == code
    with scope(shop.id):
        assert queries.count(shop.id) == 0
    assert kinds_of(place, place.mira) == []


def test_the_largest_order_fits_the_books(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        line = NewLine("A", Decimal(10**7), Decimal(10**6))
        recorded = actions.record_order(shop.id, tea(lines=(line,)))
        assert queries.order(shop.id, recorded.public_id).total_minor == 10**15


def test_statuses_go_forward_only_and_a_cancelled_order_is_no_purchase(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        order_id = actions.record_order(shop.id, tea(status=OrderStatus.NEW)).id
        assert queries.value_of(shop.id, [place.mira]).orders_count == 0
        assert actions.set_status(shop.id, order_id, OrderStatus.SHIPPED)
        assert not actions.set_status(shop.id, order_id, OrderStatus.PAID)
        assert queries.value_of(shop.id, [place.mira]).orders_count == 1
        actions.set_status(shop.id, order_id, OrderStatus.CANCELLED)
        assert queries.value_of(shop.id, [place.mira]).orders_count == 0
        with pytest.raises(Refused):
            actions.set_status(shop.id, order_id, OrderStatus.PAID)
    assert sorted(kinds_of(place, place.mira)) == [
        "order.cancelled", "order.paid", "order.placed",
    ]  # fmt: skip


def test_a_part_comes_back_once_for_a_key(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        sold = actions.record_order(shop.id, tea())
        back = actions.record_return(shop.id, sold.public_id, key="a", quantities={1: Decimal(1)})
        again = actions.record_return(shop.id, sold.public_id, key="a", quantities={1: Decimal(1)})
        order = queries.order(shop.id, sold.public_id)
        value = queries.value_of(shop.id, [place.mira])
        returns = queries.returns_of(shop.id, order)

    assert (back.outcome, again.outcome, again.id) == (Outcome.NEW, Outcome.REPEATED, back.id)
    assert [(r.number, r.total_minor, r.kind) for r in returns] == [("1/Ra", -1001, "return")]
    assert (value.orders_count, value.total_minor, value.returned_minor) == (1, 2001, 1001)
    assert order.status == "paid"
    assert sorted(kinds_of(place, place.mira)) == ["order.paid", "order.returned"]


def test_no_more_comes_back_than_was_sold(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        sold = actions.record_order(shop.id, tea())
        actions.record_return(shop.id, sold.public_id, key="a", quantities={1: Decimal(1)})
        with pytest.raises(Refused) as caught:
            actions.record_return(shop.id, sold.public_id, key="b", quantities={1: Decimal(2)})
        actions.record_return(shop.id, sold.public_id, key="c")
        with pytest.raises(Refused) as nothing:
            actions.record_return(shop.id, sold.public_id, key="d")
        assert len(queries.returns_of(shop.id, queries.order(shop.id, sold.public_id))) == 2
    assert caught.value.code == "return_exceeds"
    assert nothing.value.code == "return_nothing"


def test_returns_beyond_a_page_are_still_counted(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        sold = actions.record_order(shop.id, tea(quantity="60"))
        for number in range(queries.PAGE_ROWS + 5):
            actions.record_return(
                shop.id, sold.public_id, key=f"{number:03}", quantities={1: Decimal(1)}
            )
        order = queries.order(shop.id, sold.public_id)
        last = queries.order_ids(shop.id, order.source, ["1/R054"])["1/R054"]

        assert len(queries.returns_of(shop.id, order)) == queries.PAGE_ROWS
        assert queries.returned_quantities(shop.id, order) == {"TEA": Decimal(55)}
        assert queries.returned_quantities(shop.id, order, but=last) == {"TEA": Decimal(54)}
        with pytest.raises(Refused) as caught:
            actions.record_return(shop.id, sold.public_id, key="x", quantities={1: Decimal(6)})
        actions.record_return(shop.id, sold.public_id, key="rest")
        assert queries.returned_quantities(shop.id, order) == {"TEA": Decimal(60)}
    assert caught.value.code == "return_exceeds"


def test_a_key_with_another_return_is_a_conflict(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        sold = actions.record_order(shop.id, tea())
        actions.record_return(shop.id, sold.public_id, key="a", quantities={1: Decimal(1)})
        with pytest.raises(Conflict):
            actions.record_return(shop.id, sold.public_id, key="a", quantities={1: Decimal(2)})


def test_a_whole_order_becomes_returned_itself(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        sold = actions.record_order(shop.id, tea())
        first = actions.record_return(shop.id, sold.public_id, key="a")
        again = actions.record_return(shop.id, sold.public_id, key="a")
        order = queries.order(shop.id, sold.public_id)
        value = queries.value_of(shop.id, [place.mira])

    assert (first.id, first.outcome, again.outcome) == (sold.id, Outcome.NEW, Outcome.REPEATED)
    assert order.status == "returned"
    assert (value.orders_count, value.total_minor, value.returned_minor) == (0, 0, 0)


def test_an_order_of_another_shop_is_not_found(place: Town) -> None:
    with scope(place.bakery.id):
        sold = actions.record_order(place.bakery.id, tea())
    with scope(place.other.id):
        for ask in (queries.order, lambda w, p: actions.record_return(w, p, key="a")):
            with pytest.raises(NotFound):
                ask(place.other.id, sold.public_id)
        assert queries.count(place.other.id) == 0
        assert queries.products(place.other.id) == []


def happened(place: Town, event_id: int, kind: str, **props: object) -> Event:
    return Event(event_id, place.bakery.id, place.mira, NOON, NOON, kind, "live", "segment", None,
                 props)  # fmt: skip


def test_orders_of_the_site_arrive_as_events_and_bad_ones_are_kept(place: Town) -> None:
    shop = place.bakery
    products = [{"sku": "TEA", "price": 10, "quantity": 2}]
    with scope(shop.id):
        tasks.take_order_events(
            shop.id,
            [
                happened(place, 1, "Order Completed", order_id="9", products=products),
                happened(place, 2, "Order Completed", products=products),
                happened(place, 3, "Order Completed", order_id="8", total="a lot"),
                happened(place, 4, "Order Completed", order_id="7", products="tea"),
                happened(place, 5, "Order Refunded", order_id="9", total=5),
                happened(place, 6, "Order Cancelled", order_id="none"),
            ],
        )
        found = {o.number: (o.kind, o.total_minor) for o in queries.page(shop.id)}
        failed = sorted(f.reason for f in event_queries.failed(shop.id))

    assert found == {"9": ("sale", 2000), "9/R5": ("return", -500)}
    assert failed == ["order_amount", "order_lines", "order_number", "order_unknown"]
