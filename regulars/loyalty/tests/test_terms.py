"""When points become active and when they end, to the instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.loyalty.pure.programme import Expiry, MonthDay, Pending, Span, Terms
from regulars.loyalty.pure.terms import after, awakened, dates, months_later, resets, rounded

KYIV = ZoneInfo("Europe/Kyiv")
MOMENTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda s: datetime.fromtimestamp(s, UTC))


def kyiv(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=KYIV).astimezone(UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 8, 31), 13, date(2027, 9, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_a_month_later_is_never_past_its_end(day: date, months: int, expected: date) -> None:
    assert months_later(day, months) == expected


def test_points_are_there_at_once_and_for_ever_by_default() -> None:
    at = kyiv(2026, 5, 4, 13, 30)

    found = dates(Terms(), at, KYIV)

    assert (found.activates_at, found.expires_at, found.slides, found.waits) == (
        at, None, False, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("none", kyiv(2026, 5, 20, 13, 30)),
        ("day_start", kyiv(2026, 5, 20)),
        ("day_end", kyiv(2026, 5, 21)),
        ("week_start", kyiv(2026, 5, 18)),
        ("week_end", kyiv(2026, 5, 25)),
        ("month_start", kyiv(2026, 5, 6, 13, 30)),
        ("month_end", kyiv(2026, 6, 1)),
        ("year_end", kyiv(2027, 1, 1)),
    ],
)
def test_a_period_of_waiting_is_rounded(how: str, expected: datetime) -> None:
    terms = Terms(pending=Pending("period", Span(14, "d"), rounded=how))  # type: ignore[arg-type]

    assert dates(terms, kyiv(2026, 5, 6, 13, 30), KYIV).activates_at == expected


def test_fixed_days_come_at_their_local_midnight() -> None:
    terms = Terms(pending=Pending("dates", dates=(MonthDay(12, 25), MonthDay(3, 1))))

    assert dates(terms, kyiv(2026, 2, 28, 23, 59), KYIV).activates_at == kyiv(2026, 3, 1)
    assert dates(terms, kyiv(2026, 3, 1), KYIV).activates_at == kyiv(2026, 3, 1)
    assert dates(terms, kyiv(2026, 3, 1, 0, 1), KYIV).activates_at == kyiv(2026, 12, 25)
    assert dates(terms, kyiv(2026, 12, 26), KYIV).activates_at == kyiv(2027, 3, 1)


def test_an_event_is_waited_for_so_long() -> None:
    terms = Terms(
        Pending("event", event="order.delivered", cancel_after=Span(14, "d")),
        Expiry("rolling", Span(1, "mo"), rounded="day_end"),
    )
    at = kyiv(2026, 1, 31, 10)

    waiting = dates(terms, at, KYIV)
    come = awakened(terms, at, KYIV)

    assert (waiting.activates_at, waiting.expires_at, waiting.waits) == (
        None, kyiv(2026, 2, 14, 10), True,
    )  # fmt: skip
    assert (come.activates_at, come.expires_at) == (at, kyiv(2026, 3, 1))


def test_rolling_points_live_from_the_day_they_became_active() -> None:
    terms = Terms(
        Pending("period", Span(14, "d"), rounded="day_start"), Expiry("rolling", Span(1, "y"))
    )

    found = dates(terms, kyiv(2026, 2, 15, 9), KYIV)

    assert (found.activates_at, found.expires_at) == (kyiv(2026, 3, 1), kyiv(2027, 3, 1))


def test_calendar_points_end_with_a_day_that_leaves_them_time() -> None:
    expiry = Expiry("calendar", dates=(MonthDay(12, 31), MonthDay(6, 30)), at_least=Span(1, "mo"))
    terms = Terms(expiry=expiry)

    assert dates(terms, kyiv(2026, 5, 30), KYIV).expires_at == kyiv(2026, 7, 1)
    assert dates(terms, kyiv(2026, 6, 10), KYIV).expires_at == kyiv(2027, 1, 1)
    assert dates(terms, kyiv(2026, 12, 31, 23), KYIV).expires_at == kyiv(2027, 7, 1)


def test_the_29th_of_february_is_the_28th_in_other_years() -> None:
    terms = Terms(expiry=Expiry("calendar", dates=(MonthDay(2, 29),)))

    assert dates(terms, kyiv(2027, 1, 1), KYIV).expires_at == kyiv(2027, 3, 1)
    assert dates(terms, kyiv(2028, 1, 1), KYIV).expires_at == kyiv(2028, 3, 1)


def test_sliding_points_live_while_the_member_is_active() -> None:
    expiry = Expiry("inactivity", Span(6, "mo"), rounded="day_end", activities=("burn", "earn"))

    found = dates(Terms(expiry=expiry), kyiv(2026, 8, 31, 12), KYIV)

    assert (found.slides, found.expires_at) == (True, None)
    assert found.slides_until == kyiv(2027, 3, 1)
    assert resets(expiry, "burn") is True
    assert resets(expiry, "app.opened") is False
    assert resets(Expiry("rolling", Span(1, "mo")), "burn") is False


def test_a_local_time_is_kept_over_the_change_of_clocks() -> None:
    before = kyiv(2026, 3, 28, 12)

    assert after(before, Span(1, "d"), KYIV) == kyiv(2026, 3, 29, 12)
    assert after(before, Span(1, "d"), KYIV) - before == timedelta(hours=23)


@given(
    at=MOMENTS,
    number=st.integers(0, 400),
    unit=st.sampled_from(["d", "w", "mo", "y"]),
    how=st.sampled_from(
        ["none", "day_start", "day_end", "week_start", "week_end", "month_end", "year_end"]
    ),
    kind=st.sampled_from(["rolling", "calendar"]),
)
def test_points_always_live_for_a_while(
    at: datetime, number: int, unit: str, how: str, kind: str
) -> None:
    expiry = Expiry(
        kind, Span(number % 50 + 1, unit), how,  # type: ignore[arg-type]
        dates=(MonthDay(6, 30), MonthDay(2, 29)), at_least=Span(number, "d"),
    )  # fmt: skip
    terms = Terms(Pending("period", Span(number, "d"), how), expiry)  # type: ignore[arg-type]

    found = dates(terms, at, KYIV)

    assert found.activates_at is not None and found.expires_at is not None
    assert at <= found.activates_at < found.expires_at


@given(
    at=MOMENTS,
    how=st.sampled_from(["day_end", "week_end", "month_end", "year_end"]),
)
def test_an_end_lies_ahead_and_rounding_it_again_changes_nothing(at: datetime, how: str) -> None:
    once = rounded(at, how, KYIV)  # type: ignore[arg-type]

    assert once >= at
    assert rounded(once, how, KYIV) == once  # type: ignore[arg-type]
