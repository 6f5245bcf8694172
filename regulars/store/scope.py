"""One transaction that sees one workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from django.db import connection, transaction
from psycopg.pq import ExecStatus
from psycopg.types.json import JsonbLoader


@contextmanager
def scope(workspace_id: int) -> Iterator[None]:
    """Everything inside runs in one transaction and sees only this workspace's rows.

    Inside another scope the outer workspace is put back at the end.
    """
    if not connection.in_atomic_block:
        with transaction.atomic():
            _begin(workspace_id)
            yield
        return
    with transaction.atomic():
        with connection.cursor() as django_cursor:
            django_cursor.execute(
                "SELECT current_setting('regulars.workspace', true),"
                " set_config('regulars.workspace', %s, true)",
                [str(workspace_id)],
            )
            before = django_cursor.fetchone()[0]
        yield
        if before:
            with connection.cursor() as django_cursor:
                django_cursor.execute("SELECT set_config('regulars.workspace', %s, true)", [before])


def _begin(workspace_id: int) -> None:
    """Begin the transaction and name its workspace in one round trip.

    Two would be a tenth of what a call of a till costs; psycopg finds the transaction begun.
    """
    raw = _raw()
    with connection.wrap_database_errors:
        result = raw.pgconn.exec_(
            b"BEGIN; SELECT set_config('regulars.workspace', '%d', true)" % workspace_id
        )
        if result.status != ExecStatus.TUPLES_OK:
            error = psycopg.errors.error_from_result(result)
            # Without a state no server said it: the connection broke, as psycopg itself tells.
            raise error if error.sqlstate else psycopg.OperationalError(str(error))


def cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """A psycopg cursor in the current transaction: COPY, unnest, set-oriented SQL."""
    made = psycopg.Cursor(_raw())
    # Django asks psycopg to leave JSON as text; here it comes as dicts and lists.
    made.adapters.register_loader("jsonb", JsonbLoader)
    return made


def _raw() -> psycopg.Connection[tuple[Any, ...]]:
    connection.ensure_connection()
    return cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)


def act_as_user(user_id: int) -> None:
    """Name the signed-in user, whose own memberships may then be read in this transaction."""
    with connection.cursor() as django_cursor:
        django_cursor.execute("SELECT set_config('regulars.user', %s, true)", [str(user_id)])
