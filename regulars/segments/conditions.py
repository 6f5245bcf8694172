"""The list of customers, narrowed to those of a segment."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from regulars.customers.records import ListCondition
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.segments import queries

# The ids are sent to the database with the question; more of them would be slower than useful.
CUSTOMERS_MAX = 300_000
KEPT_S = 20.0
KEPT_MAX = 4
_kept: dict[tuple[int, str, datetime], tuple[float, list[int]]] = {}


def _holds(workspace_id: int, given: str) -> tuple[str, list[Any]]:
    found = _audience(workspace_id, given)
    if len(found) > CUSTOMERS_MAX:
        raise Invalid(
            "segment_too_large",
            f"The list is narrowed to segments of at most {CUSTOMERS_MAX} customers.",
        )
    return "c.id = ANY(%s)", [found]


def _audience(workspace_id: int, public_id: str) -> list[int]:
    """Whom the segment holds, remembered a while: a page and its count ask the same twice."""
    one = queries.segment(workspace_id, public_id)
    key = (workspace_id, public_id, one.updated_at)
    known = _kept.get(key)
    if known is None or time.monotonic() - known[0] > KEPT_S:
        known = (time.monotonic(), queries.audience(workspace_id, one.rule, clock.now()))
        while len(_kept) >= KEPT_MAX:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = known
    return known[1]


def _choices(workspace_id: int) -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in queries.segments(workspace_id)]


CONDITIONS: dict[str, ListCondition] = {
    "segment": ListCondition(gettext_lazy("Segment"), "choice", _holds, _choices, "segments.view"),
}
