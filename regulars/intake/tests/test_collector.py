from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from regulars.events import inbox
from regulars.intake.collector.app import Collector
from regulars.intake.collector.keys import Keys
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import cursor, scope
from regulars.workspaces import actions
from regulars.workspaces.records import KeyScope, WorkspaceRecord
from tests.town import workspace

Answer = tuple[int, dict[str, Any], dict[bytes, bytes]]


@pytest.fixture
def shop(db: None) -> tuple[WorkspaceRecord, str]:
    bakery = workspace()
    with scope(bakery.id):
        return bakery, actions.create_key(bakery.id, KeyScope.INTAKE)


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def post(path: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    """The answer of the collector to one request, with an inbox of its own."""

    async def talk() -> Answer:
        box = inbox.Inbox(place.conninfo_for(Role.ENGINE))
        inbox.use(box)
        box.start()
        collector = Collector(Keys(place.conninfo_for(Role.ENGINE), KeyScope.INTAKE))
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        await collector(
            {"type": "http", "method": "POST", "path": path, "headers": given}, receive, send
        )
        await box.stop()
        return sent[0]["status"], json.loads(sent[1]["body"]), dict(sent[0]["headers"])

    return asyncio.run(talk())


def stored(workspace_id: int) -> list[tuple[str, bool, bytes]]:
    """Rows of the inbox of this workspace, taken away."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "WITH gone AS (DELETE FROM events_inbox WHERE workspace_id = %s"
            " RETURNING id, source, is_gzip, body) SELECT source, is_gzip, body FROM gone"
            " ORDER BY id",
            [workspace_id],
        )
        return [(row[0], row[1], bytes(row[2])) for row in raw.fetchall()]


GZIP = {"content-encoding": "gzip"}
BATCH = json.dumps({"batch": [{"type": "track", "event": "Tea", "userId": "u1"}]}).encode()


def test_a_batch_is_stored_as_received_and_acknowledged(shop: tuple[WorkspaceRecord, str]) -> None:
    bakery, key = shop

    status, answer, _ = post("/v1/batch", BATCH, basic(key))

    assert (status, answer) == (200, {"success": True})
    assert stored(bakery.id) == [("batch", False, BATCH)]


def test_a_gzip_body_is_stored_compressed(shop: tuple[WorkspaceRecord, str]) -> None:
    bakery, key = shop
    packed = gzip.compress(BATCH)

    status, _, _ = post("/v1/batch", packed, {**basic(key), "content-encoding": "gzip"})

    assert status == 200
    assert stored(bakery.id) == [("batch", True, packed)]


@pytest.mark.parametrize(
    "shown",
    [
        lambda key: (basic(key), {}),
        lambda key: ({"authorization": f"Bearer {key}"}, {}),
        lambda key: ({"authorization": "Bearer oauth-token"}, {"writeKey": key}),
        lambda key: ({}, {"writeKey": key}),
        lambda key: (basic(key), {"writeKey": key}),
    ],
)
def test_the_key_may_come_in_each_of_the_known_forms(
    shop: tuple[WorkspaceRecord, str], shown: Callable[[str], tuple[dict[str, str], dict[str, str]]]
) -> None:
    bakery, key = shop
    headers, fields = shown(key)
    body = json.dumps({"userId": "u", "event": "Tea", **fields}).encode()

    status, _, _ = post("/v1/track", body, headers)

    assert status == 200
    assert len(stored(bakery.id)) == 1


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/batch", b'{"batch": [', {}, 400, "json_malformed"),
        ("/v1/batch", b"\xff\xfe\x00", {}, 400, "json_malformed"),
        ("/v1/batch", b'{"batch": 7}', {}, 400, "json_malformed"),
        ("/v1/batch", b"{}", {}, 400, "batch_missing"),
        ("/v1/track", BATCH, {}, 400, "batch_unexpected"),
        ("/v1/nothing", BATCH, {}, 404, "call_unknown"),
        ("/v1/batch", b" " * 600_000, {}, 400, "body_too_large"),
        ("/v1/track", b'{"a": "' + b"x" * 33_000 + b'"}', {}, 400, "message_too_large"),
        ("/v1/batch", b"plain", GZIP, 400, "gzip_malformed"),
        ("/v1/batch", gzip.compress(BATCH)[:-4], GZIP, 400, "gzip_malformed"),
        ("/v1/batch", gzip.compress(b" " * 900_000), GZIP, 400, "body_too_large"),
        ("/v1/batch", gzip.compress(b" " * 90_000_000), GZIP, 413, "body_too_large"),
        ("/v1/batch", BATCH, {"authorization": "Basic ???"}, 401, "key_malformed"),
        ("/v1/batch", BATCH, basic("no"), 401, "key_unknown"),
    ],
    # Packed bytes tell the time they were packed at, so they cannot name a test.
    ids=[
        "not-json", "not-utf-8", "batch-of-no-list", "empty", "batch-to-track", "unknown-call",
        "too-large", "message-too-large", "not-gzip", "cut-gzip", "large-when-unpacked", "bomb",
        "key-not-base64", "key-of-nobody",
    ],
)  # fmt: skip
def test_bad_requests_are_refused_with_a_reason_and_nothing_is_stored(
    shop: tuple[WorkspaceRecord, str],
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    bakery, key = shop

    got, answer, _ = post(path, body, {**basic(key), **headers})

    assert (got, answer["code"]) == (status, code)
    assert answer["message"]
    assert stored(bakery.id) == []


def test_two_different_keys_in_one_request_are_refused(shop: tuple[WorkspaceRecord, str]) -> None:
    bakery, key = shop
    body = json.dumps({"userId": "u", "event": "Tea", "writeKey": "another"}).encode()

    status, answer, _ = post("/v1/track", body, basic(key))

    assert (status, answer["code"]) == (401, "key_ambiguous")
    assert stored(bakery.id) == []


def test_a_key_of_another_scope_opens_nothing(shop: tuple[WorkspaceRecord, str]) -> None:
    bakery, _ = shop
    with scope(bakery.id):
        api_key = actions.create_key(bakery.id, KeyScope.API)

    status, answer, _ = post("/v1/batch", BATCH, basic(api_key))

    assert (status, answer["code"]) == (401, "key_unknown")
    assert stored(bakery.id) == []


def test_without_a_database_the_answer_is_503_with_a_time_to_retry(
    shop: tuple[WorkspaceRecord, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, key = shop
    monkeypatch.setattr(inbox, "INSERT", "INSERT INTO no_such_table SELECT %s, %s, %s, %s, %s")

    status, answer, headers = post("/v1/batch", BATCH, basic(key))

    assert (status, answer["code"]) == (503, "inbox_unavailable")
    assert headers[b"retry-after"] == b"1"
    assert stored(bakery.id) == []


def test_above_the_limit_of_waiting_bytes_the_answer_is_429(
    shop: tuple[WorkspaceRecord, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, key = shop
    monkeypatch.setattr(inbox, "WAITING_BYTES_MAX", 10)

    status, answer, headers = post("/v1/batch", BATCH, basic(key))

    assert (status, answer["code"], headers[b"retry-after"]) == (429, "inbox_full", b"1")
    assert stored(bakery.id) == []


def test_what_can_be_no_key_is_not_remembered(shop: tuple[WorkspaceRecord, str]) -> None:
    keys = Keys(place.conninfo_for(Role.ENGINE), KeyScope.INTAKE)

    async def ask() -> list[object]:
        odd = ("rg_site_" + "x" * 10_000, "rg_site_\x00", "ключ", "rg_site_short")
        return [await keys.opened(key) for key in odd]

    assert asyncio.run(ask()) == [None] * 4
    assert list(keys._known) == ["rg_site_short"]
