"""A shop in a real database for `membership`: the same people and events as in its lake."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import segment_count
from benchmarks.common import once_s

CHUNK = 500_000
DAYS = 730


class Shop:
    """A workspace with customers and events, its lake and its segments; made once."""

    def __init__(self, customers: int, events: int) -> None:
        self.customers, self.events = customers, events
        self.id = 0

    def open(self) -> None:
        """Start the database of the data folder, filled."""
        os.environ["REGULARS_ROLE"] = "engine"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
        from regulars.project import database, lake, start
        from regulars.store import embedded

        folder = Path(os.environ["REGULARS_DATA"])
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["DATABASE_URL"] = embedded.start(folder).url
        database.migrate_if_needed()
        import django

        django.setup()
        start.wire()
        self._keeper = lake.Keeper(lake.open_engine(lake.WORKER_MEMORY_MB))
        self._make()
        self.feed()

    def feed(self) -> None:
        """Bring everything to the lake."""
        self._keeper.drain()

    def close(self) -> None:
        """Let the connections go."""
        from django.db import connections

        connections.close_all()

    def _make(self) -> None:
        from regulars.store.scope import cursor
        from regulars.workspaces import actions

        slug = f"bench-{self.customers}-{self.events}"
        raw = cursor()
        raw.execute("SELECT id FROM workspaces_workspace WHERE slug = %s", [slug])
        row = raw.fetchone()
        if row is not None:
            self.id = row[0]
            return
        self.id = actions.create_workspace(
            slug, currency="UAH", time_zone="Europe/Kyiv", region="UA"
        ).id
        print(f"database in {once_s(self._fill):.0f} s", flush=True)

    def _fill(self) -> None:
        from regulars.store.scope import cursor

        raw = cursor()
        raw.execute(
            "INSERT INTO customers_customer (workspace_id, public_id, city, email, attrs,"
            " first_seen_at, created_at, updated_at, trigrams)"
            " SELECT %(w)s, lpad(n::text, 16, '0') || lpad(%(w)s::text, 6, '0'),"
            " (%(cities)s::text[])[1 + n %% 8], 'c' || n || '@example.com', '{}',"
            " now(), now(), now(), '{}' FROM generate_series(1, %(customers)s) AS n",
            {"w": self.id, "customers": self.customers, "cities": list(segment_count.CITIES)},
        )
        for month in range(DAYS // 28 + 3):
            raw.execute(
                "SELECT events_ensure_month((now() - %s * interval '28 days')::date)", [month]
            )
        for first in range(0, self.events, CHUNK):
            self._events(min(CHUNK, self.events - first), DAYS)
        raw.execute("ANALYZE")

    def _events(self, count: int, days: float, every: int = 0) -> None:
        """So many events of the last days; `every`: one for each such customer from the first."""
        from regulars.store.scope import cursor

        first = "(SELECT min(id) FROM customers_customer WHERE workspace_id = %(w)s)"
        who = f"(n - 1) * {every:d}" if every else "(power(random(), 2) * (%(customers)s - 1))"
        who += "::bigint"
        cursor().execute(
            "INSERT INTO events_event"
            " (workspace_id, customer_id, time, kind, origin, source, props)"
            f" SELECT %(w)s, {first} + {who}, now() - random() * %(days)s * interval '1 day',"
            " (%(kinds)s::text[])[1 + (random() * 7)::int], 'live', '',"
            " jsonb_build_object('sku', 'SKU-' || (random() * 3000)::int, 'category',"
            " (%(categories)s::text[])[1 + (random() * 4)::int], 'number',"
            " (random() * 10000)::int, 'price', (random() * 10000)::int)"
            " FROM generate_series(1, %(count)s) AS n",
            {
                "w": self.id, "customers": self.customers, "count": count, "days": days,
                "kinds": list(segment_count.KINDS), "categories": list(segment_count.CATEGORIES),
            },
        )  # fmt: skip

    def fill(self, segments: int) -> float:
        """Make the segments and compute all of them; seconds for the latter."""
        from benchmarks import varied
        from regulars.jobs import runner
        from regulars.segments import actions, dictionary, queries, tasks
        from regulars.segments.keeping import following
        from regulars.store.scope import cursor, scope

        with scope(self.id):
            for one in queries.segments(self.id):
                actions.delete_segment(self.id, one.public_id)
            cursor().execute("DELETE FROM segments_due WHERE workspace_id = %s", [self.id])
            known, dictionary.known = dictionary.known, lambda *_: None
            for number, rule in enumerate(varied.rules(segments)):
                actions.create_segment(self.id, name=f"Segment {number}", rule=rule)
            dictionary.known = known
        tasks.follow()
        return once_s(lambda: runner.run_once({following.FILL: "regulars.segments.tasks:fill"}))

    def touch(self, customers: int, every: int) -> None:
        """One event for each of so many customers, committed: the first, the `every`th after."""
        self.settle()
        self._events(customers, 0.01, every)

    def settle(self) -> None:
        """Until the follower finds nothing to do."""
        from regulars.segments.keeping import following

        while following.follow_changes() + following.follow_clock():
            pass

    def follow(self) -> None:
        """What the worker does until all members are up to date."""
        self.settle()
