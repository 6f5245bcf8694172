from __future__ import annotations

import pytest
from django.test import Client

from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope
from tests.town import Town, town


@pytest.fixture
def here(db: None) -> Town:
    return town()


def program(workspace_id: int) -> Client:
    with scope(workspace_id):
        key = workspaces.create_key(workspace_id, KeyScope.API)
    return Client(headers={"authorization": f"Bearer {key}"})


def test_an_attribute_is_made_described_and_listed(here: Town) -> None:
    client = program(here.bakery.id)
    given = {"name": "pet", "label": "Pet", "type": "text"}
    made = client.post("/api/v1/fields", given, content_type="application/json")
    assert (made.status_code, made.json()["type"], made.json()["is_conflict"]) == (
        201, "text", False,
    )  # fmt: skip
    again = client.post("/api/v1/fields", given, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "field_exists")
    said = client.put(
        "/api/v1/fields?name=pet", {"description": "At home"}, content_type="application/json"
    )
    assert (said.status_code, said.json()["description"], said.json()["label"]) == (
        200, "At home", "",
    )  # fmt: skip
    assert [one["name"] for one in client.get("/api/v1/fields").json()] == ["pet"]
    assert client.get("/api/v1/fields/kinds").json() == []


def test_a_field_of_another_workspace_is_not_there(here: Town) -> None:
    given = {"name": "pet"}
    program(here.bakery.id).post("/api/v1/fields", given, content_type="application/json")
    stranger = program(here.other.id)
    answer = stranger.put("/api/v1/fields?name=pet", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "field_unknown")
    assert stranger.get("/api/v1/fields").json() == []


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "pet", "is_made": False}, {"name": "pet", "type": "blob"}, {}]
)
def test_a_body_of_another_shape_makes_nothing(here: Town, body: dict[str, object]) -> None:
    client = program(here.bakery.id)
    answer = client.post("/api/v1/fields", body, content_type="application/json")
    assert (answer.status_code, client.get("/api/v1/fields").json()) == (422, [])
