"""`regulars doctor`: looks at everything that can be wrong and says what to do.

It asks the tables themselves: it must be able to speak when the rooms cannot.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import psycopg

from regulars.events.records import PARKED_TRIES_MAX
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.lake import feeder
from regulars.project import database, lake
from regulars.store import place
from regulars.store.roles import Role

DISK_FREE_MIN_BYTES = 1 << 30
WAIT_MAX_S = 60.0
VERSION_MIN = 150_000
CONNECTIONS_SHARE_MAX = 0.8
CLOCK_APART_MAX_S = 5.0
FAILED_DAYS = 7

Connection = psycopg.Connection[tuple[object, ...]]


class Level(StrEnum):
    """How bad it is; only the last one fails the command."""

    OK = "ok"
    NOTE = "note"
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in words that say what to do."""

    level: Level
    text: str = ""


FINE = Finding(Level.OK)

BEHIND = """
SELECT l.consumer, extract(epoch FROM clock_timestamp() - min(e.received_at))::float8
FROM events_lane AS l
CROSS JOIN LATERAL (
    SELECT received_at FROM events_event AS e
    WHERE (e.xid, e.id) > (l.cursor_xid, l.cursor_id)
      AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.xid, e.id LIMIT 1
) AS e
GROUP BY 1
HAVING min(e.received_at) < clock_timestamp() - make_interval(secs => %s)
ORDER BY 2 DESC
"""
# A customer's events are tried as long as one of them may be.
GIVEN_UP = f"""
SELECT coalesce(sum(n), 0) FROM (
    SELECT count(*) AS n FROM events_parked
    GROUP BY consumer, workspace_id, coalesce(customer_id, 0)
    HAVING min(attempts) >= {PARKED_TRIES_MAX}
) AS given_up
"""
FAULTY_MAIL = """
SELECT w.slug, s.last_error FROM messaging_sender AS s
JOIN workspaces_workspace AS w ON w.id = s.workspace_id
WHERE s.is_enabled AND (s.paused_until > clock_timestamp() OR s.last_error <> '') ORDER BY 1
"""


def run() -> int:
    """Print one line a check; 0 when nothing is bad, 1 otherwise."""
    level = Level.OK
    with psycopg.connect(place.conninfo_for(Role.ENGINE), autocommit=True) as connection:
        for name, check in CHECKS.items():
            found = check(connection)
            if found.level is Level.BAD:
                level = Level.BAD
            print(f"{found.level.value:<4} {name}{': ' if found.text else ''}{found.text}")
    return 1 if level is Level.BAD else 0


def _number(connection: Connection, question: str) -> float:
    row = connection.execute(question).fetchone()
    assert row is not None
    return float(str(row[0] or 0))


def _database(connection: Connection) -> Finding:
    version = connection.info.server_version
    # One of our own gave its address to the environment of this process.
    whose = "our own" if place.is_own_server() else "external"
    size = _number(connection, "SELECT pg_database_size(current_database())") / (1 << 20)
    text = f"PostgreSQL {version // 10_000}.{version % 10_000}, {whose}, {size:,.0f} MB"
    if version < VERSION_MIN:
        return Finding(Level.BAD, f"{text}; Regulars needs version 15 or newer")
    return Finding(Level.OK, text)


def _fences(_: Connection) -> Finding:
    try:
        database.check_fences()
    except RegularsError as error:
        return Finding(Level.BAD, error.message)
    return FINE


def _roles(connection: Connection) -> Finding:
    row = connection.execute("SELECT current_user = session_user").fetchone()
    if row is not None and row[0]:
        return Finding(
            Level.NOTE,
            "the database has one user only, so the second fence is weaker;"
            " docs/operations/database.md tells how to make roles",
        )
    return FINE


def _connections(connection: Connection) -> Finding:
    used = _number(connection, "SELECT count(*) FROM pg_stat_activity")
    most = _number(connection, "SELECT current_setting('max_connections')::int")
    if used <= most * CONNECTIONS_SHARE_MAX:
        return FINE
    return Finding(Level.BAD, f"{used:.0f} of {most:.0f} are used; raise max_connections")


