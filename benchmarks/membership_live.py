"""From an acknowledged event to the entry it causes, through the real server under steady traffic.

Two hundred segments stand; events of many customers arrive at a steady pace. Now and then a
customer does something that lets them into one segment: counted is the time from the
acknowledgement until their entry is committed and can be read.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg

from benchmarks import load, varied
from benchmarks.common import Report
from tests.faults.server import Server

EVENTS_PER_S = 500
BATCH = 50
SECONDS = 60
CUSTOMERS = 20_000
MARK_EVERY_S = 0.5
LAG_S_MAX = 2.0
GIVE_UP_S = 60.0
LOOK_EVERY_S = 0.02
MARK = "Product Reviewed"
WORKSPACE = "kept"
ENTERED = """
SELECT e.props->>'segment' FROM events_event e
JOIN customers_identifier i ON i.workspace_id = e.workspace_id AND i.customer_id = e.customer_id
WHERE e.kind = 'segment.entered' AND i.kind = 'external' AND i.value = %s
AND e.props->>'segment' = 'marked'"""


class Traffic(threading.Thread):
    """Posts batches at a steady pace until told to stop; late ones are sent at once."""

    def __init__(self, url: str, key: str, seconds: float) -> None:
        super().__init__(daemon=True)
        self.client = httpx.Client(base_url=url, auth=(key, ""), timeout=60)
        self.bodies = load.batches(
            f"live-{time.time_ns()}", int(EVENTS_PER_S * seconds), BATCH, CUSTOMERS, 1
        )
        self.is_over = threading.Event()
        self.sent = 0

    def run(self) -> None:
        start = time.perf_counter()
        for number, body in enumerate(self.bodies):
            pause = start + number * BATCH / EVENTS_PER_S - time.perf_counter()
            if self.is_over.wait(max(pause, 0.0)):
                return
            headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
            self.client.post("/v1/batch", content=body, headers=headers).raise_for_status()
            self.sent += BATCH


def lags(server: Server, key: str, seconds: float) -> Iterator[float]:
    """Seconds from acknowledgement to entry, one customer after another."""
    client = httpx.Client(base_url=server.url, auth=(key, ""), timeout=60)
    end = time.perf_counter() + seconds
    number = 0
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        connection.execute("SET regulars.role = 'engine'")
        while time.perf_counter() < end:
            number += 1
            who = f"marked-{number}"
            body = {"userId": who, "event": MARK, "messageId": f"mark-{number}"}
            client.post("/v1/track", json=body).raise_for_status()
            start = time.perf_counter()
            while connection.execute(ENTERED, [who]).fetchone() is None:
                if time.perf_counter() > start + GIVE_UP_S:
                    raise SystemExit(f"customer {number} did not enter within {GIVE_UP_S:.0f} s")
                time.sleep(LOOK_EVERY_S)
            lag = time.perf_counter() - start
            yield lag
            time.sleep(max(0.0, MARK_EVERY_S - lag))


def stand_up(client: httpx.Client, segments: int) -> None:
    """The segments, one of which the marked customers enter."""
    mark = {"version": 1, "where": {"did": MARK, "within": {"last": "30d"}}}
    rules: list[Any] = [("marked", mark)]
    # In this shop the number of an order is a text; what it came to is its total.
    asked = json.dumps(varied.rules(segments - 1)).replace('"of": "number"', '"of": "total"')
    rules += [(f"varied-{number}", rule) for number, rule in enumerate(json.loads(asked))]
    for slug, rule in rules:
        body = {"name": slug, "slug": slug, "rule": rule}
        client.post("/api/v1/segments", json=body).raise_for_status()


def await_filled(client: httpx.Client) -> int:
    """Wait until every segment has its first members; how many there are."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        found = client.get("/api/v1/segments").raise_for_status().json()["segments"]
        if found and not any(one["is_filling"] for one in found):
            return len(found)
        time.sleep(1)
    raise SystemExit("the segments were not filled")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--segments", type=int, default=varied.SEGMENTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        server = Server(Path(folder) / "data")
        server.start()
        try:
            measure(server, chosen.seconds, chosen.segments)
        finally:
            server.stop()


def measure(server: Server, seconds: float, segments: int) -> None:
    """Fill the shop a little, stand up the segments, then watch entries under traffic."""
    intake = server.command("key", "create", "--workspace", WORKSPACE, "--scope", "intake")
    ask = server.command("key", "create", "--workspace", WORKSPACE, "--scope", "api")
    headers = {"Authorization": f"Bearer {ask}"}
    client = httpx.Client(base_url=server.url, headers=headers, timeout=120)
    # Rules may only name events that came once.
    post = httpx.Client(base_url=server.url, auth=(intake, ""), timeout=60)
    for number, kind in enumerate((*varied.SEEN, MARK)):
        body = {"userId": "first", "event": kind, "messageId": f"first-{number}",
                "properties": {"category": "tea", "number": 1, "price": 1, "sku": "a"}}  # fmt: skip
        post.post("/v1/track", json=body).raise_for_status()
    server.wait_until_drained()
    time.sleep(6)
    stand_up(client, segments)
    standing = await_filled(client)
    traffic = Traffic(server.url, intake, seconds + 10)
    traffic.start()
    time.sleep(5)
    found = sorted(lags(server, intake, seconds))
    traffic.is_over.set()
    traffic.join(timeout=30)
    report = Report("membership_live")
    report.add("acknowledged to entered, median s", statistics.median(found))
    report.add(
        "acknowledged to entered, p95 s", found[int(len(found) * 0.95)], LAG_S_MAX, is_at_most=True,
        note=f"{len(found)} entries, {standing} segments, {EVENTS_PER_S} events/s",
    )  # fmt: skip
    report.add("acknowledged to entered, worst s", found[-1])
    report.add("programs that wait for a core, on average", os.getloadavg()[0])
    report.print()


if __name__ == "__main__":
    main()
