"""The till's threads answer in time, whatever the database does."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import psycopg
import pytest
from django.db import connection

from regulars.kernel.errors import Outside
from regulars.loyalty.till import hands as module
from regulars.loyalty.till.hands import Hands


def ask(hands: Hands, work: Any) -> Any:
    return asyncio.run(hands.run(work))


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_work_that_takes_too_long_is_answered_as_offline_and_ends_by_itself(db: None) -> None:
    hands = Hands(writing=1, answer_within_s=0.05)
    go, ended = threading.Event(), threading.Event()

    def slow() -> None:
        go.wait(30)
        ended.set()

    with pytest.raises(Outside) as refusal:
        ask(hands, slow)

    assert refusal.value.code == "till_offline"
    assert refusal.value.details == {"offline": True}
    go.set()
    assert ended.wait(30)
    hands.stop()


def test_a_lost_database_is_offline_once_and_then_found_again(db: None, database: str) -> None:
    hands = Hands(writing=1, answer_within_s=30)
    lost = ask(hands, backend)
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [lost])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [lost]).fetchone():
            pass

    with pytest.raises(Outside) as refusal:
        ask(hands, backend)

    assert refusal.value.code == "till_offline"
    assert ask(hands, backend) != lost
    hands.stop()


def test_a_statement_is_cut_off_before_the_till_gives_up(db: None) -> None:
    hands = Hands(writing=1, answer_within_s=30, statement_ms=50)

    def sleepy() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    with pytest.raises(Outside) as refusal:
        ask(hands, sleepy)

    assert refusal.value.code == "till_offline"
    hands.stop()


def test_what_cannot_be_answered_in_time_is_refused_at_once(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 3)
    hands = Hands(writing=1, answer_within_s=30)
    go = threading.Event()

    async def crowd() -> list[Any]:
        asked = [asyncio.create_task(hands.run(lambda: go.wait(30))) for _ in range(5)]
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(crowd())

    assert [getattr(one, "code", one) for one in answers] == [True] * 3 + ["till_busy"] * 2
    hands.stop()
