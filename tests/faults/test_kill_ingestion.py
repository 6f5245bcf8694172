"""kill -9 at any point of ingestion loses no acknowledged event and doubles none."""

from __future__ import annotations

import json
import random
import threading
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.faults.server import Server

BATCH = 20
POST_WAIT_S = 60.0
VICTIMS = ("worker", "everything", "web", "database")


class Sender(threading.Thread):
    """Posts batches until told to stop, again and again until each is acknowledged."""

    def __init__(self, server: Server, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self.server, self.key, self.label = server, key, name
        self.acknowledged: list[str] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        number = 0
        with httpx.Client(timeout=10) as client:
            while not self.is_over.is_set():
                ids = [f"{self.label}-{number}-{n}" for n in range(BATCH)]
                number += 1
                self._post_until_acknowledged(client, ids)

    def _post_until_acknowledged(self, client: httpx.Client, ids: list[str]) -> None:
        batch = [
            {
                "type": "track",
                "event": "Tea",
                "userId": f"u{hash(i) % 50}",
                "messageId": i,
                "properties": {"n": i},
            }
            for i in ids
        ]
        body = json.dumps({"writeKey": self.key, "batch": batch})
        for _ in range(200):
            try:
                answer = client.post(f"{self.server.url}/v1/batch", content=body)
                if answer.status_code == 200:
                    self.acknowledged += ids
                    return
            except httpx.HTTPError:
                pass
            if self.is_over.is_set():
                return
            time.sleep(0.1)


def campaign(folder: Path, points: int, seed: int) -> None:
    """Kill at `points` random moments, then compare log and lake with what was acknowledged."""
    rng = random.Random(seed)
    server = Server(folder)
    server.start()
    key = server.command("key", "create", "--workspace", "kills", "--scope", "intake")
    senders = [Sender(server, key, f"s{n}") for n in range(4)]
    for sender in senders:
        sender.start()
    try:
        for point in range(points):
            time.sleep(rng.uniform(0.2, 1.5))
            victim = VICTIMS[point % len(VICTIMS)]
            server.kill(victim)
            if victim in ("database", "everything"):
                server.kill("everything")
                server.start()
        _let_everyone_post(senders)
        for sender in senders:
            sender.is_over.set()
        for sender in senders:
            sender.join(30)
        acknowledged = [i for sender in senders for i in sender.acknowledged]
        kept = _keys_in_log(server)
    finally:
        for sender in senders:
            sender.is_over.set()
        server.stop()
    assert len(acknowledged) > points * BATCH
    assert len(kept) == len(set(kept)), "an event is in the log twice"
    assert set(acknowledged) <= set(kept), "an acknowledged event is lost"
    # The command compares what the lake holds with what the database gives anew.
    lake = json.loads(server.command("lake", "rebuild", "--workspace", "kills"))
    assert lake["same"], "the lake is not what the log says"
    assert int(lake["hashes"]["events"].split(":")[0]) == len(kept)


def _let_everyone_post(senders: list[Sender]) -> None:
    """Wait until each sender was acknowledged once more, so that the last start is proved too."""
    before = [len(sender.acknowledged) for sender in senders]
    deadline = time.monotonic() + POST_WAIT_S
    while any(len(s.acknowledged) == n for s, n in zip(senders, before, strict=True)):
        assert time.monotonic() < deadline, "the server takes nothing after the last kill"
        time.sleep(0.1)


def _keys_in_log(server: Server) -> list[str]:
    """How often each message is in the log, once everything is processed."""
    server.wait_until_drained()
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        failed = connection.execute("SELECT count(*) FROM events_failedevent").fetchone()
        assert failed == (0,)
        rows = connection.execute("SELECT props->>'n' FROM events_event WHERE kind = 'Tea'")
        return [row[0] for row in rows]


def test_three_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    campaign(tmp_path / "data", points=3, seed=1)


@pytest.mark.long
def test_thirty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    campaign(tmp_path / "data", points=32, seed=2)
