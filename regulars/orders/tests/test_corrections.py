"""Orders told anew: lines, stock, money and history follow; what came back stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.customers.records import Identity
from regulars.events import queries as events
from regulars.kernel.errors import NotFound, Refused
from regulars.orders import actions, queries
from regulars.orders.pure.corrections import changes
from regulars.orders.queries import desk
from regulars.orders.records import (
    LineRecord,
    NewLine,
    NewOrder,
    OrderStatus,
    PaymentState,
    Stage,
)
from regulars.store.scope import cursor, scope
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
Told = Sequence[tuple[str, int, int]]


@pytest.fixture
def place(db: None) -> Town:
    return town()


def lines(told: Told) -> tuple[NewLine, ...]:
    return tuple(NewLine(sku, Decimal(n), Decimal(price), sku.title()) for sku, n, price in told)


def sell(place: Town, told: Told, **more: object) -> int:
    given: dict[str, object] = {"status": OrderStatus.NEW, **more}
    order = NewOrder(
        number="1", placed_at=NOON, currency="UAH", lines=lines(told), source="shop",
        identity=Identity(external_id="mira"), **given,  # type: ignore[arg-type]
    )  # fmt: skip
    return actions.record_order(place.bakery.id, order).id


def correct(
    place: Town, order_id: int, told: Told, minutes: int, total_minor: int | None = None
) -> bool:
    return actions.correct_order(
        place.bakery.id, order_id, lines=lines(told), total_minor=total_minor,
        told_at=NOON + timedelta(minutes=minutes), source="shop",
    )  # fmt: skip


def stocked(place: Town, **counted: int) -> None:
    public_id = actions.save_place(place.bakery.id, name="Shop")
    place_id = desk.place(place.bakery.id, public_id).id
    counts = {sku: Decimal(n) for sku, n in counted.items()}
    actions.set_stock(place.bakery.id, place_id, counts)


def in_stock(place: Town) -> dict[str, tuple[Decimal, Decimal]]:
    return {row.sku: (row.on_hand, row.reserved) for row in desk.stock(place.bakery.id)}


def held(place: Town, order_id: int) -> dict[str, tuple[str, Decimal]]:
    return {r.sku: (r.state, r.quantity) for r in desk.reservations(place.bakery.id, order_id)}


def test_lines_goods_sum_and_value_follow_and_history_tells(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, TEA=9, CUP=9, JAM=2)
        order_id = sell(place, [("TEA", 2, 10), ("CUP", 1, 50)], status=OrderStatus.PAID)
        assert correct(place, order_id, [("TEA", 3, 9), ("JAM", 1, 30)], 5)

        order = queries.order_by_id(shop, order_id)
        found = queries.lines(shop, order_id)
        assert (order.total_minor, order.lines_count, order.status) == (5700, 2, "paid")
        assert [(one.line_no, one.sku, one.quantity, one.total_minor) for one in found] == [
            (1, "TEA", 3, 2700), (3, "JAM", 1, 3000),
        ]  # fmt: skip
        assert in_stock(place) == {"TEA": (9, 3), "CUP": (9, 0), "JAM": (2, 1)}
        assert held(place, order_id)["CUP"] == ("released", 1)
        assert queries.value_of(shop, [place.mira]).total_minor == 5700
        products = queries.products_by_sku(shop, ["TEA", "CUP", "JAM"])
        sold = {sku: (one.sold_quantity, one.sold_minor) for sku, one in products.items()}
        assert sold == {"TEA": (3, 2700), "CUP": (0, 0), "JAM": (1, 3000)}
        (row,) = desk.corrections(shop, order_id)
        assert (row.before_minor, row.after_minor, row.source) == (7000, 5700, "shop")
        assert [(one["sku"], one["quantity_before"], one["quantity_after"])
                for one in row.changes] == [("TEA", "2", "3"), ("CUP", "1", None),
                                            ("JAM", None, "1")]  # fmt: skip
        told = [e for e in events.timeline(shop, place.mira) if e.kind == "order.adjusted"]
        assert [e.props["total"] for e in told] == [-1300]


def test_what_is_older_or_said_before_changes_nothing(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place, [("TEA", 2, 10)])
        assert correct(place, order_id, [("TEA", 5, 10)], 9)
        assert not correct(place, order_id, [("TEA", 7, 10)], 5)
        assert not correct(place, order_id, [("TEA", 5, 10)], 10)
        assert correct(place, order_id, [("TEA", 2, 10)], 11)

        assert queries.order_by_id(shop, order_id).total_minor == 2000
        assert len(desk.corrections(shop, order_id)) == 2


def test_an_order_cannot_hold_less_than_came_back(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place, [("TEA", 3, 10), ("CUP", 1, 50)], status=OrderStatus.PAID)
        order = queries.order_by_id(shop, order_id)
        actions.record_return(shop, order.public_id, key="a", quantities={1: Decimal(2)})
        with pytest.raises(Refused, match="came back"):
            correct(place, order_id, [("TEA", 1, 10), ("CUP", 1, 50)], 5)
        with pytest.raises(Refused, match="More went back"):
            correct(place, order_id, [("TEA", 2, 10)], 5, total_minor=1999)
        assert correct(place, order_id, [("TEA", 2, 10), ("CUP", 2, 50)], 5)

        assert queries.returned_quantities(shop, order) == {"TEA": 2}
        with pytest.raises(Refused, match="only 0"):
            actions.record_return(shop, order.public_id, key="b", quantities={1: Decimal(1)})
        actions.record_return(shop, order.public_id, key="c", quantities={2: Decimal(2)})
        value = queries.value_of(shop, [place.mira])
    assert value.total_minor == value.returned_minor == 12000


def test_goods_that_have_left_and_the_stage_stay(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, TEA=9)
        order_id = sell(place, [("TEA", 2, 10)], payment=PaymentState.UNPAID)
        actions.move(shop, order_id, Stage.SHIPPED)
        assert correct(place, order_id, [("TEA", 3, 10)], 5)

        order = queries.order_by_id(shop, order_id)
        assert (order.stage, order.payment, order.total_minor) == ("shipped", "unpaid", 3000)
        assert in_stock(place) == {"TEA": (7, 0)}


def test_what_is_paid_is_compared_with_the_new_sum(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place, [("TEA", 2, 10)], payment=PaymentState.PAID)
        correct(place, order_id, [("TEA", 3, 10)], 5)
        order = queries.order_by_id(shop, order_id)
        assert (order.payment, order.status, order.paid_minor) == ("part_paid", "new", 2000)
        assert queries.value_of(shop, [place.mira]).orders_count == 0
        actions.record_payment(shop, order_id, key="rest", amount_minor=1000)
        assert queries.value_of(shop, [place.mira]).total_minor == 3000
        correct(place, order_id, [("TEA", 1, 10)], 6)
        order = queries.order_by_id(shop, order_id)
        assert (order.payment, order.status, order.total_minor) == ("paid", "paid", 1000)
        assert queries.value_of(shop, [place.mira]).total_minor == 1000


def test_a_line_that_grows_beyond_the_stock_is_short_and_keeps_its_time(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, TEA=3, CUP=3)
        order_id = sell(place, [("TEA", 2, 10), ("CUP", 2, 10)])
        until = {r.sku: r.expires_at for r in desk.reservations(shop, order_id)}["CUP"]
        correct(place, order_id, [("TEA", 4, 10), ("CUP", 3, 10)], 5)

        assert held(place, order_id) == {"TEA": ("short", 4), "CUP": ("held", 3)}
        assert in_stock(place) == {"TEA": (3, 0), "CUP": (3, 3)}
        assert [r.expires_at for r in desk.reservations(shop, order_id)] == [None, until]
        correct(place, order_id, [("TEA", 1, 10), ("CUP", 1, 10)], 6)
        assert held(place, order_id) == {"TEA": ("held", 1), "CUP": ("held", 1)}
        actions.move(shop, order_id, Stage.CANCELLED)
        assert in_stock(place) == {"TEA": (3, 0), "CUP": (3, 0)}
        assert not correct(place, order_id, [("TEA", 2, 10)], 7)


def test_a_line_taken_out_is_marked_for_the_lake(place: Town) -> None:
    with scope(place.bakery.id):
        order_id = sell(place, [("TEA", 2, 10), ("CUP", 1, 50)])
        raw = cursor()
        raw.execute("SELECT max(xid) FROM orders_line WHERE order_id = %s", [order_id])
        (before,) = raw.fetchone() or (None,)
        correct(place, order_id, [("TEA", 2, 10)], 5)
        raw.execute(
            "SELECT sku, is_gone FROM orders_line WHERE order_id = %s ORDER BY 1", [order_id]
        )
        assert raw.fetchall() == [("CUP", True), ("TEA", False)]
        assert before is not None


def test_another_shop_cannot_correct(place: Town) -> None:
    with scope(place.bakery.id):
        order_id = sell(place, [("TEA", 2, 10)])
    with scope(place.other.id), pytest.raises(NotFound):
        actions.correct_order(
            place.other.id, order_id, lines=lines([("TEA", 9, 1)]), total_minor=None,
            told_at=NOON, source="shop",
        )  # fmt: skip
    with scope(place.bakery.id):
        assert queries.order_by_id(place.bakery.id, order_id).total_minor == 2000


LINES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 4), st.integers(0, 3)), max_size=6
)


def as_records(told: Told, numbers: Sequence[int]) -> list[LineRecord]:
    return [
        LineRecord(no, sku, sku.title(), None, Decimal(n), Decimal(price), n * price * 100, "sale")
        for no, (sku, n, price) in zip(numbers, told, strict=True)
    ]


@given(LINES, LINES)
def test_changes_lead_from_what_was_to_what_is_told(before: Told, after: Told) -> None:
    present = as_records(before, range(1, len(before) + 1))
    found = changes(present, lines(after), len(before))

    now = {one.line_no: (one.sku, one.quantity, one.unit_price) for one in present}
    for one in found:
        if one.after is None:
            del now[one.line_no]
        else:
            assert (one.before is None) == (one.line_no > len(before))
            now[one.line_no] = (one.after.sku, one.after.quantity, one.after.unit_price)
    assert sorted(now.values()) == sorted(
        (sku, Decimal(n), Decimal(price)) for sku, n, price in after
    )
    assert len({one.line_no for one in found}) == len(found)
    if sorted(before) == sorted(after):
        assert found == []
