"""`regulars doctor`: looks at everything that can be wrong and says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from regulars.events import queries as events
from regulars.kernel.errors import RegularsError
from regulars.project import database
from regulars.store import place

DISK_FREE_MIN_BYTES = 1 << 30
INBOX_AGE_MAX_S = 60.0


def run() -> int:
    """Print one line a check; 0 when all is well, 1 otherwise."""
    checks: dict[str, Callable[[], str | None]] = {
        "fences": _fences,
        "disk": _disk,
        "inbox": _inbox,
    }
    faults = 0
    for name, check in checks.items():
        problem = check()
        faults += problem is not None
        print(f"ok   {name}" if problem is None else f"BAD  {name}: {problem}")
    return 1 if faults else 0


def _fences() -> str | None:
    try:
        database.check_fences()
    except RegularsError as error:
        return error.message
    return None


def _disk() -> str | None:
    free = shutil.disk_usage(place.data_folder()).free
    return None if free >= DISK_FREE_MIN_BYTES else f"only {free >> 20} MB free"


def _inbox() -> str | None:
    age_s = events.backlog()["oldest_s"]
    if age_s <= INBOX_AGE_MAX_S:
        return None
    return f"the oldest request waits {age_s:.0f} s; is `regulars serve` or a worker running?"
