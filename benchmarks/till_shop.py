"""A shop for `loyalty_till` in a data folder: a million members, a catalogue, 300 live promotions.

Run as a process of its own on a folder whose server is stopped; what is there already is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path
from typing import Any

SLUG = "till-bench"
PRODUCTS = 1_000
CATEGORIES = tuple(f"category-{n}" for n in range(20))
BRANDS = tuple(f"brand-{n}" for n in range(15))
POINTS_EACH = 500_00
SETTINGS: dict[str, Any] = {
    "currencies": [{"slug": "points", "name": "Points", "is_main": True, "minor_per_point": 100}],
    "earning": [
        {"id": "base", "trigger": "cart", "share": "3"},
        {"id": "tea", "trigger": "cart", "share": "2", "adds": True,
         "where": {"field": "line.category", "op": "eq", "value": CATEGORIES[0]}},
    ],
    "burning": {"share": "30"},
}  # fmt: skip

PEOPLE = """
INSERT INTO customers_customer (workspace_id, public_id, external_id, email, attrs,
  first_seen_at, created_at, updated_at, trigrams)
SELECT %(w)s, lpad(n::text, 16, '0') || lpad(%(w)s::text, 6, '0'), 'm' || n,
  'm' || n || '@example.com', '{}', now(), now(), now(), '{}'
FROM generate_series(1, %(members)s) AS n
"""
NAMES = """
INSERT INTO customers_identifier (workspace_id, kind, value, customer_id)
SELECT workspace_id, 'external', external_id, id FROM customers_customer WHERE workspace_id = %(w)s
"""
MEMBERS = """
INSERT INTO loyalty_member (workspace_id, public_id, customer_id, joined_at)
SELECT workspace_id, public_id, id, now() FROM customers_customer WHERE workspace_id = %(w)s
"""
HEADS = """
INSERT INTO loyalty_txn (workspace_id, kind, natural_key, body_hash, occurred_at, recorded_at)
SELECT workspace_id, 'bonus', 'start:' || id, '\\x00'::bytea, now(), now()
FROM loyalty_member WHERE workspace_id = %(w)s
"""
LOTS = """
INSERT INTO loyalty_lot (workspace_id, member_id, currency, source_txn, amount, available, pending,
  held, activates_at, slides, cost_minor)
SELECT t.workspace_id, substr(t.natural_key, 7)::bigint, 'points', t.id, %(points)s, %(points)s, 0,
  0, now(), false, 0
FROM loyalty_txn AS t WHERE t.workspace_id = %(w)s AND t.kind = 'bonus'
"""
ENTRIES = """
INSERT INTO loyalty_entry (workspace_id, txn_id, account, owner_id, unit, lot_id, amount)
SELECT l.workspace_id, l.source_txn, side.account, side.owner, 'points:points', side.lot,
  side.amount
FROM loyalty_lot AS l CROSS JOIN LATERAL (VALUES
  ('issued', NULL::bigint, NULL::bigint, -l.amount),
  ('member:available', l.member_id, l.id, l.amount)) AS side (account, owner, lot, amount)
WHERE l.workspace_id = %(w)s
"""
BALANCES = """
INSERT INTO loyalty_balance (workspace_id, member_id, currency, available, pending, held, debt,
  version)
