"""Who may erase and export, and that erasing takes the name typed."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from regulars.customers import queries as customers
from regulars.privacy import queries
from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.models import User
from regulars.workspaces.records import KeyScope, Role
from tests.town import Town, town


@pytest.fixture
def place(db: None) -> Town:
    return town()


def signed_in(workspace_id: int, role: Role) -> Client:
    email = f"{role.value}-{workspace_id}@example.com"
    user_id = actions.ensure_user(email, "pw-long-enough-1")
    with scope(workspace_id):
        actions.add_member(workspace_id, user_id, role)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(id=user_id))
    return client


def public_id(place: Town, customer_id: int) -> str:
    workspace_id = place.other.id if customer_id == place.zoe else place.bakery.id
    with scope(workspace_id):
        return customers.profiles(workspace_id, [customer_id])[customer_id].public_id


def test_erasing_takes_the_name_typed(place: Town) -> None:
    owner = signed_in(place.bakery.id, Role.OWNER)
    mira = public_id(place, place.mira)

    refused = owner.post(f"/privacy/persons/{mira}/erase", {"confirmation": "Oleg"})

    assert refused.status_code == 422
    with scope(place.bakery.id):
        assert queries.erasures(place.bakery.id) == []
    answer = owner.post(f"/privacy/persons/{mira}/erase", {"confirmation": " mira "})
    with scope(place.bakery.id):
        (asked,) = queries.erasures(place.bakery.id)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/privacy/erasures/{asked.public_id}/",
    )
    assert asked.customer_id == place.mira
    report = owner.get(answer["Location"])
    assert report.status_code == 200
    assert "mira@example.com" not in report.content.decode()
    assert owner.get("/privacy/erasures/").status_code == 200


def test_only_owners_erase_and_only_those_who_may_export_do(place: Town) -> None:
    mira = public_id(place, place.mira)
    marketer = signed_in(place.bakery.id, Role.MARKETER)
    cashier = signed_in(place.bakery.id, Role.CASHIER)

    assert (
        marketer.post(f"/privacy/persons/{mira}/erase", {"confirmation": "mira"}).status_code == 403
    )
    assert marketer.get("/privacy/erasures/").status_code == 403
    page = marketer.get(f"/privacy/persons/{mira}/")
    assert page.status_code == 200
    assert 'id="erase"' not in page.content.decode()
    assert cashier.get(f"/privacy/persons/{mira}/").status_code == 403
    assert cashier.get("/settings/audit/").status_code == 403
    with scope(place.bakery.id):
        assert queries.erasures(place.bakery.id) == []


def test_a_card_opened_stands_in_the_trail_of_the_owner(place: Town) -> None:
    owner = signed_in(place.bakery.id, Role.OWNER)
    mira = public_id(place, place.mira)
    owner.get(f"/customers/{mira}/")

    shown = owner.get(f"/settings/audit/?object={mira}").content.decode()

    assert "Opened the card" in shown
    assert f"/customers/{mira}/" in shown
    for query in ("act=key.created", "actor=key:1", "since=2999-01-01", "since=x&before=y"):
        assert owner.get(f"/settings/audit/?{query}").status_code == 200
    assert (
        "Opened the card</th>" not in owner.get("/settings/audit/?act=key.revoked").content.decode()
    )


def test_another_workspace_is_unknown_here(place: Town) -> None:
    owner = signed_in(place.bakery.id, Role.OWNER)
    zoe = public_id(place, place.zoe)

    assert owner.get(f"/privacy/persons/{zoe}/").status_code == 404
    assert owner.post(f"/privacy/persons/{zoe}/erase", {"confirmation": "Zoe"}).status_code == 404
    assert zoe not in owner.get("/settings/audit/").content.decode()


def test_the_api_erases_and_answers_the_same_report_again(place: Town) -> None:
    with scope(place.bakery.id):
        key = actions.create_key(place.bakery.id, KeyScope.API)
    client = Client(headers={"authorization": f"Bearer {key}"})
    mira = public_id(place, place.mira)

    def ask(path: str, body: object) -> tuple[int, dict[str, object]]:
        answer = client.post(
            f"/api/v1/privacy/{path}", json.dumps(body), content_type="application/json"
        )
        return answer.status_code, answer.json()

    status, first = ask("erasures", {"customer": mira})
    _, again = ask("erasures", {"customer": mira})
    made, export = ask("exports", {"customer": mira, "key": "a"})

    assert status == 202
    assert first["state"] == "waiting"
    assert again == first
    assert client.get(f"/api/v1/privacy/erasures/{first['id']}").json() == first
    assert made == 202
    assert client.get(f"/api/v1/privacy/exports/{export['id']}").json() == export
    assert client.get(f"/api/v1/privacy/exports/{export['id']}/file").status_code == 404
