"""Attribution windows: the overview and a campaign's own report go by the same ones."""

from __future__ import annotations

import sys
from datetime import timedelta

from regulars.campaigns import actions
from regulars.campaigns import queries as campaigns
from regulars.campaigns.records import Draft
from regulars.campaigns.tests.shop import IN_KYIV, SOURCE
from regulars.kernel import clock
from regulars.reports.queries.campaigns import windows
from regulars.store.scope import scope
from tests.town import workspace


def test_drafts_push_no_launched_campaign_out_of_the_windows(db, monkeypatch):
    listing = sys.modules["regulars.campaigns.queries.campaigns"]
    monkeypatch.setattr(listing, "LIST_ROWS_MAX", 2)
    bakery, florist = workspace("bakery"), workspace("florist")
    launched = clock.now() - timedelta(days=90)
    draft = Draft(name="Bread", rule=IN_KYIV, subject="Bread", source=SOURCE, window_days=21)
    with scope(bakery.id):
        sent = actions.record_past(
            bakery.id, draft, launched_at=launched, finished_at=launched, contacted_count=9,
            control_count=1, key="past",
        )  # fmt: skip
        for number in range(3):
            actions.create_draft(bakery.id, draft, key=f"draft-{number}")

        assert sent.id not in [one.id for one in campaigns.campaigns(bakery.id)]
        assert windows(bakery.id) == {sent.id: 21}
        assert campaigns.windows(bakery.id) == {sent.id: 21}
    with scope(florist.id):
        assert windows(florist.id) == {}
