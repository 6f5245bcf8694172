"""How soon an acknowledged event is seen by a query, through the real server.

Events come one after another at uneven moments; after each acknowledgement the segment's count is
asked for until it has grown. Asking itself is part of the figure.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.common import Report
from tests.faults.server import Server

EVENTS = 30
LAG_S_MAX = 5.0
GIVE_UP_S = 60.0
PAUSE_S_MAX = 1.5
ASK_EVERY_S = 0.02
RULE = {"version": 1, "where": {"did": "Tea Bought"}}


def lag_s(client: httpx.Client, intake: str, ask: str, number: int) -> float:
    """Seconds from the acknowledgement of one customer's first event to its being counted."""
    body = {"userId": f"c{number}", "event": "Tea Bought", "messageId": f"m{number}"}
    client.post("/v1/track", json=body, auth=(intake, "")).raise_for_status()
    start = time.perf_counter()
    headers = {"Authorization": f"Bearer {ask}"}
    while time.perf_counter() < start + GIVE_UP_S:
        answer = client.post("/api/v1/segments/count", json={"rule": RULE}, headers=headers)
        answer.raise_for_status()
        if answer.json()["count"] > number:
            return time.perf_counter() - start
        time.sleep(ASK_EVERY_S)
    raise SystemExit(f"event {number} was not seen within {GIVE_UP_S:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    chosen = parser.parse_args()
    rng = random.Random(1)
    lags = []
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        server = Server(Path(folder) / "data")
        server.start()
        try:
            intake = server.command("key", "create", "--workspace", "fresh", "--scope", "intake")
            ask = server.command("key", "create", "--workspace", "fresh", "--scope", "api")
            with httpx.Client(base_url=server.url, timeout=30) as client:
                for number in range(chosen.events):
                    lags.append(lag_s(client, intake, ask, number))
                    time.sleep(rng.uniform(0, PAUSE_S_MAX))
        finally:
            server.stop()
    report = Report("freshness")
    report.add("acknowledged to counted, median s", statistics.median(lags))
    report.add("acknowledged to counted, worst s", max(lags), bar=LAG_S_MAX, is_at_most=True)
    report.add("late ones", sum(lag > LAG_S_MAX for lag in lags), note=f"of {len(lags)}")
    report.print()


if __name__ == "__main__":
    main()
