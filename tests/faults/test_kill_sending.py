"""kill -9 at any point of sending gives nobody a marketing message twice and loses none."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.faults.server import Server
from tests.faults.sink import Sink

CONNECTIONS = 8
VICTIMS = ("worker", "writer", "everything")
# Slow enough that letters are left for the last kill, and that kills fall between the final dot
# and the answer.
ANSWER_AFTER_S = 0.03
FINISHED = ("accepted", "rejected", "refused", "unknown", "expired", "cancelled")
WAIT_S = 240

ARRANGE = """
import os, sys
os.environ["REGULARS_ROLE"] = "engine"
os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.project.settings"
import django
django.setup()
from regulars.kernel import clock
from regulars.messaging import actions
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries

shop = queries.workspace_by_slug("letters")
with scope(shop.id):
    raw = cursor()
    raw.execute("SELECT id FROM customers_customer WHERE workspace_id = %s ORDER BY id", [shop.id])
    customers = [row[0] for row in raw.fetchall()]
    actions.save_sender(shop.id, actions.NewSender(
        from_address="shop@letters.example", host="127.0.0.1", port=int(sys.argv[1]),
        security="none", connections_max=int(sys.argv[2])))
    template = actions.create_template(shop.id, name="Hello", subject="Hello",
        source="<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ customer.first_name }},"
               " <a href='{{ unsubscribe_url }}'>stop</a></mj-text></mj-column></mj-section>"
               "</mj-body></mjml>")
    planned = actions.plan_messages(shop.id, occurrence="kill", campaign_id=None,
        customer_ids=customers, template_version_id=template.version.id, due_at=clock.now(),
        is_marketing=True)
print(planned)
"""


def campaign(folder: Path, *, letters: int, points: int, seed: int) -> None:
    """Kill at random moments while letters leave, then count what the peer received."""
    rng = random.Random(seed)
    sink = Sink(ANSWER_AFTER_S)
    server = Server(folder, REGULARS_ALLOW_PRIVATE_HOSTS="1")
    try:
        _arrange(server, sink, letters)
        kills = _kill_while_sending(server, sink, rng, letters=letters, points=points)
        states = _final_states(server)
    finally:
        server.stop()

    twice = {who: count for who, count in sink.received.items() if count > 1}
    assert twice == {}
    assert kills == points, "the letters were gone before the killing was done"
    assert sum(states.values()) == letters
    assert set(states) <= {"accepted", "unknown"}
    assert states["unknown"] <= kills * CONNECTIONS
    # What the peer has is what was accepted and at most what nobody can know.
    received = len(sink.received)
    assert states["accepted"] <= received <= states["accepted"] + states["unknown"]


def _arrange(server: Server, sink: Sink, letters: int) -> None:
    """Customers who agreed, a sender that leads to the sink, and a letter planned for each."""
    people = server.folder.parent / "people.csv"
    rows = "".join(f"c{n},c{n}@people.example,yes\n" for n in range(letters))
    people.write_text("external_id,email,consent_email\n" + rows)
    bring = ("import", "customers", str(people), "--workspace", "letters")
    server.command(*bring, "--basis", "consent")
    server.start()
    arranged = subprocess.run(
        [sys.executable, "-c", ARRANGE, str(sink.port), str(CONNECTIONS)],
        env={**server.environment, "DATABASE_URL": server.database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert arranged.stdout.strip().endswith(str(letters)), arranged.stderr[-2000:]


def _kill_while_sending(
    server: Server, sink: Sink, rng: random.Random, *, letters: int, points: int
) -> int:
    """Kill once for each point, each time after some more letters have left; returns how often."""
    # A kill takes a moment, in which more letters leave.
    share = letters // (points + 1) // 2
    for kill in range(points):
        goal = min(sink.count + rng.randint(1, share), letters)
        _wait_for(lambda goal=goal: sink.count >= goal)
        if sink.count >= letters:
            return kill
        victim = VICTIMS[kill % len(VICTIMS)]
        server.kill(victim)
        if victim == "everything":
            server.start()
    return points


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "nothing leaves any more"
        time.sleep(0.002)


def _final_states(server: Server) -> Counter[str]:
    deadline = time.monotonic() + WAIT_S
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            rows = connection.execute(
                "SELECT state, count(*) FROM messaging_message GROUP BY state"
            ).fetchall()
            states = Counter({str(state): int(count) for state, count in rows})
            if set(states) <= set(FINISHED):
                return states
            time.sleep(0.5)
    raise AssertionError(f"not finished: {states}")


def test_a_few_kills_send_nothing_twice(tmp_path: Path) -> None:
    campaign(tmp_path / "data", letters=3_000, points=3, seed=3)


@pytest.mark.long
def test_thirty_kills_send_nothing_twice(tmp_path: Path) -> None:
    campaign(tmp_path / "data", letters=12_000, points=30, seed=4)
