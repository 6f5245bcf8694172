"""`regulars serve`: one command that runs database, web process and worker, and stops them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from regulars.kernel.errors import Conflict, Outside
from regulars.project import database
from regulars.store import embedded, place

STOP_WAIT_S = 25.0
RESTART_PAUSE_S = 1.0
LOOK_EVERY_S = 2.0
RESTARTS_A_MINUTE_MAX = 5
PR_SET_PDEATHSIG = 1
# Looked up before any fork: loading a library between fork and exec may deadlock.
_prctl = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None


def lock_folder(folder: Path) -> IO[str]:
    """Hold the data folder for this server.

    raises  Conflict(folder_in_use) naming the process that holds it
    """
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / "serve.lock").open("a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        stream.seek(0)
        holder = stream.read().strip() or "unknown"
        raise Conflict(
            "folder_in_use",
            f"Another server (process {holder}) already runs on {folder}."
            " Stop it first, or set REGULARS_DATA to another folder.",
        ) from error
    stream.truncate(0)
    stream.write(str(os.getpid()))
    stream.flush()
    return stream


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there; the web server itself would share the port silently."""
    with socket.socket() as probe:
        # As the web server does: an address left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def check_port(host: str, port: int) -> None:
    """Nothing when the port may be taken. raises Conflict(port_in_use)"""
    if not is_free(host, port):
        raise Conflict(
            "port_in_use",
            f"Port {port} is taken by another program; choose another by --port (make: PORT=).",
        )


def serve(host: str, port: int) -> int:
    """Run until told to stop; returns the exit code."""
    check_port(host, port)
    lock = lock_folder(place.data_folder())
    os.environ.setdefault("REGULARS_PUBLIC_URL", f"http://127.0.0.1:{port}")
    database.migrate_if_needed()
    database.check_fences()
    prepare_files()
    os.environ["REGULARS_HAS_ROLES"] = "1" if _roles_exist() else "0"
    os.environ["REGULARS_SUPERVISED"] = "1"
    rounds = (_DatabaseKeeper().look, _Greeting(host, port).look)
    children = Children(_commands(host, port), rounds)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: children.ask_to_stop())
    children.start()
    code = children.watch()
    lock.close()
    return code


class _Greeting:
    """Says where the product is, once, when it answers."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._is_said = False

    def look(self) -> None:
        """Every round until it was said."""
        if self._is_said:
            return
        with suppress(OSError), socket.create_connection(self._address, timeout=1):
            self._is_said = True
            address = os.environ["REGULARS_PUBLIC_URL"]
            print(f"Regulars is at {address}  (Ctrl+C stops it)", flush=True)


class _DatabaseKeeper:
    """Starts our own PostgreSQL again when it was killed; another's server is left alone."""

    def __init__(self) -> None:
        self._folder = place.data_folder() if place.is_own_server() else None
        self._next_look = 0.0

    def look(self) -> None:
        """Every LOOK_EVERY_S seconds."""
        if self._folder is None or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_EVERY_S
        if not embedded.is_up(self._folder):
            print("The database stopped; starting it again.", file=sys.stderr, flush=True)
            try:
                embedded.start(self._folder)
            except Outside as error:
                print(error.message, file=sys.stderr, flush=True)


def _roles_exist() -> bool:
    from regulars.store import roles

    return roles.has_roles(place.database_url())


def prepare_files() -> None:
    """Compile translations and collect static files where they changed."""
    subprocess.run([sys.executable, "-m", "regulars.project.files"], check=True)


def _commands(host: str, port: int) -> dict[str, list[str]]:
    web = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", host,
        "--port", str(port), "--workers", "1", "--no-access-log", "--log-level", "warning",
        "--respawn-failed-workers", "--backlog", "2048", "--workers-kill-timeout", "10",
        "regulars.project.asgi:application",
    ]  # fmt: skip
    return {"web": web, "worker": [sys.executable, "-m", "regulars.project.worker"]}


def _die_with_parent() -> None:
    """Ask Linux to end the child when the supervisor is killed; elsewhere nothing happens."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """The processes of the server; one that dies is started again, unless it keeps dying."""

    def __init__(
        self, commands: dict[str, list[str]], rounds: Sequence[Callable[[], None]] = ()
    ) -> None:
        self._commands = commands
        self._rounds = rounds
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._deaths: list[float] = []
        self._is_stopping = False

    def start(self) -> None:
        for name in self._commands:
            self._start(name)

    def _start(self, name: str) -> None:
        self._running[name] = subprocess.Popen(
            self._commands[name], start_new_session=True, preexec_fn=_die_with_parent
        )

    def ask_to_stop(self) -> None:
        self._is_stopping = True

    def watch(self) -> int:
        """Until asked to stop, or until children die faster than they can be started."""
        code = 0
        while not self._is_stopping:
            time.sleep(0.2)
            for look in self._rounds:
                look()
            for name, process in list(self._running.items()):
                if process.poll() is None or self._is_stopping:
                    continue
                now = time.monotonic()
                self._deaths = [t for t in self._deaths if t > now - 60] + [now]
                if len(self._deaths) > RESTARTS_A_MINUTE_MAX:
                    print(f"The {name} process keeps dying; stopping.", file=sys.stderr)
                    self._is_stopping, code = True, 1
                    break
                time.sleep(RESTART_PAUSE_S)
                self._start(name)
        self._stop()
        return code

    def _stop(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_WAIT_S
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
