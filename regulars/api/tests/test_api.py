from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from regulars.customers import queries as customers
from regulars.kernel.errors import Outside
from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.records import KeyScope
from tests.town import Town, town


@pytest.fixture
def place(db: None) -> Town:
    return town()


def _client(workspace_id: int, key_scope: KeyScope = KeyScope.API) -> Client:
    with scope(workspace_id):
        key = actions.create_key(workspace_id, key_scope)
    return Client(headers={"authorization": f"Bearer {key}"}, raise_request_exception=False)


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_call_without_an_open_key_of_its_scope_is_refused(place: Town) -> None:
    till = _client(place.bakery.id, KeyScope.POS)

    assert _code(Client().get("/api/v1/customers")) == (401, "key_unknown")
    assert _code(till.get("/api/v1/customers")) == (401, "key_unknown")


def test_a_key_opens_its_own_workspace_only(place: Town) -> None:
    with scope(place.other.id):
        zoe = customers.profiles(place.other.id, [place.zoe])[place.zoe].public_id
    bakery, florist = _client(place.bakery.id), _client(place.other.id)

    assert florist.get(f"/api/v1/customers/{zoe}").status_code == 200
    assert bakery.get(f"/api/v1/customers/{zoe}").status_code == 404


def test_an_address_that_is_no_call_is_told_so_in_json(place: Town) -> None:
    assert _code(Client().get("/api/v1/nothing/here")) == (404, "not_found")
    assert _code(Client().post("/api/v9/customers")) == (404, "not_found")


def test_a_body_that_is_no_json_gets_a_clear_error(place: Town) -> None:
    answer = _client(place.bakery.id).post(
        "/api/v1/segments/count", data=b'{"rule": ', content_type="application/json"
    )

    assert _code(answer) == (400, "request_unreadable")


def test_a_body_of_the_wrong_shape_is_told_where(place: Town) -> None:
    answer = _client(place.bakery.id).post(
        "/api/v1/segments/count", data={"rules": 1}, content_type="application/json"
    )

    assert _code(answer) == (422, "body_invalid")
    assert "rule" in str(answer.json()["details"]["faults"])


def test_a_body_beyond_the_limit_is_told_the_limit(place: Town) -> None:
    answer = _client(place.bakery.id).post(
        "/api/v1/orders",
        data=b'{"number": "' + b"1" * (6 << 20) + b'"}',
        content_type="application/json",
    )

    assert _code(answer) == (413, "body_too_large")
    assert "5 MB" in answer.json()["message"]


def test_a_busy_lake_is_told_as_passing_with_the_time_to_wait(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise Outside("lake_busy", "Too many questions at once.")

    monkeypatch.setattr("regulars.segments.queries.count", busy)
    answer = _client(place.bakery.id).post(
        "/api/v1/segments/count", data={"rule": {}}, content_type="application/json"
    )

    assert _code(answer) == (503, "lake_busy")
    assert answer.headers["Retry-After"] == "60"


def test_a_failure_outside_that_stays_names_no_time_to_wait(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise Outside("peer_broken", "It will not come back.", is_permanent=True)

    monkeypatch.setattr("regulars.segments.queries.count", broken)
    answer = _client(place.bakery.id).post(
        "/api/v1/segments/count", data={"rule": {}}, content_type="application/json"
    )

    assert _code(answer) == (502, "peer_broken")
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("source", "code"), [("a\x00b", "value_unusable"), ("a\ud800b", "body_invalid")]
)
def test_text_that_cannot_be_stored_is_the_callers_fault_and_nothing_is_written(
    place: Town, source: str, code: str
) -> None:
    client = _client(place.bakery.id)
    with scope(place.bakery.id):
        before = customers.card(place.bakery.id, place.mira)
    address = f"/api/v1/customers/{before.profile.public_id}/consents"
    body = {"channel": "sms", "state": "given", "source": source}

    answer = client.post(address, data=json.dumps(body), content_type="application/json")

    assert _code(answer) == (422, code)
    with scope(place.bakery.id):
        assert customers.card(place.bakery.id, place.mira) == before


def test_an_address_that_cannot_be_text_is_the_callers_fault(place: Town) -> None:
    client = _client(place.bakery.id)

    assert _code(client.get("/api/v1/customers/a%00b")) == (422, "value_unusable")
    assert _code(client.get("/api/v1/orders?number=a%00b")) == (422, "value_unusable")


def test_the_description_names_every_room_and_asks_for_a_key(db: None) -> None:
    described = Client().get("/api/v1/openapi.json").json()

    rooms = {path.split("/")[3] for path in described["paths"]}
    assert {"customers", "orders", "segments", "campaigns", "privacy"} <= rooms
    assert described["components"]["securitySchemes"]["ApiKeyAuth"]["scheme"] == "bearer"


def test_the_documentation_loads_nothing_from_elsewhere(db: None) -> None:
    page = Client().get("/api/v1/docs").content.decode()

    assert "swagger-ui" in page
    assert "//" not in page.replace("</", "").replace("<!--", "").split("<body", 1)[0]
    assert "http" not in page
