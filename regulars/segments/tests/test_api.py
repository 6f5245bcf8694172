"""Segments over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client

from regulars.segments.models import Segment
from regulars.segments.tests.test_segments import EVERYBODY, TWICE, rule
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope


class Program:
    """A program with a key of the workspace."""

    def __init__(self, workspace_id: int, address: str = "/api/v1/segments") -> None:
        self._address = address
        with scope(workspace_id):
            key = workspaces.create_key(workspace_id, KeyScope.API)
        self._client = Client(headers={"authorization": f"Bearer {key}"})

    def post(self, path: str, body: object) -> tuple[int, dict]:
        answer = self._client.post(
            f"{self._address}{path}", data=body, content_type="application/json"
        )
        return answer.status_code, answer.json()

    def get(self, path: str = "") -> tuple[int, dict]:
        answer = self._client.get(f"{self._address}{path}")
        return answer.status_code, answer.json()


def test_a_rule_is_counted_with_its_reach_and_its_sentence(shop):
    status, found = Program(shop.id).post("/count", {"rule": TWICE})

    assert (status, found["count"], found["customers"], found["share"]) == (200, 1, 2, 0.5)
    assert found["reach"] == [
        {"channel": "email", "customers": 1},
        {"channel": "sms", "customers": 0},
    ]
    assert [(one["name"], one["orders"], one["spent_minor"]) for one in found["sample"]] == [
        ("Mira", 3, 37_050)
    ]
    assert found["sentence"] == "Customers for whom this holds: Number of orders is at least 2."


def test_a_key_counts_its_own_workspace_only(shop):
    status, found = Program(shop.town.other.id).post("/count", {"rule": EVERYBODY})

    assert (status, found["count"]) == (200, 1)
    assert [one["name"] for one in found["sample"]] == ["Zoe"]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (rule({"fact": "customer.shoe", "op": "set"}), "$.where.all[0].fact"),
        (rule({"did": "x", "within": {"last": "soon"}}), "$.where.all[0].within.last"),
        (rule({"fact": "customer.city", "op": "regex", "value": "("}), "$.where.all[0].value"),
        (rule({"not": {"not": []}}), "$.where.all[0].not.not"),
        ({"version": 1}, "$.where"),
        ([], "$"),
        (None, "$"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_answered_with_its_path(shop, document, path):
    program = Program(shop.id)

    for address, body in (("/count", {}), ("", {"name": "Bad"})):
        status, answer = program.post(address, {**body, "rule": document})

        assert (status, answer["code"]) == (422, "rule_invalid")
        assert answer["details"]["path"] == path
        assert answer["message"].startswith(path)
    with scope(shop.id):
        assert not Segment.objects.filter(workspace_id=shop.id).exists()


def test_a_segment_is_saved_once_by_its_key_listed_and_read(shop):
    program = Program(shop.id)
    body = {"name": "Twice", "rule": TWICE, "key": "job-1"}

    status, made = program.post("", body)
    again = program.post("", body)
    conflict = program.post("", {**body, "rule": EVERYBODY})

    assert (status, made["slug"], made["rule"], made["counted"]) == (201, "twice", TWICE, None)
    assert again == (201, made)
    assert (conflict[0], conflict[1]["code"]) == (409, "idempotency_mismatch")
    assert program.get() == (200, {"segments": [made]})
    assert program.get(f"/{made['id']}") == (200, made)


def test_a_segment_of_another_workspace_is_not_found(shop):
    _, made = Program(shop.id).post("", {"name": "Twice", "rule": TWICE})
    stranger = Program(shop.town.other.id)

    assert stranger.get() == (200, {"segments": []})
    assert stranger.get(f"/{made['id']}")[0] == 404


def test_a_body_with_an_unknown_field_is_refused(shop):
    status, answer = Program(shop.id).post("/count", {"rule": TWICE, "at": "yesterday"})

    assert (status, answer["code"]) == (422, "body_invalid")
