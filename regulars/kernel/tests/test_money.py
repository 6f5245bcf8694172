from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel import money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1.005", "GBP", 101),
        ("1.004999", "GBP", 100),
        ("-1.005", "GBP", -101),
        ("0.5", "JPY", 1),
        ("1234.5", "JPY", 1235),
        ("0.0005", "KWD", 1),
        ("12.345", "KWD", 12345),
    ],
)
def test_halves_go_away_from_zero_in_each_currency_s_own_coins(
    amount: str, currency: str, minor: int
) -> None:
    assert money.to_minor(Decimal(amount), currency) == minor


def test_a_line_is_rounded_once_after_multiplying() -> None:
    assert money.line_total_minor(Decimal(3), Decimal("0.335"), "UAH") == 101
    assert money.line_total_minor(Decimal("0.5"), Decimal("0.01"), "UAH") == 1


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (891140790, "GBP", "8911407.90"),
        (5, "GBP", "0.05"),
        (-5, "GBP", "-0.05"),
        (0, "GBP", "0.00"),
        (1500, "JPY", "1500"),
        (12345, "KWD", "12.345"),
    ],
)
def test_money_is_written_with_all_its_places(minor: int, currency: str, text: str) -> None:
    assert money.decimal_string(minor, currency) == text


@given(st.integers(-(10**15), 10**15), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_writing_and_reading_gives_the_same_coins(minor: int, currency: str) -> None:
    text = money.decimal_string(minor, currency)

    assert money.to_minor(Decimal(text), currency) == minor
