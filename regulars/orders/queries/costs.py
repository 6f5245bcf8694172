"""Reads of what advertising cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from regulars.store.scope import cursor

PAGE_ROWS = 100
PAGES_MAX = 1_000
SOURCES_MAX = 200
GROUPS = {
    "day": "day, source, account, campaign, ad_group, currency",
    "campaign": "NULL::date AS day, source, '' AS account, campaign, '' AS ad_group, currency",
    "source": "NULL::date AS day, source, '' AS account, '' AS campaign, '' AS ad_group, currency",
    "account": "NULL::date AS day, source, account, '' AS campaign, '' AS ad_group, currency",
    "date": "day, '' AS source, '' AS account, '' AS campaign, '' AS ad_group, currency",
}
KEYS = {
    "day": "day, source, account, campaign, ad_group, currency",
    "campaign": "source, campaign, currency",
    "source": "source, currency",
    "account": "source, account, currency",
    "date": "day, currency",
}
ORDERS = {
    "day": "day DESC, source, account, campaign, ad_group, currency",
    "campaign": "sum(amount_minor) DESC, source, campaign, currency",
    "source": "sum(amount_minor) DESC, source, currency",
    "account": "sum(amount_minor) DESC, source, account, currency",
    "date": "day DESC, currency",
}


@dataclass(frozen=True, slots=True)
class CostFilter:
    """Which costs; empty fields ask for all.

    by  day (as it came), date, campaign, account or source
    """

    since: date | None = None
    until: date | None = None
    source: str = ""
    campaign: str = ""
    by: str = "day"
    account: str = ""


@dataclass(frozen=True, slots=True)
class CostRecord:
    """Costs summed over what the filter groups by; what it does not tell apart is empty."""

    day: date | None
    source: str
    account: str
    campaign: str
    ad_group: str
    currency: str
    impressions: int
    clicks: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CostSum:
    """Everything the filter finds, in one currency."""

    currency: str
    rows: int
    impressions: int
    clicks: int
    amount_minor: int

    @property
    def click_minor(self) -> int | None:
        """What a click cost on average, in whole coins; None without clicks."""
        return (2 * self.amount_minor + self.clicks) // (2 * self.clicks) if self.clicks else None


def costs(
    workspace_id: int, chosen: CostFilter, *, number: int = 1
) -> tuple[list[CostRecord], bool]:
    """A page of costs and whether another follows."""
    by = chosen.by if chosen.by in GROUPS else "day"
    where, given = _where(workspace_id, chosen)
    offset = (min(max(number, 1), PAGES_MAX) - 1) * PAGE_ROWS
    raw = cursor()
    raw.execute(
        f"SELECT {GROUPS[by]}, sum(impressions)::bigint, sum(clicks)::bigint,"
        f" sum(amount_minor)::bigint FROM orders_cost WHERE {where} GROUP BY {KEYS[by]}"
        f" ORDER BY {ORDERS[by]} LIMIT %s OFFSET %s",
        [*given, PAGE_ROWS + 1, offset],
    )
    rows = [CostRecord(*row) for row in raw.fetchall()]
    return rows[:PAGE_ROWS], len(rows) > PAGE_ROWS


def cost_sums(workspace_id: int, chosen: CostFilter) -> list[CostSum]:
    """The sums, one for each currency, the largest number of rows first."""
    where, given = _where(workspace_id, chosen)
    raw = cursor()
    raw.execute(
        "SELECT currency, count(*), sum(impressions)::bigint, sum(clicks)::bigint,"
        f" sum(amount_minor)::bigint FROM orders_cost WHERE {where} GROUP BY currency"
        " ORDER BY count(*) DESC, currency",
        given,
    )
    return [CostSum(*row) for row in raw.fetchall()]


def cost_sources(workspace_id: int) -> list[str]:
    """Sources there are costs of."""
    raw = cursor()
    raw.execute(
        "SELECT DISTINCT source FROM orders_cost WHERE workspace_id = %s AND NOT is_gone"
        " ORDER BY source LIMIT %s",
        [workspace_id, SOURCES_MAX],
    )
    return [row[0] for row in raw.fetchall()]


def _where(workspace_id: int, chosen: CostFilter) -> tuple[str, list[Any]]:
    parts: list[str] = ["workspace_id = %s", "NOT is_gone"]
    given: list[Any] = [workspace_id]
    if chosen.since is not None:
        parts.append("day >= %s")
        given.append(chosen.since)
    if chosen.until is not None:
        parts.append("day <= %s")
        given.append(chosen.until)
    if chosen.source:
        parts.append("source = %s")
        given.append(chosen.source)
    if chosen.account:
        parts.append("account = %s")
        given.append(chosen.account)
    if chosen.campaign:
        parts.append("strpos(lower(campaign), lower(%s)) > 0")
        given.append(chosen.campaign)
    return " AND ".join(parts), given
