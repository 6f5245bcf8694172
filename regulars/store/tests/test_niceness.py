"""What works behind the scenes is as patient at the server as on this side."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from regulars.store import niceness
from regulars.store.scope import scope
from tests.town import workspace

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("REGULARS_TEST_DATABASE_URL")), reason="of the server we start ourselves"
)
NICE = 3


@pytest.fixture
def following(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("REGULARS_EMBEDDED", "1")
    yield monkeypatch
    connection_created.disconnect(niceness._follow)


def at_the_server(add: int) -> tuple[int, int]:
    """Niceness of a thread, and of the server's process for its connection."""
    own = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + add)
        connection.ensure_connection()
        backend = connection.connection.info.backend_pid
        return os.getpriority(os.PRIO_PROCESS, own), os.getpriority(os.PRIO_PROCESS, backend)
    finally:
        connection.close()


def test_a_connection_is_as_nice_as_the_thread_that_made_it(
    following: pytest.MonkeyPatch,
) -> None:
    niceness.follow_threads()

    with ThreadPoolExecutor(1) as pool:
        ours, theirs = pool.submit(at_the_server, NICE).result()

    assert ours == theirs == os.getpriority(os.PRIO_PROCESS, 0) + NICE


def test_a_system_that_numbers_its_threads_otherwise_is_connected_to(
    following: pytest.MonkeyPatch,
) -> None:
    niceness.follow_threads()
    following.setattr(threading, "get_native_id", lambda: 2**31 - 1)

    with scope(workspace("elsewhere").id):
        backend = connection.connection.info.backend_pid

    assert os.getpriority(os.PRIO_PROCESS, backend) == os.getpriority(os.PRIO_PROCESS, 0)


def test_processes_of_another_server_are_left_alone(following: pytest.MonkeyPatch) -> None:
    following.delenv("REGULARS_EMBEDDED")
    niceness.follow_threads()

    with ThreadPoolExecutor(1) as pool:
        ours, theirs = pool.submit(at_the_server, NICE).result()

    assert theirs == ours - NICE
