"""Online Retail counted a second time, with pandas alone: nothing here imports the product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

LAST_DAY = date(2011, 12, 9)
CENT = Decimal("0.01")
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Retail:
    """lines are all rows; clean are those of known customers that were sold for money."""

    lines: pd.DataFrame
    clean: pd.DataFrame


def read(folder: Path) -> Retail:
    """The file as it lies on disk."""
    lines = pd.read_parquet(folder / "online_retail.parquet")
    lines = lines.rename(columns=str)
    is_clean = (
        lines["CustomerID"].notna()
        & (lines["UnitPrice"] > 0)
        & (lines["Quantity"] > 0)
        & ~lines["InvoiceNo"].str.startswith("C")
    )
    clean = lines[is_clean].copy()
    clean["customer"] = clean["CustomerID"].map(number_of)
    # An order's time is that of its earliest line.
    clean["placed"] = clean.groupby("InvoiceNo")["InvoiceDate"].transform("min")
    clean["cents"] = [
        int((Decimal(str(price)) * int(quantity)).quantize(CENT, ROUND_HALF_UP) * 100)
        for price, quantity in zip(clean["UnitPrice"], clean["Quantity"], strict=True)
    ]
    return Retail(lines, clean)


def number_of(value: Any) -> str:
    """The customer's number as the shop writes it."""
    return str(value).removesuffix(".0")


def kinds(retail: Retail) -> dict[str, int]:
    """Lines by what they are: C-invoices go back, A-invoices and other negatives are bookings."""
    number, quantity = retail.lines["InvoiceNo"], retail.lines["Quantity"]
    is_return = number.str.startswith("C")
    is_booking = ~is_return & (number.str.startswith("A") | (quantity < 0))
    return {
        "return": int(is_return.sum()),
        "adjustment": int(is_booking.sum()),
        "sale": int((~is_return & ~is_booking).sum()),
    }


def base(retail: Retail) -> dict[str, Any]:
    """Clean lines, buyers, orders and money."""
    return {
        "clean_lines": len(retail.clean),
        "customers": retail.clean["customer"].nunique(),
        "invoices": retail.clean["InvoiceNo"].nunique(),
        "revenue": f"{Decimal(int(retail.clean['cents'].sum())) / 100:.2f}",
    }


def cohorts(retail: Retail) -> dict[str, list[int]]:
    """Month of the first order → customers active in each later month."""
    month = retail.clean["placed"].dt.to_period("M")
    seen = pd.DataFrame({"customer": retail.clean["customer"], "month": month}).drop_duplicates()
    seen["first"] = seen.groupby("customer")["month"].transform("min")
    seen["age"] = [(m - f).n for m, f in zip(seen["month"], seen["first"], strict=True)]
    last = month.max()
    counted = seen.groupby(["first", "age"]).size()
    return {
        str(first): [int(counted.get((first, age), 0)) for age in range((last - first).n + 1)]
        for first in sorted(seen["first"].unique())
    }


def fifths(values: pd.Series) -> pd.Series:
    """Scores 1..5 that equal customers share."""
    return np.ceil(5 * values.rank(pct=True, method="average") - 1e-9).astype(int)


def at_risk(retail: Retail) -> pd.DataFrame:
    """Customers who bought often and not lately, with the day of their last order and its count."""
    orders = retail.clean.groupby("customer").agg(
        last=("placed", "max"), orders=("InvoiceNo", "nunique")
    )
    orders["last"] = orders["last"].dt.date
    silence = orders["last"].map(lambda day: (LAST_DAY - day).days)
    r, f = fifths(-silence), fifths(orders["orders"])
    return orders[r.isin([1, 2]) & f.isin([3, 4])]


def rule_of(people: pd.DataFrame) -> dict[str, Any]:
    """The rule that says in days and orders what the class means on the last day of the data."""
    after = (people["last"].max() + timedelta(days=1)).isoformat()
    least, most = int(people["orders"].min()), int(people["orders"].max())
    return {
        "version": 1,
        "where": {
            "all": [
                {"fact": "order.last_at", "op": "before", "value": after},
                {"fact": "order.count", "op": "between", "value": [least, most]},
            ]
        },
    }


def welch(a: list[int], b: list[int]) -> tuple[float, float, float, float]:
    """Difference of means, its 95 % interval and p, as scipy gives them."""
    test = stats.ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval(0.95)
    return float(np.mean(a) - np.mean(b)), float(interval.low), float(interval.high), test.pvalue


def newcombe(x: int, n: int, y: int, m: int) -> tuple[float, float]:
    """95 % interval of the difference of two shares (Newcombe 1998, method 10)."""
    p, q = x / n, y / m
    (low_p, high_p), (low_q, high_q) = wilson(x, n), wilson(y, m)
    low = p - q - sqrt((p - low_p) ** 2 + (high_q - q) ** 2)
    return low, p - q + sqrt((high_p - p) ** 2 + (q - low_q) ** 2)


def wilson(x: int, n: int) -> tuple[float, float]:
    """Wilson's interval of one share."""
    middle = (x + Z_95**2 / 2) / (n + Z_95**2)
    half = Z_95 / (n + Z_95**2) * sqrt(x * (n - x) / n + Z_95**2 / 4)
    return middle - half, middle + half


def split_p(contacted: int, control: int, share: float) -> float:
    """Chi-square p of the sizes against the planned split."""
    total = contacted + control
    return float(stats.chisquare([contacted, control], [total * (1 - share), total * share]).pvalue)
