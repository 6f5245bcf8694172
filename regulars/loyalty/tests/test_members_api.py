"""A program lets customers join and asks where they stand; other shops' members are unknown."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from regulars.customers import actions as customers
from regulars.loyalty.actions import carrying, members, points, rewards
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.point_records import Grant
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope, WorkspaceRecord
from tests.town import town


def _ask(place: WorkspaceRecord, path: str, body: Any = None) -> tuple[int, Any]:
    with scope(place.id):
        key = workspaces.create_key(place.id, KeyScope.API, name="members")
    client = Client(headers={"authorization": f"Bearer {key}"})
    path = f"/api/v1/loyalty/{path}"
    told = (
        client.get(path)
        if body is None
        else client.post(path, json.dumps(body), content_type="application/json")
    )
    return told.status_code, told.json()


def test_a_customer_joins_once_and_is_told(db: None) -> None:
    here = town()

    status, first = _ask(here.bakery, "members", {"phone": "067 123 45 67"})
    _, again = _ask(here.bakery, "members", {"email": "mira@example.com"})
    with scope(here.bakery.id):
        (mira,) = members.enrol(here.bakery.id, [here.mira])
        points.grant(here.bakery.id, Grant(mira, "points", 500, "a"))
    _, later = _ask(here.bakery, f"members/{first['member']}")

    assert (status, first["state"], first["balances"]) == (200, "active", [])
    assert again["member"] == first["member"]
    assert [(one["currency"], one["available"]) for one in later["balances"]] == [("points", 500)]


def test_a_member_who_was_merged_away_is_whom_they_became(db: None) -> None:
    here = town()
    _, before = _ask(here.bakery, "members", {"external_id": "oleg"})
    with scope(here.bakery.id):
        (mira,) = members.enrol(here.bakery.id, [here.mira])
        points.grant(here.bakery.id, Grant(mira, "points", 500, "a"))
        customers.merge(here.bakery.id, here.oleg, here.mira)
        carrying.merge(here.bakery.id, here.oleg, here.mira, "1")
        reward = rewards.create_reward(
            here.bakery.id, RewardTerms(name="Mug", points=200, currency="points")
        )

    status, now = _ask(here.bakery, f"members/{before['member']}")
    ordered, order = _ask(
        here.bakery, f"rewards/{reward.public_id}/orders", {"member": before["member"], "key": "k"}
    )
    _, later = _ask(here.bakery, f"members/{before['member']}")
    codes = {
        _ask(here.bakery, "referrals/codes", {"member": one})[1]["code"]
        for one in (before["member"], now["member"])
    }

    assert (status, now["balances"][0]["available"]) == (200, 500)
    assert now["member"] != before["member"]
    assert (ordered, order["points"], later["balances"][0]["available"]) == (201, 200, 300)
    assert len(codes) == 1


def test_nobody_joins_by_two_names_or_by_none_or_unknown(db: None) -> None:
    here = town()

    for body in ({}, {"email": "mira@example.com", "external_id": "mira"}):
        assert _ask(here.bakery, "members", body)[1]["code"] == "member_key"
    assert _ask(here.bakery, "members", {"external_id": "nobody"})[0] == 404


def test_another_shop_does_not_know_them(db: None) -> None:
    here = town()
    _, made = _ask(here.bakery, "members", {"external_id": "mira"})

    assert _ask(here.other, f"members/{made['member']}")[0] == 404
    assert _ask(here.other, "members", {"external_id": "mira"})[0] == 404
