"""Visits of a site: which events belong together, decided event by event.

A visit ends after 30 minutes without an event; an event that carries the marks of another campaign
begins a new one. Events come late and out of order, so the newest visits of a visitor are kept as
spans, and an event joins the newest span it touches. The outcome depends on the order of arrival
only, never on where a batch ended. Accepted: a late event that touches two spans joins the newer
one and does not make them one, so that a visit once told is never taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.intake.pure.touch import Touch

GAP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Hit:
    """An event of a visitor: when, how they came, and whether a campaign was marked on it."""

    at: datetime
    touch: Touch
    is_marked: bool


@dataclass(slots=True)
class Span:
    """A visit as known so far; id is None until it is stored, first_hit the one that began it."""

    started_at: datetime
    last_at: datetime
    touch: Touch
    is_marked: bool
    id: int | None = None
    first_hit: int | None = None
    hits: int = 0


def place(spans: Iterable[Span], hits: Sequence[Hit]) -> tuple[list[Span], list[Span]]:
    """The span of each hit in order, and all spans of the visitor afterwards.

    spans  what is known of the visitor; those that end long before the first hit may be left out
    hits   in the order in which they arrived
    """
    known = list(spans)
    placed: list[Span] = []
    for number, hit in enumerate(hits):
        span = _touched(known, hit)
        if span is None:
            span = Span(hit.at, hit.at, hit.touch, hit.is_marked, first_hit=number)
            known.append(span)
        span.started_at = min(span.started_at, hit.at)
        span.last_at = max(span.last_at, hit.at)
        span.hits += 1
        placed.append(span)
    return placed, known


def _touched(spans: Sequence[Span], hit: Hit) -> Span | None:
    near = [
        (span.started_at, number, span)
        for number, span in enumerate(spans)
        if span.started_at - GAP < hit.at < span.last_at + GAP
        and (not hit.is_marked or (span.is_marked and span.touch == hit.touch))
    ]
    return max(near, key=lambda one: one[:2])[2] if near else None
