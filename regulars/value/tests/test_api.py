"""Grid, stages and migration for programs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from regulars.kernel import clock
from regulars.store.scope import scope
from regulars.value import actions
from regulars.value.tests.test_scoring import buy, known
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope
from tests.town import town

NOON = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def place(db, lakes, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    known(lakes, place.other.id, place.zoe)
    for number, day in enumerate(("2026-01-05", "2026-02-01", "2026-02-25"), start=1):
        buy(lakes, place.bakery.id, number, place.mira, day)
    actions.score(place.bakery.id, NOON)
    return place


def ask(workspace_id, path, **query):
    with scope(workspace_id):
        key = workspaces.create_key(workspace_id, KeyScope.API)
    client = Client(headers={"authorization": f"Bearer {key}"})
    answer = client.get(f"/api/v1/value/{path}", query)
    return answer.status_code, answer.json()


def test_the_grid_is_told_as_stored(place):
    status, found = ask(place.bakery.id, "grid")

    assert status == 200
    assert (found["by"], found["customers"], found["revenue"]) == ("fifths", 1, "30.00")
    assert found["at"] == "2026-03-01T10:00:00Z"
    assert found["cells"] == [
        {"recency": 5, "frequency": 5, "rfm_class": "champions", "customers": 1, "share": 1.0,
         "revenue": "30.00", "average": "30.00"}
    ]  # fmt: skip


def test_an_earlier_day_is_counted_anew(place):
    status, found = ask(place.bakery.id, "grid", at="2026-01-31")

    assert (status, found["revenue"]) == (200, "10.00")
    assert found["at"] == "2026-01-31T22:00:00Z"
    status, found = ask(place.bakery.id, "stages", at="2026-01-31")
    assert {one["stage"]: one["customers"] for one in found["stages"]} == {
        "first": 1, "prospect": 1,
    }  # fmt: skip


def test_the_stages_are_told_as_stored(place):
    status, found = ask(place.bakery.id, "stages")

    assert status == 200
    assert {one["stage"]: one["customers"] for one in found["stages"]} == {
        "repeat": 1, "prospect": 1,
    }  # fmt: skip


def test_the_migration_tells_who_moved(place):
    status, found = ask(
        place.bakery.id, "migration", before="2026-01-31", after="2026-03-01", what="stage"
    )

    assert (status, found["customers"], found["moved"]) == (200, 2, 1)
    assert {"was": "first", "now": "repeat", "customers": 1} in found["moves"]


def test_another_workspace_sees_its_own_customers_only(place):
    status, found = ask(place.other.id, "grid")
    assert (status, found["customers"], found["cells"], found["at"]) == (200, 0, [], None)
    status, found = ask(place.other.id, "stages", at="2026-02-01")
    assert [one["customers"] for one in found["stages"]] == [1]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("grid", {"at": "2026-03-09"}),
        ("grid", {"at": "1066-10-14"}),
        ("grid", {"at": "soon"}),
        ("migration", {"before": "2026-02-01", "after": "2026-02-01"}),
        ("migration", {"before": "2026-02-01", "after": "2026-02-02", "what": "mood"}),
    ],
)
def test_days_that_make_no_sense_are_refused(place, path, query):
    assert ask(place.bakery.id, path, **query)[0] == 422
