"""A shop with a connection, and the other side that sends to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from regulars import wiring
from regulars.intake import processor
from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.pure.signatures import standard_signature
from regulars.intake.connectors.records import ConnectionKind, ConnectionRecord, DeliveryRecord
from regulars.kernel import clock
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = "a secret both sides know"
STANDARD = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def fixture(name: str) -> dict[str, Any]:
    """A recorded body."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return found


def connect(shop: WorkspaceRecord, kind: ConnectionKind, **settings: Any) -> ConnectionRecord:
    """A new connection of the shop."""
    secret = STANDARD if kind is ConnectionKind.WEBHOOK else SECRET
    with scope(shop.id):
        return actions.create_connection(
            shop.id, kind, f"My {kind.value}", actor="anna", settings=settings,
            secrets={"secret": secret},
        )  # fmt: skip


def sign(body: bytes, secret: str = SECRET) -> str:
    """Base64 of the HMAC, as WooCommerce and Shopify send it."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def woo_headers(body: bytes, topic: str, delivery: str) -> dict[str, str]:
    """What WooCommerce sends along."""
    return {
        "X-WC-Webhook-Source": "https://shop.example.com/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": topic.partition(".")[0],
        "X-WC-Webhook-Event": topic.partition(".")[2],
        "X-WC-Webhook-Signature": sign(body),
        "X-WC-Webhook-ID": "17",
        "X-WC-Webhook-Delivery-ID": delivery,
    }


def shopify_headers(body: bytes, topic: str, delivery: str) -> dict[str, str]:
    """What Shopify sends along."""
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": sign(body),
        "X-Shopify-Shop-Domain": "example.myshopify.com",
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Webhook-Id": delivery,
        "X-Shopify-Triggered-At": "2026-01-10T00:29:54.000Z",
    }


def standard_headers(body: bytes, id_: str, sent: int | None = None) -> dict[str, str]:
    """What a sender by Standard Webhooks sends along."""
    at = str(sent if sent is not None else int(clock.now().timestamp()))
    return {
        "webhook-id": id_,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + standard_signature(id_, at, body, STANDARD),
    }


def post(connection: ConnectionRecord | str, body: bytes, headers: dict[str, str]) -> HttpResponse:
    """The answer of the door."""
    public_id = connection if isinstance(connection, str) else connection.public_id
    answer = Client().post(
        f"/in/{public_id}", body, content_type="application/json", headers=headers
    )
    assert isinstance(answer, HttpResponse)
    return answer


def woo(connection: ConnectionRecord, data: Any, topic: str, delivery: str) -> None:
    """A delivery of WooCommerce, stored."""
    body = json.dumps(data).encode()
    assert post(connection, body, woo_headers(body, topic, delivery)).status_code == 200


def shopify(connection: ConnectionRecord, data: Any, topic: str, delivery: str) -> None:
    """A delivery of Shopify, stored."""
    body = json.dumps(data).encode()
    assert post(connection, body, shopify_headers(body, topic, delivery)).status_code == 200


def hook(connection: ConnectionRecord, data: Any, id_: str) -> None:
    """A delivery of anybody, stored."""
    body = json.dumps(data).encode()
    assert post(connection, body, standard_headers(body, id_)).status_code == 200


def process() -> None:
    """What the worker does with the inbox."""
    while processor.run_once(wiring.INBOX):
        pass


def stored(shop: WorkspaceRecord) -> int:
    """How many deliveries of the shop wait in the inbox."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM events_inbox WHERE workspace_id = %s AND kind = 'connector'",
            [shop.id],
        )
        row = raw.fetchone()
    return int(row[0]) if row else 0


def log_of(shop: WorkspaceRecord, connection: ConnectionRecord) -> list[DeliveryRecord]:
    """What became of its deliveries, the oldest first."""
    with scope(shop.id):
        return queries.deliveries(shop.id, connection.id)[::-1]
