"""A program lets customers join and asks where they stand; other shops' members are unknown."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from regulars.customers import actions as customers
from regulars.loyalty.actions import adjustments, carrying, members, points, rewards
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.point_records import Earn, Grant, Part
from regulars.loyalty.queries import history, programme
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


def test_a_program_gives_and_takes_points_once_for_a_key(db: None) -> None:
    here = town()
    _, mira = _ask(here.bakery, "members", {"external_id": "mira"})
    path = f"members/{mira['member']}/points"
    given = {"points": 500, "reason": "A broken cup", "key": "k1"}

    status, first = _ask(here.bakery, path, given)
    _, again = _ask(here.bakery, path, given)
    mismatch = _ask(here.bakery, path, {**given, "points": 501})
    taken = _ask(here.bakery, path, {"points": -200, "reason": "A mistake", "key": "k2"})
    too_many = _ask(here.bakery, path, {"points": -301, "reason": "A mistake", "key": "k3"})
    _, told = _ask(here.bakery, path)
    _, now = _ask(here.bakery, f"members/{mira['member']}")

    assert (status, first["state"], first["currency"]) == (200, "posted", "points")
    assert again == first
    assert (mismatch[0], mismatch[1]["code"]) == (409, "idempotency_mismatch")
    assert (taken[0], too_many[0], too_many[1]["code"]) == (200, 403, "points_insufficient")
    assert now["balances"][0]["available"] == 300
    assert [(one["kind"], one["available"], one["reason"]) for one in told["changes"]] == [
        ("adjust", -200, "A mistake"), ("adjust", 500, "A broken cup"),
    ]  # fmt: skip
    assert told["next"] is None


def test_above_the_limit_a_program_waits_for_a_person_too(db: None) -> None:
    here = town()
    _, mira = _ask(here.bakery, "members", {"external_id": "mira"})
    path = f"members/{mira['member']}/points"
    with scope(here.bakery.id):
        limit = programme.programme(here.bakery.id).programme.holding.approval_points

    _, asked = _ask(here.bakery, path, {"points": limit + 1, "reason": "Very sorry", "key": "k"})
    _, before = _ask(here.bakery, f"members/{mira['member']}")
    with scope(here.bakery.id):
        adjustments.approve(here.bakery.id, asked["adjustment"], "user:1")
    _, after = _ask(here.bakery, f"members/{mira['member']}")

    assert (asked["state"], before["balances"]) == ("waiting", [])
    assert after["balances"][0]["available"] == limit + 1


def test_what_no_change_of_points_can_mean_is_refused(db: None) -> None:
    here = town()
    _, mira = _ask(here.bakery, "members", {"external_id": "mira"})
    path = f"members/{mira['member']}/points"
    sound = {"points": 5, "reason": "Because", "key": "k"}
    wrong = [
        ({"points": 0}, "points_amount"), ({"currency": "gold"}, "currency_unknown"),
        ({"reason": " "}, "reason_missing"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_past"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "value_unusable"),
        ({"expires_at": "0001-01-01T00:00:00+12:00"}, "value_unusable"),
    ]  # fmt: skip

    for change, code in wrong:
        assert _ask(here.bakery, path, {**sound, **change})[1]["code"] == code
    assert _ask(here.other, path, sound)[0] == 404
    assert _ask(here.other, path)[0] == 404
    assert _ask(here.bakery, path)[1]["changes"] == []
    assert _ask(here.bakery, path, sound)[0] == 200


def test_the_history_of_points_comes_page_by_page_and_whole(db: None) -> None:
    here = town()
    _, member = _ask(here.bakery, "members", {"external_id": "mira"})
    with scope(here.bakery.id):
        (mira,) = members.enrol(here.bakery.id, [here.mira])
        for number in range(history.PAGE_ROWS):
            # Two currencies at once every third time, so that a page would end between them.
            parts = [Part("points", 1 + number), *([Part("gems", 5)] if number % 3 == 1 else [])]
            points.earn(here.bakery.id, Earn(mira, f"e{number}", tuple(parts)))
    path = f"members/{member['member']}/points"

    _, first = _ask(here.bakery, path)
    _, second = _ask(here.bakery, f"{path}?before={first['next']}")

    told = [(one["currency"], one["available"]) for one in first["changes"] + second["changes"]]
    assert second["next"] is None
    assert len(first["changes"]) <= history.PAGE_ROWS
    assert sorted(told) == sorted(
        [("points", 1 + n) for n in range(history.PAGE_ROWS)]
        + [("gems", 5) for n in range(history.PAGE_ROWS) if n % 3 == 1]
    )
    last = {one["transaction"] for one in first["changes"]}
    assert last.isdisjoint({one["transaction"] for one in second["changes"]})
