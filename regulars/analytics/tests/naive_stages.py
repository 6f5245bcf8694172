"""Stages counted the long way, one customer at a time, to hold the statement against."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

Standing = tuple[str, date]


def stages_of(days_of: Mapping[int, Sequence[date]], last_day: date) -> dict[int, Standing]:
    """Customer → stage and the day it began, from the days they bought on."""
    bought = {one: sorted(set(days)) for one, days in days_of.items()}
    every = [gap for days in bought.values() for gap in _gaps(days)]
    base = _middle(every) if len(every) >= 20 else Fraction(30)
    return {one: _standing(days, base, last_day) for one, days in bought.items()}


def expected_gap(days: Sequence[date], base: Fraction) -> Fraction:
    """The median of the own gaps, shrunk to the base as by three gaps of the base."""
    gaps = _gaps(sorted(set(days)))
    own = _middle(gaps) if gaps else Fraction(0)
    return (3 * base + len(gaps) * own) / (3 + len(gaps))


def _standing(days: Sequence[date], base: Fraction, last_day: date) -> Standing:
    gap = expected_gap(days, base)
    silence = (last_day - days[-1]).days
    cooling, lost = max(int(2 * gap), 7), max(int(4 * gap), 30)
    if silence > lost:
        return "lost", days[-1] + timedelta(days=lost + 1)
    if silence > cooling:
        return "cooling", days[-1] + timedelta(days=cooling + 1)
    stage, began = "first", days[0]
    if len(days) >= 2:
        stage, began = "repeat", days[1]
    if len(days) >= 4:
        stage, began = "loyal", days[3]
    if len(days) >= 2:
        returns = [b for a, b in itertools.pairwise(days) if (b - a).days > cooling]
        began = max([began, *returns])
    return stage, began


def _gaps(days: Sequence[date]) -> list[int]:
    return [(b - a).days for a, b in itertools.pairwise(days)]


def _middle(values: Sequence[int]) -> Fraction:
    return Fraction(median(values)).limit_denominator(2)
