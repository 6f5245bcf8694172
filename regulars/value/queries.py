"""Reads of where customers stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, Max, Min, Sum

from regulars.analytics.rfm import Borders, Cell, Rfm, rfm_of, rfm_statement
from regulars.analytics.scores import (
    Migration,
    migration_of,
    migration_statement,
    moved_statement,
    scoring_statement,
    stage_sums_statement,
)
from regulars.analytics.statements import Scope, Statement
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.lake import engine
from regulars.value.models import Cluster, Score, Setting
from regulars.value.pure.columns import FIELDS
from regulars.value.records import Found, Settings, StageSum, Standing
from regulars.workspaces import queries as workspaces

Four = tuple[int, int, int, int]
# No shop's history begins earlier.
EARLIEST = date(1990, 1, 1)
# The lake may be so far behind the tables when the scores are counted.
LAKE_LAG = timedelta(seconds=30)
DIFFERS = """
SELECT s.* FROM ({scoring}) AS s LEFT JOIN scores AS o ON o.customer = s.customer
WHERE o.customer IS NULL OR {differs}
ORDER BY s.customer
"""
_STANDING = (
    "customer_id", "orders", "money_minor", "last_on", "recency_fifth", "frequency_fifth",
    "money_fifth", "rfm_class", "gap_days", "stage", "stage_since", "cooling_on", "lost_on",
    "cluster",
)  # fmt: skip


def settings(workspace_id: int) -> Settings:
    """How the workspace scores and as of when; by fifths until somebody says otherwise."""
    row = Setting.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        return Settings(None, None, 0, is_behind=True, clustered_at=None, cluster_note="")
    return Settings(
        borders=_borders(row.borders),
        scored_at=row.scored_at,
        took_ms=row.took_ms,
        is_behind=_is_behind(row.scored_at, row.touched_at),
        clustered_at=row.clustered_at,
        cluster_note=row.cluster_note,
    )


def standing(workspace_id: int, customer_id: int) -> Standing | None:
    """Where the customer stands by the stored scores; None until they were counted."""
    rows = Score.objects.filter(
        workspace_id=workspace_id, customer_id=customer_id, is_gone=False
    ).values(*_STANDING)
    found = rows.first()
    return None if found is None else Standing(**found)


def grid(workspace_id: int) -> Rfm:
    """The stored grid as of the last run; cells without customers are absent."""
    scored_at = settings(workspace_id).scored_at
    if scored_at is None:
        return Rfm(())
    today = scope_of(workspace_id, scored_at).last_day()
    rows = (
        Score.objects.filter(workspace_id=workspace_id, is_gone=False, recency_fifth__isnull=False)
        .values("recency_fifth", "frequency_fifth")
        .annotate(
            customers=Count("id"),
            money=Sum("money_minor"),
            newest=Max("last_on"),
            oldest=Min("last_on"),
            fewest=Min("orders"),
            most=Max("orders"),
        )
        .order_by("recency_fifth", "frequency_fifth")
    )
    return Rfm(
        tuple(
            Cell(
                r=row["recency_fifth"] or 0,
                f=row["frequency_fifth"] or 0,
                customers=row["customers"],
                money_minor=int(row["money"]),
                recency_days_min=(today - row["newest"]).days,
                recency_days_max=(today - row["oldest"]).days,
                frequency_min=row["fewest"],
                frequency_max=row["most"],
            )
            for row in rows
        )
    )


def borders_of_today(workspace_id: int) -> Borders:
    """Borders at which the stored scores change today, for whoever wants to keep them.

    Empty scores and ties are spread by the least step, so that the borders always rise or fall.
    """
    found = settings(workspace_id).scored_at
    today = None if found is None else scope_of(workspace_id, found).last_day()
    mine = Score.objects.filter(workspace_id=workspace_id, is_gone=False, orders__gt=0)

    def by(name: str, **least: Aggregate) -> dict[int, Any]:
        rows = mine.values(name).annotate(**least).order_by()
        return {row[name]: row["least"] for row in rows}

    last = by("recency_fifth", least=Min("last_on"))
    days = {score: (today - day).days for score, day in last.items() if today is not None}
    orders = by("frequency_fifth", least=Min("orders"))
    money = by("money_fifth", least=Min("money_minor"))
    return Borders(
        recency_days=_falling(days), frequency=_rising(orders, 2), money_minor=_rising(money, 1)
    )


def _falling(found: Mapping[int, int]) -> Four:
    """Days for the scores 2 to 5, every one below the one before."""
    five = found.get(5, 30)
    four = max(found.get(4, 0), five + 1)
    three = max(found.get(3, 0), four + 1)
    return max(found.get(2, 0), three + 1), three, four, five


def _rising(found: Mapping[int, int], least: int) -> Four:
    """Values for the scores 2 to 5, every one above the one before."""
    two = max(found.get(2, 0), least)
    three = max(found.get(3, 0), two + 1)
    four = max(found.get(4, 0), three + 1)
    return two, three, four, max(found.get(5, 0), four + 1)


def stages(workspace_id: int) -> list[StageSum]:
    """How many customers stand in each stage that holds somebody."""
    rows = (
        Score.objects.filter(workspace_id=workspace_id, is_gone=False)
        .values("stage")
        .annotate(customers=Count("id"), money=Sum("money_minor"))
    )
    return [StageSum(row["stage"], row["customers"], int(row["money"])) for row in rows]


def clusters(workspace_id: int) -> list[Found]:
    """The clusters of the last run, the one with most money first."""
    rows = Cluster.objects.filter(workspace_id=workspace_id).order_by("-money_minor", "slug")
    return [
        Found(row.slug, row.size, row.money_minor, row.profile, row.rule, row.covered, row.exact)
        for row in rows
    ]


def differing(workspace_id: int, at: datetime) -> Statement:
    """The customers whose stored scores are not those of the instant, with the right ones.

    What the lake was not brought yet is found once more and changes nothing when written.
    """
    asked = scoring_statement(scope_of(workspace_id, at), settings(workspace_id).borders)
    differs = " OR ".join(f"s.{name} IS DISTINCT FROM o.{name}" for name in FIELDS)
    return Statement(DIFFERS.format(scoring=asked.sql, differs=differs), asked.params)


def scope_of(workspace_id: int, at: datetime) -> Scope:
    """The workspace's clock and money at this instant."""
    workspace = workspaces.workspace(workspace_id)
    return Scope(at, workspace.time_zone, workspace.currency)


