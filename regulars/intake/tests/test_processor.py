from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from regulars import wiring
from regulars.customers import queries as customers
from regulars.customers import words
from regulars.events import actions, queries
from regulars.intake import processor
from regulars.intake.pure import own
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

RECEIVED = datetime(2026, 5, 1, 10, tzinfo=UTC)


def receive(shop: WorkspaceRecord, content: Any, call: str = "batch") -> None:
    """A request in the inbox."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    with scope(shop.id):
        cursor().execute(
            "INSERT INTO events_inbox (workspace_id, kind, source, is_gzip, body, received_at)"
            " VALUES (%s, 'segment', %s, false, %s, %s)",
            [shop.id, call, body, RECEIVED],
        )


def process() -> None:
    while processor.run_once(wiring.INBOX):
        pass


def customer_of(shop: WorkspaceRecord, external_id: str) -> int:
    raw = cursor()
    raw.execute(
        "SELECT customer_id FROM customers_identifier"
        " WHERE workspace_id = %s AND kind = 'external' AND value = %s",
        [shop.id, external_id],
    )
    (row,) = raw.fetchall()
    return int(row[0])


def track(message_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Tea", "userId": "u1", "messageId": message_id, **fields}


def test_a_batch_becomes_events_of_its_customers(as_engine: None, db: None) -> None:
    shop = workspace()
    receive(
        shop,
        {
            "batch": [
                {
                    "type": "identify",
                    "userId": 17,
                    "anonymousId": None,
                    "messageId": "i1",
                    "traits": {"email": "Anna@Example.com", "firstName": "Anna", "age": None},
                },
                track("t1", userId="17", properties={"price": 12.5, "none": None}),
                {"type": "page", "name": "Home", "userId": "17", "messageId": "p1"},
            ]
        },
    )

    process()

    with scope(shop.id):
        anna = customer_of(shop, "17")
        kinds = {e.kind: e for e in queries.timeline(shop.id, anna)}
        profile = customers.profiles(shop.id, [anna])[anna]
        assert queries.failed_count(shop.id) == 0
    assert kinds["Tea"].props == {"price": 12.5}
    assert kinds["Page Viewed"].props == {"name": "Home"}
    assert "customer.identified" in kinds
    assert (profile.email, profile.first_name) == ("anna@example.com", "Anna")


def test_a_retried_batch_changes_nothing_even_after_newer_traits(as_engine: None, db: None) -> None:
    shop = workspace()
    first = {"type": "identify", "userId": "u1", "messageId": "i1", "traits": {"city": "Lviv"}}
    later = {"type": "identify", "userId": "u1", "messageId": "i2", "traits": {"city": "Kyiv"}}
    for content in ({"batch": [first]}, {"batch": [later]}, {"batch": [first]}):
        receive(shop, content)
        process()

    with scope(shop.id):
        anna = customer_of(shop, "u1")
        seen = [e.kind for e in queries.timeline(shop.id, anna)]
        assert customers.profiles(shop.id, [anna])[anna].city == "Kyiv"
    assert seen.count("customer.identified") == 2


def test_the_clock_of_the_client_is_corrected(as_engine: None, db: None) -> None:
    shop = workspace()
    ahead = RECEIVED + timedelta(hours=1)
    receive(
        shop,
        {
            "sentAt": ahead.isoformat(),
            "batch": [track("t1", timestamp=(ahead - timedelta(minutes=5)).isoformat())],
        },
    )

    process()

    with scope(shop.id):
        (event,) = [
            e for e in queries.timeline(shop.id, customer_of(shop, "u1")) if e.kind == "Tea"
        ]
    assert event.time == RECEIVED - timedelta(minutes=5)


def test_bad_messages_are_kept_with_their_reason_and_neighbours_are_unharmed(
    as_engine: None, db: None
) -> None:
    shop = workspace()
    receive(
        shop,
        {
            "batch": [
                track("good"),
                {"type": "track", "event": "", "userId": "u1"},
                {"type": "track", "event": "Tea"},
                {"type": "dance", "userId": "u1"},
                {"type": "group", "userId": "u1"},
                {"type": "alias", "userId": "u1"},
                {"type": "track", "event": 7, "userId": "u1"},
                track("when", timestamp="yesterday"),
                track("past", timestamp="1812-06-24T00:00:00Z"),
                track("long", properties={"x": "y" * 40_000}),
                "just text",
            ]
        },
    )

    process()

    with scope(shop.id):
        reasons = sorted(f.reason for f in queries.failed(shop.id))
        events = queries.timeline(shop.id, customer_of(shop, "u1"))
    assert reasons == sorted(
        [
            "event_missing",
            "identifier_missing",
            "type_unknown",
            "group_missing",
            "previous_missing",
            "message_shape",
            "time_malformed",
            "event_time",
            "message_too_large",
            "message_shape",
        ]
    )
    assert [e.kind for e in events] == ["Tea"]


def test_a_replayed_message_is_taken_once_its_cause_is_gone(as_engine: None, db: None) -> None:
    shop = workspace()
    receive(shop, {"sentAt": RECEIVED.isoformat(), "batch": [track("t1", event=""), track("t2")]})
    process()
    with scope(shop.id):
        (kept,) = queries.failed(shop.id)
        assert kept.reason == "event_missing"
        actions.replay_failed(shop.id, [kept.id])
    process()

    with scope(shop.id):
        (again,) = queries.failed(shop.id)
        kinds = [e.kind for e in queries.timeline(shop.id, customer_of(shop, "u1"))]
    assert again.reason == "event_missing" and again.id != kept.id
    assert kinds == ["Tea"]


def test_a_fault_in_one_request_does_not_hold_the_others(as_engine: None, db: None) -> None:
    shop = workspace()
    receive(shop, b"\x00 this was never json")
    receive(shop, {"batch": [track("t1")]})

    process()

    with scope(shop.id):
        assert [f.reason for f in queries.failed(shop.id)] == ["json_malformed"]
        assert len(queries.timeline(shop.id, customer_of(shop, "u1"))) == 1
    assert queries.inbox_is_empty()


def test_two_workspaces_in_one_batch_of_the_inbox_do_not_meet(as_engine: None, db: None) -> None:
    bakery, florist = workspace(), workspace()
    receive(bakery, {"batch": [track("same")]})
    receive(florist, {"batch": [track("same")]})

    process()

    for shop in (bakery, florist):
        with scope(shop.id):
            assert len(queries.timeline(shop.id, customer_of(shop, "u1"))) == 1


def test_events_only_the_product_may_write_are_refused(as_engine: None, db: None) -> None:
    shop = workspace()
    receive(
        shop,
        {"batch": [track("1", event="order.paid"), track("2", event=" message.clicked "),
                   track("3", event="Order Completed", properties={"order_id": "1", "total": 5})]},
    )  # fmt: skip

    process()

    with scope(shop.id):
        assert sorted(row.reason for row in queries.failed(shop.id)) == ["event_reserved"] * 2
        kinds = [e.kind for e in queries.timeline(shop.id, customer_of(shop, "u1"))]
    assert "Order Completed" in kinds
    assert not {"order.paid", "message.clicked"} & set(kinds)


def test_every_happening_of_the_card_is_reserved() -> None:
    named = {kind for kind in words.OWN_KINDS if "." in kind}

    assert named <= own.KINDS
