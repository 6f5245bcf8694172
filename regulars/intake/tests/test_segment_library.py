"""Segment's own library, unchanged, as the peer of the collector."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from regulars import wiring
from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.events import inbox, queries
from regulars.events.records import Event
from regulars.intake import processor
from regulars.intake.collector.app import Collector
from regulars.intake.collector.keys import Keys
from regulars.kernel import clock
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.records import KeyScope, WorkspaceRecord
from tests.town import workspace

library = pytest.importorskip(
    "segment.analytics.client", reason="segment-analytics-python is not installed"
)
WAIT_S = 20
Answer = tuple[int, dict[str, str]]


class Door:
    """The collector behind a socket, with an inbox of its own and troubles on request."""

    def __init__(self) -> None:
        self.troubles: list[Answer] = []
        self.requests: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.loop = asyncio.new_event_loop()
        self.box = inbox.Inbox(place.conninfo_for(Role.ENGINE))
        inbox.use(self.box)
        self.collector = Collector(Keys(place.conninfo_for(Role.ENGINE), KeyScope.INTAKE))
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.run(self._start())
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    async def _start(self) -> None:
        self.box.start()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.run(self.box.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[Answer, bytes]:
        self.requests.append(headers)
        if self.troubles:
            return self.troubles.pop(0), b'{"code": "trouble", "message": "try again"}'
        sent = self.run(self._ask(path, headers, body))
        given = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return (sent[0]["status"], given), sent[1]["body"]

    async def _ask(self, path: str, headers: dict[str, str], body: bytes) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(k.lower().encode(), v.encode()) for k, v in headers.items()]
        request = {"type": "http", "method": "POST", "path": path, "headers": given}
        await self.collector(request, receive, send)
        return sent

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                (status, headers), content = door.answer(self.path, dict(self.headers), body)
                door.statuses.append(status)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                return

        return Handler


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


@pytest.fixture
def door(shop: WorkspaceRecord) -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


def client_of(shop: WorkspaceRecord, door: Door, **options: Any) -> Any:
    with scope(shop.id):
        key = actions.create_key(shop.id, KeyScope.INTAKE)
    given = {"host": door.address + "/", "gzip": True, "upload_interval": 0.05} | options
    return library.Client(key, **given)


def finish(client: Any) -> None:
    client.flush()
    client.join()
    while processor.run_once(wiring.INBOX):
        pass


def happened(shop: WorkspaceRecord, external_id: str) -> list[Event]:
    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(external_id=external_id))
        assert customer_id is not None
        return queries.timeline(shop.id, customer_id)


def failed(shop: WorkspaceRecord) -> list[str]:
    with scope(shop.id):
        return sorted(row.reason for row in queries.failed(shop.id))


@pytest.mark.parametrize("is_gzip", [True, False])
def test_each_call_arrives(shop: WorkspaceRecord, door: Door, is_gzip: bool) -> None:
    client = client_of(shop, door, gzip=is_gzip)
    client.identify("42", {"email": "Anna@Example.com", "firstName": "Anna"})
    client.track("42", "Product Viewed", {"sku": "TEA", "price": 12.5, "nothing": None})
    client.page("42", None, "Home", {"path": "/"})
    client.screen("42", "Cart", "Basket")
    client.group("42", "bakers", {"name": "The bakers", "employees": None})
    client.alias("anonymous-7", "42")
    finish(client)

    kinds = {event.kind: event for event in happened(shop, "42")}
    assert {"customer.identified", "Product Viewed", "Page Viewed", "Screen Viewed"} <= set(kinds)
    assert kinds["Product Viewed"].props == {"sku": "TEA", "price": 12.5}
    assert kinds["Screen Viewed"].props == {"name": "Basket", "category": "Cart"}
    assert kinds["customer.grouped"].props == {"group_id": "bakers"}
    assert kinds["customer.aliased"].props == {"previous_id": "anonymous-7"}
    assert failed(shop) == []
    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(external_id="42"))
        assert customer_id is not None
        assert customers.find(shop.id, Identity(anonymous_id="anonymous-7")) == customer_id
        profile = customers.profiles(shop.id, [customer_id])[customer_id]
        (company,) = customers.companies_of(shop.id, [customer_id])
    # The traits of a group are its own.
    assert (profile.name, company.name) == (None, "The bakers")
    assert set(door.statuses) == {200}
    assert all(("Content-Encoding" in headers) is is_gzip for headers in door.requests)


def test_an_anonymous_visitor_becomes_the_customer_who_signs_in(
    shop: WorkspaceRecord, door: Door
) -> None:
    client = client_of(shop, door)
    client.track(anonymous_id="visitor-1", event="Product Viewed")
    client.identify("42", {"email": "anna@example.com"}, anonymous_id="visitor-1")
    client.track("42", "Cart Viewed")
    finish(client)

    kinds = [e.kind for e in happened(shop, "42") if "Viewed" in e.kind]
    assert sorted(kinds) == ["Cart Viewed", "Product Viewed"]


def test_a_batch_that_must_be_sent_again_arrives_once(shop: WorkspaceRecord, door: Door) -> None:
    client = client_of(shop, door)
    door.troubles = [(500, {}), (503, {})]
    for n in range(5):
        client.track("42", f"Step {n}")
    finish(client)

    steps = [e.kind for e in happened(shop, "42") if e.kind.startswith("Step")]
    assert sorted(steps) == [f"Step {n}" for n in range(5)]
    assert door.statuses[:2] == [500, 503]
    assert door.statuses[-1] == 200


def test_a_request_to_wait_is_obeyed_and_nothing_is_lost(shop: WorkspaceRecord, door: Door) -> None:
    client = client_of(shop, door)
    door.troubles = [(429, {"Retry-After": "1"})]
    client.track("42", "Tea")
    finish(client)

    assert [e.kind for e in happened(shop, "42") if e.kind == "Tea"] == ["Tea"]
    assert door.statuses == [429, 200]


def test_the_same_message_sent_twice_is_one_event(shop: WorkspaceRecord, door: Door) -> None:
    client = client_of(shop, door)
    for _ in range(3):
        client.track("42", "Tea", message_id="the same")
    finish(client)

    assert [e.kind for e in happened(shop, "42") if e.kind == "Tea"] == ["Tea"]


def test_thousands_of_events_arrive_in_batches_and_all_of_them(
    shop: WorkspaceRecord, door: Door
) -> None:
    client = client_of(shop, door, upload_interval=0.5)
    for n in range(2_500):
        client.track(f"u{n % 10}", "Tea", {"n": n})
    finish(client)

    with scope(shop.id):
        ids = [customers.find(shop.id, Identity(external_id=f"u{n}")) for n in range(10)]
        counts = [
            sum(e.kind == "Tea" for e in _all_of(shop.id, customer_id))
            for customer_id in ids
            if customer_id is not None
        ]
    assert counts == [250] * 10
    assert len(door.statuses) < 100


def _all_of(workspace_id: int, customer_id: int) -> list[Event]:
    found: list[Event] = []
    before = None
    while rows := queries.timeline(workspace_id, customer_id, 200, before):
        found += rows
        before = (rows[-1].time, rows[-1].id)
    return found


def test_the_time_an_event_happened_is_kept(shop: WorkspaceRecord, door: Door) -> None:
    client = client_of(shop, door)
    at, old = clock.now() - timedelta(days=3), datetime(2020, 1, 1, tzinfo=UTC)
    client.track("42", "Tea", timestamp=at)
    client.track("42", "Old tea", timestamp=old)
    finish(client)

    times = {e.kind: e.time for e in happened(shop, "42")}
    assert abs(times["Tea"] - at) < timedelta(seconds=30)
    assert abs(times["Old tea"] - old) < timedelta(seconds=30)


def test_a_wrong_key_is_told_to_the_program_and_nothing_is_kept(
    shop: WorkspaceRecord, door: Door
) -> None:
    told: list[Any] = []
    client = client_of(shop, door, on_error=lambda error, batch: told.append((error, batch)))
    client.write_key = "rg_intake_wrong"
    for consumer in client.consumers:
        consumer.write_key = "rg_intake_wrong"
    client.track("42", "Tea")
    finish(client)

    assert set(door.statuses) == {401}
    assert len(told) == 1
    with scope(shop.id):
        assert customers.find(shop.id, Identity(external_id="42")) is None
