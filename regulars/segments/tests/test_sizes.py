"""Sizes are written when they change; the chart shows every day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from regulars.segments.pure.sizes import by_day
from regulars.segments.records import SizePoint

KYIV = ZoneInfo("Europe/Kyiv")


def point(day: int, hour: int, count: int) -> SizePoint:
    return SizePoint(datetime(2026, 3, day, hour, tzinfo=UTC), count)


def test_a_day_without_news_has_the_size_of_the_day_before() -> None:
    points = [point(2, 8, 5), point(2, 9, 7), point(5, 8, 4)]

    assert by_day(points, date(2026, 3, 1), date(2026, 3, 6), KYIV) == [
        (date(2026, 3, 2), 7),
        (date(2026, 3, 3), 7),
        (date(2026, 3, 4), 7),
        (date(2026, 3, 5), 4),
        (date(2026, 3, 6), 4),
    ]


def test_the_first_day_shown_begins_with_what_was_known_before_it() -> None:
    points = [point(1, 8, 5), point(2, 8, 6)]

    assert by_day(points, date(2026, 3, 4), date(2026, 3, 5), KYIV) == [
        (date(2026, 3, 4), 6),
        (date(2026, 3, 5), 6),
    ]


def test_a_day_ends_at_midnight_of_the_shop() -> None:
    # 22:30 UTC is half past midnight of the next day in Kyiv.
    late = SizePoint(datetime(2026, 3, 2, 22, 30, tzinfo=UTC), 9)

    assert by_day([late], date(2026, 3, 2), date(2026, 3, 3), KYIV) == [(date(2026, 3, 3), 9)]


def test_nothing_known_is_nothing_shown() -> None:
    assert by_day([], date(2026, 3, 1), date(2026, 3, 9), KYIV) == []
