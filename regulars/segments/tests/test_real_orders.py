"""Rules over a year of a gift retailer's orders: facts, order lines, amounts, anniversaries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest

from regulars.intake.importers.run import run_import
from regulars.segments.tests import real
from regulars.segments.tests.real import Node, Rules, people_in
from tests.town import workspace

pytestmark = pytest.mark.real_data

AT = datetime(2011, 12, 10, tzinfo=UTC)
NOW = pd.Timestamp("2011-12-10")
WHO = "CustomerID"
CUSTOMERS = 4_372


def fact(name: str, op: str, value: object = None) -> Node:
    found: Node = {"fact": name, "op": op}
    return found if value is None else {**found, "value": value}


def paid(**parts: object) -> Node:
    return {"did": "order.paid", **parts}


def line(**tests: tuple[str, object]) -> Node:
    return {"line": [{"prop": p, "op": op, "value": value} for p, (op, value) in tests.items()]}


def minor(rows: pd.DataFrame) -> list[int]:
    """What each line costs in pence, halves away from zero."""
    pence = Decimal(1)
    return [
        int((Decimal(int(q)) * Decimal(repr(float(p))) * 100).quantize(pence, ROUND_HALF_UP))
        for q, p in zip(rows.Quantity, rows.UnitPrice, strict=True)
    ]


def orders_of(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per invoice that is a sale and costs something."""
    sales = lines[~lines.InvoiceNo.str.startswith("C")]
    found = sales.groupby("InvoiceNo", as_index=False).agg(
        CustomerID=(WHO, "first"), at=("InvoiceDate", "min"), total=("minor", "sum"),
        lines=("minor", "size"),
    )  # fmt: skip
    return found[found.total > 0]


def facts_about_orders(o: pd.DataFrame) -> Rules:
    """Numbers, money and times that are kept for each customer."""
    by = o.groupby(WHO)
    count = by.size()
    total, largest = by.total.sum(), by.total.max()
    mean = total / count
    first, last = by["at"].min(), by["at"].max()
    never = CUSTOMERS - len(count)
    month_day = first.dt.month * 100 + first.dt.day
    return {
        "count eq": (fact("order.count", "eq", 1), (count == 1).sum()),
        "count ne": (fact("order.count", "ne", 1), CUSTOMERS - (count == 1).sum()),
        "count zero": (fact("order.count", "lt", 1), never),
        "count gt": (fact("order.count", "gt", 10), (count > 10).sum()),
        "count lte": (fact("order.count", "lte", 3), never + (count <= 3).sum()),
        "count in": (fact("order.count", "in", [2, 4, 8]), count.isin([2, 4, 8]).sum()),
        "count not_in": (fact("order.count", "not_in", [0, 1]),
                         CUSTOMERS - never - (count == 1).sum()),
        "total gte": (fact("order.total", "gte", 500_000), (total >= 500_000).sum()),
        "total between": (fact("order.total", "between", [30_000, 60_000]),
                          total.between(30_000, 60_000).sum()),
        "average gt": (fact("order.average", "gt", 50_000), (mean > 50_000).sum()),
        "average lt": (fact("order.average", "lt", 20_000), (mean < 20_000).sum()),
        "average not_set": (fact("order.average", "not_set"), never),
        "largest gte": (fact("order.largest", "gte", 200_000), (largest >= 200_000).sum()),
        "before a day": (fact("order.first_at", "before", "2011-01-01"),
                         (first < "2011-01-01").sum()),
        "after a day": (fact("order.first_at", "after", "2011-06-30"),
                        (first >= "2011-07-01").sum()),
        "between days": (fact("order.first_at", "between", ["2011-03-01", "2011-03-31"]),
                         ((first >= "2011-03-01") & (first < "2011-04-01")).sum()),
        "before an instant": (fact("order.first_at", "before", "2010-12-01T12:00:00Z"),
                              (first < "2010-12-01 12:00").sum()),
        "in_last": (fact("order.last_at", "in_last", "30d"),
                    (last > NOW - pd.Timedelta(days=30)).sum()),
        "older_than": (fact("order.last_at", "older_than", "6mo"),
                       (last <= "2011-06-10").sum()),
        "in_next": (fact("order.last_at", "in_next", "30d"), 0),
        "month_is": (fact("order.first_at", "month_is", 3), (first.dt.month == 3).sum()),
        "anniversary_today": (fact("order.first_at", "anniversary_today"),
                              (month_day == 1210).sum()),
        "anniversary_in_next": (fact("order.first_at", "anniversary_in_next", "3w"),
                                month_day.between(1210, 1230).sum()),
        "anniversary_in_last": (fact("order.first_at", "anniversary_in_last", "7d"),
                                month_day.between(1203, 1209).sum()),
    }  # fmt: skip


