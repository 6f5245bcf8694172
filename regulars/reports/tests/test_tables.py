"""Reports as spreadsheets, and the instants they are asked about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.analytics.tests.lake_shape import add_order
from regulars.kernel.errors import Invalid
from regulars.reports import queries
from regulars.reports.tests.town_campaigns import DRAFT, WIN_BACK, know, send_win_back
from regulars.store.scope import scope
from tests.town import workspace

AT = datetime(2011, 12, 10, tzinfo=UTC)


@pytest.fixture
def shop(db, lakes):
    return workspace("tables", currency="GBP", time_zone="Europe/London", region="GB")


def table(shop, name):
    with scope(shop.id):
        return queries.table(name, queries.report(shop.id, name, AT))


def test_figures_stand_one_a_row_and_what_is_unknown_is_empty(shop):
    header, rows = table(shop, "base")

    assert header == ["figure", "value"]
    assert rows[:4] == [["clean_lines", 0], ["customers", 0], ["invoices", 0], ["revenue", "0.00"]]
    assert ["order_value", ""] in rows


def test_classes_stand_one_a_row(shop, lakes):
    add_order(lakes.of(shop.id), 1, 7, "2011-12-01 10:00", 500, currency="GBP")

    header, rows = table(shop, "rfm")

    assert header == ["class", "customers", "revenue"]
    assert len(rows) == 10
    assert ["champions", 1, "5.00"] in rows
    assert ["at_risk", 0, "0.00"] in rows


def test_cohorts_stand_one_a_row_with_empty_cells_for_months_to_come(shop, lakes):
    add_order(lakes.of(shop.id), 1, 7, "2011-11-01 10:00", 500, currency="GBP")
    add_order(lakes.of(shop.id), 2, 8, "2011-12-01 10:00", 500, currency="GBP")

    header, rows = table(shop, "cohorts")

    assert header == ["cohort", "month_0", "month_1"]
    assert rows == [["2011-11", 1, 0], ["2011-12", 1, ""]]


def test_a_campaign_is_one_row_with_its_lift(shop, lakes, monkeypatch):
    know(monkeypatch, shop.id, DRAFT, WIN_BACK)
    send_win_back(lakes.of(shop.id))

    header, rows = table(shop, "campaign")

    (row,) = (dict(zip(header, row, strict=True)) for row in rows)
    assert (row["campaign"], row["sent"], row["delivered"]) == ("win-back-1", 120, 119)
    assert (row["clicked"], row["orders"], row["revenue"]) == (20, 20, "400.00")
    assert (row["lift_contacted"], row["lift_control"]) == (120, 40)
    # 30 of 120 spent 20.00 each, 5 of 40 held back did: 5.00 against 2.50 a customer.
    assert (row["lift_money_per_contacted"], row["lift_extra_revenue"]) == ("2.50", "300.00")
    assert row["lift_verdict"] == "unclear"
    assert float(row["lift_money_per_contacted_low"]) < 0


def test_no_campaigns_are_no_rows(shop):
    assert table(shop, "campaign") == (["campaign"], [])


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2011-07-10", datetime(2011, 7, 9, 23, 0, tzinfo=UTC)),
        ("2011-12-10", datetime(2011, 12, 10, 0, 0, tzinfo=UTC)),
        ("2011-07-10T09:30", datetime(2011, 7, 10, 8, 30, tzinfo=UTC)),
        ("2011-07-10T09:30+02:00", datetime(2011, 7, 10, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_date_is_its_first_moment_on_the_shops_clock(shop, text, instant):
    with scope(shop.id):
        assert queries.instant_of(shop.id, text) == instant


@pytest.mark.parametrize("text", ["yesterday", "2011-13-01", ""])
def test_a_text_that_is_no_date_says_how_to_write_one(shop, text):
    with scope(shop.id), pytest.raises(Invalid, match="2011-12-10") as caught:
        queries.instant_of(shop.id, text)

    assert caught.value.code == "at"
