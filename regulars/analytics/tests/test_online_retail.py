"""Published figures of Online Retail (UCI 352) come out of the lake's relations exactly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.analytics.base import base_of, base_statement
from regulars.analytics.cohorts import cohorts_of, cohorts_statement
from regulars.analytics.rfm import fifths, rfm_of, rfm_statement, scores_statement
from regulars.analytics.statements import Scope
from regulars.analytics.tests.lake_shape import ask
from regulars.analytics.trends import last_days, trends_of, trends_statement

pytestmark = pytest.mark.real_data

SCOPE = Scope(datetime(2011, 12, 10, tzinfo=UTC), "Europe/London", "GBP")

COHORT_ROWS = {
    "2010-12": (885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235),
    "2011-01": (417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49),
    "2011-02": (380, 71, 71, 108, 103, 94, 96, 106, 94, 116, 26),
    "2011-03": (452, 68, 114, 90, 101, 76, 121, 104, 126, 39),
    "2011-04": (300, 64, 61, 63, 59, 68, 65, 78, 22),
    "2011-05": (284, 54, 49, 49, 59, 66, 75, 27),
    "2011-06": (242, 42, 38, 64, 56, 81, 23),
    "2011-07": (188, 34, 39, 42, 51, 21),
    "2011-08": (169, 35, 42, 41, 21),
    "2011-09": (299, 70, 90, 34),
    "2011-10": (358, 86, 41),
    "2011-11": (323, 36),
    "2011-12": (41,),
}

CLASS_COUNTS = {
    "champions": 604,
    "loyal": 688,
    "potential_loyalists": 484,
    "new": 67,
    "promising": 169,
    "need_attention": 304,
    "about_to_sleep": 295,
    "at_risk": 701,
    "cant_lose": 64,
    "hibernating": 962,
}


def test_it_counts_the_clean_lines_customers_invoices_and_money(retail):
    base = base_of(ask(retail, base_statement(SCOPE))[0])

    assert (base.clean_lines, base.customers, base.invoices) == (397_884, 4_338, 18_532)
    assert base.revenue_minor == 891_140_790


def test_it_gives_the_figures_of_the_state_of_the_base(retail):
    base = base_of(ask(retail, base_statement(SCOPE))[0])

    assert round(base.order_value.value / 100, 3) == 480.866
    assert round(base.first_order_value.value / 100, 3) == 425.657
    assert round(base.repeat_order_value.value / 100, 3) == 497.739
    assert round(base.items_per_order.value, 3) == 278.859
    assert round(base.products_per_order.value, 3) == 20.928
    assert round(base.lines_per_order.value, 3) == 21.470
    assert round(base.orders_per_customer.value, 4) == 4.2720
    assert round(base.revenue_per_customer.value / 100, 4) == 2_054.2665
    assert round(base.repeat_share.value, 4) == 0.6558
    assert round(base.mean_lifetime_days.value, 3) == 130.449
    assert round(base.mean_returned_lifetime_days.value, 3) == 203.337


def test_revenue_per_customer_is_order_value_times_orders_per_customer(retail):
    base = base_of(ask(retail, base_statement(SCOPE))[0])

    product = base.order_value.value * base.orders_per_customer.value
    assert base.revenue_per_customer.value == pytest.approx(product, rel=1e-12)


def test_it_gives_the_tie_safe_rfm_classes(retail):
    rfm = rfm_of(ask(retail, rfm_statement(SCOPE)))

    assert {part.name: part.customers for part in rfm.classes()} == CLASS_COUNTS
    assert (rfm.customers, rfm.money_minor) == (4_338, 891_140_790)


def test_equal_frequencies_share_a_fifth_and_the_second_stays_empty(retail):
    scores = ask(retail, scores_statement(SCOPE))

    by_fifth = {fifth: [row["f"] for row in scores].count(fifth) for fifth in range(1, 6)}
    assert by_fifth == {1: 1493, 2: 0, 3: 1343, 4: 630, 5: 872}
    assert {row["f"] for row in scores if row["frequency"] == 1} == {1}


def test_recency_frequency_and_money_have_the_published_spread(retail):
    scores = ask(retail, scores_statement(SCOPE))

    recency = sorted(row["recency_days"] for row in scores)
    assert (recency[0], (recency[2168] + recency[2169]) / 2, recency[-1]) == (0, 50, 373)
    assert round(sum(recency) / len(recency), 2) == 92.06
    assert max(row["frequency"] for row in scores) == 209
    money = sorted(row["money_minor"] for row in scores)
    assert (money[2168], money[2169]) == (67_445, 67_452)


def test_fifths_of_the_arrays_are_the_fifths_of_the_relation(retail):
    scores = ask(retail, scores_statement(SCOPE))

    assert fifths([-row["recency_days"] for row in scores]) == [row["r"] for row in scores]
    assert fifths([row["frequency"] for row in scores]) == [row["f"] for row in scores]
    assert fifths([row["money_minor"] for row in scores]) == [row["m"] for row in scores]


def test_it_gives_the_cohort_table(retail):
    table = cohorts_of(ask(retail, cohorts_statement(SCOPE)), SCOPE)

    assert {cohort.label: cohort.customers for cohort in table.cohorts} == COHORT_ROWS
    assert table.is_last_partial
    assert sum(sum(cohort.money_minor) for cohort in table.cohorts) == 891_140_790


def test_the_first_month_brings_back_22_71_percent(retail):
    table = cohorts_of(ask(retail, cohorts_statement(SCOPE)), SCOPE)

    share = table.retention(1)
    assert (share.numerator, share.denominator) == (976, 4_297)
    assert round(share.value * 100, 2) == 22.71


def test_an_earlier_instant_knows_nothing_of_what_came_later(retail):
    scope = Scope(datetime(2011, 1, 1, tzinfo=UTC), "Europe/London", "GBP")

    table = cohorts_of(ask(retail, cohorts_statement(scope)), scope)

    assert [cohort.customers for cohort in table.cohorts] == [(885,)]
    assert not table.is_last_partial


def test_a_period_of_sales_equals_a_plain_count_with_guests(retail):
    period = last_days(SCOPE, 30)

    trends = trends_of(ask(retail, trends_statement(period)), period)

    plain = retail.sql(
        "select count(*), sum(total_minor), count(distinct customer) from orders"
        " where kind = 'sale' and total_minor > 0 and placed_at >= '2011-11-10'"
    ).fetchall()[0]
    assert (trends.current.orders, trends.current.revenue_minor) == plain[:2]
    assert trends.current.customers == plain[2]
    assert sum(day.orders for day in trends.days) == plain[0]
    assert sum(day.new_customers for day in trends.days) == trends.current.new_customers
