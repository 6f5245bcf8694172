"""Scores, stages and migrations: against Online Retail and against a naive count."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import mean, median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.analytics.rfm import Borders, rfm_of, rfm_statement
from regulars.analytics.scores import (
    NOBODY,
    migration_of,
    migration_statement,
    moved_statement,
    scoring_statement,
    stages_over_statement,
)
from regulars.analytics.statements import Scope
from regulars.analytics.tests.lake_shape import add_order, ask, empty_lake
from regulars.analytics.tests.naive_stages import expected_gap, stages_of
from regulars.analytics.tests.test_online_retail import CLASS_COUNTS, SCOPE

EARLIER = Scope(datetime(2011, 9, 10, tzinfo=UTC), "Europe/London", "GBP")
KYIV = "Europe/Kyiv"

retail_only = pytest.mark.real_data


@retail_only
def test_every_buyer_of_online_retail_has_the_published_class(retail):
    rows = ask(retail, scoring_statement(SCOPE))

    assert dict(Counter(row["rfm_class"] for row in rows if row["rfm_class"])) == CLASS_COUNTS
    assert sum(row["orders"] for row in rows) == 18_532
    assert sum(row["money_minor"] for row in rows) == 891_140_790


@retail_only
def test_whoever_bought_nothing_clean_is_a_prospect(retail):
    rows = ask(retail, scoring_statement(SCOPE))

    known = retail.sql("select count(*) from customers").fetchall()[0][0]
    assert (len(rows), known) == (4_372, 4_372)
    prospects = [row for row in rows if row["stage"] == "prospect"]
    assert len(prospects) == 4_372 - 4_338
    assert {row["recency_fifth"] for row in prospects} == {None}


@retail_only
def test_the_stages_are_those_of_the_naive_count(retail):
    for scope in (SCOPE, EARLIER):
        rows = ask(retail, scoring_statement(scope))

        naive = stages_of(days_of(retail, scope), scope.last_day())
        found = {row["customer"]: (row["stage"], row["stage_since"]) for row in rows}
        assert {one: place for one, place in found.items() if place[0] != "prospect"} == naive


@retail_only
def test_the_gaps_have_the_published_spread(retail):
    days = days_of(retail, SCOPE)
    gaps = sorted((b - a).days for mine in days.values() for a, b in itertools.pairwise(mine))

    assert (len(gaps), median(gaps), round(mean(gaps), 2)) == (12_425, 28, 45.66)
    assert gaps[int(0.9 * len(gaps))] == 110


@retail_only
def test_the_shrunk_median_foretells_the_last_gap_as_published(retail):
    days = days_of(retail, SCOPE)
    chosen = [mine for mine in days.values() if len(mine) >= 5]

    misses = [
        abs(float(expected_gap(mine[:-1], Fraction(28))) - (mine[-1] - mine[-2]).days)
        for mine in chosen
    ]

    assert len(misses) == 1_026
    assert (round(mean(misses), 2), round(median(misses), 2)) == (22.06, 15.66)


@retail_only
def test_a_migration_has_the_totals_of_both_days(retail):
    migration = migration_of(
        ask(retail, migration_statement(EARLIER, SCOPE, "rfm_class")), "rfm_class"
    )

    before = rfm_of(ask(retail, rfm_statement(EARLIER)))
    assert {part.name: migration.total_now(part.name) for part in before.classes()} == CLASS_COUNTS
    assert {part.name: migration.total_was(part.name) for part in before.classes()} == {
        part.name: part.customers for part in before.classes()
    }
    assert migration.customers == 4_338
    assert migration.total_was(NOBODY) == 4_338 - before.customers
    assert migration.total_now(NOBODY) == 0
    assert sum(move.money_minor for move in migration.moves) == 891_140_790


@retail_only
def test_every_cell_of_a_migration_names_its_customers(retail):
    for what in ("rfm_class", "stage"):
        migration = migration_of(ask(retail, migration_statement(EARLIER, SCOPE, what)), what)

        for move in migration.moves:
            pair = (move.was, move.now)
            found = ask(retail, moved_statement(EARLIER, SCOPE, what, pair))
            assert len({row["customer"] for row in found}) == len(found) == move.customers


@retail_only
def test_stages_over_time_are_the_stages_of_each_day(retail):
    days = [date(2010, 11, 30), date(2010, 12, 31), date(2011, 9, 9), SCOPE.last_day()]

    rows = ask(retail, stages_over_statement(SCOPE, days))

    for day in days:
        alone = Counter(row["stage"] for row in ask(retail, scoring_statement(SCOPE.until(day))))
        together = {row["stage"]: row["customers"] for row in rows if row["day"] == day.isoformat()}
        assert together == dict(alone)


@retail_only
def test_fixed_borders_count_like_plain_comparisons(retail):
    borders = Borders((180, 90, 45, 14), (2, 3, 5, 10), (20_000, 50_000, 100_000, 300_000))

    rows = [
        row for row in ask(retail, scoring_statement(SCOPE, borders)) if row["stage"] != "prospect"
    ]

    last_day = SCOPE.last_day()
    for row in rows:
        silence = (last_day - row["last_on"]).days
        assert row["recency_fifth"] == 1 + sum(silence <= most for most in borders.recency_days)
        assert row["frequency_fifth"] == 1 + sum(row["orders"] >= n for n in borders.frequency)
        reached = sum(row["money_minor"] >= least for least in borders.money_minor)
        assert row["money_fifth"] == 1 + reached
    grid = rfm_of(ask(retail, rfm_statement(SCOPE, borders)))
    assert Counter((row["recency_fifth"], row["frequency_fifth"]) for row in rows) == {
        (cell.r, cell.f): cell.customers for cell in grid.cells
    }


purchases = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.dates(date(2026, 1, 1), date(2026, 6, 30)),
        st.sampled_from(("00:30", "12:00", "23:30")),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(bought=purchases, last_day=st.dates(date(2026, 3, 1), date(2026, 12, 31)))
def test_any_purchases_stage_like_the_naive_count(bought, last_day):
    lake = empty_lake()
    zone = ZoneInfo(KYIV)
    days = defaultdict(list)
    for number, (customer, day, clock) in enumerate(bought, start=1):
        wall = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
        moment = wall.astimezone(UTC).replace(tzinfo=None)
        add_order(lake, number, customer, moment.isoformat(), 1000 + number)
        if day <= last_day:
            days[customer].append(day)
    midnight = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), zone)

    rows = ask(lake, scoring_statement(Scope(midnight, KYIV, "EUR")))

    found = {row["customer"]: (row["stage"], row["stage_since"]) for row in rows}
    assert found == stages_of(days, last_day)
    lake.close()


def test_a_stage_turns_on_the_day_that_is_told_beforehand():
    lake = empty_lake()
    add_order(lake, 1, 7, "2026-01-10 10:00", 500)
    told = stage_on(lake, date(2026, 1, 10))

    assert (told["stage"], told["stage_since"]) == ("first", date(2026, 1, 10))
    for turning in ("cooling", "lost"):
        day = told[f"{turning}_on"]
        assert stage_on(lake, day - timedelta(days=1))["stage"] != turning
        turned = stage_on(lake, day)
        assert (turned["stage"], turned["stage_since"]) == (turning, day)


def test_habits_are_counted_beside_the_scores():
    lake = empty_lake()
    add_order(lake, 1, 7, "2026-01-10 10:00", 1000)
    add_order(lake, 2, 7, "2026-01-12 10:00", 250, kind="return")
    lake.execute("update order_lines set category = 'Tea' where order_id = 1")

    row = stage_on(lake, date(2026, 1, 20))

    assert (row["returns_share"], row["top_category"]) == (0.25, "Tea")


def test_money_of_another_currency_makes_nobody_a_buyer():
    lake = empty_lake()
    add_order(lake, 1, 7, "2026-01-10 10:00", 1000, currency="USD")
    lake.execute(
        "insert into customers (id, first_seen_at, created_at)"
        " values (7, '2026-01-10', '2026-01-11')"
    )

    row = stage_on(lake, date(2026, 1, 20))

    assert (row["stage"], row["stage_since"], row["orders"]) == ("prospect", date(2026, 1, 10), 0)


def stage_on(lake, day):
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(KYIV))
    (row,) = ask(lake, scoring_statement(Scope(midnight, KYIV, "EUR")))
    return row


def days_of(retail, scope):
    """Customer → the days with a clean order before the instant."""
    rows = retail.sql(
        "select distinct l.customer, cast((min(o.placed_at) at time zone 'UTC')"
        " at time zone 'Europe/London' as date) from order_lines l join orders o"
        " on o.id = l.order_id where l.customer is not null and l.kind = 'sale'"
        " and l.quantity > 0 and l.unit_price > 0 and o.placed_at < $at"
        " group by l.customer, l.order_id order by 1, 2",
        params={"at": scope.params()["at"]},
    ).fetchall()
    found = defaultdict(list)
    for customer, day in rows:
        found[customer].append(day)
    return found
