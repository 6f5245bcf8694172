"""Segments changed, asked why, laid across one another and subscribed to, over HTTP."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpResponse

from regulars.customers import queries as customers
from regulars.segments.tests.test_api import Program
from regulars.segments.tests.test_segments import EVERYBODY, TWICE, rule
from regulars.store.scope import scope


class Caller(Program):
    """Any method; the status and what was answered, None for nothing."""

    def call(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        send = getattr(self._client, method)
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = send(f"{self._address}{path}", **given)
        return answer.status_code, answer.json() if answer.content else None

    def take(self, path: str) -> HttpResponse:
        """A file."""
        return self._client.get(f"{self._address}{path}")


@pytest.fixture
def caller(shop):
    return Caller(shop.id)


def made(caller, name="Twice", document=TWICE):
    status, found = caller.call("post", "", {"name": name, "rule": document, "key": name})
    assert status == 201
    return found


def test_a_rule_may_be_text_and_a_fault_in_it_has_line_and_column(caller):
    found = made(caller, "By text", "order.count >= 2")
    status, fault = caller.call("post", "/count", {"rule": "order.count >=\n  and"})

    assert found["rule"] == {"version": 1, "where": TWICE["where"]["all"][0]}
    assert (status, fault["details"]["line"]) == (422, 2)


def test_a_segment_is_changed_and_deleted_unless_something_uses_it(caller):
    one = made(caller)
    user = made(caller, "User", rule({"segment": "twice"}))
    path = f"/{one['id']}"

    for _ in range(2):
        status, changed = caller.call("patch", path, {"name": "At least twice"})
        assert (status, changed["name"], changed["rule"]) == (200, "At least twice", TWICE)
    for method, body in (("delete", None), ("patch", {"slug": "other"})):
        status, fault = caller.call(method, path, body)
        assert (status, fault["code"]) == (403, "segment_used")
        assert fault["details"]["users"] == [{"kind": "segment", "id": user["id"], "name": "User"}]
    assert caller.call("delete", f"/{user['id']}") == (204, None)
    assert caller.call("delete", path) == (204, None)
    assert caller.call("get", path)[0] == 404


def test_why_tells_each_condition_and_overlap_each_region(shop, caller):
    twice, everybody = made(caller), made(caller, "All", EVERYBODY)
    with scope(shop.id):
        oleg = customers.profiles(shop.id, [shop.town.oleg])[shop.town.oleg].public_id

    status, why = caller.call("get", f"/{twice['id']}/why?customer={oleg}")
    _, across = caller.call("post", "/overlap", {"segments": [twice["id"], everybody["id"]]})
    _, sizes = caller.call("get", f"/{twice['id']}/sizes")

    (part,) = why["reason"]["parts"]
    assert (status, why["holds"], part["found"]) == (200, False, {"kind": "value", "value": 1})
    assert part["condition"] == TWICE["where"]["all"][0]
    found = {tuple(one["inside"]): one["customers"] for one in across["regions"]}
    assert found == {
        (twice["id"], everybody["id"]): 1, (twice["id"],): 0, (everybody["id"],): 1,
    }  # fmt: skip
    assert sizes == {"sizes": []}


def test_a_webhook_is_made_once_paused_pushed_and_removed(caller, monkeypatch):
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", True)
    one = made(caller)
    path = f"/{one['id']}/webhooks"
    body = {"url": "http://127.0.0.1:9/hook", "key": "crm"}

    status, hook = caller.call("post", path, body)
    _, again = caller.call("post", path, body)
    other = caller.call("post", path, {**body, "on_exit": False})

    assert status == 201 and hook["secret"].startswith("whsec_")
    assert (again["id"], again["secret"]) == (hook["id"], None)
    assert other[1]["code"] == "idempotency_mismatch"
    _, paused = caller.call("patch", f"{path}/{hook['id']}", {"is_on": False})
    assert paused["state"] == "paused"
    status, fault = caller.call("post", f"{path}/{hook['id']}/push", {"key": "now"})
    assert fault["code"] == "hook_off"
    caller.call("patch", f"{path}/{hook['id']}", {"is_on": True})
    assert caller.call("post", f"{path}/{hook['id']}/push", {"key": "now"})[1] == {"messages": 0}
    assert caller.call("get", f"{path}/{hook['id']}/deliveries")[1] == {"deliveries": []}
    assert caller.call("delete", f"{path}/{hook['id']}") == (204, None)
    assert caller.call("get", path)[1] == {"webhooks": []}


def test_a_secret_is_renewed_once_for_each_key_and_told_in_the_answer(caller, monkeypatch):
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", True)
    one = made(caller)
    _, hook = caller.call("post", f"/{one['id']}/webhooks", {"url": "http://127.0.0.1:9/hook"})
    path = f"/{one['id']}/webhooks/{hook['id']}/secret"

    status, renewed = caller.call("post", path, {"key": "november"})
    again = caller.call("post", path, {"key": "november"})
    refused = caller.call("post", path, {"key": "december"})

    assert status == 200 and renewed["secret"] not in (None, hook["secret"])
    assert renewed["former_until"] is not None
    assert again == (200, renewed)
    assert (refused[0], refused[1]["code"]) == (403, "hook_renewing")
    _, ended = caller.call("delete", f"{path}/former")
    assert (ended["former_until"], ended["secret"]) == (None, None)
    assert caller.call("post", path, {"key": "december"})[0] == 200


def test_other_workspaces_ids_are_unknown(shop, caller):
    one = made(caller)
    stranger = Caller(shop.town.other.id)
    path = f"/{one['id']}"

    answers = [
        stranger.call("patch", path, {"name": "Mine"}),
        stranger.call("delete", path),
        stranger.call("post", f"{path}/archive"),
        stranger.call("get", f"{path}/sizes"),
        stranger.call("get", f"{path}/why?customer=x"),
        stranger.call("get", f"{path}/webhooks"),
        stranger.call("post", f"{path}/webhooks", {"url": "https://a.example"}),
        stranger.call("post", "/overlap", {"segments": [one["id"], "x"]}),
    ]

    assert [status for status, _ in answers] == [404] * len(answers)
