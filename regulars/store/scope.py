"""One transaction that sees one workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, cast

import psycopg
from django.db import connection, transaction
from psycopg.pq import ExecStatus
from psycopg.types.json import JsonbLoader

PLACE = re.compile(r"%\((\w+)\)s|%%")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A long statement with its places by number, as the server reads it, and their names."""

    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, statement: str) -> Self:
        """From a statement with places by name: %(name)s, and %% for a percent sign."""
        numbers: dict[str, int] = {}

        def place(found: re.Match[str]) -> str:
            name = found[1]
            return f"${numbers.setdefault(name, len(numbers) + 1)}" if name else "%"

        return cls(PLACE.sub(place, statement), tuple(numbers))


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


def ask(statement: Numbered, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """The rows of a statement that is prepared at once; its text is not looked through again."""
    made = psycopg.RawCursor(_raw())
    made.execute(statement.text, [values[name] for name in statement.names], prepare=True)
    return made.fetchall()


def _raw() -> psycopg.Connection[tuple[Any, ...]]:
    connection.ensure_connection()
    return cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)


def act_as_user(user_id: int) -> None:
    """Name the signed-in user, whose own memberships may then be read in this transaction."""
    with connection.cursor() as django_cursor:
        django_cursor.execute("SELECT set_config('regulars.user', %s, true)", [str(user_id)])
