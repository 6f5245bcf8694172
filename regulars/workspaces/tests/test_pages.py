from __future__ import annotations

import re

import time_machine

from regulars.store.scope import scope
from regulars.workspaces import actions, queries
from regulars.workspaces.models import ApiKey
from regulars.workspaces.records import KeyScope, Role
from regulars.workspaces.tests.doors import PASSWORD, browser, person, signed_in

KEY = re.compile(r"rg_intake_[\w-]{40,}")


def test_a_key_is_shown_once_and_only_its_trace_is_kept(db: None) -> None:
    anna = person()
    client = signed_in(anna)

    made = client.post("/settings/keys/", {"name": "Site", "scope": "intake"})
    later = client.get("/settings/keys/").content.decode()

    key = KEY.search(made.content.decode())
    assert key and "no-store" in made["Cache-Control"]
    assert key.group() not in later and f"…{key.group()[-6:]}" in later
    with scope(anna.workspace.id):
        row = ApiKey.objects.get(workspace_id=anna.workspace.id)
        assert key.group() not in (row.key_hash, row.hint, row.name)
        assert queries.workspace_of_key(key.group(), KeyScope.API) is None
    found = queries.workspace_of_key(key.group(), KeyScope.INTAKE)
    assert found is not None and found.id == anna.workspace.id


def test_a_closed_key_opens_nothing(db: None) -> None:
    anna = person()
    with scope(anna.workspace.id):
        key = actions.create_key(anna.workspace.id, KeyScope.API)
        (record,) = queries.keys(anna.workspace.id)

    signed_in(anna).post(f"/settings/keys/{record.id}/revoke/")

    assert queries.workspace_of_key(key, KeyScope.API) is None


def test_a_key_of_another_workspace_cannot_be_closed(db: None) -> None:
    anna, zoe = person(), person()
    with scope(zoe.workspace.id):
        key = actions.create_key(zoe.workspace.id, KeyScope.API)
        (record,) = queries.keys(zoe.workspace.id)

    answer = signed_in(anna).post(f"/settings/keys/{record.id}/revoke/")

    assert answer.status_code == 404
    assert queries.workspace_of_key(key, KeyScope.API) is not None


def test_settings_are_saved_and_a_wrong_one_keeps_what_was_typed(db: None) -> None:
    anna = person()
    client = signed_in(anna)
    good = {
        "name": "Tea & Bean",
        "currency": "EUR",
        "time_zone": "Europe/Madrid",
        "language": "uk",
        "region": "ES",
    }

    wrong = client.post("/settings/", good | {"currency": "euro", "name": "Half"})
    saved = client.post("/settings/", good)

    assert wrong.status_code == 422
    assert "Give three capital letters, such as UAH." in wrong.content.decode()
    assert 'value="Half"' in wrong.content.decode()
    assert saved.status_code == 302
    with scope(anna.workspace.id):
        now = queries.workspace(anna.workspace.id)
    assert (now.name, now.currency, now.time_zone) == ("Tea & Bean", "EUR", "Europe/Madrid")


def test_times_are_written_in_the_zone_of_the_workspace(db: None) -> None:
    anna = person()

    with time_machine.travel("2026-07-01T21:30:00Z", tick=False):
        page = signed_in(anna).get("/settings/").content.decode()

    assert "2 Jul 2026, 00:30" in page


def test_an_owner_adds_a_member_who_can_sign_in(db: None) -> None:
    anna = person()
    email = f"new-{anna.email}"
    client = signed_in(anna)

    without = client.post("/settings/team/", {"email": email, "role": "cashier"})
    added = client.post(
        "/settings/team/", {"email": email, "role": "cashier", "password": PASSWORD}
    )
    twice = client.post("/settings/team/", {"email": email, "role": "owner"})

    assert without.status_code == 422
    assert "Give a new member a first password." in without.content.decode()
    assert added.status_code == 302
    assert "This person is in the team" in twice.content.decode()
    answer = browser().post("/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302


def test_a_person_who_works_elsewhere_joins_with_the_password_they_have(db: None) -> None:
    anna, zoe = person(), person()

    signed_in(anna).post(
        "/settings/team/", {"email": zoe.email, "role": "analyst", "password": "taken-over-now"}
    )

    client = signed_in(zoe)
    assert {w.id for w, _ in queries.workspaces_of(zoe.user_id)} == {
        anna.workspace.id,
        zoe.workspace.id,
    }
    assert client.get("/search").status_code == 200


def test_a_role_is_changed_and_the_last_owner_stays_one(db: None) -> None:
    anna = person()
    mate = person(Role.CASHIER, at=anna.workspace)
    client = signed_in(anna)

    client.post(f"/settings/team/{mate.user_id}/role/", {"role": "analyst"})
    stepped = client.post(f"/settings/team/{anna.user_id}/role/", {"role": "cashier"}, follow=True)
    left = client.post(f"/settings/team/{anna.user_id}/remove/", follow=True)
    unknown = client.post(f"/settings/team/{mate.user_id}/role/", {"role": "king"})

    with scope(anna.workspace.id):
        roles = {m.user_id: m.role for m in queries.members(anna.workspace.id)}
    assert roles == {anna.user_id: Role.OWNER, mate.user_id: Role.ANALYST}
    for page in (stepped, left):
        assert "A workspace needs an owner: name another one first." in page.content.decode()
    assert unknown.status_code == 422


def test_nobody_changes_the_role_of_a_stranger(db: None) -> None:
    anna, zoe = person(), person()

    answer = signed_in(anna).post(f"/settings/team/{zoe.user_id}/role/", {"role": "owner"})

    assert answer.status_code == 404
    with scope(anna.workspace.id):
        assert [m.user_id for m in queries.members(anna.workspace.id)] == [anna.user_id]


def test_who_may_not_is_told_so_in_their_language(db: None) -> None:
    owner = person()
    cashier = person(Role.CASHIER, at=owner.workspace)
    client = signed_in(cashier, language="ru")

    for path in ("/settings/", "/settings/team/", "/settings/keys/", "/data/events/"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "Ваша роль этого не позволяет" in answer.content.decode()


def test_the_switcher_leads_to_own_workspaces_only(db: None) -> None:
    anna, zoe = person(), person()
    with scope(zoe.workspace.id):
        actions.add_member(zoe.workspace.id, anna.user_id, Role.MARKETER)
    other = person().workspace
    client = signed_in(anna)

    client.post("/settings/switch/", {"workspace": zoe.workspace.public_id})
    as_marketer = client.get("/settings/").status_code
    client.post("/settings/switch/", {"workspace": anna.workspace.public_id})
    as_owner = client.get("/settings/").status_code
    stolen = client.post("/settings/switch/", {"workspace": other.public_id})

    assert (as_marketer, as_owner, stolen.status_code) == (403, 200, 404)
    assert client.get("/settings/").status_code == 200
