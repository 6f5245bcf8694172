"""One transaction that sees one workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from django.db import connection, transaction
from psycopg.types.json import JsonbLoader


@contextmanager
def scope(workspace_id: int) -> Iterator[None]:
    """Everything inside runs in one transaction and sees only this workspace's rows.

    Inside another scope the outer workspace is put back at the end.
    """
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


def cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """A psycopg cursor in the current transaction: COPY, unnest, set-oriented SQL."""
    connection.ensure_connection()
    raw = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)
    made = psycopg.Cursor(raw)
    # Django asks psycopg to leave JSON as text; here it comes as dicts and lists.
    made.adapters.register_loader("jsonb", JsonbLoader)
    return made


def act_as_user(user_id: int) -> None:
    """Name the signed-in user, whose own memberships may then be read in this transaction."""
    with connection.cursor() as django_cursor:
        django_cursor.execute("SELECT set_config('regulars.user', %s, true)", [str(user_id)])
