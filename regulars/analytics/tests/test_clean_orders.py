"""What is left out of the clean orders, and how local days and months are cut."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.analytics.base import base_of, base_statement
from regulars.analytics.cohorts import cohorts_of, cohorts_statement
from regulars.analytics.rfm import (
    CLASS_MAP,
    CLASSES,
    Bounds,
    Rfm,
    class_of,
    fifths,
    rfm_of,
    rfm_statement,
    scores_of_class,
    scores_statement,
)
from regulars.analytics.statements import Scope
from regulars.analytics.tests.lake_shape import add_order, ask
from regulars.analytics.trends import (
    Sales,
    change,
    last_days,
    last_year,
    trends_of,
    trends_statement,
)

KYIV = Scope(datetime(2025, 6, 30, 21, 0, tzinfo=UTC), "Europe/Kyiv", "EUR")


def test_only_clean_lines_count(lake):
    add_order(lake, 1, 7, "2025-06-01 10:00", 500, lines=((1, "5.00"), (1, "0.00"), (-1, "2.00")))
    add_order(lake, 2, None, "2025-06-02 10:00", 500)
    add_order(lake, 3, 7, "2025-06-03 10:00", -500, kind="return", lines=((-1, "5.00"),))
    add_order(lake, 4, 7, "2025-06-04 10:00", 500, status="cancelled")
    add_order(lake, 5, 7, "2025-06-05 10:00", 500, currency="USD")
    add_order(lake, 6, 7, "2025-06-06 10:00", 500, kind="adjustment")
    add_order(lake, 7, 7, "2025-06-30 21:00", 500)
    add_order(lake, 8, 7, "2025-06-08 10:00", 500, status="new")
    add_order(lake, 9, 7, "2025-06-09 10:00", 500, status="returned")

    base = base_of(ask(lake, base_statement(KYIV))[0])

    assert (base.clean_lines, base.customers, base.invoices) == (1, 1, 1)
    assert base.revenue_minor == 500


def test_an_empty_base_has_zeros_and_unknown_rates(lake):
    base = base_of(ask(lake, base_statement(KYIV))[0])

    assert (base.clean_lines, base.customers, base.invoices, base.revenue_minor) == (0, 0, 0, 0)
    assert base.order_value.value is None
    assert base.repeat_share.value is None


def test_months_are_cut_by_the_shops_clock(lake):
    add_order(lake, 1, 7, "2025-04-30 20:59", 100)
    add_order(lake, 2, 8, "2025-04-30 21:00", 100)
    add_order(lake, 3, 7, "2025-06-01 10:00", 300)

    table = cohorts_of(ask(lake, cohorts_statement(KYIV)), KYIV)

    assert [(c.month, c.customers) for c in table.cohorts] == [
        (date(2025, 4, 1), (1, 0, 1)),
        (date(2025, 5, 1), (1, 0)),
    ]
    assert table.cohorts[0].money_minor == (100, 0, 300)
    assert not table.is_last_partial


def test_a_month_that_has_not_begun_is_blank_and_a_quiet_one_is_zero(lake):
    add_order(lake, 1, 7, "2025-05-10 10:00", 100)

    table = cohorts_of(ask(lake, cohorts_statement(KYIV)), KYIV)

    cohort = table.cohorts[0]
    assert cohort.retention(1).value == 0.0
    assert cohort.retention(2) is None
    assert (table.months, table.retention(2).value) == (2, None)


def test_recency_counts_days_of_the_shop_to_the_last_moment(lake):
    add_order(lake, 1, 7, "2025-06-30 20:59", 100)
    add_order(lake, 2, 8, "2025-06-29 20:59", 100)

    rows = ask(lake, scores_statement(KYIV))

    assert [(row["customer"], row["recency_days"]) for row in rows] == [(7, 0), (8, 1)]


def test_cells_carry_their_money_and_bounds(lake):
    add_order(lake, 1, 7, "2025-06-30 10:00", 100)
    add_order(lake, 2, 7, "2025-06-29 10:00", 150)
    add_order(lake, 3, 8, "2025-01-01 10:00", 900)

    rfm = rfm_of(ask(lake, rfm_statement(KYIV)))

    best, worst = rfm.cell(5, 5), rfm.cell(3, 3)
    assert (best.customers, best.money_minor, best.name) == (1, 250, "champions")
    assert (best.recency_days_min, best.frequency_max) == (0, 2)
    assert (worst.customers, worst.money_minor, worst.name) == (1, 900, "need_attention")
    assert rfm.cell(1, 1) is None
    assert len(rfm.classes()) == 10


def test_the_class_map_covers_all_cells_with_known_names():
    names = {class_of(r, f) for r in range(1, 6) for f in range(1, 6)}

    assert names == set(CLASSES)
    assert all(len(row) == 5 for row in CLASS_MAP.values())


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_fifths_do_not_depend_on_order_and_keep_equals_together(values, random):
    scored = dict(zip(values, fifths(values), strict=True))

    shuffled = values[:]
    random.shuffle(shuffled)
    assert dict(zip(shuffled, fifths(shuffled), strict=True)) == scored
    assert [scored[value] for value in values] == fifths(values)
    assert all(1 <= fifth <= 5 for fifth in scored.values())
    ordered = [scored[value] for value in sorted(scored)]
    assert ordered == sorted(ordered)


def test_bounds_say_what_a_class_means_today(lake):
    for person in range(1, 11):
        for order in range(person):
            day = f"2025-06-{30 - 2 * (10 - person):02} 1{order}:00"
            add_order(lake, person * 100 + order, person, day, 100)

    rfm = rfm_of(ask(lake, rfm_statement(KYIV)))

    assert rfm.bounds(*scores_of_class("champions")) == Bounds(None, 2, 7, None)
    assert rfm.bounds(*scores_of_class("hibernating")) == Bounds(12, None, None, 4)
    assert rfm.bounds(range(3, 4), range(3, 4)) == Bounds(8, 10, 5, 6)


def test_an_empty_base_has_no_bounds():
    assert Rfm(()).bounds(range(1, 2), range(1, 2)) is None


def test_every_class_is_a_rectangle():
    for name in CLASSES:
        rs, fs = scores_of_class(name)
        assert {class_of(r, f) for r in rs for f in fs} == {name}


def test_a_period_is_compared_with_the_same_hours_before(lake):
    scope = Scope(datetime(2025, 6, 10, 9, 0, tzinfo=UTC), "Europe/Kyiv", "EUR")
    add_order(lake, 1, 7, "2025-06-10 06:00", 100)
    add_order(lake, 2, None, "2025-06-09 06:00", 200)
    add_order(lake, 3, 7, "2025-06-08 08:59", 400)
    add_order(lake, 4, 8, "2025-06-08 09:01", 800)
    add_order(lake, 5, 9, "2025-06-05 09:00", 1_600)
    period = last_days(scope, 2)

    trends = trends_of(ask(lake, trends_statement(period)), period)

    assert trends.days == (Sales(1, 200, 0, 0), Sales(1, 100, 1, 0))
    assert trends.previous_days == (Sales(), Sales(1, 400, 1, 1))
    assert trends.current == Sales(2, 300, 1, 0)
    assert trends.previous == Sales(1, 400, 1, 1)
    assert change(trends.current.revenue_minor, trends.previous.revenue_minor) == -0.25
    assert change(5, 0) is None


@pytest.mark.parametrize(
    ("at", "since", "previous_since", "days", "shift_days"),
    [
        ("2025-11-22T12:00", "2024-12-01", "2023-12-02", 357, 365),
        ("2025-12-31T12:00", "2025-01-01", "2024-01-02", 365, 365),
        ("2024-11-30T12:00", "2023-12-01", "2022-11-30", 366, 366),
        ("2024-02-29T12:00", "2023-03-01", "2022-02-28", 366, 366),
    ],
)
def test_a_year_is_twelve_months_beside_the_year_before(
    at, since, previous_since, days, shift_days
):
    scope = Scope(datetime.fromisoformat(f"{at}+00:00"), "UTC", "EUR")

    period = last_year(scope)

    assert (period.days, period.shift_days) == (days, shift_days)
    assert period.since == date.fromisoformat(since)
    assert period.previous_since == date.fromisoformat(previous_since)


def test_a_year_of_sales_leaves_out_the_days_between(lake):
    scope = Scope(datetime(2025, 11, 22, 12, 0, tzinfo=UTC), "UTC", "EUR")
    add_order(lake, 1, 7, "2023-12-02 10:00", 1)
    add_order(lake, 2, 7, "2024-11-22 11:00", 10)
    add_order(lake, 3, 7, "2024-11-25 11:00", 100)
    add_order(lake, 4, 7, "2024-12-01 11:00", 1_000)
    add_order(lake, 5, 7, "2025-11-22 11:00", 10_000)
    period = last_year(scope)

    trends = trends_of(ask(lake, trends_statement(period)), period)

    assert (trends.previous.revenue_minor, trends.current.revenue_minor) == (11, 11_000)
    assert (trends.previous_days[0].revenue_minor, trends.previous_days[-1].orders) == (1, 1)
    assert (trends.days[0].revenue_minor, trends.days[-1].revenue_minor) == (1_000, 10_000)


@pytest.mark.parametrize("naive", [datetime(2025, 6, 1)])  # noqa: DTZ001 -- the mistake itself
def test_an_instant_needs_its_zone(naive):
    with pytest.raises(ValueError, match="time zone"):
        base_statement(Scope(naive, "UTC", "EUR"))
