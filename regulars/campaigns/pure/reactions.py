"""The people behind each step of the funnel: who opened, clicked, ordered, unsubscribed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from regulars.analytics.campaigns import CLAIMS
from regulars.analytics.statements import Scope, Statement


class Step(StrEnum):
    """What a receiver did; counted as the funnel of the report counts it."""

    OPENED = "opened"
    OPENED_CONFIRMED = "opened_confirmed"
    CLICKED = "clicked"
    ORDERED = "ordered"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"


_MARKED = {
    Step.OPENED: "kind = 'message.opened'",
    Step.OPENED_CONFIRMED: "kind = 'message.opened' AND is_human",
    Step.CLICKED: "kind = 'message.clicked' AND is_human",
    Step.UNSUBSCRIBED: "kind = 'message.unsubscribed'",
    Step.COMPLAINED: "kind = 'message.complained'",
}
_ORDERED = (
    "SELECT message, MIN((local_at AT TIME ZONE $zone) AT TIME ZONE 'UTC') AS at_first"
    " FROM claims WHERE place = 1 GROUP BY message"
)


def reactions_statement(
    scope: Scope, windows: Mapping[int, int], *, campaign: int, step: Step, after: int, limit: int
) -> Statement:
    """One row per message of the campaign that came so far: id, customer, at_first (UTC).

    windows  attribution windows in days of all campaigns: an order belongs to the last click
    after    only messages with a greater id
    """
    listed = ", ".join(f"({int(key)}, {int(days)})" for key, days in sorted(windows.items()))
    reacted = _ORDERED
    if step is not Step.ORDERED:
        reacted = (
            "SELECT message, MIN(time) AS at_first FROM marks"
            f" WHERE {_MARKED[step]} GROUP BY message"
        )
    sql = f"""WITH {CLAIMS % {"windows": listed}},
reacted AS ({reacted})
SELECT sent.id, sent.customer, reacted.at_first
FROM sent
JOIN reacted ON reacted.message = sent.id
WHERE sent.campaign_id = $campaign AND sent.id > $after
ORDER BY sent.id
LIMIT $rows"""
    params = {**scope.params(), "campaign": campaign, "after": after, "rows": limit}
    return Statement(sql, params)
