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


# Only rows of the live generation count; the database joins them, so there is no limit.
_KEPT = """c.id IN (
  SELECT m.customer_id FROM segments_segment s
  JOIN segments_member m ON m.segment_id = s.id AND m.generation = s.generation
  WHERE s.workspace_id = %s AND s.public_id = %s)"""


def _holds(workspace_id: int, given: str) -> tuple[str, list[Any]]:
    one = queries.segment(workspace_id, given)
    if one.size is not None and not one.is_filling and not one.problem:
        return _KEPT, [workspace_id, given]
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


def _listed(workspace_id: int, given: str) -> tuple[str, list[Any]]:
    return (
        "c.id IN (SELECT m.customer_id FROM segments_list l JOIN segments_listmember m"
        " ON m.list_id = l.id AND NOT m.is_gone WHERE l.workspace_id = %s AND l.public_id = %s)",
        [workspace_id, given],
    )


def _list_choices(workspace_id: int) -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in queries.lists(workspace_id)]


CONDITIONS: dict[str, ListCondition] = {
    "segment": ListCondition(gettext_lazy("Segment"), "choice", _holds, _choices, "segments.view"),
    "list": ListCondition(
        gettext_lazy("Static list"), "choice", _listed, _list_choices, "segments.view"
    ),
}
