"""Work of the background: members are kept, whole segments computed, old sizes thinned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from regulars.events.records import Event
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.segments import actions
from regulars.segments.keeping import filling, following
from regulars.segments.records import SIZE_DAYS_KEPT, SIZE_HOURS_KEPT_DAYS
from regulars.store.scope import cursor

THINNED_AT_ONCE_MAX = 50_000

# Of a day long past its last hour is enough.
_THIN = """
DELETE FROM segments_size WHERE ctid = ANY(ARRAY(
  SELECT s.ctid FROM segments_size s
  WHERE s.hour < %(old)s OR (s.hour < %(days)s AND EXISTS (
    SELECT FROM segments_size later WHERE later.segment_id = s.segment_id
    AND later.hour > s.hour AND later.hour < date_trunc('day', s.hour, 'UTC') + interval '1 day'))
  LIMIT %(most)s))"""


def follow() -> int:
    """One step after what happened and what the clock did; 0 when there was nothing to do."""
    return following.follow()


def fill(job: JobRecord) -> None:
    """Compute the workspace's segments that wait for it."""
    filling.run(job)


def take_merges(workspace_id: int, events: Sequence[Event]) -> None:
    """Two customers became one, or one became two again: lists count them otherwise."""
    touched = {event.customer_id for event in events} | {event.subject_id for event in events}
    actions.recount_lists(workspace_id, sorted(one for one in touched if one is not None))


def thin_sizes() -> None:
    """Keep one size a day of what is long past, and none of what is very old."""
    now = clock.now()
    with transaction.atomic():
        cursor().execute(
            _THIN,
            {
                "old": now - timedelta(days=SIZE_DAYS_KEPT),
                "days": now - timedelta(days=SIZE_HOURS_KEPT_DAYS),
                "most": THINNED_AT_ONCE_MAX,
            },
        )
