"""Writing a campaign, copying it, and keeping one that was sent elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from regulars.campaigns import actions, queries
from regulars.campaigns.records import Draft, State
from regulars.campaigns.tests.shop import IN_KYIV, SOURCE
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import scope
from tests.town import workspace

DRAFT = Draft(name="Bread", rule=IN_KYIV, subject="Bread", source=SOURCE)


def test_a_tenth_is_held_back_unless_the_author_says_otherwise():
    assert Draft(name="Bread").control_share == 0.1


def test_the_same_key_and_content_is_one_draft(db):
    bakery, florist = workspace("bakery"), workspace("florist")
    with scope(bakery.id):
        first = actions.create_draft(bakery.id, DRAFT, key="k")
        again = actions.create_draft(bakery.id, DRAFT, key="k")
        with pytest.raises(Conflict) as caught:
            actions.create_draft(bakery.id, replace(DRAFT, name="Cake"), key="k")
        listed = queries.campaigns(bakery.id)
    with scope(florist.id):
        theirs = actions.create_draft(florist.id, DRAFT, key="k")

    assert again == first
    assert caught.value.code == "idempotency_mismatch"
    assert listed == [first]
    assert theirs.public_id != first.public_id


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"name": " "}, "name"), ({"name": "x" * 121}, "name"), ({"subject": "a\nb"}, "subject"),
     ({"subject": "x" * 501}, "subject"), ({"source": "x" * 200_001}, "source"),
     ({"source": "\x00"}, "source"), ({"control_share": 0.51}, "control_share"),
     ({"control_share": -0.1}, "control_share"), ({"window_days": 0}, "window_days"),
     ({"window_days": 366}, "window_days"), ({"pace_per_hour": -1}, "pace_per_hour")],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused_and_nothing_is_written(db, fields, path):
    bakery = workspace()

    with scope(bakery.id):
        with pytest.raises(Invalid) as caught:
            actions.create_draft(bakery.id, replace(DRAFT, **fields))
        assert caught.value.details["path"] == path
        assert queries.campaigns(bakery.id) == []


def test_a_draft_can_be_rewritten_by_its_workspace_only(db):
    bakery, florist = workspace("bakery"), workspace("florist")
    with scope(bakery.id):
        one = actions.create_draft(bakery.id, DRAFT)
    with scope(florist.id), pytest.raises(NotFound):
        actions.update(florist.id, one.public_id, replace(DRAFT, name="Mine now"))

    with scope(bakery.id):
        after = actions.update(bakery.id, one.public_id, replace(DRAFT, name="Cake"))

    assert (after.name, after.state, after.draft()) == (
        "Cake", State.DRAFT, replace(DRAFT, name="Cake"),
    )  # fmt: skip


def test_a_copy_is_a_draft_with_the_same_content(db):
    bakery = workspace()
    with scope(bakery.id):
        one = actions.create_draft(bakery.id, DRAFT)
        copy = actions.copy_draft(bakery.id, one.public_id, name="Bread, copy")

    assert copy.public_id != one.public_id
    assert copy.draft() == replace(DRAFT, name="Bread, copy")


def past(workspace_id, **changes):
    launched = clock.now() - timedelta(days=90)
    given = {
        "key": "old tool: 17",
        "launched_at": launched,
        "finished_at": launched + timedelta(hours=2),
        "contacted_count": 900,
        "control_count": 100,
        **changes,
    }
    with scope(workspace_id):
        return actions.record_past(workspace_id, changes.pop("draft", DRAFT), **given)


def test_a_campaign_of_the_past_is_kept_once_and_starts_nothing(db, as_engine):
    from regulars.campaigns.tests.shop import take_job

    bakery = workspace()
    launched = clock.now() - timedelta(days=90)
    moments = {"launched_at": launched, "finished_at": launched + timedelta(hours=2)}

    first = past(bakery.id, **moments)
    again = past(bakery.id, **moments)

    assert again == first
    assert (first.state, first.is_launched, first.audience_count) == (State.SENT, True, 1_000)
    assert (first.contacted_count, first.control_count) == (900, 100)
    assert take_job(bakery.id) is None
    with pytest.raises(Conflict):
        past(bakery.id, **moments, contacted_count=901)
    with scope(bakery.id):
        assert queries.campaigns(bakery.id) == [first]
        assert queries.windows(bakery.id) == {first.id: 30}


@pytest.mark.parametrize(
    "changes",
    [{"finished_at": clock.now() + timedelta(days=1)}, {"launched_at": clock.now()},
     {"control_count": -1}],
)  # fmt: skip
def test_a_past_that_cannot_be_is_refused(db, changes):
    bakery = workspace()

    with pytest.raises(Invalid):
        past(bakery.id, **changes)

    with scope(bakery.id):
        assert queries.campaigns(bakery.id) == []
