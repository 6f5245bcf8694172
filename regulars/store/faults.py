"""Which errors of the database pass by themselves."""

from __future__ import annotations

import psycopg

# SQLSTATE classes: connection, rollback (deadlock, serialization), resources, operator's hand,
# system; and a statement that does not fit the tables, which a migration mends, not the data.
TRANSIENT_CLASSES = ("08", "40", "42", "53", "57", "58")
LOCK_NOT_AVAILABLE = "55P03"


def is_transient(error: BaseException | None) -> bool:
    """Whether doing the same again later may succeed, without anything being changed.

    Django's errors carry psycopg's as their cause.
    """
    while error is not None:
        if isinstance(error, psycopg.Error):
            state = error.sqlstate
            if state is None:
                # No answer came from the server: the connection broke.
                return isinstance(error, psycopg.OperationalError)
            return state.startswith(TRANSIENT_CLASSES) or state == LOCK_NOT_AVAILABLE
        error = error.__cause__
    return False
