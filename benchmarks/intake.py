"""Durable intake: bursts, a sustained minute with everything running, and single events.

Against: Django views that do the whole work in one transaction a request, on the same server, in
the same run: a plain one, message by message, and one that writes in bulk; and the machine's own
rate of fsync.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks import load
from benchmarks.common import Report
from tests.faults.server import Server, free_port

BURST_S = 10
SUSTAINED_S = 60
SUSTAINED_EVENTS_A_SECOND = 8_000
BACKLOG_S_MAX = 5.0
SINGLES_S = 8
SINGLE_CONNECTIONS = 64
BATCH = 100
CUSTOMERS = 50_000
FSYNC_S = 2.0
RIVAL_S = 15
# PostgreSQL's processes tell what they counted once a second.
STATISTICS_S = 2.5


def fsync_rate(folder: Path) -> float:
    """How many 8 kB writes the disk makes durable in a second."""
    path = folder / "fsync-probe"
    count = 0
    with path.open("wb", buffering=0) as stream:
        until = time.perf_counter() + FSYNC_S
        while time.perf_counter() < until:
            stream.write(b"x" * 8192)
            os.fdatasync(stream.fileno())
            count += 1
    path.unlink()
    return count / FSYNC_S


def wal_syncs(server: Server) -> int:
    """How often PostgreSQL has made its log durable, for us and for all that runs beside."""
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        if connection.info.server_version >= 180_000:
            sql = "SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal'"
        else:
            sql = "SELECT wal_sync FROM pg_stat_wal"
        row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


class Rival:
    """The plain view on a database of its own in the same server."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS rival WITH (FORCE)")
            connection.execute("CREATE DATABASE rival")
        self.port = free_port()
        environment = {**os.environ, "RIVAL_DATABASE_URL": make_conninfo(url, dbname="rival")}
        module = "benchmarks.rivals.plain_view"
        subprocess.run([sys.executable, "-m", module], env=environment, check=True)
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(self.port),
                "--blocking-threads", "8", "--no-access-log", "--log-level", "error",
                f"{module}:application",
            ],
            env=environment,
        )  # fmt: skip
        _wait_for(self.port)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def _wait_for(port: int) -> None:
    import socket

    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the rival does not answer")


def wires(run: str, key: str, events: int, path: str = "/v1/batch") -> list[bytes]:
    bodies = load.batches(run, events, BATCH, CUSTOMERS, seed=1)
    return [load.request(path, body, key, is_gzip=True) for body in bodies]


def single_wires(run: str, key: str, events: int, path: str = "/v1/track") -> list[bytes]:
    import json

    return [
        load.request(path, json.dumps(message).encode(), key, is_gzip=False)
        for message in load.messages(run, events, CUSTOMERS, seed=2)
    ]


def burst(report: Report, server: Server, key: str) -> None:
    """As many gzip batches as can be made durable in ten seconds."""
    run = load.drive(server.port, wires("burst", key, 1_000_000), 16, BURST_S)
    rate = run.answered * BATCH / run.seconds
    report.add("burst_events_a_second", rate, bar=60_000, note=f"p99 {run.p99_ms:.0f} ms")


def singles(report: Report, server: Server, rival: Rival, key: str, fsyncs: float) -> None:
    """One event a request over 64 connections, ours against the rival's.

    On a slow disk the rate shows how many events share a sync; on a quick one the processor ends
    first, so syncs are counted too.
    """
    ready = single_wires("one", key, 120_000)
    syncs = wal_syncs(server)
    psutil.cpu_percent()
    ours = load.drive(server.port, ready, SINGLE_CONNECTIONS, SINGLES_S)
    busy = psutil.cpu_percent()
    time.sleep(STATISTICS_S)
    syncs = wal_syncs(server) - syncs
    ready = single_wires("one", key, 20_000, "/plain")
    theirs = load.drive(rival.port, ready, SINGLE_CONNECTIONS, SINGLES_S)
    rate, rival_rate = ours.answered / ours.seconds, theirs.answered / theirs.seconds
    report.add("single_events_a_second", rate, note=f"p99 {ours.p99_ms:.0f} ms")
    used = f"{syncs / ours.seconds:.0f}/s of them used, cores {busy:.0f} % busy"
    report.add("single_against_fsync", rate / fsyncs, bar=12, note=f"fsync {fsyncs:.0f}/s, {used}")
    note = f"{syncs} syncs of the whole database server"
    report.add("single_events_a_wal_sync", ours.answered / syncs, bar=12, note=note)
    report.add("single_against_plain_view", rate / rival_rate, bar=10, note=f"{rival_rate:.0f}/s")


def sustained(report: Report, server: Server, rival: Rival, key: str, seconds: int) -> None:
    """A minute at a fixed rate while processor, consumers and lake run."""
    events = SUSTAINED_EVENTS_A_SECOND * seconds
    ready = wires("sustained", key, events)
    before = _count(server)
    run = load.paced(server.port, ready, 32, SUSTAINED_EVENTS_A_SECOND / BATCH)
    ended = time.perf_counter()
    while _count(server) < before + events and time.perf_counter() < ended + 60:
        time.sleep(0.1)
    backlog_s = time.perf_counter() - ended
    in_log = _count(server) - before
    rate = in_log / (run.seconds + max(0.0, backlog_s - BACKLOG_S_MAX))
    report.add("sustained_events_a_second", rate, bar=7_900, note=f"refused {run.refused}")
    report.add("sustained_backlog_s", backlog_s, bar=BACKLOG_S_MAX, is_at_most=True)
    for name, bar in (("plain", 3), ("bulk", None)):
        theirs = load.drive(rival.port, wires(name, key, 200_000, f"/{name}"), 8, RIVAL_S)
        other = theirs.answered * BATCH / theirs.seconds
        report.add(f"sustained_against_{name}_view", rate / other, bar=bar, note=f"{other:.0f}/s")


def _count(server: Server) -> int:
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM events_event").fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=SUSTAINED_S)
    options = parser.parse_args()
    report = Report("intake")
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        fsyncs = fsync_rate(Path(folder))
        server = Server(Path(folder) / "data")
        server.start()
        key = server.command("key", "create", "--workspace", "bench", "--scope", "intake")
        rival = Rival(server.database_url)
        try:
            singles(report, server, rival, key, fsyncs)
            server.wait_until_drained()
            sustained(report, server, rival, key, options.seconds)
            burst(report, server, key)
        finally:
            rival.stop()
            server.stop()
    report.print()


if __name__ == "__main__":
    main()
