from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from regulars.web import format as written

KYIV = ZoneInfo("Europe/Kyiv")
EVENING = datetime(2026, 11, 18, 22, 5, tzinfo=UTC)
NBSP, NARROW = "\u00a0", "\u202f"


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(NARROW, " ")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "−£1,840.50"), ("uk", "−1 840,50 £"), ("ru", "−1 840,50 £")],
)
def test_money_is_written_as_the_language_writes_it(language: str, expected: str) -> None:
    with translation.override(language):
        assert plain(written.money(-184050, "GBP")) == expected


def test_money_knows_currencies_without_coins() -> None:
    with translation.override("en"):
        assert written.money(1840, "JPY") == "¥1,840"
        assert written.money(1840500, "KWD") == "KWD1,840.500"


@pytest.mark.parametrize(
    ("amount_minor", "expected"),
    [
        (999_900, "£9,999"),
        (1_234_500, "£12.3K"),
        (95_500_000, "£955K"),
        (891_140_790, "£8.91M"),
        (123_400, "£1,234"),
    ],
)
def test_large_amounts_keep_three_digits(amount_minor: int, expected: str) -> None:
    with translation.override("en"):
        assert written.money_short(amount_minor, "GBP") == expected


def test_numbers_shares_and_changes() -> None:
    with translation.override("en"):
        seen = (
            written.number(12480),
            written.decimal(1.256, 2),
            written.percent(0.386),
            written.percent(0.34, 0),
            written.change(0.124),
            written.change(-0.06),
            written.points(0.012),
        )
    assert seen == ("12,480", "1.26", "38.6%", "34%", "+12.4%", "−6.0%", "+1.2 pp")


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "19 November 2026", "19 Nov 2026, 00:05"),
        ("uk", "19 листопада 2026", "19 лист. 2026, 00:05"),
        ("ru", "19 ноября 2026", "19 нояб. 2026, 00:05"),
    ],
)
def test_times_are_shown_in_the_active_zone(language: str, day: str, moment: str) -> None:
    with translation.override(language), timezone.override(KYIV):
        assert (written.day(EVENING), written.moment(EVENING)) == (day, moment)


def test_how_long_ago_counts_in_the_language() -> None:
    with translation.override("uk"):
        assert written.ago(EVENING, EVENING + timedelta(days=3)) == "3 дні тому"


def test_a_day_heading_names_near_days_and_drops_this_year() -> None:
    today = date(2026, 11, 20)
    with translation.override("en"):
        seen = [written.day_heading(today - timedelta(days=n), today) for n in (0, 1, 2, 400)]
    assert seen == ["Today", "Yesterday", "18 November", "16 October 2025"]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Ukrainian", "Ukrainian (UA)", "Ukraine", "Narnia"]),
        ("uk", ["Українська", "Українська (UA)", "Україна", "Narnia"]),
        ("ru", ["Украинский", "Украинский (UA)", "Украина", "Narnia"]),
    ],
)
def test_languages_and_countries_have_names_and_other_words_stay(
    language: str, expected: list[str]
) -> None:
    with translation.override(language):
        names = [
            written.language_name("uk"), written.language_name("uk-UA"),
            written.country_name("UA"), written.country_name("Narnia"),
        ]  # fmt: skip

    assert names == expected
