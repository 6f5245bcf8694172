"""Card numbers, changing codes and page tokens, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.loyalty.pure import cards
from regulars.loyalty.wallet import pictures

NOW = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
numbers = st.integers(0, cards.NUMBER_CHANCE - 1).map(cards.number_of)


@pytest.mark.parametrize(
    ("body", "digit"), [("7992739871", "3"), ("411111111111111", "1"), ("37828224631000", "5")]
)
def test_luhn_agrees_with_published_numbers(body: str, digit: str) -> None:
    assert cards.luhn_digit(body) == digit


@pytest.mark.parametrize(
    ("body", "digit"), [("400638133393", "1"), ("590123412345", "7"), ("978020137962", "4")]
)
def test_ean_agrees_with_published_numbers(body: str, digit: str) -> None:
    assert cards.ean_digit(body) == digit


@given(numbers, st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_is_always_a_slip(number: str, place: int, more: int) -> None:
    wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]

    assert not cards.is_slip(number) and cards.has_check_digit(number)
    assert not cards.has_check_digit(wrong)
    assert cards.is_slip(wrong) is wrong.startswith(cards.NUMBER_PREFIX)


@given(numbers)
def test_a_number_is_read_as_it_is_printed(number: str) -> None:
    assert len(number) == 16 and number.startswith("29")
    assert cards.plain_number(cards.spaced(number)) == number


@pytest.mark.parametrize("text", ["", "12", "а1234", "12;34", "1" * 33])
def test_what_is_no_card_number_is_nothing(text: str) -> None:
    assert cards.plain_number(text) == ""


def test_a_changing_code_is_good_for_its_minute_and_no_longer() -> None:
    text = cards.qr_text("secret", "abc", NOW)

    assert cards.qr_card(text) == "abc"
    good = [s for s in range(-120, 181, 10)
            if not cards.qr_fault("secret", text, NOW + timedelta(seconds=s))]  # fmt: skip
    assert (good[0], good[-1]) == (-40, 70)
    late = NOW + timedelta(seconds=80)
    assert cards.qr_fault("secret", text, late) == "qr_expired"


@pytest.mark.parametrize(
    "forged",
    [
        "RC1.abc.1.x",
        "RC1.abc..",
        "RC1.abc.99999999999999.x",
        "RC1.abc.-1.x",
        "",
        "abc",
        "RC1.é.1.x",
    ],
)
def test_a_forged_code_is_told(forged: str) -> None:
    assert cards.qr_fault("secret", forged, NOW) == "qr_forged"


def test_another_secret_another_card_and_another_step_do_not_fit() -> None:
    text = cards.qr_text("secret", "abc", NOW)
    head, card, step, sign = text.split(".")

    assert cards.qr_fault("other", text, NOW) == "qr_forged"
    assert cards.qr_fault("secret", f"{head}.abd.{step}.{sign}", NOW) == "qr_forged"
    assert cards.qr_fault("secret", f"{head}.{card}.{int(step) + 1}.{sign}", NOW) == "qr_forged"


def test_a_page_token_opens_its_card_alone() -> None:
    token = cards.page_token("shop secret", 7, "abc")

    assert cards.page_workspace(token) == 7
    assert cards.page_card("shop secret", token) == "abc"
    assert cards.page_card("other", token) == ""
    assert cards.page_card("shop secret", token.replace("7.", "8.", 1)) == ""
    assert cards.page_card("shop secret", token + "x") == ""
    assert cards.page_workspace("x.y.z") == 0


def test_codes_are_drawn_with_their_quiet_zone() -> None:
    side, path = pictures.qr_squares("RC1.abc.1.x")
    width, bars = pictures.bars("2900000000000001")

    assert side >= 21 + 8 and path.startswith("M4 4h1v1h-1z")
    assert bars[0] == (10, 2) and bars[-1][0] + bars[-1][1] == width - 10


def test_a_plain_picture_is_a_png() -> None:
    made = pictures.plain_png("#0b5d4e", 29, 29)

    assert made[:8] == b"\x89PNG\r\n\x1a\n" and made[16:24] == b"\x00\x00\x00\x1d" * 2
