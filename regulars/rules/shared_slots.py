"""Parameters of shared questions: named by what they mean, so that pieces of text fit together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from regulars.rules import turning, windows
from regulars.rules.duck_slots import Fill, Key, Slots
from regulars.rules.tree import Previous, Test, This
from regulars.rules.windows import TICK

NAME_CHARS = 16


@dataclass(slots=True)
class SharedSlots(Slots):
    """Slots whose names depend on their meaning alone, and those that tell when answers change."""

    def edge(self, duration: str, sign: int) -> exp.Expression:
        """The instant a duration away from now."""
        return self._slot(
            ("edge", duration, sign),
            lambda now, zone: _naive(windows.shift(now, duration, zone, sign=sign)),
        )

    def edge_behind(self, duration: str, sign: int) -> exp.Expression:
        """The instant that the edge can jump back to at most."""
        return self._slot(
            ("edge_behind", duration, sign),
            lambda now, zone: _naive(
                windows.shift(now, duration, zone, sign=sign) - turning.BACK_MAX
            ),
        )

    def distance(self, duration: str, sign: int) -> exp.Expression:
        """By how much the edge lies before now, in microseconds."""
        return self._slot(
            ("distance", duration, sign),
            lambda now, zone: turning.piece(duration, now, zone, sign).distance // TICK,
        )

    def until(self, duration: str, sign: int) -> exp.Expression:
        """Until when the edge moves evenly."""
        return self._slot(
            ("until", duration, sign),
            lambda now, zone: _naive(turning.piece(duration, now, zone, sign).until),
        )

    def present(self) -> exp.Expression:
        """The first instant that does not count yet."""
        return self.window_end(None)

    def unit_start(self, window: This | Previous) -> exp.Expression:
        """The first instant of a calendar window."""
        return self._slot(
            ("unit_start", window),
            lambda now, zone: _naive(turning.unit_start(window, now, zone)),
        )

    def unit_end(self, unit: str) -> exp.Expression:
        """When the present calendar unit is over."""
        return self._slot(
            ("unit_end", unit), lambda now, zone: _naive(turning.unit_end(unit, now, zone))
        )

    def midnight(self) -> exp.Expression:
        """The next local midnight."""
        return self._slot(("midnight",), lambda now, zone: _naive(turning.next_midnight(now, zone)))

    def tomorrow(self) -> exp.Expression:
        """The local day that begins with it."""
        return self._slot(("tomorrow",), turning.tomorrow)

    def day_edge(self, duration: str, sign: int) -> exp.Expression:
        """The local day a duration away from today."""
        return self._slot(
            ("day_edge", duration, sign),
            lambda now, zone: windows.shift_days(now.astimezone(zone).date(), duration, sign=sign),
        )

    def today(self) -> exp.Expression:
        """The local day now falls in."""
        return self._slot(("today",), lambda now, zone: now.astimezone(zone).date())

    def turns(self, test: Test) -> exp.Expression:
        """In how many days each anniversary passes the test or ceases to."""
        return self._slot(("turns", test), lambda now, zone: turning.turns(test, now, zone))

    def _slot(self, key: Key, fill: Fill) -> exp.Expression:
        name = "p" + hashlib.md5(repr(key).encode(), usedforsecurity=False).hexdigest()
        name = name[:NAME_CHARS]
        self.fills[name] = fill
        return exp.Placeholder(this=name)


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def microseconds(length: timedelta) -> int:
    """A length of time as the engines count it."""
    return length // TICK
