"""A real order history: the segment that the win-back campaign goes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.analytics.rfm import AT_RISK, rfm_of, rfm_statement, scores_of_class
from regulars.analytics.statements import Scope
from regulars.intake.importers.run import run_import
from regulars.lake import engine
from regulars.segments import actions, queries
from regulars.segments.tests.test_segments import rule
from regulars.store.scope import scope
from tests.town import workspace

pytestmark = pytest.mark.real_data

AT = datetime(2011, 12, 10, tzinfo=UTC)
# The bounds of the class on that day: silent since 28 September, two to five orders.
AT_RISK_RULE = rule(
    {"fact": "order.last_at", "op": "before", "value": "2011-09-29"},
    {"fact": "order.count", "op": "between", "value": [2, 5]},
)


def test_the_class_at_risk_is_a_segment_of_701_customers(
    online_retail: Path, as_engine: None, feed: Callable[[], None]
) -> None:
    shop = workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")
    run_import(shop.id, "orders", online_retail / "online_retail.parquet", None)
    feed()

    with scope(shop.id):
        one = actions.create_segment(shop.id, name="At risk", rule=AT_RISK_RULE)
        found = queries.count(shop.id, one.rule, AT)
        by_slug = queries.audience(shop.id, rule({"segment": one.slug}), AT)
        asked = rfm_statement(Scope(at=AT, zone="Europe/London", currency="GBP"))
        grid = rfm_of(engine.query(shop.id, asked.sql, asked.params).to_pylist())

    assert (found.total, found.customers) == (701, 4_372)
    assert len(by_slug) == 701 and by_slug == sorted(set(by_slug))
    bounds = grid.bounds(*scores_of_class(AT_RISK))
    assert bounds is not None
    assert (bounds.recency_days_min, bounds.recency_days_max) == (72, None)
    assert (bounds.frequency_min, bounds.frequency_max) == (2, 5)
