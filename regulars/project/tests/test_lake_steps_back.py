"""What feeds the lake is as patient at our own server as the worker it is part of."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from regulars.project import lake

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("REGULARS_TEST_DATABASE_URL")), reason="of the server we start ourselves"
)
NICE = 3


@pytest.fixture
def own_pool(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REGULARS_EMBEDDED", "1")
    lake._pool.cache_clear()
    yield
    lake._pool().close()
    lake._pool.cache_clear()


def at_the_server() -> int:
    """Niceness of the server's process for a connection taken by a thread that stepped back."""
    own = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + NICE)
    with lake.connected() as connection:
        return os.getpriority(os.PRIO_PROCESS, connection.info.backend_pid)


def test_connections_of_the_lake_step_back_with_whoever_opens_them(own_pool: None) -> None:
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(at_the_server).result()

    assert theirs == os.getpriority(os.PRIO_PROCESS, 0) + NICE
