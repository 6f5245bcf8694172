"""One step goes through all workspaces, but not for long in one transaction."""

from __future__ import annotations

from datetime import timedelta

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.segments import actions
from regulars.segments.keeping import following
from regulars.segments.tests.keeping import members, passages, settle
from regulars.store.scope import scope

VIEWED = {"version": 1, "where": {"did": "Product Viewed", "within": {"last": "7d"}}}


def test_workspaces_that_come_late_in_a_step_are_asked_one_by_one(
    shop, feed, as_engine, monkeypatch
):
    monkeypatch.setattr(following, "REFRESH_LEASE", timedelta(0))
    other = shop.town.other.id
    for workspace_id in (shop.id, other):
        with scope(workspace_id):
            actions.create_segment(workspace_id, name="Viewed", slug="viewed", rule=VIEWED)
            actions.create_segment(
                workspace_id,
                name="Nobody",
                slug="nobody",
                rule={"version": 1, "where": {"any": []}},
            )
    settle(feed)
    for workspace_id, customer_id in ((shop.id, shop.town.mira), (other, shop.town.zoe)):
        with scope(workspace_id):
            event = NewEvent(
                kind="Product Viewed", time=clock.now(), key="late", customer_id=customer_id
            )
            events.record(workspace_id, event)
    monkeypatch.setattr(following, "STEP_S_MAX", -1.0)

    while following.follow_changes():
        pass
    assert members(other, "viewed") == []
    while following.follow_clock():
        pass

    assert members(shop.id, "viewed") == sorted([shop.town.mira, shop.town.oleg])
    assert members(other, "viewed") == [shop.town.zoe]
    assert passages(other, "viewed") == [(shop.town.zoe, "segment.entered", "event", "live")]
