"""The people behind a number are as many as the number says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.analytics.cohorts import cohorts_of
from regulars.analytics.rfm import CLASSES, Rfm, rfm_of, scores_of_class
from regulars.analytics.tests.lake_shape import retail_lake
from regulars.reports import queries
from regulars.reports.pure import people
from regulars.segments import queries as segments
from regulars.store.scope import scope
from tests.town import workspace

pytestmark = pytest.mark.real_data

AT = datetime(2011, 12, 10, tzinfo=UTC)

# What rules read beside the orders and the customers: the event of each order.
EVENTS = (
    "insert into events select id, customer, placed_at, 'order.paid', '{}', id, 'import'"
    " from orders where kind = 'sale' and total_minor > 0",
)


@pytest.fixture
def shop(db, lakes):
    shop = workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")
    lakes.lakes[shop.id] = retail_lake()
    for statement in EVENTS:
        lakes.lakes[shop.id].execute(statement)
    with scope(shop.id):
        yield shop


def people_of(shop, rule):
    return segments.total(shop.id, rule, AT)


def test_each_class_and_each_place_of_the_grid_opens_its_people(shop):
    grid: Rfm = rfm_of(queries.answer(shop.id, "rfm", AT).rows)
    last_day = queries.scope_of(shop.id, AT).last_day()

    def found(rs, fs):
        return people_of(shop, people.rule_of_bounds(grid.bounds(rs, fs), last_day))

    classes = {name: found(*scores_of_class(name)) for name in CLASSES}
    assert classes == {part.name: part.customers for part in grid.classes()}
    assert classes["at_risk"] == 701
    for cell in grid.cells:
        assert found(range(cell.r, cell.r + 1), range(cell.f, cell.f + 1)) == cell.customers


def test_each_cohort_opens_its_people_and_those_who_came_back(shop):
    table = cohorts_of(queries.answer(shop.id, "cohorts", AT).rows, queries.scope_of(shop.id, AT))

    for cohort in table.cohorts:
        assert people_of(shop, people.rule_of_cohort(cohort.month, 0)) == cohort.size
    oldest = table.cohorts[0]
    came_back = [
        people_of(shop, people.rule_of_cohort(oldest.month, index))
        for index in range(1, len(oldest.customers))
    ]
    assert came_back == list(oldest.customers[1:])
