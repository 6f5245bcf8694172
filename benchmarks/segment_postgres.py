"""Rules against PostgreSQL with the right index, on the same rows, by processor time.

The shop of `membership`: a database whose worker fed the lake. PostgreSQL gets indexes made for
the questions, one process and warm caches; each question is written for it by hand. Selective
ones may cost 1.5 times its processor, whole-base ones a third. Both find the same, or it stops.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import Report

CUSTOMERS, EVENTS = 1_000_000, 10_000_000
# Processor time is told in hundredths of a second, so it is taken over many calls.
TIMES = 15
CLOCK_STEP_S = 0.01
SELECTIVE_MAX, WHOLE_MIN = 1.5, 3.0
INDEX = (
    "CREATE INDEX IF NOT EXISTS bench_kind ON events_event (workspace_id, kind, customer_id, time)",
    "CREATE INDEX IF NOT EXISTS bench_time ON events_event (workspace_id, kind, time)",
    "VACUUM ANALYZE events_event",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A rule as text, and the same for PostgreSQL: a select of customers."""

    name: str
    rule: str
    sql: str
    is_selective: bool


EVENTS_OF = "SELECT customer_id, time FROM events_event WHERE workspace_id = %(w)s AND kind = "
QUESTIONS = (
    Question(
        "two counts and a city",
        'customer.city in ["Kyiv", "Lviv"] and did "Product Viewed" where category = "coffee"'
        " count >= 2 within last 90d and did order.paid sum of number >= 5000 within last 365d",
        "SELECT c.id FROM customers_customer c WHERE c.workspace_id = %(w)s"
        " AND c.city IN ('Kyiv', 'Lviv') AND c.id IN (SELECT customer_id FROM events_event"
        " WHERE workspace_id = %(w)s AND kind = 'Product Viewed'"
        " AND time > %(now)s - interval '90 days' AND time <= %(now)s"
        " AND lower(props->>'category') = 'coffee' GROUP BY 1 HAVING count(*) >= 2)"
        " AND c.id IN (SELECT customer_id FROM events_event WHERE workspace_id = %(w)s"
        " AND kind = 'order.paid' AND time > %(now)s - interval '365 days' AND time <= %(now)s"
        " GROUP BY 1 HAVING sum((props->>'number')::numeric) >= 5000)",
        True,
    ),
    Question(
        "looked at coffee lately, in two cities",
        'customer.city in ["Kyiv", "Lviv"] and did "Product Viewed" where category = "coffee"'
        " count >= 2 within last 7d",
        "SELECT e.customer_id FROM events_event e JOIN customers_customer c"
        " ON c.id = e.customer_id AND c.workspace_id = e.workspace_id"
        " WHERE e.workspace_id = %(w)s AND e.kind = 'Product Viewed'"
        " AND e.time > %(now)s - interval '7 days' AND e.time <= %(now)s"
        " AND lower(e.props->>'category') = 'coffee' AND c.city IN ('Kyiv', 'Lviv')"
        " GROUP BY 1 HAVING count(*) >= 2",
        True,
    ),
    Question(
        "cohort: first order half a year ago, again in the last month",
        "since first order.paid >= 180d and since first order.paid < 210d"
        " and did order.paid within last 30d",
        "SELECT customer_id FROM (SELECT customer_id, min(time) AS first, max(time) AS last"
        " FROM events_event WHERE workspace_id = %(w)s AND kind = 'order.paid'"
        " AND time <= %(now)s GROUP BY 1) o"
        " WHERE first <= %(now)s - interval '180 days' AND first > %(now)s - interval '210 days'"
        " AND last > %(now)s - interval '30 days'",
        False,
    ),
    Question(
        "funnel: looked, put into the cart, paid within a week",
        'funnel (did "Product Viewed", did "Product Added", did order.paid) in 7d',
        f"SELECT DISTINCT v.customer_id FROM ({EVENTS_OF}'Product Viewed' AND time <= %(now)s) v"
        f" JOIN LATERAL (SELECT min(a.time) AS time FROM ({EVENTS_OF}'Product Added'"
        " AND time <= %(now)s) a WHERE a.customer_id = v.customer_id AND a.time > v.time"
        " AND a.time <= v.time + interval '7 days') a ON a.time IS NOT NULL"
        f" JOIN LATERAL (SELECT min(p.time) AS time FROM ({EVENTS_OF}'order.paid'"
        " AND time <= %(now)s) p WHERE p.customer_id = v.customer_id AND p.time > a.time"
        " AND p.time <= v.time + interval '7 days') p ON p.time IS NOT NULL",
        False,
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="the folder of membership, kept between runs")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--events", type=int, default=EVENTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        os.environ["REGULARS_DATA"] = str((chosen.folder or Path(scratch)).resolve() / "data")
        os.environ.pop("DATABASE_URL", None)
        measure(chosen.customers, chosen.events)


def measure(customers: int, events: int) -> None:
    """Each question by both; compare, print."""
    from benchmarks.membership_shop import Shop

    shop = Shop(customers, events)
    shop.open()
    report = Report("segment_postgres")
    try:
        rival = Rival(shop.id)
        for question in QUESTIONS:
            ask(question, shop.id, rival, report)
    finally:
        shop.close()
    report.print()


class Rival:
    """One warm backend without helpers, asked by hand-written SQL."""

    def __init__(self, workspace_id: int) -> None:
        import psycopg

        from regulars.store import place
        from regulars.store.roles import Role

        owner = place.conninfo_for(Role.OWNER)
        with psycopg.connect(owner, autocommit=True) as connection:
            for statement in INDEX:
                connection.execute(statement)
        self._workspace_id = workspace_id
        self._connection = psycopg.connect(place.conninfo_for(Role.ENGINE), autocommit=True)
        for setting in ("max_parallel_workers_per_gather = 0", "work_mem = '512MB'", "jit = off"):
            self._connection.execute(f"SET {setting}")
        self._process = psutil.Process(self._connection.info.backend_pid)

    def customers(self, sql: str, now: Any) -> set[int]:
        """The customers that the statement finds."""
        rows = self._connection.execute(sql, {"w": self._workspace_id, "now": now})
        return {row[0] for row in rows.fetchall()}

    def cpu_s(self) -> float:
        """Processor time of the backend so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


def ask(question: Question, workspace_id: int, rival: Rival, report: Report) -> None:
    """Processor time of both for one question."""
    from regulars.kernel import clock
    from regulars.lake import engine
    from regulars.rules import duck, text
    from regulars.segments import registry
    from regulars.workspaces import queries as workspaces

    now = clock.now()
    asked = duck.compile(
        text.read(question.rule),
        facts=registry.facts(),
        now=now,
        zone=workspaces.workspace(workspace_id).zone,
        segments={},
    )
    found: list[set[int]] = []

    def ours() -> None:
        ids = engine.customer_set(workspace_id, asked.sql, asked.params, since=asked.since)
        found.append(set(ids.to_pylist()))

    ours_s = _mean(ours, time.process_time)
    rival_s = _mean(lambda: found.append(rival.customers(question.sql, now)), rival.cpu_s)
    assert len({frozenset(one) for one in found}) == 1, f"they disagree about {question.name}"
    note = f"{len(found[0]):,} customers"
    report.add(f"{question.name}: ours, CPU s", ours_s, note=note)
    report.add("  PostgreSQL, CPU s", rival_s)
    if question.is_selective:
        report.add("  of PostgreSQL's CPU", ours_s / rival_s, SELECTIVE_MAX, is_at_most=True)
    else:
        report.add("  times less CPU", rival_s / ours_s, WHOLE_MIN)


def _mean(call: Callable[[], object], clock_s: Callable[[], float]) -> float:
    """Processor time of one warm call."""
    call()
    before = clock_s()
    for _ in range(TIMES):
        call()
    return max(clock_s() - before, CLOCK_STEP_S) / TIMES


if __name__ == "__main__":
    main()
