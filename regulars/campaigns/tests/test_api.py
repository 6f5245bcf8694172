"""Campaigns over HTTP, with a key of the workspace."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from regulars.campaigns.tests.shop import IN_KYIV, SOURCE, buy, messages, settle, shop, work
from regulars.kernel import clock
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope

BODY = {"name": "Bread", "rule": IN_KYIV, "subject": "Bread", "source": SOURCE}


class Api:
    """The API as a program of one workspace calls it."""

    def __init__(self, workspace_id):
        with scope(workspace_id):
            self.key = workspaces.create_key(workspace_id, KeyScope.API, name="test")

    def __call__(self, method, path, body=None, *, key="", status=200):
        headers = {"authorization": f"Bearer {self.key}"}
        if key:
            headers["idempotency-key"] = key
        answer = Client().generic(
            method,
            f"/api/v1/campaigns{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == status, answer.content
        return answer.json()


@pytest.fixture
def bakery(as_engine, lake):
    made = shop()
    lake()
    return made


@pytest.fixture
def api(bakery):
    return Api(bakery.bakery.id)


def test_a_program_writes_launches_and_reads_the_report(bakery, api, lake):
    made = api("POST", "", BODY, key="draft", status=201)
    again = api("POST", "", BODY, key="draft", status=201)
    reach = api("GET", f"/{made['id']}/reach")
    started = api("POST", f"/{made['id']}/launch", key="go")
    twice = api("POST", f"/{made['id']}/launch", key="go")
    work(bakery.bakery.id)
    settle(bakery.bakery.id)
    one = api("GET", f"/{made['id']}")
    buyer = min(messages(bakery.bakery.id))
    buy(bakery, buyer, "12.50", number="1", at=clock.now())
    lake()
    report = api("GET", f"/{made['id']}/report")

    assert made == again
    assert (made["state"], made["control_share"], made["window_days"]) == ("draft", 0.1, 30)
    assert (started["state"], twice["state"]) == ("launching", "launching")
    assert (one["audience"], one["contacted"], one["control"], one["excluded"]) == (
        64, reach["contacted"], reach["control"], 4,
    )  # fmt: skip
    assert reach["excluded"] == report["excluded"] == {
        "address_missing": 1, "consent_missing": 1, "consent_withdrawn": 1, "suppressed": 1,
    }  # fmt: skip
    assert (report["sent"], report["delivered"], report["currency"]) == (
        one["contacted"], one["contacted"], "UAH",
    )  # fmt: skip
    assert report["lift"]["contacted"] == {
        "customers": one["contacted"], "buyers": 1, "orders": 1, "revenue": "12.50",
    }  # fmt: skip
    assert report["lift"]["verdict"] == "data_short"
    assert [c["id"] for c in api("GET", "")["campaigns"]] == [made["id"]]


def test_a_key_of_another_workspace_finds_nothing(bakery, api):
    made = api("POST", "", BODY, status=201)
    stranger = Api(bakery.other.id)

    assert stranger("GET", "") == {"campaigns": []}
    for method, path in (
        ("GET", ""), ("GET", "/reach"), ("GET", "/report"), ("POST", "/launch"),
        ("POST", "/pause"), ("POST", "/resume"), ("POST", "/cancel"),
    ):  # fmt: skip
        told = stranger(method, f"/{made['id']}{path}", key="k", status=404)
        assert told["code"] == "campaign_unknown"
    assert api("GET", f"/{made['id']}")["state"] == "draft"


def test_without_a_key_there_is_no_answer(bakery):
    assert Client().get("/api/v1/campaigns").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "body_invalid"),
        ({**BODY, "extra": 1}, 422, "body_invalid"),
        ({**BODY, "name": "x" * 121}, 422, "body_invalid"),
        ({**BODY, "control_share": 0.6}, 422, "body_invalid"),
        ({**BODY, "subject": "a\nb"}, 422, "draft_invalid"),
        ({**BODY, "rule": None, "segment": "nobody"}, 422, "segment_unknown"),
    ],
)
def test_a_body_that_cannot_be_kept_is_refused(api, body, status, code):
    assert api("POST", "", body, status=status)["code"] == code
    assert api("GET", "") == {"campaigns": []}


def test_a_rule_that_cannot_be_asked_is_refused(api):
    api("POST", "", {**BODY, "rule": {"version": 1, "where": {"fact": "x"}}}, status=422)

    assert api("GET", "") == {"campaigns": []}


def test_a_launch_needs_a_key_and_a_time_its_zone(api):
    made = api("POST", "", BODY, status=201)
    later = clock.now() + timedelta(hours=1)

    missing = api("POST", f"/{made['id']}/launch", status=422)
    naive = api("POST", f"/{made['id']}/launch", {"at": later.replace(tzinfo=None).isoformat()},
                key="k", status=422)  # fmt: skip
    planned = api("POST", f"/{made['id']}/launch", {"at": later.isoformat()}, key="k")
    other = api("POST", f"/{made['id']}/launch", key="k", status=409)

    assert (missing["code"], naive["code"]) == ("idempotency_key_missing", "schedule_time")
    assert planned["state"] == "scheduled"
    assert other["code"] == "idempotency_mismatch"


def test_it_can_be_rewritten_paused_resumed_and_cancelled(bakery, api):
    made = api("POST", "", BODY, status=201)
    renamed = api("PUT", f"/{made['id']}", {**BODY, "name": "Cake"})
    api("POST", f"/{made['id']}/launch", key="go")
    work(bakery.bakery.id)

    assert renamed["name"] == "Cake"
    assert api("PUT", f"/{made['id']}", BODY, status=409)["code"] == "campaign_state"
    assert api("POST", f"/{made['id']}/pause")["state"] == "paused"
    assert api("POST", f"/{made['id']}/resume")["state"] == "sending"
    assert api("POST", f"/{made['id']}/cancel")["state"] == "cancelled"
    assert set(messages(bakery.bakery.id).values()) == {"cancelled"}
