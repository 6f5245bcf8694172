"""Merging and splitting over HTTP, and on the page of merges."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from regulars.customers import actions, queries
from regulars.customers.actions import duplicates as deciding
from regulars.customers.records import Identity, PairState
from regulars.customers.tests.test_pages import member_of
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope, Role
from tests.town import Town, town


def member(there: Town, role: Role = Role.OWNER) -> Client:
    return member_of(there.bakery, role)


def caller(workspace_id: int) -> Any:
    with scope(workspace_id):
        key = workspaces.create_key(workspace_id, KeyScope.API, name="test")
    client = Client()

    def call(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = client.generic(
            method,
            f"/api/v1/customers{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}", **headers},
        )
        return answer.status_code, json.loads(answer.content)

    return call


def public_ids(workspace_id: int, *ids: int) -> list[str]:
    with scope(workspace_id):
        people = queries.profiles(workspace_id, list(ids))
    return [people[one].public_id for one in ids]


def test_a_program_merges_once_under_a_key_reads_the_log_and_splits_again(db: None) -> None:
    there = town()
    mira, oleg = public_ids(there.bakery.id, there.mira, there.oleg)
    call = caller(there.bakery.id)
    body = {"other": oleg, "winner": "this"}

    first = call("POST", f"/{mira}/merge", body, **{"Idempotency-Key": "k"})
    again = call("POST", f"/{mira}/merge", body, **{"Idempotency-Key": "k"})
    other = call("POST", f"/{mira}/merge", {"other": mira}, **{"Idempotency-Key": "k2"})

    assert first == again == (200, {"id": mira, "merged": oleg, "rule": "chosen"})
    assert other[0] == 422
    assert call("GET", f"/{oleg}")[1]["id"] == mira
    status, log = call("GET", f"/merges?customer={oleg}")
    assert (status, [(line["customer"], line["into"]) for line in log["merges"]]) == (
        200, [(oleg, mira)],
    )  # fmt: skip
    assert call("POST", f"/{oleg}/unmerge")[1]["id"] == oleg
    assert call("POST", f"/{oleg}/unmerge")[0] == 409


def test_nobody_merges_across_workspaces(db: None) -> None:
    there = town()
    (mira,) = public_ids(there.bakery.id, there.mira)
    (zoe,) = public_ids(there.other.id, there.zoe)
    call = caller(there.bakery.id)

    assert call("POST", f"/{mira}/merge", {"other": zoe})[0] == 404
    assert call("POST", f"/{zoe}/merge", {"other": mira})[0] == 404
    assert call("POST", f"/{zoe}/unmerge")[0] == 404
    assert call("GET", f"/merges?customer={zoe}")[0] == 404
    assert call("GET", "/merges")[1] == {"merges": [], "next": None}


def test_the_card_shows_whom_it_took_in_and_splits_them_off(db: None) -> None:
    there = town()
    mira, oleg = public_ids(there.bakery.id, there.mira, there.oleg)
    with scope(there.bakery.id):
        actions.merge(there.bakery.id, there.oleg, there.mira, actor="anna")
    client = member(there)

    moved = client.get(f"/customers/{oleg}/")
    card = client.get(f"/customers/{mira}/").content.decode()
    log = client.get("/customers/merges").content.decode()
    split = client.post(f"/customers/{oleg}/split")

    assert (moved.status_code, moved["Location"]) == (302, f"/customers/{mira}/")
    assert "Oleg" in card
    assert "Split off again" in card
    assert "anna" in log
    assert split["Location"] == f"/customers/{oleg}/"
    assert client.get(f"/customers/{oleg}/").status_code == 200


def test_only_who_may_edit_splits_and_only_who_keeps_the_settings_rules(db: None) -> None:
    there = town()
    (oleg,) = public_ids(there.bakery.id, there.oleg)
    with scope(there.bakery.id):
        actions.merge(there.bakery.id, there.oleg, there.mira)
    cashier, marketer = member(there, Role.CASHIER), member(there, Role.MARKETER)

    assert cashier.post(f"/customers/{oleg}/split").status_code == 403
    assert marketer.post("/customers/merges/rules", {}).status_code == 403
    assert member(there).post("/customers/merges/rules", {}).status_code == 302
    with scope(there.bakery.id):
        assert queries.are_ids_people(there.bakery.id) is False
        assert queries.roots_of(there.bakery.id, [there.oleg]) == {there.oleg: there.mira}


def test_a_program_says_what_is_confirmed_and_names_cards(db: None) -> None:
    there = town()
    call = caller(there.bakery.id)
    named = {
        "external_id": "mira",
        "email": "mira@example.com",
        "confirmed": ["email"],
        "others": [{"kind": "card", "value": "4001"}],
    }

    status, found = call("POST", "/identify", [named])
    _, by_card = call("POST", "/identify", [{"others": [{"kind": "card", "value": "4001"}]}])

    assert (status, found) == (200, by_card)
    with scope(there.bakery.id):
        standing = queries.standings(there.bakery.id, [there.mira])[there.mira]
        assert [identifier.value for identifier in standing.confirmed] == ["mira@example.com"]
        assert queries.find(there.bakery.id, Identity(external_id="mira")) == there.mira


def test_a_program_says_twice_that_two_told_apart_are_one(db: None) -> None:
    there = town()
    mira, oleg = public_ids(there.bakery.id, there.mira, there.oleg)
    call = caller(there.bakery.id)
    with scope(there.bakery.id):
        pair, _state = deciding.propose_pair(there.bakery.id, there.mira, there.oleg)
        deciding.decide_pair(there.bakery.id, pair, PairState.DIFFERENT, actor="anna")

    refused = call("POST", f"/{mira}/merge", {"other": oleg})
    body = {"other": oleg, "is_confirmed": True}
    done = call("POST", f"/{mira}/merge", body, **{"Idempotency-Key": "k"})
    again = call("POST", f"/{mira}/merge", {"other": oleg}, **{"Idempotency-Key": "k"})

    assert (refused[0], refused[1]["code"]) == (409, "pair_told_apart")
    assert done == again
    assert done[0] == 200
