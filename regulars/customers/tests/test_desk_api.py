"""Notes, tasks and companies over HTTP, as a shop's own program calls them."""

from __future__ import annotations

import pytest

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


def mira_of(api: Api) -> str:
    _status, page = api("get", "customers", search="mira")
    found: str = page["customers"][0]["id"]
    return found


def test_a_note_is_written_once_under_its_key(api: Api) -> None:
    mira = mira_of(api)
    body = {"text": "<b>Rye</b>", "author": "Helpdesk", "key": "ticket-1"}

    status, note = api("post", f"customers/{mira}/notes", body)
    again = api("post", f"customers/{mira}/notes", body)[1]
    listed = api("get", f"customers/{mira}/notes")[1]

    assert status == 200
    assert again["id"] == note["id"]
    assert [(one["text"], one["author"]) for one in listed["notes"]] == [("<b>Rye</b>", "Helpdesk")]
    assert listed["next"] is None


def test_a_task_is_given_to_a_member_and_done(place: Town, api: Api) -> None:
    mira = mira_of(api)
    email = f"api-{place.bakery.id}@example.com"
    user_id = workspaces.ensure_user(email, "long enough")
    with scope(place.bakery.id):
        workspaces.add_member(place.bakery.id, user_id, Role.SUPPORT)

    status, task = api("post", f"customers/{mira}/tasks", {"title": "Ring", "assignee": email})
    done = api("post", f"customers/tasks/{task['id']}/done")[1]
    refused = api("post", f"customers/{mira}/tasks", {"title": "x", "assignee": "who@example.com"})

    assert (status, task["assignee"], task["customer"]) == (200, email, mira)
    assert done["done_at"] is not None
    assert refused[0] == 422
    assert len(api("get", f"customers/{mira}/tasks")[1]["tasks"]) == 1


def test_companies_are_told_of_and_joined(api: Api) -> None:
    mira = mira_of(api)

    told = {"group_id": "acme", "name": "Acme", "traits": {"plan": "gold"}}
    status, company = api("post", "customers/companies", told)
    joined = api("post", f"customers/{mira}/companies", {"group_id": "acme"})[1]
    members = api("get", f"customers/companies/{company['id']}/members")[1]
    found = api("get", "customers/companies", search="acm")[1]

    assert (status, company["traits"]) == (200, {"plan": "gold"})
    assert [one["id"] for one in joined] == [company["id"]]
    assert members == {"customers": [mira], "next": None}
    assert [one["name"] for one in found["companies"]] == ["Acme"]
    assert api("post", f"customers/{mira}/companies", {"group_id": "a\nb"})[0] == 422


def test_ids_of_another_workspace_are_unknown(place: Town, api: Api) -> None:
    mira, stranger = mira_of(api), Api(place.other.id)
    company = api("post", "customers/companies", {"group_id": "acme"})[1]["id"]

    for method, path, body in (
        ("get", f"customers/{mira}/notes", None),
        ("post", f"customers/{mira}/notes", {"text": "x"}),
        ("get", f"customers/{mira}/tasks", None),
        ("post", f"customers/{mira}/tasks", {"title": "x", "assignee": "a@example.com"}),
        ("get", f"customers/{mira}/companies", None),
        ("post", f"customers/{mira}/companies", {"group_id": "acme"}),
        ("get", f"customers/companies/{company}", None),
        ("get", f"customers/companies/{company}/members", None),
        ("post", f"customers/tasks/{company}/done", None),
    ):
        assert stranger(method, path, body)[0] == 404, path
    assert api("get", f"customers/{mira}/notes")[1]["notes"] == []
