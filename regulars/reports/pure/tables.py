"""Documents as tables for spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Document = Mapping[str, Any]
Table = tuple[list[str], list[list[Any]]]


def table(name: str, document: Document) -> Table:
    """Header and rows of the report of this name; what is unknown is an empty cell."""
    header, rows = TABLES[name](document)
    return header, [["" if cell is None else cell for cell in row] for row in rows]


def _figures(document: Document) -> Table:
    return ["figure", "value"], [[name, value] for name, value in document.items()]


def _classes(document: Document) -> Table:
    rows = [
        [name, customers, document["revenue"][name]]
        for name, customers in document["classes"].items()
    ]
    return ["class", "customers", "revenue"], rows


def _cohorts(document: Document) -> Table:
    rows = [[row["cohort"], *row["customers"]] for row in document["cohort_rows"]]
    width = max((len(row) for row in rows), default=1)
    header = ["cohort", *(f"month_{index}" for index in range(width - 1))]
    return header, [[*row, *[None] * (width - len(row))] for row in rows]


def _campaigns(document: Document) -> Table:
    rows = [_flat(one) for one in document["campaigns"]]
    header = list(rows[0]) if rows else ["campaign"]
    return header, [list(row.values()) for row in rows]


def _flat(one: Mapping[str, Any]) -> dict[str, Any]:
    """One level of names: the parts of `lift` and the ends of intervals get columns."""
    flat: dict[str, Any] = {}
    for name, value in one.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}_{key}": item for key, item in _flat(value).items()}
        elif name.endswith("_interval"):
            low, high = value or (None, None)
            measure = name.removesuffix("_interval")
            flat |= {f"{measure}_low": low, f"{measure}_high": high}
        else:
            flat[name] = value
    return flat


TABLES: dict[str, Callable[[Document], Table]] = {
    "base": _figures,
    "rfm": _classes,
    "cohorts": _cohorts,
    "campaign": _campaigns,
}