def countries(country: pd.Series) -> Rules:
    """Texts of the customer's row."""
    low = country.str.lower()
    named = fact("customer.country", "set")
    return {
        "eq": (fact("customer.country", "eq", "GERMANY"), (low == "germany").sum()),
        "ne": (fact("customer.country", "ne", "United Kingdom"), (low != "united kingdom").sum()),
        "in": (fact("customer.country", "in", ["France", "EIRE"]),
               low.isin(["france", "eire"]).sum()),
        "not_in": (fact("customer.country", "not_in", ["France", "United Kingdom"]),
                   (~low.isin(["france", "united kingdom"])).sum()),
        "contains": (fact("customer.country", "contains", "LAND"), low.str.contains("land").sum()),
        "not_contains": (fact("customer.country", "not_contains", "land"),
                         (~low.str.contains("land")).sum()),
        "starts": (fact("customer.country", "starts", "s"), low.str.startswith("s").sum()),
        "ends": (fact("customer.country", "ends", "y"), low.str.endswith("y").sum()),
        "regex": (fact("customer.country", "regex", "^(sw|ne).+(en|ds)$"),
                  low.str.contains("^(?:sw|ne).+(?:en|ds)$").sum()),
        "set": (named, CUSTOMERS),
        "not_set": (fact("customer.email", "not_set"), CUSTOMERS),
    }  # fmt: skip


def lines_of_orders(lines: pd.DataFrame, o: pd.DataFrame) -> Rules:
    """What was bought, together and never."""
    bought = lines[lines.InvoiceNo.isin(o.InvoiceNo)]
    name = bought.Description.fillna("").str.lower()
    hearts, bags = bought[name.str.contains("heart")], bought[name.str.contains("bag")]
    both = set(hearts.InvoiceNo) & set(bags.InvoiceNo)
    heart, bag = (line(name=("contains", word)) for word in ("HEART", "bag"))
    many = bought[(bought.Quantity >= 1_000) & (bought.UnitPrice < 1)]
    sku = bought[bought.StockCode.isin(["85123A", "22423"])]
    dear = bought[bought.minor >= 100_000]
    hearted = hearts.groupby(WHO).InvoiceNo.nunique()
    return {
        "bought": (paid(where=[heart]), people_in(hearts, WHO)),
        "never bought": ({"all": [paid(), {"not": paid(where=[heart])}]},
                         people_in(o, WHO) - people_in(hearts, WHO)),
        "bought together": (paid(where=[heart, bag]),
                            people_in(bought[bought.InvoiceNo.isin(both)], WHO)),
        "bought both, perhaps apart": (
            {"all": [paid(where=[heart]), paid(where=[bag])]},
            len(set(hearts[WHO]) & set(bags[WHO])),
        ),
        "one line with all": (
            paid(where=[line(quantity=("gte", 1_000), unit_price=("lt", 1))]),
            people_in(many, WHO),
        ),
        "by article": (paid(where=[line(sku=("in", ["85123a", "22423"]))]), people_in(sku, WHO)),
        "by the line's total": (paid(where=[line(total=("gte", 100_000))]), people_in(dear, WHO)),
        "in so many orders": (paid(where=[heart], count={"gte": 5}), (hearted >= 5).sum()),
    }  # fmt: skip


