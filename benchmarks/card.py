"""The card and the search at a million customers, one of whom did five thousand things.

The demo's small shop is filled up with customers by set-oriented SQL into `--folder` (kept, so
that a second run starts at once), served as a user would serve it, and asked over one local
connection. A figure is what the server took for the answer; the note tells what it cost the
processors, web process and database together, which is what tells something on a busy machine.
The rival of the search is what most products do: a pattern with a percent sign at both ends.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
import psycopg

from benchmarks import pages
from benchmarks.common import Report, once_s
from regulars.customers.pure.normalise import fold
from regulars.customers.pure.search import grams_of
from regulars.kernel.ids import new_public_id
from tests.faults.server import Server

CUSTOMERS = 1_000_000
HEAVY, HEAVY_EVENTS = 20, 5_000
MONTHS = 36
ROUNDS = 4
BAR_MS = 200
SEED = 20_261_122
FIRST = [
    "Olena",
    "Taras",
    "Iryna",
    "Andriy",
    "Oksana",
    "Bohdan",
    "Natalia",
    "Serhiy",
    "Yulia",
    "Dmytro",
    "Maria",
    "Ivan",
    "Anna",
    "Petro",
    "Kateryna",
    "Mykola",
    "Sofia",
    "Oleh",
    "Halyna",
    "Vasyl",
    "Олена",
    "Тарас",
    "Ірина",
    "Андрій",
    "Оксана",
    "Наталя",
    "Юлія",
    "Emma",
    "Noah",
    "Olivia",
    "Liam",
    "Amelia",
    "Oliver",
    "Sophie",
    "Jack",
    "Grace",
    "Harry",
    "Ella",
    "Thomas",
    "Ruby",
]
LAST_STEMS = [
    "Kov",
    "Shev",
    "Bond",
    "Mel",
    "Tkach",
    "Krav",
    "Oli",
    "Hryts",
    "Moroz",
    "Lys",
    "Pav",
    "Sav",
    "Rud",
    "Bil",
    "Hon",
    "Pet",
]
LAST_ENDS = [
    "alenko",
    "chenko",
    "uk",
    "iuk",
    "enko",
    "ar",
    "yshyn",
    "enok",
    "skyi",
    "ych",
    "ka",
    "yk",
    "ov",
    "in",
    "ets",
    "ash",
]
CITIES = ("Kyiv", "Lviv", "Odesa", "Dnipro", "Kharkiv", "London", "Warszawa", "Berlin")
COLUMNS = (
    "workspace_id, public_id, external_id, name, first_name, last_name, email, phone, city,"
    " country, attrs, first_seen_at, created_at, updated_at, trigrams, sort_name"
)
IDENTIFIERS = """
INSERT INTO customers_identifier (workspace_id, kind, value, customer_id)
SELECT workspace_id, kind, value, id FROM customers_customer
CROSS JOIN LATERAL (VALUES ('external', external_id), ('email', email), ('phone', phone))
  AS given (kind, value)
WHERE workspace_id = %(shop)s AND id > %(last)s AND value IS NOT NULL
ON CONFLICT DO NOTHING
"""
VALUES = """
INSERT INTO orders_customervalue
  (workspace_id, customer_id, orders_count, total_minor, returned_minor, first_at, last_at)
SELECT workspace_id, id, 1 + id %% 20, 10000 + id %% 500000, 0, now() - interval '400 days',
       now() - (id %% 380) * interval '1 day'
FROM customers_customer WHERE workspace_id = %(shop)s AND id > %(last)s
ON CONFLICT DO NOTHING
"""
MONTH = "SELECT events_ensure_month((now() - %s * interval '1 month')::date)"
EVENTS = """
INSERT INTO events_event
  (workspace_id, customer_id, time, kind, origin, source, subject_id, props)
SELECT %(shop)s, customer, now() - (n * 3 * interval '1 hour'),
       (ARRAY['Product Viewed', 'order.paid', 'message.sent', 'Page Viewed'])[1 + n %% 4],
       'import', 'bench', NULL,
       jsonb_build_object('product', 'Rye ' || n, 'total', n * 10, 'number', n::text)
FROM unnest(%(heavy)s::bigint[]) AS customer, generate_series(1, %(count)s) AS n
"""
OTHERS = """
INSERT INTO events_event
  (workspace_id, customer_id, time, kind, origin, source, subject_id, props)
SELECT workspace_id, id, now() - (id %% 1000) * interval '1 day', 'Page Viewed', 'import', 'bench',
       NULL, '{"path": "/"}'
