"""Segment's library for Node, unchanged, against a running server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.peers.conftest import Log
from tests.peers.peers import Proxy, run_node

Calls = list[tuple[str, dict[str, Any]]]


def send(proxy: Proxy, key: str, calls: Calls, **more: Any) -> list[str]:
    errors: list[str] = run_node(
        "node_client.js", {"host": proxy.url, "key": key, "calls": calls, **more}
    )["errors"]
    return errors


def track(user: str, event: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "track", {"userId": user, "event": event, **more}


def test_each_of_its_calls_arrives(proxy: Proxy, key: str, log: Log) -> None:
    calls: Calls = [
        ("identify", {"userId": "n1", "anonymousId": "n1-anonymous",
                      "traits": {"email": "n1@example.com", "age": None}}),
        track("n1", "Product Added", properties={"sku": "TEA", "price": 10, "none": None},
              context={"ip": "203.0.113.9", "page": {"url": "https://shop.example/tea?token=x"}}),
        ("page", {"userId": "n1", "name": "Home", "category": None}),
        ("screen", {"userId": "n1", "name": "Basket"}),
        ("group", {"userId": "n1", "groupId": "bakers", "traits": {"name": "Bakers"}}),
        ("alias", {"userId": "n1", "previousId": "n1-old"}),
    ]  # fmt: skip

    assert send(proxy, key, calls) == []

    found = {event["kind"]: event["props"] for event in log.events("n1")}
    assert set(found) == {
        "customer.identified", "Product Added", "Page Viewed", "Screen Viewed",
        "customer.grouped", "company.joined", "customer.aliased",
    }  # fmt: skip
    assert found["Product Added"] == {
        "sku": "TEA", "price": 10, "_context": {"url": "https://shop.example/tea"},
    }  # fmt: skip
    assert "203.0.113.9" not in json.dumps(found)
    assert set(proxy.statuses) == {200}
    owners = log.rows(
        "SELECT DISTINCT customer_id FROM customers_identifier WHERE starts_with(value, 'n1')"
    )
    assert len(owners) == 1


def test_it_is_told_to_try_again_and_each_event_arrives_once(
    proxy: Proxy, key: str, log: Log
) -> None:
    proxy.troubles = [(500, {}), (503, {}), (429, {"Retry-After": "1"})]

    assert send(proxy, key, [track("n2", f"Step {n}") for n in range(30)], flushAt=15) == []

    kinds = sorted(event["kind"] for event in log.events("n2"))
    assert kinds == sorted(f"Step {n}" for n in range(30))
    assert sorted(proxy.statuses) == [200, 200, 429, 500, 503]


def test_the_same_batch_again_changes_nothing(proxy: Proxy, key: str, log: Log) -> None:
    assert send(proxy, key, [track("n3", "Tea"), track("n3", "Bun")]) == []
    (body,) = proxy.bodies

    again = httpx.post(
        f"{proxy.url}/v1/batch", content=body, auth=(key, ""),
        headers={"content-type": "application/json"},
    )  # fmt: skip

    assert (again.status_code, again.json()) == (200, {"success": True})
    assert sorted(event["kind"] for event in log.events("n3")) == ["Bun", "Tea"]


def test_a_wrong_key_is_told_and_nothing_is_kept(proxy: Proxy, key: str, log: Log) -> None:
    assert send(proxy, "rg_intake_wrong", [track("n4", "Tea")]) != []

    assert set(proxy.statuses) == {401}
    assert log.events("n4") == []


def test_a_batch_above_the_limit_is_refused_whole(proxy: Proxy, key: str, log: Log) -> None:
    message = {"type": "track", "userId": "n5", "event": "Tea", "properties": {"x": "y" * 30_000}}

    answer = httpx.post(f"{proxy.url}/v1/batch", json={"batch": [message] * 20}, auth=(key, ""))

    assert (answer.status_code, answer.json()["code"]) == (400, "body_too_large")
    assert log.events("n5") == []


def test_a_clock_that_is_an_hour_ahead_is_corrected(proxy: Proxy, key: str, log: Log) -> None:
    now = datetime.now(UTC)
    ahead = now + timedelta(hours=1)
    message = {
        "type": "track", "userId": "n6", "event": "Tea", "messageId": "n6-tea",
        "timestamp": (ahead - timedelta(minutes=5)).isoformat(),
    }  # fmt: skip

    httpx.post(
        f"{proxy.url}/v1/batch", auth=(key, ""),
        json={"sentAt": ahead.isoformat(), "batch": [message]},
    ).raise_for_status()  # fmt: skip

    (event,) = log.events("n6")
    assert abs(event["time"] - (now - timedelta(minutes=5))) < timedelta(seconds=20)
