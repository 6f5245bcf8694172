"""Saved views over HTTP: what the team shares, under names that are keys."""

from __future__ import annotations

from importlib import import_module

import pytest

from regulars.customers import actions
from regulars.customers.actions import views
from regulars.customers.records import Identity
from regulars.orders.tests.test_api import Api
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import Role
from tests.town import Town, town


@pytest.fixture
def place(db: None) -> Town:
    return town()


@pytest.fixture
def api(place: Town) -> Api:
    return Api(place.bakery.id)


def member(place: Town, name: str = "anna", role: Role = Role.MARKETER) -> str:
    email = f"{name}-{place.bakery.id}@example.com"
    user_id = workspaces.ensure_user(email, "long enough")
    with scope(place.bakery.id):
        workspaces.add_member(place.bakery.id, user_id, role)
    return email


def deleted(api: Api, path: str) -> int:
    return int(api.client.delete(f"/api/v1/{path}").status_code)


def test_a_view_is_made_read_changed_and_forgotten(place: Town, api: Api) -> None:
    anna = member(place)
    body = {"name": " Tea  people ", "owner": anna, "filter": {"tag": "tea", "sort": "name"}}

    status, made = api("post", "customers/views", body)
    path = f"customers/views/{made['id']}"
    changed = api("patch", path, {"name": "Tea", "is_shared": False})[1]
    shared = api("get", "customers/views")[1]
    annas = api("get", "customers/views", owner=anna.upper())[1]

    assert (status, made["name"], made["owner"]) == (200, "Tea people", anna)
    assert made["filter"] == {"tag": "tea", "sort": "name"} and made["is_shared"]
    assert changed == {**made, "name": "Tea", "is_shared": False}
    assert shared == {"views": [], "next": None}
    assert annas == {"views": [changed], "next": None}
    assert api("get", path) == (200, changed)
    assert deleted(api, path) == 204
    assert (api("get", path)[0], deleted(api, path)) == (404, 404)


def test_a_name_is_the_key(place: Town, api: Api) -> None:
    anna, ben = member(place), member(place, "ben")
    body = {"name": "Tea", "owner": anna, "filter": {"tag": "tea"}}

    first = api("post", "customers/views", body)[1]
    again = api("post", "customers/views", body)
    other = api("post", "customers/views", {**body, "filter": {"tag": "milk"}})
    bens = api("post", "customers/views", {**body, "owner": ben})[1]
    milk = api("post", "customers/views", {"name": "Milk", "owner": anna})[1]
    renamed = api("patch", f"customers/views/{milk['id']}", {"name": "Tea"})

    assert again == (200, first)
    assert (other[0], other[1]["code"]) == (409, "view_taken")
    assert bens["id"] != first["id"]
    assert (renamed[0], renamed[1]["code"]) == (409, "view_taken")


def test_what_no_list_asks_for_is_refused(place: Town, api: Api) -> None:
    anna, cashier = member(place), member(place, "till", Role.CASHIER)
    good = {"name": "Tea", "owner": anna}

    for body, code in (
        ({**good, "owner": "nobody@example.com"}, "member_unknown"),
        ({**good, "filter": {"colour": "red"}}, "view_filter"),
        ({**good, "filter": {"sort": "age"}}, "view_filter"),
        ({**good, "name": "  "}, "view_name"),
    ):
        status, answer = api("post", "customers/views", body)
        assert (status, answer["code"]) == (422, code)
    assert api("post", "customers/views", {**good, "filter": {"tag": "x" * 101}})[0] == 422
    assert api("post", "customers/views", {**good, "filter": {"segment": "A" * 22}})[0] in (
        404,
        422,
    )
    assert api("post", "customers/views", {**good, "owner": cashier})[0] == 200
    assert len(api("get", "customers/views")[1]["views"]) == 1


def test_the_list_opens_by_a_view_or_a_filter(place: Town, api: Api) -> None:
    with scope(place.bakery.id):
        actions.identify_many(
            place.bakery.id,
            [Identity(external_id=f"t{n}", traits={"name": f"T{n}", "tags": ["tea"], "pet": "cat"})
             for n in range(3)],
        )  # fmt: skip
    body = {"name": "Tea", "owner": member(place), "filter": {"tag": "tea", "sort": "-name"}}
    view = api("post", "customers/views", body)[1]["id"]

    by_view = api("get", "customers", view=view)[1]
    by_filter = api("get", "customers", tag="tea", attribute="pet=cat", sort="name")[1]

    assert [one["name"] for one in by_view["customers"]] == ["T2", "T1", "T0"]
    assert [one["name"] for one in by_filter["customers"]] == ["T0", "T1", "T2"]
    assert api("get", "customers", view=view, tag="tea")[0] == 422
    assert api("get", "customers", view="A" * 22)[0] == 404


def test_views_have_a_limit_and_pages(
    place: Town, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "VIEWS_MAX", 3)
    anna = member(place)
    made = [
        api("post", "customers/views", {"name": f"V{n}", "owner": anna})[1]["id"] for n in range(3)
    ]

    status, refused = api("post", "customers/views", {"name": "V9", "owner": anna})
    monkeypatch.setattr(import_module("regulars.customers.queries.views"), "VIEWS_PAGE", 2)
    monkeypatch.setattr("regulars.customers.views_api.VIEWS_PAGE", 2)
    first = api("get", "customers/views")[1]
    second = api("get", "customers/views", after=first["next"])[1]

    assert (status, refused["code"]) == (409, "views_too_many")
    assert [one["id"] for one in (*first["views"], *second["views"])] == made
    assert second["next"] is None


def test_views_of_another_workspace_are_not_there(place: Town, api: Api) -> None:
    view = api("post", "customers/views", {"name": "Tea", "owner": member(place)})[1]
    stranger = Api(place.other.id)
    path = f"customers/views/{view['id']}"

    assert stranger("get", path)[0] == 404
    assert stranger("patch", path, {"name": "Mine"})[0] == 404
    assert deleted(stranger, path) == 404
    assert stranger("get", "customers", view=view["id"])[0] == 404
    assert stranger("get", "customers/views")[1] == {"views": [], "next": None}
    assert api("get", path)[1] == view