def cluster(workspace_id: int, slug: str) -> Found:
    """One cluster of the last run. raises NotFound"""
    found = [one for one in clusters(workspace_id) if one.slug == slug]
    if not found:
        raise NotFound("cluster_unknown", "There is no such cluster any more.")
    return found[0]


def grid_on(workspace_id: int, day: date) -> Rfm:
    """The grid as of the end of a local day, counted from the lake. raises Outside(lake_busy)"""
    asked = rfm_statement(_scope_on(workspace_id, day), settings(workspace_id).borders)
    return rfm_of(engine.query(workspace_id, asked.sql, dict(asked.params)).to_pylist())


def stages_on(workspace_id: int, day: date) -> list[StageSum]:
    """The stages as of the end of a local day, counted from the lake."""
    asked = stage_sums_statement(_scope_on(workspace_id, day))
    rows = engine.query(workspace_id, asked.sql, dict(asked.params)).to_pylist()
    return [StageSum(row["stage"], row["customers"], row["money_minor"]) for row in rows]


def migration(workspace_id: int, before: date, after: date, what: str) -> Migration:
    """Where customers were at the end of one local day and of a later one.

    what    rfm_class or stage
    raises  Outside(lake_busy)
    """
    scopes = _scope_on(workspace_id, before), _scope_on(workspace_id, after)
    asked = migration_statement(*scopes, what, settings(workspace_id).borders)
    rows = engine.query(workspace_id, asked.sql, dict(asked.params)).to_pylist()
    return migration_of(rows, what)


def moved_customers(
    workspace_id: int, days: tuple[date, date], what: str, pair: tuple[str, str]
) -> list[int]:
    """The customers who went from the first place of the pair to the second, ascending."""
    before, after = (_scope_on(workspace_id, day) for day in days)
    asked = moved_statement(before, after, what, pair, settings(workspace_id).borders)
    found = engine.customer_set(workspace_id, asked.sql, dict(asked.params))
    return [int(one) for one in found.to_pylist()]


def end_of(workspace_id: int, day: date) -> datetime:
    """The end of a local day, or now when that comes first."""
    return _scope_on(workspace_id, day).at


def _scope_on(workspace_id: int, day: date) -> Scope:
    scope = scope_of(workspace_id, clock.now())
    return scope.until(day)


def _is_behind(scored_at: datetime | None, touched_at: datetime | None) -> bool:
    if scored_at is None:
        return True
    return touched_at is not None and touched_at > scored_at - LAKE_LAG


def _borders(written: dict[str, Sequence[int]] | None) -> Borders | None:
    if written is None:
        return None
    days, orders, money = (written[name] for name in ("recency_days", "frequency", "money_minor"))
    return Borders(_four(days), _four(orders), _four(money))


def _four(values: Sequence[int]) -> Four:
    two, three, four, five = values
    return two, three, four, five
