"""The figures on top of a page: value, change against the period before, and its past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from regulars.analytics.ratios import Ratio
from regulars.analytics.trends import Sales, Trends, change
from regulars.reports import words
from regulars.reports.pure.buckets import buckets

MONEY, NUMBER, PERCENT = "money", "number", "percent"


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure.

    share          part of the revenue that it is, when that is said beside it
    change         relative
    change_points  difference of two shares
    """

    label: str
    value: float | None
    form: str
    note: str = ""
    share: float | None = None
    change: float | None = None
    change_points: float | None = None
    spark: Sequence[float] = ()


def overview_tiles(trends: Trends, claimed_minor: Sequence[int], days: int) -> list[Tile]:
    """Revenue, what campaigns have of it (orders, when none was sent), customers, repeat share."""
    orders = _sum_tile(trends, "orders", lambda sales: sales.orders, NUMBER, days)
    return [
        _sum_tile(trends, "revenue", lambda sales: sales.revenue_minor, MONEY, days),
        _claimed_tile(trends, claimed_minor, days) if any(claimed_minor) else orders,
        _sum_tile(trends, "customers", lambda sales: sales.customers, NUMBER, days),
        _repeat_tile(trends, days),
    ]


def revenue_tiles(trends: Trends, days: int) -> list[Tile]:
    """Revenue, orders, customers and new customers."""
    return [
        _sum_tile(trends, "revenue", lambda sales: sales.revenue_minor, MONEY, days),
        _sum_tile(trends, "orders", lambda sales: sales.orders, NUMBER, days),
        _sum_tile(trends, "customers", lambda sales: sales.customers, NUMBER, days),
        _sum_tile(trends, "new_customers", lambda sales: sales.new_customers, NUMBER, days),
    ]


def _sum_tile(
    trends: Trends, name: str, value: Callable[[Sales], int], form: str, days: int
) -> Tile:
    delta = change(value(trends.current), value(trends.previous))
    return Tile(
        label=words.tile_label(name, days),
        value=value(trends.current),
        form=form,
        note=words.note_of_change(value(trends.current), delta),
        change=delta,
        spark=_spark(trends, [value(day) for day in trends.days]),
    )


def _claimed_tile(trends: Trends, claimed_minor: Sequence[int], days: int) -> Tile:
    share = Ratio(sum(claimed_minor), trends.current.revenue_minor)
    return Tile(
        label=words.tile_label("claimed", days),
        value=sum(claimed_minor),
        form=MONEY,
        share=share.value,
        spark=_spark(trends, claimed_minor),
    )


def _repeat_tile(trends: Trends, days: int) -> Tile:
    now, before = trends.current.repeat_share.value, trends.previous.repeat_share.value
    delta = None if now is None or before is None else now - before
    parts = buckets(trends.period.since, trends.period.days)
    shares: list[float] = []
    for part in parts:
        bought = part.total([day.customers for day in trends.days])
        fresh = part.total([day.new_customers for day in trends.days])
        # A quiet day has no share; the line goes on at the last known one.
        last = shares[-1] if shares else now or 0.0
        shares.append((bought - fresh) / bought if bought else last)
    return Tile(
        label=words.tile_label("repeat_share", days),
        value=now,
        form=PERCENT,
        note=words.note_of_change(now, delta),
        change_points=delta,
        spark=shares if any(day.customers for day in trends.days) else (),
    )


def _spark(trends: Trends, values: Sequence[int]) -> Sequence[float]:
    """The past as a line; nothing at all is no line."""
    parts = buckets(trends.period.since, trends.period.days)
    return [part.total(values) for part in parts] if any(values) else ()
