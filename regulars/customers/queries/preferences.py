"""What customers chose about marketing, and who wants to be erased."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.customers.models import ErasureRequest
from regulars.customers.pure.wishes import Said, general_purpose, refusal, topic_of
from regulars.customers.records import (
    ConsentState,
    ErasureRequestRecord,
    PreferenceRecord,
    Purpose,
    Wishes,
)
from regulars.store.scope import cursor

ERASURES_SHOWN_MAX = 200
# Of several that count, the one that disturbs least.
READ = """
SELECT p.channel, max(p.gap_days), max(p.paused_until)
FROM customers_preference p
WHERE p.workspace_id = %(workspace)s AND p.customer_id = ANY(ARRAY(
  SELECT loser_id FROM customers_merge
  WHERE workspace_id = %(workspace)s AND root_id = %(customer)s AND NOT is_gone)
  || %(customer)s::bigint)
GROUP BY p.channel
"""
# The rows stay locked until the transaction ends: two letters at once would each be the first.
GAPS = """
SELECT coalesce(m.root_id, p.customer_id), p.gap_days
FROM customers_preference p
LEFT JOIN customers_merge m ON m.workspace_id = p.workspace_id AND m.loser_id = p.customer_id
 AND NOT m.is_gone
WHERE p.workspace_id = %(workspace)s AND p.channel = %(channel)s AND p.gap_days > 0
  AND p.customer_id = ANY(%(customers)s::bigint[] || ARRAY(
    SELECT loser_id FROM customers_merge
    WHERE workspace_id = %(workspace)s AND root_id = ANY(%(customers)s) AND NOT is_gone))
ORDER BY p.id FOR UPDATE OF p
"""


def preferences(workspace_id: int, customer_id: int) -> PreferenceRecord:
    """What the customer chose, those merged into them included."""
    raw = cursor()
    raw.execute(READ, {"workspace": workspace_id, "customer": customer_id})
    rows = raw.fetchall()
    return PreferenceRecord(
        paused_until=max((until for _, _, until in rows if until is not None), default=None),
        gap_days={channel: gap for channel, gap, _ in rows if gap},
    )


def wishes(workspace_id: int, customer_id: int, purposes: Sequence[str]) -> Wishes:
    """What the customer said about these purposes, marketing itself and its topics."""
    raw = cursor()
    raw.execute(
        "SELECT channel, purpose, state, changed_at FROM customers_consentstate"
        " WHERE workspace_id = %s AND customer_id = %s AND NOT is_gone",
        [workspace_id, customer_id],
    )
    said = {
        (channel, purpose): Said(state == ConsentState.GIVEN, at)
        for channel, purpose, state, at in raw.fetchall()
        if general_purpose(purpose) == Purpose.MARKETING
    }
    asked = frozenset(channel for channel, _ in said)
    return Wishes(
        asked,
        frozenset(
            (channel, purpose)
            for channel in asked
            for purpose in purposes
            if refusal(
                said.get((channel, general_purpose(purpose))),
                said.get((channel, purpose)) if topic_of(purpose) else None,
            )
            is None
        ),
    )


def gaps_locked(workspace_id: int, customer_ids: Sequence[int], channel: str) -> dict[int, int]:
    """The days each of these customers wants between letters, absent where any number may come.

    Those found wait for one another until the transaction ends.
    """
    raw = cursor()
    raw.execute(
        GAPS, {"workspace": workspace_id, "channel": channel, "customers": list(customer_ids)}
    )
    gaps: dict[int, int] = {}
    for customer_id, gap_days in raw.fetchall():
        gaps[customer_id] = max(gap_days, gaps.get(customer_id, 0))
    return gaps


def erasure_requests(workspace_id: int, *, is_open: bool) -> list[ErasureRequestRecord]:
    """Requests that wait for an answer, or those that got one; the newest first."""
    rows = ErasureRequest.objects.filter(workspace_id=workspace_id).order_by("-id")
    rows = rows.filter(state="open") if is_open else rows.exclude(state="open")
    return [
        ErasureRequestRecord(
            row.public_id, row.customer_id, row.source, row.asked_at, row.state, row.note,
            row.settled_by, row.settled_at,
        )
        for row in rows[:ERASURES_SHOWN_MAX]
    ]  # fmt: skip


def has_asked_erasure(workspace_id: int, customer_id: int) -> bool:
    """Whether a request of the customer waits for an answer."""
    rows = ErasureRequest.objects.filter(workspace_id=workspace_id, customer_id=customer_id)
    return rows.filter(state="open").exists()