SELECT workspace_id, member_id, currency, available, 0, 0, 0, 1
FROM loyalty_lot WHERE workspace_id = %(w)s
"""


def promotion(number: int) -> dict[str, Any]:
    """One of many kinds of promotions, as a chain of shops has them."""
    rng = random.Random(number)
    category = rng.choice(CATEGORIES)
    goods = {"field": "line.category", "op": "eq", "value": category}
    brand = {"field": "line.brand", "op": "eq", "value": rng.choice(BRANDS)}
    kind = number % 6
    if kind == 0:
        return {
            "lane": "line", "group": f"g{number % 10}", "target": {"where": goods},
            "effects": [{"type": "percent_off", "value": str(rng.randint(3, 25))}],
            "stack": {"group_mode": "best_for_customer"},
        }  # fmt: skip
    if kind == 1:
        return {
            "lane": "line", "target": {"where": brand, "pick": "cheapest", "n": 3},
            "effects": [{"type": "percent_off", "value": "100"}],
            "when": {"lines": {"quantifier": "count", "where": brand, "op": "gte", "value": 3}},
            "group": "third-free", "stack": {"group_mode": "first"},
        }  # fmt: skip
    if kind == 2:
        least = rng.randint(50, 5_000) * 1000
        return {
            "lane": "cart", "group": "cart",
            "when": {"field": "cart.initial_amount", "op": "gte", "value": least},
            "effects": [{"type": "percent_off", "value": str(rng.randint(1, 15))}],
            "stack": {"group_mode": "best_for_customer"},
        }  # fmt: skip
    if kind == 3:
        return {
            "lane": "line", "group": f"brand{number % 7}", "target": {"where": brand},
            "effects": [{"type": "amount_off", "value": rng.randint(100, 900)}],
            "limits": [{"what": "uses", "per": "member", "period": "week", "value": 1_000_000}],
            "stack": {"group_mode": "first"},
        }  # fmt: skip
    if kind == 4:
        return {
            "lane": "cart", "target": {"where": goods},
            "effects": [{"type": "earn_multiplier", "value": "1.5"}],
        }  # fmt: skip
    return {
        "trigger": "code",
        "effects": [{"type": "percent_off", "value": str(rng.randint(5, 20))}],
    }


def cart(rng: random.Random, lines: int) -> list[dict[str, Any]]:
    """The lines of a large receipt."""
    return [
        {
            "line_id": str(n),
            "sku": f"sku-{rng.randrange(PRODUCTS)}",
            "qty": str(rng.choice((1, 1, 1, 2, 3, "0.455"))),
            "price": rng.randint(990, 49_990),
        }
        for n in range(1, lines + 1)
    ]


def fill(members: int, promotions: int) -> None:
    """Everything, unless it is there."""
    from regulars.loyalty.actions import programme, tills
    from regulars.loyalty.actions import promotions as promoting
    from regulars.orders import actions as orders
    from regulars.orders.records import NewProduct
    from regulars.store.scope import cursor, scope
    from regulars.workspaces import actions, queries

    if queries.workspace_by_slug(SLUG) is not None:
        return
    made = actions.create_workspace(SLUG, currency="UAH", time_zone="Europe/Kyiv", region="UA")
    rng = random.Random(7)
    with scope(made.id):
        orders.tell_catalogue(
            made.id,
            [
                NewProduct(
                    f"sku-{n}", name=f"Goods {n}", category=rng.choice(CATEGORIES),
                    brand=rng.choice(BRANDS),
                )
                for n in range(PRODUCTS)
            ],
        )  # fmt: skip
        programme.save_settings(made.id, SETTINGS)
        programme.set_open(made.id, True)
        for number in range(promotions):
            slug = f"promo-{number}"
            promoting.create_promotion(made.id, name=slug, slug=slug, definition=promotion(number))
            promoting.set_state(made.id, slug, "live")
        _, key = tills.open_till(made.id, "All tills")
        api = actions.create_key(made.id, actions.KeyScope.API, name="bench")
    for statement in (PEOPLE, NAMES, MEMBERS, HEADS, LOTS, ENTRIES, BALANCES):
        with scope(made.id):
            cursor().execute(statement, {"w": made.id, "members": members, "points": POINTS_EACH})
    cursor().execute("ANALYZE")
    keys = {"till": key, "api": api, "workspace": made.id}
    (Path(os.environ["REGULARS_DATA"]) / "till-bench.json").write_text(json.dumps(keys))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--promotions", type=int, default=300)
    given = parser.parse_args()
    os.environ["REGULARS_ROLE"] = "engine"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    from regulars.project import database
    from regulars.store import embedded

    folder = Path(os.environ["REGULARS_DATA"])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DATABASE_URL"] = embedded.start(folder).url
    database.migrate_if_needed()
    import django

    django.setup()
    from regulars.project import start

    start.wire()
    fill(given.members, given.promotions)
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    main()
