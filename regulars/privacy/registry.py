"""What the rooms say about their tables, as wiring handed it over at the start."""

from __future__ import annotations

from regulars.store.persons import Traces

_declared: dict[str, Traces] = {}


def declare(path: str, traces: Traces) -> None:
    """Take what one room says; the same path again replaces it."""
    _declared[path] = traces


def all_traces() -> tuple[Traces, ...]:
    """What every room says, in the order of wiring."""
    return tuple(_declared.values())
