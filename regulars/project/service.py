"""`regulars serve`: one command that runs database, web process and worker, and stops them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from regulars.kernel.errors import Conflict
from regulars.project import database
from regulars.store import place

STOP_WAIT_S = 25.0
RESTART_PAUSE_S = 1.0
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


def serve(host: str, port: int) -> int:
    """Run until told to stop; returns the exit code."""
    lock = lock_folder(place.data_folder())
    os.environ.setdefault("REGULARS_PUBLIC_URL", f"http://127.0.0.1:{port}")
    database.migrate_if_needed()
    database.check_fences()
    prepare_files()
    os.environ["REGULARS_HAS_ROLES"] = "1" if _roles_exist() else "0"
    os.environ["REGULARS_SUPERVISED"] = "1"
    children = Children(_commands(host, port))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: children.ask_to_stop())
    children.start()
    print(f"Regulars is at {os.environ['REGULARS_PUBLIC_URL']}  (Ctrl+C stops it)", flush=True)
    code = children.watch()
    lock.close()
    return code


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

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self._commands = commands
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
