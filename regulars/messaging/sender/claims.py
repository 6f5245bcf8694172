"""Which messages are whose: claimed under a lease, given back when a worker died.

Each sender holds an advisory lock under its number. What carries the number of a sender whose
lock can be taken belongs to a dead one: claimed rows are safe to send again, rows marked handing
are not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.messaging.sender.items import Claim
from regulars.store.scope import cursor

LEASE = timedelta(minutes=5)
# Longer than envelope, text and the ten minutes a server may take after the final dot.
HANDING_LEASE = timedelta(minutes=15)
# Keeps our advisory locks apart from those of other rooms.
LOCK_CLASS = 0x6D73
LOCK_NUMBERS = 1 << 31
UNKNOWN_REPEATS_MAX = 1

_WAITS = "state IN ('planned', 'deferred') AND held_at IS NULL"
_WORKSPACES = f"""
WITH RECURSIVE found (workspace_id) AS (
    (SELECT workspace_id FROM messaging_message WHERE {_WAITS}
     ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (SELECT workspace_id FROM messaging_message
            WHERE {_WAITS} AND workspace_id > found.workspace_id
            ORDER BY workspace_id LIMIT 1)
    FROM found WHERE found.workspace_id IS NOT NULL)
SELECT workspace_id FROM found WHERE workspace_id IS NOT NULL
"""
_CLAIM = f"""
WITH due AS (
    SELECT id FROM messaging_message
    WHERE workspace_id = %(workspace)s AND {_WAITS} AND is_marketing = %(is_marketing)s
      AND channel = 'email' AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE messaging_message m
SET state = CASE WHEN m.expires_at <= %(now)s THEN 'expired' ELSE 'claimed' END,
    finished_at = CASE WHEN m.expires_at <= %(now)s THEN %(now)s END,
    worker = %(worker)s, token = %(token)s, claimed_until = %(until)s
FROM due WHERE m.id = due.id AND m.workspace_id = %(workspace)s
RETURNING m.id, m.public_id, m.campaign_id, m.customer_id, m.template_version_id, m.attempts,
          m.occurrence, m.state
"""
_GIVE_BACK = """
UPDATE messaging_message
SET state = 'planned', worker = NULL, token = NULL, claimed_until = NULL
WHERE state = 'claimed' AND {whose}
"""
# A transactional letter may go out a second time, with the same Message-ID.
_MAY_REPEAT = f"NOT is_marketing AND attempts < {UNKNOWN_REPEATS_MAX}"
_SETTLE = f"""
UPDATE messaging_message
SET state = CASE WHEN {_MAY_REPEAT} THEN 'planned' ELSE 'unknown' END,
    due_at = CASE WHEN {_MAY_REPEAT} THEN %(now)s ELSE due_at END,
    attempts = attempts + 1, worker = NULL, claimed_until = NULL,
    token = CASE WHEN {_MAY_REPEAT} THEN NULL ELSE token END,
    reason = CASE WHEN {_MAY_REPEAT} THEN reason ELSE 'no_answer' END,
    finished_at = CASE WHEN {_MAY_REPEAT} THEN NULL ELSE %(now)s::timestamptz END
WHERE state = 'handing' AND {{whose}}
"""


def new_worker() -> int:
    """A number for this sender, locked until its connection closes."""
    raw = cursor()
    raw.execute("SELECT nextval('messaging_claim')")
    worker = int(_one(raw.fetchone()))
    raw.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, worker % LOCK_NUMBERS])
    return worker


def recover(own_worker: int) -> int:
    """Settle what dead senders and run-out leases left behind; returns how many messages."""
    raw, now = cursor(), clock.now()
    raw.execute(
        "SELECT DISTINCT worker FROM messaging_message"
        " WHERE state IN ('claimed', 'handing') AND worker <> %s",
        [own_worker],
    )
    count = 0
    for (worker,) in raw.fetchall():
        raw.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, worker % LOCK_NUMBERS])
        if _one(raw.fetchone()):
            count += _settle("worker = %(worker)s", {"worker": worker, "now": now})
    return count + _settle("claimed_until < %(now)s", {"now": now})


def _settle(whose: str, values: dict[str, object]) -> int:
    raw = cursor()
    raw.execute(_GIVE_BACK.format(whose=whose), values)
    count = raw.rowcount
    raw.execute(_SETTLE.format(whose=whose), values)
    return count + raw.rowcount


def workspaces_with_work() -> list[int]:
    """Workspaces that have planned messages, due or not."""
    raw = cursor()
    raw.execute(_WORKSPACES)
    return [row[0] for row in raw.fetchall()]


def claim(workspace_id: int, worker: int, limit: int) -> list[Claim]:
    """Due messages of the workspace, now ours; transactional ones first."""
    now = clock.now()
    claims: list[Claim] = []
    for is_marketing in (False, True):
        if len(claims) < limit:
            claims += _claim(workspace_id, worker, limit - len(claims), now, is_marketing)
    return claims


def _claim(
    workspace_id: int, worker: int, limit: int, now: datetime, is_marketing: bool
) -> list[Claim]:
    raw = cursor()
    raw.execute("SELECT nextval('messaging_claim')")
    token, until = int(_one(raw.fetchone())), now + LEASE
    raw.execute(
        _CLAIM,
        {
            "workspace": workspace_id,
            "is_marketing": is_marketing,
            "now": now,
            "limit": limit,
            "worker": worker,
            "token": token,
            "until": until,
        },
    )
    rows = [row[:-1] for row in raw.fetchall() if row[-1] == "claimed"]
    # What somebody waits for goes to whoever they are by now; an offer was meant for nobody else.
    planned_for = [] if is_marketing else [row[3] for row in rows]
    roots = customers.roots_of(workspace_id, planned_for) if planned_for else {}
    return [
        Claim(workspace_id, id_, token, public_id, campaign, roots.get(customer, customer),
              version, is_marketing, attempts, until, planned_for=customer, occurrence=occurrence)
        for id_, public_id, campaign, customer, version, attempts, occurrence in rows
    ]  # fmt: skip


def _one(row: tuple[object, ...] | None) -> int:
    assert row is not None
    return int(row[0])  # type: ignore[call-overload, no-any-return]
