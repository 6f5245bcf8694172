"""Carriers: asked in their own shapes, believed only when they prove it, each status told once."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside, Refused
from regulars.orders import actions, polling, queries
from regulars.orders.actions import carriers
from regulars.orders.adapters import cdek, generic, nova_poshta
from regulars.orders.adapters.shapes import Account
from regulars.orders.pure.asking import next_ask
from regulars.orders.queries import desk
from regulars.orders.records import NewLine, NewOrder, OrderStatus, PaymentState, Stage
from regulars.outside.calls import call
from regulars.store.scope import cursor, scope
from tests.town import Town, town

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
Reply = Callable[[str, str, dict[str, str], bytes], tuple[int, Any]]


class Peer:
    """A carrier on this machine that answers in the recorded shapes and keeps what it was asked."""

    def __init__(self) -> None:
        self.reply: Reply = lambda *_: (404, {})
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                question = (self.command, self.path, headers, body)
                peer.asked.append(question)
                status, told = peer.reply(*question)
                raw = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                if status in (301, 302):
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    made = Peer()
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", True)
    monkeypatch.setattr(nova_poshta, "ADDRESS", f"{made.address}/v2.0/json/")
    monkeypatch.setattr(cdek, "ADDRESS", f"{made.address}/v2")
    yield made
    made.server.shutdown()
    made.server.server_close()


def np_reply(codes: dict[str, str]) -> Reply:
    """Strict: only the question that the documentation describes is answered."""

    def reply(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        asked = json.loads(body)
        assert (method, path) == ("POST", "/v2.0/json/")
        assert set(asked) == {"apiKey", "modelName", "calledMethod", "methodProperties"}
        assert (asked["modelName"], asked["calledMethod"]) == (
            "TrackingDocument", "getStatusDocuments",
        )  # fmt: skip
        documents = asked["methodProperties"]["Documents"]
        assert 0 < len(documents) <= 100
        assert all(set(d) == {"DocumentNumber", "Phone"} for d in documents)
        if asked["apiKey"] != "key":
            return 200, {"success": False, "data": [], "errors": ["API key is wrong"]}
        data = [
            {"Number": d["DocumentNumber"], "StatusCode": codes[d["DocumentNumber"]],
             "Status": "…", "ScheduledDeliveryDate": "2026-05-04 18:00:00",
             "TrackingUpdateDate": "2026-05-01 10:00:00"}
            for d in documents if d["DocumentNumber"] in codes
        ]  # fmt: skip
        return 200, {"success": True, "data": data, "errors": [], "warnings": [], "info": []}

    return reply


def cdek_reply(codes: dict[str, list[str]]) -> Reply:
    def reply(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if path == "/v2/oauth/token":
            form = parse_qs(body.decode())
            assert (method, form["grant_type"]) == ("POST", ["client_credentials"])
            if (form["client_id"], form["client_secret"]) != (["me"], ["key"]):
                return 401, {"error": "invalid_client"}
            return 200, {"access_token": "tok", "token_type": "bearer", "expires_in": 3600}
        assert method == "GET" and headers["authorization"] == "Bearer tok"
        (number,) = parse_qs(urlsplit(path).query)["cdek_number"]
        if number not in codes:
            return 400, {"requests": [{"state": "INVALID"}]}
        statuses = [
            {"code": code, "name": "…", "date_time": f"2026-05-0{day}T10:00:00+0000", "city": "…"}
            for day, code in enumerate(codes[number], 1)
        ]
        return 200, {"entity": {"uuid": "u", "cdek_number": number, "statuses": statuses[::-1]},
                     "requests": []}  # fmt: skip

    return reply


@pytest.fixture
def place(as_engine: None) -> Town:
    return town()


def send(place: Town, number: str, carrier: str) -> str:
    order = NewOrder(
        number=f"{carrier}-{number}", placed_at=clock.now(), currency="UAH", source="desk",
        lines=(NewLine("TEA", Decimal(1), Decimal(10)),), status=OrderStatus.NEW,
        payment=PaymentState.PAID, customer_id=place.mira,
    )  # fmt: skip
    public_id = actions.record_order(place.bakery.id, order).public_id
    actions.set_delivery(
        place.bakery.id, public_id, {"carrier": carrier, "tracking_number": number}
    )
    return public_id


def run_job(place: Town) -> Any:
    """Run the job that asks, as the worker would."""
    cursor().execute(
        "UPDATE jobs_job SET due_at = now() - interval '9 years' WHERE workspace_id = %s"
        " AND kind = 'orders.poll' AND due_at <= %s",
        [place.bakery.id, clock.now()],
    )
    job = jobs.claim()
    assert job is not None and job.workspace_id == place.bakery.id and job.kind == "orders.poll"
    polling.poll(job)
    cursor().execute("SELECT state, due_at FROM jobs_job WHERE id = %s", [job.id])
    row = cursor().execute("SELECT state, due_at FROM jobs_job WHERE id = %s", [job.id]).fetchone()
    assert row is not None
    return row


def stage_of(place: Town, public_id: str) -> str:
    with scope(place.bakery.id):
        return queries.order(place.bakery.id, public_id).stage_now


def test_nova_poshta_moves_orders_and_is_asked_again_in_time(place: Town, peer: Peer) -> None:
    shop = place.bakery.id
    with scope(shop):
        carriers.save_carrier(shop, "nova_poshta", account="", secret="key", is_on=True)
        ids = [send(place, number, "nova_poshta") for number in ("A", "B", "C", "D")]
    peer.reply = np_reply({"A": "5", "B": "7", "C": "9", "D": "777"})

    state, due_at = run_job(place)

    assert [stage_of(place, one) for one in ids] == [
        "in_transit", "arrived_at_branch", "delivered", "in_transit",
    ]  # fmt: skip
    assert len(peer.asked) == 1
    with scope(shop):
        sent = [desk.delivery(shop, queries.order(shop, one).id) for one in ids]
        eta = queries.order(shop, ids[0]).eta_at
    assert [s.is_code_unknown for s in sent] == [False, False, False, True]
    assert (sent[3].carrier_code, sent[2].poll_at) == ("777", None)
    assert eta == datetime(2026, 5, 4, 15, tzinfo=UTC)
    waits = [s.poll_at - s.polled_at for s in sent if s.poll_at and s.polled_at]
    assert waits[1] == timedelta(minutes=30)
    assert state == "waiting"
    assert due_at == min(s.poll_at for s in sent if s.poll_at)


def test_a_wrong_key_is_told_beside_the_parcel_and_tried_later(place: Town, peer: Peer) -> None:
    shop = place.bakery.id
    with scope(shop):
        carriers.save_carrier(shop, "nova_poshta", account="", secret="old", is_on=True)
        order = send(place, "A", "nova_poshta")
    peer.reply = np_reply({"A": "5"})

    run_job(place)

    with scope(shop):
        sent = desk.delivery(shop, queries.order(shop, order).id)
    assert "Nova Poshta refused" in sent.fault
    assert sent.poll_at is not None and sent.polled_at is not None
    assert sent.poll_at - sent.polled_at == timedelta(minutes=30)
    assert stage_of(place, order) == "received"


def test_cdek_is_believed_only_after_a_look(place: Town, peer: Peer) -> None:
    shop = place.bakery.id
    with scope(shop):
        carriers.save_carrier(shop, "cdek", account="me", secret="key", is_on=True)
        order = send(place, "1197", "cdek")
        (account,) = desk.carriers(shop)
    peer.reply = cdek_reply({"1197": ["CREATED", "TAKEN_BY_COURIER"]})
    address = reverse("orders:carrier_news", args=[f"{shop:x}.{account.public_id}"])
    lie = {"type": "ORDER_STATUS", "uuid": "u",
           "attributes": {"cdek_number": "1197", "code": "DELIVERED"}}  # fmt: skip

    response = Client().post(address, lie, content_type="application/json")
    assert (response.status_code, stage_of(place, order)) == (200, "received")
    run_job(place)

    assert stage_of(place, order) == "in_transit"
    assert [path for _, path, _, _ in peer.asked] == [
        "/v2/oauth/token", "/v2/orders?cdek_number=1197",
    ]  # fmt: skip


def test_cdek_does_not_know_a_parcel_and_says_who_we_are_not(peer: Peer) -> None:
    peer.reply = cdek_reply({"1": ["DELIVERED"]})

    assert [n.stage for n in cdek.ask(Account("me", "key"), ["1", "2"])] == [Stage.DELIVERED]
    with pytest.raises(Outside) as raised:
        cdek.ask(Account("me", "wrong"), ["1"])
    assert raised.value.is_permanent


@pytest.mark.parametrize(
    ("answer", "code"),
    [((500, {}), "provider_failed"), ((429, {}), "provider_failed"),
     ((302, {}), "provider_refused"),
     ((200, b"<html>"), "answer_unreadable"), ((200, []), "answer_unreadable"),
     ((200, {"success": True, "data": {}}), "answer_unreadable"),
     ((200, b"x" * (5 << 20)), "answer_too_large")],
)  # fmt: skip
def test_an_answer_of_another_shape_is_a_fault(
    peer: Peer, answer: tuple[int, Any], code: str
) -> None:
    peer.reply = lambda *_: answer

    with pytest.raises(Outside) as raised:
        nova_poshta.ask(Account("", "key"), ["A"])
    assert raised.value.code == code
    assert len(peer.asked) == 1


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "ftp://a.b/",
            "https://localhost/", "http://example.com/"],
)  # fmt: skip
def test_nobody_is_asked_inside_our_network_or_in_the_open(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", False)
    with pytest.raises(Outside) as raised:
        call("GET", url)
    assert raised.value.is_permanent


def signed(body: bytes, secret: str = "secret", at: float | None = None) -> dict[str, str]:
    stamp = str(int(at if at is not None else clock.now().timestamp()))
    mac = hmac.digest(secret.encode(), f"m1.{stamp}.".encode() + body, hashlib.sha256)
    return {"webhook-id": "m1", "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode()}  # fmt: skip


def test_another_carrier_brings_signed_news_as_json_and_csv(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        carriers.save_carrier(shop, "generic", account="", secret="secret", is_on=True)
        order = send(place, "X1", "generic")
        (account,) = desk.carriers(shop)
    address = reverse("orders:carrier_news", args=[f"{shop:x}.{account.public_id}"])

    def bring(body: bytes, kind: str = "application/json", **headers: str) -> tuple[int, Any]:
        response = Client().post(address, body, content_type=kind, headers=headers)
        return response.status_code, response.json()

    told = json.dumps([{"tracking_number": "X1", "status": "shipped"}]).encode()
    table = b"tracking_number,status,at\nX1,delivered,2026-05-02T10:00:00+03:00\nX9,shipped,\n"
    assert bring(told, **signed(told)) == (200, {"moved": 1})
    assert bring(told, **signed(told)) == (200, {"moved": 0})
    assert bring(table, "text/csv", **signed(table)) == (200, {"moved": 1})
    assert stage_of(place, order) == "delivered"
    assert bring(told)[0] == 401
    assert bring(told, **signed(told, "other"))[0] == 401
    assert bring(told + b" ", **signed(told))[0] == 401
    assert bring(told, **signed(told, at=clock.now().timestamp() - 301))[0] == 401
    bad = b'[{"tracking_number": "X1", "status": "shipped", "order_id": 7}]'
    assert bring(bad, **signed(bad))[0] == 422
    other = reverse("orders:carrier_news", args=[f"{place.other.id:x}.{account.public_id}"])
    assert Client().post(other, told, content_type="application/json").status_code == 404


@given(st.binary(max_size=200), st.text(max_size=40), st.text(max_size=20))
def test_no_signature_is_right_by_chance(body: bytes, signature: str, stamp: str) -> None:
    headers = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": signature}
    with pytest.raises(Refused):
        generic.check(headers, body, "secret", NOW)


@given(st.binary(max_size=200), st.booleans())
def test_bodies_are_read_or_refused(body: bytes, is_csv: bool) -> None:
    with contextlib.suppress(Invalid):
        assert len(generic.read(body, is_csv=is_csv)) <= 500


def test_keys_of_carriers_are_sealed_and_kept_when_none_is_given(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        carriers.save_carrier(shop, "cdek", account="me", secret="very-secret", is_on=True)
        carriers.save_carrier(shop, "cdek", account="you", secret="", is_on=True, is_test=True)
        assert carriers.account_of(shop, "cdek") == Account("you", "very-secret", True)
        row = (
            cursor()
            .execute("SELECT sealed FROM orders_carrier WHERE workspace_id = %s", [shop])
            .fetchone()
        )
    assert row is not None and "very-secret" not in row[0]


def test_codes_of_carriers_are_all_in_our_words() -> None:
    for codes in (nova_poshta.CODES, cdek.CODES):
        assert len(codes) > 20
        assert {Stage.IN_TRANSIT, Stage.ARRIVED, Stage.DELIVERED} <= set(codes.values())


@pytest.mark.parametrize(
    ("stage", "eta", "until", "wait"),
    [(Stage.IN_TRANSIT, None, 30, 120), (Stage.ARRIVED, None, 30, 30),
     (Stage.IN_TRANSIT, 10, 30, 30), (Stage.IN_TRANSIT, 72, 30, 120),
     (Stage.DELIVERED, None, 30, 0),
     (Stage.RETURNED, 1, 30, 0), (Stage.SHIPPED, None, 0, 0)],
)  # fmt: skip
def test_a_carrier_is_asked_more_often_near_the_end_and_then_no_more(
    stage: Stage, eta: int | None, until: int, wait: int
) -> None:
    at = next_ask(
        stage, NOW, until=NOW + timedelta(days=until),
        eta_at=None if eta is None else NOW + timedelta(hours=eta),
    )  # fmt: skip

    assert at == (NOW + timedelta(minutes=wait) if wait else None)
