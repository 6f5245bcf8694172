"""What the values of a field turned out to be, and what they are taken for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TEXT, NUMBER, BOOL, DATE, TIME, LIST = "text", "number", "bool", "date", "time", "list"
OBJECT = "object"
# A text that reads as a number: till software writes them; rules compare it as text.
DIGITS = "digits"

SEEN = (TEXT, DIGITS, NUMBER, BOOL, DATE, TIME, LIST, OBJECT)
# What a person may decide.
DECLARABLE = (TEXT, NUMBER, BOOL, DATE, TIME, LIST)
# Texts of every look are texts.
_WRITTEN = frozenset({TEXT, DIGITS, DATE, TIME})
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a field is taken for.

    type         one of DECLARABLE, "object", or "unknown" before any value came
    is_conflict  whether some values can never satisfy a comparison of that type
    misfits      how many values these are
    """

    type: str
    is_conflict: bool = False
    misfits: int = 0


def settle(types: Mapping[str, int], declared: str = "") -> Settled:
    """The one type of a field whose values had these types, so many of each.

    A declared type always holds. Otherwise texts that differ in look are text, days among
    instants are instants, and of what cannot be compared the more frequent counts, the earlier
    in SEEN of two equal ones; the rest is a conflict.
    """
    given = {kind: count for kind, count in types.items() if count > 0}
    if not given:
        return Settled(declared or UNKNOWN)
    chosen = declared or _chosen(given)
    misfits = sum(count for kind, count in given.items() if not fits(kind, chosen))
    return Settled(chosen, misfits > 0, misfits)


def fits(seen: str, taken_for: str) -> bool:
    """Whether a value seen as one type can be compared as another."""
    if taken_for == TEXT:
        return seen in _WRITTEN
    if taken_for == TIME:
        return seen in (TIME, DATE)
    return seen == taken_for


def _chosen(given: Mapping[str, int]) -> str:
    written = {kind: count for kind, count in given.items() if kind in _WRITTEN}
    totals = {kind: count for kind, count in given.items() if kind not in _WRITTEN}
    if written:
        totals[_written_as(written)] = sum(written.values())
    return max(totals, key=lambda kind: (totals[kind], -SEEN.index(kind)))


def _written_as(written: Mapping[str, int]) -> str:
    if written.keys() <= {DATE}:
        return DATE
    return TIME if written.keys() <= {DATE, TIME} else TEXT
