"""When an answer may change without new rows, as DuckDB expressions.

Each is a lower bound: strictly after now, and never later than the change itself; a bound that
comes too early only costs another look. What never changes is `infinity`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from regulars.rules import operators, turning, windows
from regulars.rules.duck_slots import speaks_of_days
from regulars.rules.duck_values import Place, sql
from regulars.rules.shared_slots import SharedSlots
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    FromTo,
    Last,
    Previous,
    Test,
    This,
    Window,
)

ANNIVERSARIES = ("anniversary_in_next", "anniversary_in_last", "anniversary_today")
SPANS = ("in_last", "in_next", "older_than")


def never() -> exp.Expression:
    """The instant that does not come."""
    return sql("CAST('infinity' AS TIMESTAMP)")


def earliest(bounds: Iterable[exp.Expression]) -> exp.Expression | None:
    """The first of the instants; None when there are none."""
    found = list(bounds)
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    return exp.Anonymous(this="LEAST", expressions=found)


def appears(instant: exp.Expression, slots: SharedSlots) -> exp.Expression:
    """When something dated ahead comes to count."""
    return sql(
        "CASE WHEN $t >= $present THEN $t ELSE $never END",
        t=instant, present=slots.present(), never=never(),
    )  # fmt: skip


def crosses(
    instant: exp.Expression, duration: str, sign: int, slots: SharedSlots
) -> exp.Expression:
    """When the edge a duration away from now reaches the instant."""
    reached = sql(
        "$t + TO_MICROSECONDS($distance)", t=instant, distance=slots.distance(duration, sign)
    )
    if not turning.is_calendar(duration):
        return sql(
            "CASE WHEN $t > $edge THEN $reached ELSE $never END",
            t=instant, edge=slots.edge(duration, sign), reached=reached, never=never(),
        )  # fmt: skip
    months = -sign * turning.months_of(duration)
    return sql(
        "CASE WHEN $t > $edge THEN GREATEST("
        "$t + TO_MONTHS($months) - TO_DAYS($slack), LEAST($until, $reached))"
        " WHEN $t > $behind THEN $until ELSE $never END",
        t=instant,
        edge=slots.edge(duration, sign),
        months=exp.Literal.number(months) if months >= 0 else exp.Neg(
            this=exp.Literal.number(-months)
        ),
        slack=exp.Literal.number(turning.CALENDAR_SLACK.days),
        until=slots.until(duration, sign),
        reached=reached,
        behind=slots.edge_behind(duration, sign),
        never=never(),
    )  # fmt: skip


def leaves(
    window: Window | None, time: exp.Expression, slots: SharedSlots
) -> exp.Expression | None:
    """When an instant of the past comes into the window or falls out of it; None: never does."""
    if window is None or isinstance(window, FromTo):
        return None
    if isinstance(window, This | Previous):
        return sql(
            "CASE WHEN $t >= $start AND $t < $present THEN $turn ELSE $never END",
            t=time, start=slots.unit_start(window), present=slots.present(),
            turn=slots.unit_end(window.unit), never=never(),
        )  # fmt: skip
    return earliest(crosses(time, duration, -1, slots) for duration in durations(window))


def durations(window: Last | BeforeLast | BetweenAgo) -> tuple[str, ...]:
    """How far the moving edges of the window lie behind now."""
    if isinstance(window, BetweenAgo):
        return (window.far, window.near)
    return (window.duration,)


def moves_in(window: Window | None) -> bool:
    """Whether what lies outside of the window, in the past, may come into it."""
    return isinstance(window, BeforeLast | BetweenAgo | Previous) or (
        # A month's edge can jump back by a day.
        isinstance(window, Last) and turning.is_calendar(window.duration)
    )


def floor(window: Window | None, slots: SharedSlots) -> str:
    """The parameter before which no row matters, now or later; "" when all do."""
    if isinstance(window, This | Previous):
        return slots.unit_start(window).sql("duckdb")
    if isinstance(window, Last | BetweenAgo):
        duration = window.duration if isinstance(window, Last) else window.far
        is_back = turning.is_calendar(duration)
        edge = slots.edge_behind(duration, -1) if is_back else slots.edge(duration, -1)
        return edge.sql("duckdb")
    if isinstance(window, FromTo) and window.start is not None:
        return slots.window_start(window).sql("duckdb")
    return ""


def value_turns(place: Place, test: Test, slots: SharedSlots) -> exp.Expression | None:
    """When the value may pass the test where it does not now, or the reverse; None: never."""
    test, _ = operators.positive(test)
    instant, day = place.instant(), place.day()
    if test.op in ANNIVERSARIES:
        days = [] if day is None else [day]
        if instant is not None:
            days.append(_local_day(instant, slots))
        return earliest(_anniversary(one, test, slots) for one in days)
    if test.op not in SPANS:
        return None
    found = []
    if instant is not None:
        found += _instant_bounds(instant, test, slots)
    if day is not None and speaks_of_days(test):
        found += _day_bounds(day, test, slots)
    return earliest(found)


def _local_day(instant: exp.Expression, slots: SharedSlots) -> exp.Expression:
    return sql(
        "CAST(TIMEZONE($zone, TIMEZONE('UTC', $instant)) AS DATE)",
        zone=slots.zone(),
        instant=instant,
    )


def _instant_bounds(
    instant: exp.Expression, test: Test, slots: SharedSlots
) -> list[exp.Expression]:
    sign = 1 if test.op == "in_next" else -1
    found = [crosses(instant, str(test.value), sign, slots)]
    return found if test.op == "older_than" else [*found, appears(instant, slots)]


def _day_bounds(day: exp.Expression, test: Test, slots: SharedSlots) -> list[exp.Expression]:
    sign, duration = (1 if test.op == "in_next" else -1), str(test.value)
    reached = _day_reached(day, duration, sign)
    found = [_by_day(day, slots.day_edge(duration, sign), reached, slots)]
    if test.op != "older_than":
        found.append(_by_day(day, slots.today(), day, slots))
    return found


def _day_reached(day: exp.Expression, duration: str, sign: int) -> exp.Expression:
    """The first day on which the edge is at this day, or a few days before it."""
    if turning.is_calendar(duration):
        slack = turning.CALENDAR_SLACK.days
        return sql(
            f"CAST($day + TO_MONTHS({-sign * turning.months_of(duration)})"
            f" - TO_DAYS({slack}) AS DATE)",
            day=day,
        )
    days = windows.FIXED[windows.parse_duration(duration)[1]].days
    amount = windows.parse_duration(duration)[0] * days
    return sql(f"$day + ({-sign * amount})", day=day)


def _by_day(
    day: exp.Expression, edge: exp.Expression, reached: exp.Expression, slots: SharedSlots
) -> exp.Expression:
    return sql(
        "CASE WHEN $day > $edge THEN $begins ELSE $never END",
        day=day, edge=edge, begins=_begins(_days_on(reached, slots), slots), never=never(),
    )  # fmt: skip


def _days_on(day: exp.Expression, slots: SharedSlots) -> exp.Expression:
    return sql("DATE_DIFF('day', $tomorrow, $day)", day=day, tomorrow=slots.tomorrow())


def _begins(days: exp.Expression, slots: SharedSlots) -> exp.Expression:
    """A little before the local day that comes so many days after tomorrow, but not before it."""
    return sql(
        f"GREATEST($midnight, $midnight + TO_HOURS($days * 24 - {turning.CLOCK_SLACK_H}))",
        midnight=slots.midnight(),
        days=exp.paren(days),
    )


def _anniversary(day: exp.Expression, test: Test, slots: SharedSlots) -> exp.Expression:
    place = sql("MONTH($day) * 32 + DAY($day)", day=day)
    turn = sql("LIST_EXTRACT($turns, $place) - 1", turns=slots.turns(test), place=place)
    return sql(
        "CASE WHEN $day IS NULL THEN $never ELSE $begins END",
        day=day, never=never(), begins=_begins(turn, slots),
    )  # fmt: skip
