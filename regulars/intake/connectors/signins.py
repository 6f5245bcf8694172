"""How often a password may be tried: by connection, and by the address that tries it.

Only failures are counted. Of an address a keyed hash is kept, whose key changes with the day, and
no longer than the next tidying after its window (docs/decisions/0022-what-of-a-visit-is-kept.md).
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from regulars.intake.connectors.records import ConnectionRecord
from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

WINDOW = timedelta(minutes=15)
# A person who mistypes needs fewer, a robot that guesses many more.
TRIES_OF_ADDRESS_MAX = 10
# Many addresses together: whoever knows the connection's secret address may shut it for a window.
TRIES_MAX = 100
ALL = ""
PRUNED_AT_ONCE_MAX = 10_000
# One statement counts both: who else tries at the same time waits for the row.
COUNT = """
INSERT INTO intake_signintry AS t (workspace_id, connection_id, who, since, tries)
SELECT %(workspace)s, %(connection)s, who, %(now)s, 1
FROM unnest(%(who)s::text[]) AS given (who) ORDER BY who
ON CONFLICT (workspace_id, connection_id, who) DO UPDATE
SET since = CASE WHEN t.since <= %(before)s THEN excluded.since ELSE t.since END,
    tries = CASE WHEN t.since <= %(before)s THEN 1 ELSE t.tries + 1 END
"""
BARRED = """
SELECT max(since) FROM intake_signintry
WHERE workspace_id = %(workspace)s AND connection_id = %(connection)s AND since > %(before)s
  AND (who = %(who)s AND tries >= %(of_address)s OR who = '' AND tries >= %(of_all)s)
"""


class SigninBarred(Refused):
    """Too many wrong passwords came; `wait_s` says how long to wait."""


def check(workspace_id: int, connection: ConnectionRecord, address: str) -> None:
    """Nothing when a password may be tried now. raises SigninBarred"""
    now = clock.now()
    raw = cursor()
    raw.execute(
        BARRED,
        {
            "workspace": workspace_id, "connection": connection.id, "before": now - WINDOW,
            "who": _hash(workspace_id, connection, address, now),
            "of_address": TRIES_OF_ADDRESS_MAX, "of_all": TRIES_MAX,
        },
    )  # fmt: skip
    row = raw.fetchone()
    if row is not None and row[0] is not None:
        wait_s = max(1, int((row[0] + WINDOW - now).total_seconds()) + 1)
        raise SigninBarred(
            "signin_barred", f"Too many tries; wait {-(-wait_s // 60)} minutes.", wait_s=wait_s
        )


def count_failure(workspace_id: int, connection: ConnectionRecord, address: str) -> None:
    """A wrong password came from this address."""
    now = clock.now()
    who = sorted({ALL, _hash(workspace_id, connection, address, now)})
    cursor().execute(
        COUNT,
        {
            "workspace": workspace_id, "connection": connection.id, "who": who, "now": now,
            "before": now - WINDOW,
        },
    )  # fmt: skip


def prune() -> int:
    """Forget windows that are over; how many. Engine only."""
    raw = cursor()
    raw.execute(
        "DELETE FROM intake_signintry WHERE id IN (SELECT id FROM intake_signintry"
        " WHERE since <= %s ORDER BY since LIMIT %s)",
        [clock.now() - WINDOW, PRUNED_AT_ONCE_MAX],
    )
    return raw.rowcount


def _hash(workspace_id: int, connection: ConnectionRecord, address: str, now: datetime) -> str:
    secret = workspaces.workspace(workspace_id).secret
    content = f"signin:{connection.public_id}:{now:%Y-%m-%d}:{address}".encode()
    return hmac.new(secret.encode(), content, "sha256").hexdigest()[:32]
