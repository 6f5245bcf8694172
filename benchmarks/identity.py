"""Who is who among a million known customers: within ingestion, and when a profile changes.

The customers are laid by set-oriented SQL in the shape identification gives them. Then a batch of
Segment messages goes the way of the worker (decoded, seen ids, identities, the log, commit), and
the same change of profile is told to customers among ten thousand and among a million.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.common import Report

KNOWN = 1_000_000
FEW = 10_000
BATCH = 100
ROWS_A_TURN = 20
TURNS = 30
UPSERT_ROWS = 500
UPSERT_TURNS = 30
# After a checkpoint each page is logged whole once; ten thousand rows touch those of the indexes.
UPSERT_WARM_TURNS = 20
EVENTS_A_SECOND_MIN = 5_000
UPSERT_RATIO_MAX = 1.3
# Of a hundred messages: known and signed in, known with news of the profile, visitors coming and
# going, visitors who turn out to be somebody known, and somebody new.
MIX = (("track", 60), ("identify", 10), ("visit", 20), ("sign_in", 5), ("new", 5))

FILL = """
WITH made AS (
  INSERT INTO customers_customer
    (workspace_id, public_id, external_id, first_name, last_name, email, phone, city, attrs,
     first_seen_at, created_at, updated_at, sort_name, trigrams)
  SELECT %(workspace)s, 'b' || %(workspace)s || '-' || n, 'customer-' || n, 'First' || n %% 500,
         'Last' || n %% 9000, 'person' || n || '@example.com', '+38067' || lpad(n::text, 7, '0'),
         'City' || n %% 300, '{}', now(), now(), now(), 'last' || n %% 9000,
         ARRAY['per', 'ers', lpad((n %% 1000)::text, 3, '0')]
  FROM generate_series(0, %(count)s - 1) AS n
  RETURNING id, external_id, email, phone
)
INSERT INTO customers_identifier (workspace_id, kind, value, customer_id)
SELECT %(workspace)s, kind, value, id FROM made,
LATERAL (VALUES ('external', external_id), ('email', email), ('phone', phone)) AS v (kind, value)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--known", type=int, default=KNOWN)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        os.environ["REGULARS_DATA"] = folder
        os.environ["REGULARS_ROLE"] = "engine"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
        from regulars.store import embedded

        server = embedded.start(Path(folder))
        os.environ["DATABASE_URL"] = server.url
        report = Report("identity")
        _measure(report, options.known, server.url)
        report.print()


def _measure(report: Report, known: int, url: str) -> None:
    import django

    from regulars.project import database

    database.migrate()
    django.setup()
    note = f"load {os.getloadavg()[0]:.0f} of {os.cpu_count()} cores"
    few, many = _filled("few", FEW), _filled("many", known)
    _settled(url)
    small, large = _upserts((few, FEW), (many, known))
    report.add("upserts_a_second_among_10_000", UPSERT_ROWS / small)
    report.add(f"upserts_a_second_among_{known}", UPSERT_ROWS / large)
    report.add("upsert_cost_ratio", large / small, UPSERT_RATIO_MAX, is_at_most=True, note=note)
    cpu = time.process_time()
    rate = _ingest(many, known)
    cpu_us = (time.process_time() - cpu) * 1e6 / ((TURNS + 3) * ROWS_A_TURN * BATCH)
    report.add("events_a_second_until_in_the_log", rate, EVENTS_A_SECOND_MIN, note=note)
    report.add(
        "cpu_us_an_event_without_the_database", cpu_us, note="on one core, whatever the load"
    )


def _filled(name: str, count: int) -> int:
    from regulars.store.scope import cursor, scope
    from regulars.workspaces import actions

    workspace_id = actions.create_workspace(
        name, currency="UAH", time_zone="Europe/Kyiv", region="UA"
    ).id
    with scope(workspace_id):
        cursor().execute(FILL, {"workspace": workspace_id, "count": count})
    return workspace_id


def _settled(url: str) -> None:
    # A base of this size is not a second old: autovacuum has been here.
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE customers_customer, customers_identifier")


def _upserts(*bases: tuple[int, int]) -> list[float]:
    """For each base the median seconds of a batch of changed profiles, turn by turn in turns.

    In turns, so that whatever else the machine does weighs on all of them alike.
    """
    from regulars.customers import actions
    from regulars.customers.records import Identity
    from regulars.store.scope import scope

    dice = random.Random(1)
    seconds: list[list[float]] = [[] for _ in bases]
    for number in range(UPSERT_TURNS + UPSERT_WARM_TURNS):
        for place, (workspace_id, known) in enumerate(bases):
            rows = [
                Identity(
                    external_id=f"customer-{one}",
                    email=f"person{one}@example.com",
                    traits={"city": f"Town {number}"},
                )
                for one in (dice.randrange(known) for _ in range(UPSERT_ROWS))
            ]
            began = time.perf_counter()
            with scope(workspace_id):
                actions.identify_many(workspace_id, rows, origin="import")
            seconds[place].append(time.perf_counter() - began)
    return [statistics.median(each[UPSERT_WARM_TURNS:]) for each in seconds]


def _timed(turn: Callable[[int], None], turns: int) -> list[float]:
    # The first turns fill caches and plans.
    seconds = []
    for number in range(turns + 3):
        began = time.perf_counter()
        turn(number)
        seconds.append(time.perf_counter() - began)
    return seconds[3:]


def _ingest(workspace_id: int, known: int) -> float:
    """Events a second from the stored request to the committed log."""
    from regulars.events.claims import InboxRow
    from regulars.intake import processor
    from regulars.store.scope import scope

    dice = random.Random(2)
    kinds = [kind for kind, share in MIX for _ in range(share)]

    def turn(number: int) -> None:
        rows = [
            InboxRow(
                id=number * ROWS_A_TURN + place,
                workspace_id=workspace_id,
                kind="segment",
                source="batch",
                received_at=datetime.now(UTC),
                body=bodies.pop(),
            )
            for place in range(ROWS_A_TURN)
        ]
        with scope(workspace_id):
            processor.take_segment(workspace_id, rows)

    bodies = [
        json.dumps(
            {"batch": [_message(dice, dice.choice(kinds), known) for _ in range(BATCH)]}
        ).encode()
        for _ in range(ROWS_A_TURN * (TURNS + 3))
    ]
    # The median turn, for one that waited for somebody else's work says nothing of ours.
    return ROWS_A_TURN * BATCH / statistics.median(_timed(turn, TURNS))


def _message(dice: random.Random, kind: str, known: int) -> dict[str, object]:
    one = dice.randrange(known)
    common: dict[str, object] = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"{dice.getrandbits(64):016x}",
        "properties": {"sku": f"sku-{one % 500}", "price": one % 900},
    }
    if kind == "track":
        return common | {"userId": f"customer-{one}", "anonymousId": f"browser-{one}"}
    if kind == "visit":
        return common | {"anonymousId": f"visitor-{one % 20_000}"}
    if kind == "sign_in":
        return common | {"userId": f"customer-{one}", "anonymousId": f"visitor-{one % 20_000}"}
    told = {"type": "identify", "messageId": common["messageId"]}
    if kind == "identify":
        traits = {"email": f"person{one}@example.com", "city": f"Place {one % 7}"}
        return told | {"userId": f"customer-{one}", "traits": traits}
    traits = {"email": f"new{one}@example.com", "firstName": "New"}
    return told | {"userId": f"new-{one}", "traits": traits}


if __name__ == "__main__":
    main()
