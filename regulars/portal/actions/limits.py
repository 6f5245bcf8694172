"""How often something may be done, counted in the database so that it holds in every process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.portal.keys import key_of
from regulars.portal.pure.codes import keyed
from regulars.store.scope import cursor

KEPT = timedelta(days=2)
FORGOTTEN_AT_ONCE_MAX = 10_000
TAKE = """
INSERT INTO portal_limit AS kept (workspace_id, what, window_at, count)
VALUES (%s, %s, %s, 1)
ON CONFLICT (workspace_id, what, window_at) DO UPDATE SET count = kept.count + 1
RETURNING count
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in each window of time; windows follow the clock, not the first time."""

    name: str
    times_max: int
    window: timedelta


ASKED_BY_ADDRESS = Limit("asked by address", 5, timedelta(minutes=15))
ASKED_BY_ADDRESS_DAILY = Limit("asked by address daily", 20, timedelta(days=1))
ASKED_BY_NETWORK = Limit("asked by network", 30, timedelta(minutes=15))
TRIED_BY_NETWORK = Limit("tried by network", 60, timedelta(minutes=15))
JOINED_BY_NETWORK = Limit("joined by network", 10, timedelta(hours=1))
ENTERED = Limit("entered", 60, timedelta(minutes=15))
EXPORTS = Limit("exports", 3, timedelta(days=1))


def take(workspace_id: int, limit: Limit, who: str) -> None:
    """Count one more time. raises Refused(portal_too_often) past the limit"""
    now = clock.now()
    raw = cursor()
    what = keyed(key_of(workspace_id), limit.name, who)
    raw.execute(TAKE, [workspace_id, what, _window_at(limit, now)])
    row = raw.fetchone()
    assert row is not None
    if row[0] > limit.times_max:
        raise Refused(
            "portal_too_often", "That was tried too often; try again in a quarter of an hour."
        )


def _window_at(limit: Limit, now: datetime) -> datetime:
    length_s = int(limit.window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // length_s * length_s, UTC)


def forget() -> int:
    """Remove windows long past; returns how many. Engine only."""
    raw = cursor()
    raw.execute(
        "DELETE FROM portal_limit WHERE id IN (SELECT id FROM portal_limit"
        " WHERE window_at < %s ORDER BY window_at LIMIT %s)",
        [clock.now() - KEPT, FORGOTTEN_AT_ONCE_MAX],
    )
    return raw.rowcount
