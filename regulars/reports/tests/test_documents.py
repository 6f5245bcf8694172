"""Reports for programs keep their keys and give the published figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from regulars.analytics.tests.lake_shape import add_order, retail_lake
from regulars.kernel.errors import NotFound
from regulars.reports import queries
from regulars.store.scope import scope
from tests.town import workspace

RETAIL_AT = datetime(2011, 12, 10, tzinfo=UTC)


@pytest.fixture
def retail_shop(db, lakes):
    shop = workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")
    lakes.lakes[shop.id] = retail_lake()
    return shop


def report(shop, name, at=RETAIL_AT):
    with scope(shop.id):
        return queries.report(shop.id, name, at)


@pytest.mark.real_data
def test_the_base_of_online_retail(retail_shop):
    found = report(retail_shop, "base")

    assert (found["clean_lines"], found["customers"], found["invoices"]) == (397884, 4338, 18532)
    assert found["revenue"] == "8911407.90"
    assert (found["order_value"], found["first_order_value"]) == ("480.87", "425.66")
    assert found["revenue_per_customer"] == "2054.27"
    assert json.loads(json.dumps(found)) == found


@pytest.mark.real_data
def test_the_rfm_classes_of_online_retail(retail_shop):
    found = report(retail_shop, "rfm")

    assert found["classes"] == {
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
    assert (found["champions"], found["hibernating"], found["customers"]) == (604, 962, 4338)
    assert found["revenue"]["champions"] == "4303871.89"
    assert sum(cell["customers"] for cell in found["cells"]) == 4338


@pytest.mark.real_data
def test_the_cohorts_of_online_retail(retail_shop):
    found = report(retail_shop, "cohorts")

    assert found["cohort_rows"][0] == {
        "cohort": "2010-12",
        "customers": [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235],
    }
    assert found["cohort_rows"][-1] == {"cohort": "2011-12", "customers": [41]}
    assert (found["month_1_retention"]["numerator"], found["last_month_is_partial"]) == (976, True)
    assert round(found["month_1_retention"]["value"], 4) == 0.2271


def test_an_empty_shop_has_zeros_and_unknown_rates(db, lakes):
    shop = workspace()

    base, rfm, cohorts = (report(shop, name) for name in ("base", "rfm", "cohorts"))

    assert (base["clean_lines"], base["revenue"], base["order_value"]) == (0, "0.00", None)
    assert (rfm["champions"], rfm["customers"], rfm["cells"]) == (0, 0, [])
    assert cohorts["cohort_rows"] == []
    assert cohorts["month_1_retention"] == {"numerator": 0, "denominator": 0, "value": None}
    assert report(shop, "campaign")["campaigns"] == []


def test_a_shop_sees_only_its_own_orders(db, lakes):
    bakery, florist = workspace("bakery"), workspace("florist")
    add_order(lakes.of(florist.id), 1, 7, "2011-06-01 10:00", 500, currency="UAH")

    assert report(bakery, "base")["customers"] == 0
    assert report(florist, "base")["customers"] == 1


def test_the_instant_decides_what_counts(db, lakes):
    shop = workspace()
    add_order(lakes.of(shop.id), 1, 7, "2011-06-01 10:00", 500, currency="UAH")

    before = report(shop, "base", datetime(2011, 6, 1, 10, 0, tzinfo=UTC))
    after = report(shop, "base", datetime(2011, 6, 1, 10, 1, tzinfo=UTC))

    assert (before["revenue"], after["revenue"]) == ("0.00", "5.00")


def test_an_unknown_report_names_the_known_ones(db, lakes):
    with pytest.raises(NotFound) as caught:
        report(workspace(), "rfn")

    assert caught.value.code == "report_unknown"
    assert "base, rfm, cohorts, campaign" in caught.value.message