def amounts(lines: pd.DataFrame, o: pd.DataFrame) -> Rules:
    """Figures over events, the last and the first of them, the way to a return."""
    autumn = o[o["at"] >= "2011-09-01"]
    by = autumn.groupby(WHO).total
    window: Node = {"within": {"from": "2011-09-01"}}
    order = ["at", "InvoiceNo"]
    last, first = real.last_of(o, WHO, order), real.first_of(o, WHO, order)
    returned = lines[lines.InvoiceNo.str.startswith("C")].groupby("InvoiceNo", as_index=False)
    back = returned.agg(CustomerID=(WHO, "first"), at=("InvoiceDate", "min"))
    way = real.funnel([o, back], WHO, "at", pd.Timedelta(days=30))
    none = CUSTOMERS - by.ngroups

    def figure(name: str, op: str, value: object) -> Node:
        return paid(**{name: {"of": "total", op: value}}, **window)

    return {
        "sum gte": (figure("sum", "gte", 300_000), (by.sum() >= 300_000).sum()),
        "sum lt": (figure("sum", "lt", 30_000), none + (by.sum() < 30_000).sum()),
        "sum between": (figure("sum", "between", [10_000, 20_000]),
                        by.sum().between(10_000, 20_000).sum()),
        "avg gt": (figure("avg", "gt", 40_000), (by.sum() > 40_000 * by.size()).sum()),
        "avg lte": (figure("avg", "lte", 15_000), (by.sum() <= 15_000 * by.size()).sum()),
        "min gte": (figure("min", "gte", 30_000), (by.min() >= 30_000).sum()),
        "max lt": (figure("max", "lt", 10_000), (by.max() < 10_000).sum()),
        "distinct": (figure("distinct", "gte", 5), (by.nunique() >= 5).sum()),
        "dear orders": (paid(where=[{"prop": "total", "op": "gt", "value": 100_000}],
                             count={"gte": 2}),
                        real.counted(o[o.total > 100_000], WHO, lambda n: n >= 2)),
        "wide orders": (paid(where=[{"prop": "lines", "op": "between", "value": [50, 60]}]),
                        people_in(o[o.lines.between(50, 60)], WHO)),
        "last order": ({"last": "order.paid", "prop": "total", "op": "gte", "value": 50_000},
                       (last.total >= 50_000).sum()),
        "first order": ({"first": "order.paid", "prop": "total", "op": "lt", "value": 10_000},
                        (first.total < 10_000).sum()),
        "not the last order": (
            {"not": {"last": "order.paid", "prop": "total", "op": "gte", "value": 50_000}},
            CUSTOMERS - (last.total >= 50_000).sum(),
        ),
        "silent": ({"since_last": "order.paid", "gte": "90d"},
                   (NOW - last["at"] >= pd.Timedelta(days=90)).sum()),
        "overdue": ({"overdue": {"of": "order.paid", "times_own_gap": 2}},
                    real.overdue(o, WHO, "at", 2, NOW)),
        "returned soon": (
            {"funnel": [paid(), {"did": "order.returned"}], "in": "30d"},
            sum(reached == 2 for reached in way.values()),
        ),
        "returned": ({"did": "order.returned"}, people_in(back, WHO)),
    }  # fmt: skip


def test_rules_over_orders_count_what_pandas_counts(
    online_retail: Path, as_engine: None, feed: Callable[[], None]
) -> None:
    path = online_retail / "online_retail.parquet"
    shop = workspace("orders", currency="GBP", time_zone="UTC", region="GB")
    run_import(shop.id, "orders", path, None)
    feed()
    lines = pd.read_parquet(path)
    lines = lines[lines[WHO].notna()]
    lines = lines.assign(minor=minor(lines), InvoiceNo=lines.InvoiceNo.astype(str))
    orders = orders_of(lines)
    # Of eight customers with two countries, the file's first row tells.
    country = lines.groupby(WHO).Country.first()

    assert lines[WHO].nunique() == CUSTOMERS
    assert real.differences(shop.id, facts_about_orders(orders), AT) == {}
    assert real.differences(shop.id, countries(country), AT) == {}
    assert real.differences(shop.id, lines_of_orders(lines, orders), AT) == {}
    assert real.differences(shop.id, amounts(lines, orders), AT) == {}
