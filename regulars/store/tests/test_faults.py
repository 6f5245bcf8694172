from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from regulars.store.faults import is_transient
from regulars.store.scope import cursor


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.DeadlockDetected(),
        psycopg.errors.SerializationFailure(),
        psycopg.errors.LockNotAvailable(),
        psycopg.errors.DiskFull(),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.UndefinedColumn(),
        psycopg.OperationalError("connection lost"),
    ],
)
def test_what_passes_by_itself_is_worth_another_try(error: psycopg.Error) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.ProgramLimitExceeded(),
        psycopg.errors.UniqueViolation(),
        psycopg.errors.UntranslatableCharacter(),
        psycopg.InterfaceError("cursor closed"),
        ValueError("not the database's"),
    ],
)
def test_what_would_fail_again_is_not(error: Exception) -> None:
    assert not is_transient(error)


def test_an_error_told_through_django_is_known_by_its_cause(db: None) -> None:
    with (
        pytest.raises(OperationalError) as told,
        transaction.atomic(),
        connection.cursor() as django_cursor,
    ):
        django_cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)")
    assert is_transient(told.value)

    with pytest.raises(psycopg.Error) as raw, transaction.atomic():
        cursor().execute("SELECT 1 / 0")
    assert not is_transient(raw.value)
