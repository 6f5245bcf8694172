"""Parameters of compiled SQL: what is fixed by the rule and what waits for the instant.

The text of a query depends on the rule alone; everything that the clock or the zone decides
is a slot filled when the query is asked, so one text serves for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlglot import exp

from regulars.rules import windows
from regulars.rules.tree import Last, Test, This, Window
from regulars.rules.windows import Span

Fill = Callable[[datetime, ZoneInfo], object]
Key = tuple[object, ...]


@dataclass(slots=True)
class Slots:
    """The parameters of one query, each named once: $p1, $p2, …"""

    fills: dict[str, Fill] = field(default_factory=dict)
    _names: dict[Key, str] = field(default_factory=dict)

    def value(self, value: object) -> exp.Expression:
        """A value of the rule itself."""
        return self._slot(("value", type(value), value), lambda _now, _zone: value)

    def window_start(self, window: Window | None) -> exp.Expression:
        """The first instant of a window."""
        return self._slot(
            ("window", window, "start"),
            lambda now, zone: _naive(windows.window_span(window, now, zone).start),
        )

    def window_end(self, window: Window | None) -> exp.Expression:
        """The first instant after a window; one slot for all that end with the present."""
        window = None if isinstance(window, Last | This) else window
        return self._slot(
            ("window", window, "end"),
            lambda now, zone: _naive(windows.window_span(window, now, zone).end),
        )

    def now(self) -> exp.Expression:
        """The instant the question is asked at."""
        return self._slot(("now",), lambda now, _zone: _naive(now))

    def gap(self, op: str, duration: str, side: str) -> exp.Expression:
        """The start or the end of when something was so long ago."""
        return self._slot(
            ("gap", op, duration, side),
            lambda now, zone: _naive(getattr(windows.gap_span(op, duration, now, zone), side)),
        )

    def instant(self, test: Test, side: str) -> exp.Expression:
        """The start or the end of the instants that pass a test."""
        return self._slot(
            ("instant", test, side),
            lambda now, zone: _naive(getattr(windows.instants_of(test, now, zone), side)),
        )

    def day(self, test: Test, side: str) -> exp.Expression:
        """The start or the end of the days that pass a test."""

        def fill(now: datetime, zone: ZoneInfo) -> object:
            days = windows.days_of(test, now, zone)
            assert days is not None
            return getattr(days, side)

        return self._slot(("day", test, side), fill)

    def month_days(self, test: Test) -> exp.Expression:
        """Every month * 100 + day that passes a test of anniversaries."""
        return self._slot(
            ("month_days", test),
            lambda now, zone: sorted(windows.month_days_of(test, now, zone)),
        )

    def zone(self) -> exp.Expression:
        """The name of the workspace's zone."""
        return self._slot(("zone",), lambda _now, zone: zone.key)

    def _slot(self, key: Key, fill: Fill) -> exp.Expression:
        name = self._names.setdefault(key, f"p{len(self._names) + 1}")
        self.fills[name] = fill
        return exp.Placeholder(this=name)


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def sides_of(test: Test) -> tuple[str, ...]:
    """Which sides of the test's span are closed; the operator alone decides."""
    if test.op in ("before", "older_than"):
        return ("end",)
    return ("start",) if test.op == "after" else ("start", "end")


def speaks_of_days(test: Test) -> bool:
    """Whether the test has an answer for a plain day."""
    sample = datetime(2000, 1, 1, tzinfo=UTC)
    span: Span | None = windows.days_of(test, sample, ZoneInfo("UTC"))  # type: ignore[type-arg]
    return span is not None
