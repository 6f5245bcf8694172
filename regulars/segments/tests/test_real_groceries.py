"""Rules over a year of groceries: categories and brands, bought, never bought, bought together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from regulars.intake.importers.run import run_import
from regulars.segments.tests import real
from regulars.segments.tests.real import Node, Rules, people_in
from tests.town import workspace

pytestmark = pytest.mark.real_data

AT = datetime(2018, 2, 1, tzinfo=UTC)
NOW = pd.Timestamp("2018-02-01")
WHO, BASKET = "household_id", "basket_id"
LINES = 20_000
COLUMNS = {
    BASKET: "number", WHO: "external_id", "transaction_timestamp": "placed_at",
    "product_id": "sku", "product_category": "category", "brand": "brand",
    "quantity": "quantity", "sales_value": "line_total",
}  # fmt: skip


def paid(*lines: Node, **parts: object) -> Node:
    return {"did": "order.paid", "where": [{"line": [one]} for one in lines], **parts}


def line(prop: str, op: str, value: object = None) -> Node:
    found: Node = {"prop": prop, "op": op}
    return found if value is None else {**found, "value": value}


CHEESE, YOGURT = line("category", "eq", "Cheese"), line("category", "eq", "yogurt")
PRIVATE = line("brand", "eq", "private")


def bought(g: pd.DataFrame) -> Rules:
    """What is on the receipts, line by line and receipt by receipt."""
    category, private = g.product_category.fillna(""), g.brand == "Private"
    cheese, yogurt = g[category == "CHEESE"], g[category == "YOGURT"]
    both = set(cheese[BASKET]) & set(yogurt[BASKET])
    summer = private & (g.transaction_timestamp > NOW - pd.Timedelta(days=180))
    baskets = g[summer].groupby(WHO)[BASKET].nunique()
    # The wanted line and another one: a receipt of two lines at least, the last such of each.
    receipts = g.groupby(BASKET, as_index=False).agg(
        household_id=(WHO, "first"), at=("transaction_timestamp", "min"), lines=("brand", "size")
    )
    own = receipts[receipts[BASKET].isin(g[private][BASKET])]
    steps = [part.rename(columns={"transaction_timestamp": "at"}) for part in (cheese, yogurt)]
    way = real.funnel(steps, WHO, "at", pd.Timedelta(days=30))
    everyone = people_in(g, WHO)
    return {
        "category": (paid(CHEESE), people_in(cheese, WHO)),
        "categories": (paid(line("category", "in", ["cheese", "Beef"])),
                       people_in(g[category.isin(["CHEESE", "BEEF"])], WHO)),
        "part of a category": (paid(line("category", "contains", "meat")),
                               people_in(g[category.str.contains("MEAT")], WHO)),
        "brand": (paid(PRIVATE), people_in(g[private], WHO)),
        "never bought a brand": ({"not": paid(PRIVATE)}, everyone - people_in(g[private], WHO)),
        "no brand known": (paid(line("brand", "not_set")), people_in(g[g.brand.isna()], WHO)),
        "bought together": (paid(CHEESE, YOGURT), people_in(g[g[BASKET].isin(both)], WHO)),
        "both, perhaps apart": ({"all": [paid(CHEESE), paid(YOGURT)]},
                                len(set(cheese[WHO]) & set(yogurt[WHO]))),
        "one line of both": (
            {"did": "order.paid", "where": [{"line": [YOGURT, PRIVATE]}]},
            people_in(g[(category == "YOGURT") & private], WHO),
        ),
        "often and lately": (paid(PRIVATE, count={"gte": 3}, within={"last": "180d"}),
                             (baskets >= 3).sum()),
        "last receipt with a brand": (
            {"last": "order.paid", "prop": "lines", "op": "gte", "value": 2,
             "where": [{"line": [PRIVATE]}]},
            (real.last_of(own, WHO, ["at", BASKET]).lines >= 2).sum(),
        ),
        "one after the other": ({"funnel": [paid(CHEESE), paid(YOGURT)], "in": "30d"},
                                sum(reached == 2 for reached in way.values())),
        "overdue": ({"overdue": {"of": "order.paid", "times_own_gap": 2.5}},
                    real.overdue(receipts, WHO, "at", 2.5, NOW)),
    }  # fmt: skip


def test_rules_over_groceries_count_what_pandas_counts(
    tmp_path: Path, as_engine: None, feed: Callable[[], None]
) -> None:
    folder = real.folder_of("complete_journey")
    sold = pd.read_parquet(folder / "transactions_sample.parquet")
    sold = sold[(sold.quantity > 0) & (sold.sales_value > 0)].head(LINES)
    goods = pd.read_parquet(folder / "products.parquet")
    g = sold.merge(goods, on="product_id", how="left")
    g[list(COLUMNS)].to_csv(tmp_path / "groceries.csv", index=False)
    shop = workspace("groceries", currency="USD", time_zone="UTC", region="US")
    run_import(shop.id, "orders", tmp_path / "groceries.csv", {"columns": COLUMNS})
    feed()

    assert real.differences(shop.id, bought(g), AT) == {}