FROM customers_customer WHERE workspace_id = %(shop)s AND id > %(last)s
"""
RIVAL = """
SELECT id FROM customers_customer WHERE workspace_id = %s
AND (name ILIKE %s OR email ILIKE %s OR phone ILIKE %s) ORDER BY name LIMIT 6
"""
SEARCHES = (
    "olena", "olena kov", "Олена", "тарас", "kovalenko", "kovalenko olena", "tkachuk", "shev",
    "iry", "ann", "zz", "qqqq", "a", "olena.kovalenko", "olena.kovalenko.123", "@example",
    "kovalenko.777@example.com", "+380500000123", "0500000123", "000123", "4321", "123",
    "bench-500000", "bench-5000", "nobody at all", "%", "company 7", "demo", "ka", "1000",
)  # fmt: skip


def people(shop: int, count: int) -> Iterator[tuple[object, ...]]:
    """Rows of COLUMNS, the same for every run."""
    dice = random.Random(SEED)
    last_names = [stem + end for stem, end in itertools.product(LAST_STEMS, LAST_ENDS)]
    seen_at = "2024-01-01T00:00:00Z"
    for number in range(count):
        first, last = dice.choice(FIRST), dice.choice(last_names)
        email = f"{fold(first)}.{fold(last)}.{number}@example.com"
        phone = f"+3805{number:08d}"
        external = f"bench-{number}"
        name = f"{first} {last}"
        grams = grams_of([name, first, last, email, phone, external])
        yield (
            shop, new_public_id(), external, name, first, last, email, phone,
            CITIES[number % len(CITIES)], "Ukraine", "{}", seen_at, seen_at, seen_at, grams,
            fold(name),
        )  # fmt: skip


def fill(url: str, count: int) -> list[str]:
    """Fill the shop up to the count; the public ids of those who did very much."""
    with psycopg.connect(url, autocommit=True) as base:
        (shop,) = base.execute("SELECT min(id) FROM workspaces_workspace").fetchone() or (0,)
        (have,) = base.execute(
            "SELECT count(*) FROM customers_customer WHERE external_id LIKE 'bench-%'"
        ).fetchone() or (0,)
        if have < count:
            (last,) = base.execute("SELECT max(id) FROM customers_customer").fetchone() or (0,)
            add(base, shop, count, last)
        rows = base.execute(
            "SELECT public_id FROM customers_customer WHERE workspace_id = %s AND id = ANY(%s)",
            [shop, heavy_of(base, shop)],
        )
        return [row[0] for row in rows]


def heavy_of(base: psycopg.Connection[tuple[object, ...]], shop: int) -> list[int]:
    """Customers spread over the whole base."""
    names = [f"bench-{number * 40_000 + 17}" for number in range(HEAVY)]
    rows = base.execute(
        "SELECT customer_id FROM customers_identifier"
        " WHERE workspace_id = %s AND kind = 'external' AND value = ANY(%s)",
        [shop, names],
    )
    return [int(str(row[0])) for row in rows]


def add(base: psycopg.Connection[tuple[object, ...]], shop: int, count: int, last: int) -> None:
    """Customers, what they are known by, what they bought, what they did."""
    base.execute("DROP INDEX IF EXISTS customers_customer_trigrams")
    with base.cursor().copy(f"COPY customers_customer ({COLUMNS}) FROM STDIN") as copy:
        for row in people(shop, count):
            copy.write_row(row)
    base.execute("SET maintenance_work_mem = '512MB'")
    base.execute(
        "CREATE INDEX customers_customer_trigrams ON customers_customer USING gin (trigrams)"
    )
    given = {"shop": shop, "last": last}
    base.execute(IDENTIFIERS, given)
    base.execute(VALUES, given)
    for month in range(MONTHS):
        base.execute(MONTH, [month])
    base.execute(OTHERS, given)
    base.execute(EVENTS, {"shop": shop, "heavy": heavy_of(base, shop), "count": HEAVY_EVENTS})
    base.execute("VACUUM ANALYZE")


def asked(client: httpx.Client, server: Server, addresses: list[str]) -> tuple[list[float], float]:
    """How long each answer took, and what one of them costs the processors."""
    for address in addresses[:3]:
        pages.timed_ms(client, address)
    before = pages.processor_ms(server)
    took = [pages.timed_ms(client, address) for address in addresses]
    return took, (pages.processor_ms(server) - before) / len(took)


def rival(url: str) -> list[float]:
    """The same searches with patterns that no index carries."""
    with psycopg.connect(url, autocommit=True) as base:
        (shop,) = base.execute("SELECT min(id) FROM workspaces_workspace").fetchone() or (0,)
        return [
            once_s(lambda: base.execute(RIVAL, [shop, *[f"%{words}%"] * 3]).fetchall()) * 1000  # noqa: B023 - called at once
            for words in SEARCHES[:8]
        ]


def measure(server: Server, folder: Path, heavy: list[str], rounds: int) -> Report:
    """Cards and searches over one connection."""
    report = Report("card")
    with pages.signed_in(server, folder) as client:
        for name, tail in (("card", ""), ("card, site only", "?show=site")):
            addresses = [f"/customers/{one}/{tail}" for one in heavy] * rounds
            took, cost = asked(client, server, addresses)
            report.add(
                f"p95_ms {name}, {HEAVY_EVENTS:,} events", pages.p95(took), bar=BAR_MS,
                is_at_most=True, note=f"p50 {median(took):.0f}, cpu {cost:.0f}",
            )  # fmt: skip
        addresses = [f"/search/results?{httpx.QueryParams(q=words)}" for words in SEARCHES]
        took, cost = asked(client, server, addresses * rounds)
        report.add(
            "p95_ms search", pages.p95(took), bar=BAR_MS, is_at_most=True,
            note=f"p50 {median(took):.0f}, slowest {max(took):.0f}, cpu {cost:.0f}",
        )  # fmt: skip
        slow = sorted(zip(took, addresses * rounds, strict=True), reverse=True)[:3]
        print(json.dumps([[round(ms), address] for ms, address in slow]))
        theirs = rival(server.database_url)
        report.add("p95_ms rival: ILIKE, the question alone", max(theirs))
    return report


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, help="data folder to fill and keep")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-card-") as scratch:
        folder = options.folder or Path(scratch) / "shop"
        pages.fill(folder, 400)
        pages.prepare_names()
        server = Server(folder)
        server.start()
        try:
            heavy = fill(server.database_url, options.customers)
        finally:
            server.stop()
        measure(server, folder, heavy, options.rounds).print()


if __name__ == "__main__":
    main()
