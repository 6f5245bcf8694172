"""Goods that come back, decided without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.money import line_total_minor
from regulars.orders.pure.returns import check_returnable, lines_back, refund_minor
from regulars.orders.records import LineRecord, OrderRecord


def line(number: int, quantity: str, price: str, sku: str = "") -> LineRecord:
    total = line_total_minor(Decimal(quantity), Decimal(price), "UAH")
    return LineRecord(
        number, sku or f"S{number}", None, None, Decimal(quantity), Decimal(price), total, "sale"
    )


def order(total_minor: int, kind: str = "sale", status: str = "paid") -> OrderRecord:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return OrderRecord(1, "p", "7", None, at, kind, status, "UAH", total_minor, 2, "api", "live")


LINES = [line(1, "2", "10.00"), line(2, "1", "5.00")]


def test_a_part_comes_back_with_its_money() -> None:
    back = lines_back(LINES, {1: Decimal(1)}, {})

    assert [(one.sku, one.quantity) for one in back] == [("S1", Decimal(-1))]
    assert refund_minor(order(2500), LINES, back) == -1000


def test_a_discount_on_the_order_is_taken_off_in_proportion() -> None:
    back = lines_back(LINES, {1: Decimal(1)}, {})

    assert refund_minor(order(2000), LINES, back) == -800


def test_delivery_paid_on_top_stays_with_the_shop() -> None:
    back = lines_back(LINES, {}, {})

    assert refund_minor(order(9900), LINES, back) == -2500


def test_what_came_back_before_does_not_come_back_again() -> None:
    with pytest.raises(Refused) as caught:
        lines_back(LINES, {1: Decimal(2)}, {"S1": Decimal(1)})
    assert caught.value.code == "return_exceeds"

    assert [one.quantity for one in lines_back(LINES, {}, {"S1": Decimal(1)})] == [-1, -1]


@pytest.mark.parametrize(
    ("asked", "code"),
    [({9: Decimal(1)}, "return_line"), ({1: Decimal(0)}, "return_quantity"),
     ({1: Decimal(-1)}, "return_quantity")],
)  # fmt: skip
def test_nonsense_is_refused(asked: dict[int, Decimal], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        lines_back(LINES, asked, {})
    assert caught.value.code == code


def test_nothing_left_is_told() -> None:
    with pytest.raises(Refused) as caught:
        lines_back(LINES, {}, {"S1": Decimal(2), "S2": Decimal(1)})
    assert caught.value.code == "return_nothing"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("return", "returned"), ("adjustment", "paid"), ("sale", "new"), ("sale", "cancelled"),
     ("sale", "returned")],
)  # fmt: skip
def test_only_a_paid_sale_that_stands_can_come_back(kind: str, status: str) -> None:
    with pytest.raises(Refused):
        check_returnable(order(100, kind, status))


amounts = st.decimals(min_value="0.01", max_value="999", places=2)
counts = st.integers(min_value=1, max_value=20)


@given(st.lists(st.tuples(counts, amounts), min_size=1, max_size=6), st.data())
def test_parts_never_give_back_more_than_the_whole(
    sold: list[tuple[int, Decimal]], data: st.DataObject
) -> None:
    lines = [line(n, str(q), str(p)) for n, (q, p) in enumerate(sold, 1)]
    full = sum(one.total_minor for one in lines)
    paid = data.draw(st.integers(min_value=0, max_value=full))
    returned: dict[str, Decimal] = {}
    refunded = worth = 0
    for one in lines:
        asked = {one.line_no: Decimal(data.draw(st.integers(1, int(one.quantity))))}
        back = lines_back(lines, asked, returned)
        refunded -= refund_minor(
            order(paid), lines, back, worth_before_minor=worth, refunded_before_minor=refunded
        )
        worth -= sum(line_total_minor(c.quantity, c.unit_price, "UAH") for c in back)
        for came in back:
            returned[came.sku] = returned.get(came.sku, Decimal(0)) - came.quantity

    assert refunded <= paid


@given(st.lists(st.tuples(counts, amounts), min_size=1, max_size=6), st.data())
def test_all_parts_come_to_what_was_paid_to_the_coin(
    sold: list[tuple[int, Decimal]], data: st.DataObject
) -> None:
    lines = [line(n, str(q), str(p)) for n, (q, p) in enumerate(sold, 1)]
    full = sum(one.total_minor for one in lines)
    paid = data.draw(st.integers(min_value=0, max_value=full))
    refunded = worth = 0
    for one in lines:
        back = lines_back([one], {}, {})
        refunded -= refund_minor(
            order(paid), lines, back, worth_before_minor=worth, refunded_before_minor=refunded
        )
        worth += one.total_minor

    assert refunded == paid
