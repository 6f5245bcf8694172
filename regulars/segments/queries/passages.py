"""Who came into a segment and who left it: the newest, and how many on each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from regulars.lake import engine
from regulars.segments.queries.membership import ENTERED, LEFT
from regulars.segments.rows import row_of
from regulars.workspaces import queries as workspaces

PASSAGES_SHOWN_MAX = 30
DAYS_MAX = 366

_NEWEST = """
SELECT customer, kind, time, JSON_EXTRACT_STRING(props, '$.reason') AS reason FROM events
WHERE kind IN ($entered, $left) AND subject = $segment AND customer IS NOT NULL
ORDER BY time DESC, id DESC LIMIT $most"""
_BY_DAY = """
SELECT CAST(timezone($zone, timezone('UTC', time)) AS DATE) AS day,
  COUNT(*) FILTER (WHERE kind = $entered) AS entries,
  COUNT(*) FILTER (WHERE kind = $left) AS exits
FROM events WHERE kind IN ($entered, $left) AND subject = $segment AND time >= $since
GROUP BY 1 ORDER BY 1"""

_REASONS = """
SELECT customer, ARG_MAX(JSON_EXTRACT_STRING(props, '$.reason'), (time, id)) AS reason FROM events
WHERE kind = $entered AND subject = $segment AND customer IN (SELECT UNNEST($customers))
GROUP BY customer"""


@dataclass(frozen=True, slots=True)
class SegmentPassage:
    """A customer came in or left; reason is a records.Reason."""

    customer_id: int
    is_entry: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class DayOfPassages:
    """How many came in and left on a day of the workspace's zone."""

    day: date
    entries: int
    exits: int


def passages(
    workspace_id: int, public_id: str, limit: int = PASSAGES_SHOWN_MAX
) -> list[SegmentPassage]:
    """The newest entries and exits of the segment. raises NotFound, Outside(lake_busy)"""
    row = row_of(workspace_id, public_id)
    params = {
        "entered": ENTERED, "left": LEFT, "segment": row.id, "most": min(limit, PASSAGES_SHOWN_MAX),
    }  # fmt: skip
    return [
        SegmentPassage(
            found["customer"],
            found["kind"] == ENTERED,
            found["time"].replace(tzinfo=UTC),
            found["reason"] or "",
        )
        for found in engine.query(workspace_id, _NEWEST, params).to_pylist()
    ]


def days_of_passages(workspace_id: int, public_id: str, since: datetime) -> list[DayOfPassages]:
    """Entries and exits by day, oldest first; days without any are left out."""
    row = row_of(workspace_id, public_id)
    params = {
        "entered": ENTERED, "left": LEFT, "segment": row.id,
        "since": since.astimezone(UTC).replace(tzinfo=None),
        "zone": workspaces.workspace(workspace_id).time_zone,
    }  # fmt: skip
    found = engine.query(workspace_id, _BY_DAY, params).to_pylist()
    return [DayOfPassages(**row) for row in found[-DAYS_MAX:]]


def entry_reasons(
    workspace_id: int, segment_id: int, customer_ids: Sequence[int]
) -> dict[int, str]:
    """Why each of the customers last came in: a records.Reason."""
    if not customer_ids:
        return {}
    params = {"entered": ENTERED, "segment": segment_id, "customers": list(customer_ids)}
    found = engine.query(workspace_id, _REASONS, params).to_pylist()
    return {row["customer"]: row["reason"] or "" for row in found}
