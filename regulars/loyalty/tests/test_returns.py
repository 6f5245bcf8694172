"""Parts of a return in any division come to the whole."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Conflict, Invalid
from regulars.loyalty.pure.returns import Back, Bill, Earned, SoldLine, share, take_back

MONEY = st.integers(0, 10**7)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    lines = tuple(
        SoldLine(
            f"l{n}",
            draw(st.integers(1, 20)) * draw(st.sampled_from([1, 250, 1000])),
            draw(MONEY),
            draw(MONEY),
            draw(MONEY),
            draw(MONEY),
            draw(MONEY),
        )
        for n in range(draw(st.integers(1, 5)))
    )
    named = st.sampled_from(["", *(line.line_id for line in lines)])
    return Bill(
        lines=lines,
        delivery_to_pay_minor=draw(MONEY),
        delivery_gift_minor=draw(MONEY),
        burn_currency="main",
        burnt_points=draw(MONEY) if any(line.points_paid_minor for line in lines) else 0,
        earned=tuple(
            Earned(draw(st.sampled_from(["main", "stars"])), draw(MONEY), draw(named))
            for _ in range(draw(st.integers(0, 4)))
        ),
    )


def _in_parts(bill: Bill, data: st.DataObject) -> list[Back]:
    back: dict[str, int] = {}
    parts: list[Back] = []
    while True:
        left = {o.line_id: o.quantity_milli - back.get(o.line_id, 0) for o in bill.lines}
        left = {key: many for key, many in left.items() if many}
        if not left:
            break
        chosen = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
        asked = {key: data.draw(st.integers(1, left[key])) for key in sorted(chosen)}
        parts.append(
            take_back(bill, back, asked, with_delivery=not parts, had_delivery=bool(parts))
        )
        for key, many in asked.items():
            back[key] = back.get(key, 0) + many
    return parts


@given(bills(), st.data())
def test_any_partition_sums_to_the_full_return(bill: Bill, data: st.DataObject) -> None:
    whole = take_back(bill, {}, None)

    parts = _in_parts(bill, data)

    assert sum(one.refund_minor for one in parts) == whole.refund_minor
    assert sum(one.gift_minor for one in parts) == whole.gift_minor
    assert sum(one.points_paid_minor for one in parts) == whole.points_paid_minor
    assert sum(one.points for one in parts) == whole.points == bill.burnt_points
    earned: dict[str, int] = {}
    for part in parts:
        for currency, points in part.earned.items():
            earned[currency] = earned.get(currency, 0) + points
    assert {k: v for k, v in earned.items() if v} == dict(whole.earned)
    assert [one.is_full for one in parts] == [False] * (len(parts) - 1) + [True]


@given(bills())
def test_a_full_return_gives_back_all_that_was_paid_and_takes_all_that_was_earned(
    bill: Bill,
) -> None:
    whole = take_back(bill, {}, None)

    paid = sum(line.to_pay_minor for line in bill.lines) + bill.delivery_to_pay_minor
    assert whole.refund_minor == paid
    assert whole.points == bill.burnt_points
    for currency in ("main", "stars"):
        earned = sum(one.points for one in bill.earned if one.currency == currency)
        assert whole.earned.get(currency, 0) == earned
    assert whole.is_full


@given(bills(), st.data())
def test_no_part_is_below_zero(bill: Bill, data: st.DataObject) -> None:
    for part in _in_parts(bill, data):
        assert part.points >= 0
        assert all(points > 0 for points in part.earned.values())
        for line in part.lines:
            assert min(line.to_pay_minor, line.points_paid_minor, line.gift_paid_minor) >= 0


@given(MONEY, st.integers(0, 50), st.integers(1, 50))
def test_a_share_is_the_fraction_rounded_half_up(total: int, part: int, more: int) -> None:
    whole = part + more

    assert share(total, part, whole) == floor(Fraction(total * part, whole) + Fraction(1, 2))


TEA = Bill(lines=(SoldLine("tea", 3000, to_pay_minor=1000),))


def test_three_of_ten_hryvnias_come_back_as_333_334_333() -> None:
    parts = []
    for n in range(3):
        parts.append(take_back(TEA, {"tea": n * 1000}, {"tea": 1000}).refund_minor)

    assert parts == [333, 334, 333]


@pytest.mark.parametrize(
    ("before", "asked", "kind", "code"),
    [
        ({}, {"tea": 3001}, Conflict, "return_exceeds"),
        ({"tea": 2000}, {"tea": 1001}, Conflict, "return_exceeds"),
        ({}, {"milk": 1000}, Invalid, "return_line"),
        ({}, {"tea": 0}, Invalid, "return_quantity"),
        ({}, {"tea": -1}, Invalid, "return_quantity"),
        ({"tea": 3000}, None, Conflict, "return_nothing"),
    ],
)
def test_it_refuses_more_than_was_sold(
    before: dict[str, int], asked: dict[str, int] | None, kind: type[Exception], code: str
) -> None:
    with pytest.raises(kind) as refusal:
        take_back(TEA, before, asked)

    assert refusal.value.code == code  # type: ignore[attr-defined]
