"""A real server in a folder of its own, to be killed from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import psycopg

READY_WAIT_S = 180.0


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`regulars serve` as a user would start it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        keep = {k: v for k, v in os.environ.items() if not k.startswith("REGULARS_")}
        keep.pop("DATABASE_URL", None)
        self.environment = {**keep, "REGULARS_DATA": str(folder), **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it is ready."""
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "regulars.project.cli", "serve", "--port", str(self.port)],
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        deadline = time.monotonic() + READY_WAIT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}: {self.log()}")
            try:
                if httpx.get(f"{self.url}/livez", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        self.stop()
        raise AssertionError(f"not ready: {self.log()}")

    def log(self) -> str:
        """The end of what the server printed."""
        return (self.folder.parent / f"{self.folder.name}.log").read_text()[-3000:]

    def command(self, *words: str, stdin: str = "") -> str:
        """What another command prints beside the running server."""
        done = subprocess.run(
            [sys.executable, "-m", "regulars.project.cli", *words],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    @property
    def database_url(self) -> str:
        """Where the server's database is."""
        return self.command("database-url")

    def wait_until_drained(self, seconds: float = 120.0) -> None:
        """Until the inbox is empty."""
        deadline = time.monotonic() + seconds
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                if connection.execute("SELECT count(*) FROM events_inbox").fetchone() == (0,):
                    return
                time.sleep(0.2)
        raise AssertionError("the inbox does not empty")

    def _own(self, *marks: str) -> list[psutil.Process]:
        """Processes of this server whose command line holds all of the marks."""
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            words = " ".join(process.info["cmdline"] or [])
            environment = process.info["environ"] or {}
            is_ours = environment.get("REGULARS_DATA") == str(self.folder)
            is_ours = is_ours or str(self.folder) in words
            if is_ours and process.pid != os.getpid() and all(mark in words for mark in marks):
                found.append(process)
        return found

    def kill(self, what: str) -> None:
        """kill -9 of "web", "worker", "writer", "database" or "everything".

        Dead children of the supervisor are respawned; the writer is a child of the worker.
        """
        marks = {
            "web": "granian",
            "worker": "regulars.project.worker",
            "writer": "messaging.sender.scribe",
            "database": "postgres",
        }
        victims = self._own() if what == "everything" else self._own(marks[what])
        for victim in victims:
            try:
                victim.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(victims, timeout=10)
        if what == "everything" and self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        """Ask it to stop and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
