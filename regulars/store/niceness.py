"""Processor for whoever is waited for: what works behind the scenes steps back at the server, too.

A connection's process at the server has the niceness of the server, whoever asked for the work. A
till that asks a dozen short questions would wait at each of them behind an import's long one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.signals import connection_created

from regulars.store import place


def follow_threads() -> None:
    """From now on each connection of Django's is as nice at our own server as its thread."""
    # One that is there already was made before anybody stepped back.
    connections.close_all()
    connection_created.connect(_follow)


def follow(connection: psycopg.Connection[Any]) -> None:
    """Make the connection's process at our own server as nice as the thread that asks.

    Another server may count its processes apart from ours, so that its numbers mean nothing here.
    """
    if not place.is_own_server() or not hasattr(os, "setpriority"):
        return
    # Who may not tell the server's processes anything works as before.
    with suppress(OSError):
        # Whoever asks: on Linux the thread, elsewhere its process, for threads have no own there.
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, connection.info.backend_pid, niceness)


def _follow(connection: Any, **_: Any) -> None:
    follow(connection.connection)
