"""Processor for whoever is waited for: what works behind the scenes steps back at the server, too.

A connection's process at the server has the niceness of the server, whoever asked for the work. A
till that asks a dozen short questions would wait at each of them behind an import's long one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

from regulars.store import place


def follow_threads() -> None:
    """From now on each connection's process at our own server is as nice as its thread.

    Another server may count its processes apart from ours, so that its numbers mean nothing here.
    """
    if place.is_own_server() and hasattr(os, "setpriority"):
        # One that is there already was made before anybody stepped back.
        connections.close_all()
        connection_created.connect(_follow)


def _follow(connection: Any, **_: Any) -> None:
    # Who may not tell the server's processes anything works as before.
    with suppress(OSError):
        # Whoever asks: on Linux the thread, elsewhere its process, for threads have no own there.
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, connection.connection.info.backend_pid, niceness)