def _clock(connection: Connection) -> Finding:
    theirs = _number(connection, "SELECT extract(epoch FROM clock_timestamp())")
    apart_s = abs(theirs - clock.now().timestamp())
    if apart_s <= CLOCK_APART_MAX_S:
        return FINE
    return Finding(Level.BAD, f"this machine and the database are {apart_s:.0f} s apart")


def _disk(_: Connection) -> Finding:
    free = shutil.disk_usage(place.data_folder()).free
    if free >= DISK_FREE_MIN_BYTES:
        return FINE
    return Finding(Level.BAD, f"only {free >> 20} MB are free for {place.data_folder()}")


def _secret(_: Connection) -> Finding:
    path = place.data_folder() / "secret.key"
    if not path.exists() or path.stat().st_mode & 0o077 == 0:
        return FINE
    return Finding(Level.BAD, f"others may read {path}: chmod 600 it")


def _inbox(connection: Connection) -> Finding:
    age_s = _number(
        connection,
        "SELECT extract(epoch FROM clock_timestamp() - min(received_at)) FROM events_inbox",
    )
    if age_s <= WAIT_MAX_S:
        return FINE
    return Finding(
        Level.BAD,
        f"the oldest request waits {age_s:.0f} s; is `regulars serve` or a worker running?",
    )


def _consumers(connection: Connection) -> Finding:
    late = connection.execute(BEHIND, [WAIT_MAX_S]).fetchall()
    if late:
        names = ", ".join(f"{name} by {float(str(behind)):.0f} s" for name, behind in late)
        return Finding(Level.BAD, f"behind the log: {names}; look at the worker's output")
    parked = _number(connection, "SELECT count(*) FROM events_parked")
    if not parked:
        return FINE
    waiting = _number(connection, GIVEN_UP)
    text = f"{parked:,.0f} events are parked, {parked - waiting:,.0f} of them are tried again"
    if waiting:
        text += f"; {waiting:,.0f} are given up: see “Failed events”, mend and try them again"
    return Finding(Level.NOTE, text)


def _failed_events(connection: Connection) -> Finding:
    count = _number(connection, "SELECT count(*) FROM events_failedevent WHERE replayed_at IS NULL")
    if not count:
        return FINE
    return Finding(Level.NOTE, f"{count:,.0f} wait; see “Failed events”, mend and replay them")


def _jobs(connection: Connection) -> Finding:
    count = _number(
        connection,
        "SELECT count(*) FROM jobs_job WHERE state = 'failed'"
        f" AND finished_at > clock_timestamp() - interval '{FAILED_DAYS} days'",
    )
    if not count:
        return FINE
    return Finding(Level.NOTE, f"{count:,.0f} failed within {FAILED_DAYS} days")


def _lake(connection: Connection) -> Finding:
    lag_s = feeder.lag_s(connection, lake.relations(), clock.now())
    if lag_s <= WAIT_MAX_S:
        return FINE
    behind = "was never filled" if lag_s == float("inf") else f"is {lag_s:.0f} s behind"
    return Finding(Level.BAD, f"it {behind}; is `regulars serve` or a worker running?")


def _mail(connection: Connection) -> Finding:
    faulty = connection.execute(FAULTY_MAIL).fetchall()
    if faulty:
        told = "; ".join(f"{slug}: {error or 'paused'}" for slug, error in faulty)
        return Finding(Level.BAD, f"{told}. Look at the settings of the sender")
    unknown = _number(connection, "SELECT count(*) FROM messaging_message WHERE state = 'unknown'")
    if unknown:
        return Finding(Level.NOTE, f"{unknown:,.0f} letters ended unknown and are not sent again")
    return FINE


CHECKS: dict[str, Callable[[Connection], Finding]] = {
    "database": _database,
    "fences": _fences,
    "roles": _roles,
    "connections": _connections,
    "clock": _clock,
    "disk": _disk,
    "secret": _secret,
    "inbox": _inbox,
    "consumers": _consumers,
    "failed events": _failed_events,
    "jobs": _jobs,
    "lake": _lake,
    "mail": _mail,
}
