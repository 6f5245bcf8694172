"""How far a new workspace has come, told by its data."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.analytics.statements import Statement
from regulars.lake import engine
from regulars.reports.queries.campaigns import launched_campaigns
from regulars.segments import queries as segments

STEPS = Statement(
    """
    SELECT
      EXISTS (SELECT 1 FROM orders) AS has_orders,
      EXISTS (SELECT 1 FROM consents WHERE state = 'given') AS has_consents
    """
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way in: data, consents, segment, campaign."""

    name: str
    is_done: bool


def first_steps(workspace_id: int) -> list[Step]:
    """The steps in the order they are taken; each ticks itself."""
    (row,) = engine.query(workspace_id, STEPS.sql, dict(STEPS.params)).to_pylist()
    return [
        Step("data", row["has_orders"]),
        Step("consents", row["has_consents"]),
        Step("segment", bool(segments.segments(workspace_id))),
        Step("campaign", bool(launched_campaigns(workspace_id))),
    ]
