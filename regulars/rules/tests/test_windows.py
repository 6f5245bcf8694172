"""What stretches of time mean at an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from regulars.rules import windows
from regulars.rules.tree import BeforeLast, BetweenAgo, FromTo, Last, Previous, Test, This
from regulars.rules.windows import TICK, Span

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_the_last_90_days_are_exact_to_the_microsecond():
    span = windows.window_span(Last("90d"), NOW, KYIV)

    assert span == Span(NOW - timedelta(days=90) + TICK, NOW + TICK)
    assert not span.holds(NOW - timedelta(days=90))
    assert span.holds(NOW - timedelta(days=90) + TICK)
    assert span.holds(NOW)
    assert not span.holds(NOW + TICK)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        # 13:30 in Kyiv is 10:30 UTC in summer time and 11:30 UTC in winter time.
        ("1mo", utc(2026, 2, 28, 11, 30)),
        ("1y", utc(2025, 3, 31, 10, 30)),
        ("25mo", utc(2024, 2, 29, 11, 30)),
        ("2d", utc(2026, 3, 29, 10, 30)),
        ("90min", utc(2026, 3, 31, 9, 0)),
    ],
)
def test_months_go_by_the_calendar_and_days_by_24_hours(duration, expected):
    assert windows.shift(NOW, duration, KYIV, sign=-1) == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (None, Span(None, NOW + TICK)),
        (BeforeLast("1d"), Span(None, utc(2026, 3, 30, 10, 30) + TICK)),
        (This("day"), Span(utc(2026, 3, 30, 21), NOW + TICK)),
        (This("week"), Span(utc(2026, 3, 29, 21), NOW + TICK)),
        (This("month"), Span(utc(2026, 2, 28, 22), NOW + TICK)),
        (This("quarter"), Span(utc(2025, 12, 31, 22), NOW + TICK)),
        (Previous("day"), Span(utc(2026, 3, 29, 21), utc(2026, 3, 30, 21))),
        (Previous("week"), Span(utc(2026, 3, 22, 22), utc(2026, 3, 29, 21))),
        (Previous("month"), Span(utc(2026, 1, 31, 22), utc(2026, 2, 28, 22))),
        (Previous("year"), Span(utc(2024, 12, 31, 22), utc(2025, 12, 31, 22))),
        (FromTo("2026-01-01", "2026-02-01"), Span(utc(2025, 12, 31, 22), utc(2026, 1, 31, 22))),
        (FromTo("2026-01-01T00:00:00Z", None), Span(utc(2026, 1, 1), NOW + TICK)),
        (FromTo(None, "2027-01-01"), Span(None, NOW + TICK)),
        (
            BetweenAgo("60d", "30d"),
            Span(utc(2026, 1, 30, 10, 30) + TICK, utc(2026, 3, 1, 10, 30) + TICK),
        ),
    ],
)
def test_a_window_is_half_open_and_ends_at_now(window, expected):
    assert windows.window_span(window, NOW, KYIV) == expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Test("before", "2026-03-31"), Span(None, date(2026, 3, 31))),
        (Test("after", "2026-03-31"), Span(date(2026, 4, 1), None)),
        (
            Test("between", ("2026-03-01", "2026-03-31")),
            Span(date(2026, 3, 1), date(2026, 4, 1)),
        ),
        (Test("in_last", "7d"), Span(date(2026, 3, 25), date(2026, 4, 1))),
        (Test("in_next", "7d"), Span(date(2026, 4, 1), date(2026, 4, 8))),
        (Test("older_than", "1mo"), Span(None, date(2026, 3, 1))),
        (Test("in_last", "36h"), None),
        (Test("before", "2026-03-31T00:00:00Z"), None),
    ],
)
def test_plain_days_are_compared_by_days(test, expected):
    assert windows.days_of(test, NOW, KYIV) == expected


def test_29_february_is_kept_on_28_february_in_common_years():
    on_28_february = utc(2026, 2, 28, 9)
    in_leap_year = utc(2028, 2, 28, 9)
    today = Test("anniversary_today")

    assert windows.month_days_of(today, on_28_february, KYIV) == {228, 229}
    assert windows.month_days_of(today, in_leap_year, KYIV) == {228}


def test_the_next_seven_anniversary_days_begin_today_and_the_last_seven_end_yesterday():
    following = windows.month_days_of(Test("anniversary_in_next", "7d"), NOW, KYIV)
    past = windows.month_days_of(Test("anniversary_in_last", "7d"), NOW, KYIV)

    assert following == {331, 401, 402, 403, 404, 405, 406}
    assert past == {324, 325, 326, 327, 328, 329, 330}


def test_a_year_of_anniversaries_is_every_day():
    assert len(windows.month_days_of(Test("anniversary_in_next", "1y"), NOW, KYIV)) == 366


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 d", "٣d", "1d\n", "36501d"])
def test_what_is_not_a_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"duration|hundred years"):
        windows.parse_duration(text)


@pytest.mark.parametrize(
    "text", ["2026-1-1", "20260101", "2026-02-30", "0999-01-01", "2026-01-01T10:00", "2026-01-01 "]
)
def test_what_is_neither_a_day_nor_an_instant_is_no_moment(text):
    assert windows.parse_moment(text) is None
