"""Screens of connections and of ad costs."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.records import ConnectionKind, ConnectionRecord
from regulars.intake.connectors.tests import shop as other
from regulars.orders.queries.costs import CostFilter, cost_sums
from regulars.store.scope import cursor, scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import KeyScope, Role, WorkspaceRecord
from tests.town import workspace

_numbers = itertools.count(1)
SALE = {"no": "17", "sum": "12.50", "buyer": {"mail": "mira@example.com"},
        "goods": [{"code": "RYE", "n": 2, "each": 6.25}], "state": "Зібрано"}  # fmt: skip
MAP = {"customer-email-path": "buyer.mail", "order-number-path": "no", "order-total-path": "sum",
       "order-status-path": "state", "statuses": "зібрано = processing", "lines_each": "goods",
       "lines-sku-path": "code", "lines-quantity-path": "n", "lines-unit_price-path": "each",
       "each": ""}  # fmt: skip


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def member_of(shop: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    user_id = workspaces.ensure_user(f"c-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


def page_of(connection: ConnectionRecord, rest: str = "") -> str:
    return f"/data/connections/{connection.public_id}/{rest}"


def now(shop: WorkspaceRecord, connection: ConnectionRecord) -> ConnectionRecord:
    with scope(shop.id):
        return queries.connection(shop.id, connection.public_id)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("kind", [kind.value for kind in ConnectionKind])
def test_a_connection_of_each_kind_is_made_and_shown(shop: WorkspaceRecord, kind: str) -> None:
    anna = member_of(shop, Role.MARKETER)

    answer = anna.post("/data/connections/", {"kind": kind, "name": "My shop"})
    assert answer.status_code == 302
    shown = anna.get(answer["Location"])

    assert shown.status_code == 200
    assert "My shop" in text_of(shown)
    assert ("/in/" in text_of(shown)) == (kind != "pull")
    listed = text_of(anna.get("/data/connections/"))
    assert "My shop" in listed
    (record,) = connections_of(shop)
    assert bool(record.secrets) == (kind not in ("shopify", "pull"))
    # A secret is shown when it is asked for, and nowhere else.
    with scope(shop.id):
        secret = actions.open_secrets(record).get("secret", "-----")
    assert secret not in text_of(shown)
    if record.secrets:
        assert secret.encode() in anna.post(page_of(record, "secret")).content


def connections_of(shop: WorkspaceRecord) -> list[ConnectionRecord]:
    with scope(shop.id):
        return queries.connections(shop.id)


def test_a_map_is_tried_saved_and_used(shop: WorkspaceRecord) -> None:
    anna = member_of(shop)
    connection = other.connect(shop, ConnectionKind.WEBHOOK)
    assert anna.post(page_of(connection, "map"), {**MAP, "try": "1"}).status_code == 422
    other.hook(connection, SALE, "m1")
    other.process()
    assert "buyer.mail" in text_of(anna.get(page_of(connection)))

    tried = anna.post(page_of(connection, "map"), {**MAP, "try": "1"})
    assert tried.status_code == 200
    for word in ("RYE", "mira@example.com", "12.50", "processing"):
        assert word in text_of(tried), word
    assert orders_of(shop) == []
    assert now(shop, connection).settings.get("mapping") is None

    assert anna.post(page_of(connection, "map"), MAP).status_code == 302
    assert anna.post(page_of(connection, "replay")).status_code == 302
    other.process()
    assert orders_of(shop) == [("17", "processing", 1250)]


def orders_of(shop: WorkspaceRecord) -> list[Any]:
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT number, status, total_minor FROM orders_order WHERE workspace_id = %s",
            [shop.id],
        )
        return raw.fetchall()


@pytest.mark.parametrize(
    "wrong",
    [{"order-number-path": "a[[b"}, {"order-number-path": ""}, {"statuses": "зібрано"},
     {"lines-unit_price-path": "", "order-total-path": ""}, {"order-number-path": "a." * 99 + "b"}],
)  # fmt: skip
def test_a_map_that_cannot_be_is_refused_and_shown_again(
    shop: WorkspaceRecord, wrong: dict[str, str]
) -> None:
    anna, connection = member_of(shop), other.connect(shop, ConnectionKind.WEBHOOK)

    answer = anna.post(page_of(connection, "map"), {**MAP, **wrong})

    assert answer.status_code == 422
    assert "buyer.mail" in text_of(answer)
    assert now(shop, connection).settings.get("mapping") is None


def test_settings_are_kept_and_wrong_ones_refused(shop: WorkspaceRecord) -> None:
    anna, connection = member_of(shop), other.connect(shop, ConnectionKind.ONEC, login="exchange")
    told = {"name": "Облік", "login": "exchange", "secret": "", "code": "id", "price_type": "Опт",
            "orders_since": "2026-01-01", "encoding": "windows-1251",
            "statuses": "Зібрано = processing"}  # fmt: skip

    assert anna.post(page_of(connection, "save"), told).status_code == 302
    kept = now(shop, connection)
    assert (kept.name, kept.settings["code"]) == ("Облік", "id")
    assert kept.settings["statuses"] == {"зібрано": "processing"}
    with scope(shop.id):
        assert actions.open_secrets(kept)["secret"] == other.SECRET
    for wrong in ({"name": ""}, {"code": "x"}, {"orders_since": "x"}, {"statuses": "x = y"},
                  {"secret": "short"}):  # fmt: skip
        assert anna.post(page_of(connection, "save"), {**told, **wrong}).status_code == 422
    assert now(shop, connection) == kept


def test_a_connection_is_paused_goes_on_and_is_deleted(shop: WorkspaceRecord) -> None:
    anna, connection = member_of(shop), other.connect(shop, ConnectionKind.WEBHOOK)

    anna.post(page_of(connection, "pause"), {"state": "paused"})
    assert not now(shop, connection).is_on
    anna.post(page_of(connection, "pause"), {"state": "on"})
    assert now(shop, connection).is_on
    assert anna.post(page_of(connection, "delete")).status_code == 302
    assert connections_of(shop) == []
    assert anna.get(page_of(connection)).status_code == 404


DEEDS = ("save", "map", "secret", "pause", "delete", "replay", "pull")


@pytest.mark.parametrize("kind", [ConnectionKind.WEBHOOK, ConnectionKind.PULL])
def test_another_workspace_gets_404_everywhere(shop: WorkspaceRecord, kind: ConnectionKind) -> None:
    connection, zoe = other.connect(shop, kind), member_of(workspace("florist"))

    for rest in ("", "log"):
        assert zoe.get(page_of(connection, rest)).status_code == 404
    for rest in DEEDS:
        assert zoe.post(page_of(connection, rest), MAP).status_code == 404, rest
    assert now(shop, connection) == connection
    assert connection.name not in text_of(zoe.get("/data/connections/"))


@pytest.mark.parametrize(
    ("role", "may_look", "may_edit"),
    [(Role.OWNER, True, True), (Role.MARKETER, True, True), (Role.ANALYST, True, False),
     (Role.SHOP_MANAGER, False, False), (Role.SUPPORT, False, False),
     (Role.CASHIER, False, False)],
)  # fmt: skip
def test_roles_may_what_the_table_says(
    shop: WorkspaceRecord, role: Role, may_look: bool, may_edit: bool
) -> None:
    connection, client = other.connect(shop, ConnectionKind.WEBHOOK), member_of(shop, role)

    for address in ("/data/connections/", page_of(connection), page_of(connection, "log")):
        assert client.get(address).status_code == (200 if may_look else 403)
    answers = {client.post(page_of(connection, rest), MAP).status_code for rest in DEEDS[:3]}
    assert (403 in answers) is not may_edit
    made = client.post("/data/connections/", {"kind": "webhook", "name": "x"})
    assert made.status_code == (302 if may_edit else 403)
    if may_look and not may_edit:
        assert 'id="reveal"' not in text_of(client.get(page_of(connection)))


def test_what_strangers_send_is_shown_as_text(shop: WorkspaceRecord) -> None:
    anna, connection = member_of(shop), other.connect(shop, ConnectionKind.WEBHOOK)
    evil = "<img src=x onerror=alert(1)>"
    other.hook(connection, {evil: evil, "no": evil}, "m1")
    other.process()

    answer = text_of(anna.get(page_of(connection)))

    assert "&lt;img" in answer
    assert evil not in answer


COSTS = b"date,campaign,cost,clicks\n2026-11-01,Autumn,12.50,3\n"


def test_costs_come_by_the_page_and_are_summed(shop: WorkspaceRecord) -> None:
    anna = member_of(shop, Role.MARKETER)

    def send(content: bytes, **told: str) -> Any:
        file = SimpleUploadedFile("costs.csv", content)
        return anna.post("/data/costs/upload", {"file": file, **told})

    assert send(COSTS).status_code == 422
    assert send(b"rubbish", source="radio").status_code == 422
    assert anna.post("/data/costs/upload", {}).status_code == 422
    for _ in range(2):
        assert send(COSTS, source="radio").status_code == 302
    own = b"When;What;Sum\n2026-11-02;Winter;7,25\n"
    columns = "When = day\nWhat = campaign\nSum = amount"
    assert send(own, source="posters", columns=columns).status_code == 302

    shown = text_of(anna.get("/data/costs/"))
    assert "Autumn" in shown and "Winter" in shown
    assert re.search(r"19[.,]75", shown)
    assert "Winter" not in text_of(anna.get("/data/costs/?source=radio&by=campaign"))
    for query in ("since=x&until=2026-99-99&by=rubbish&page=-1", "page=99999999", "campaign=%00"):
        assert anna.get(f"/data/costs/?{query}").status_code in (200, 400)
    with scope(shop.id):
        assert [one.amount_minor for one in cost_sums(shop.id, CostFilter())] == [1975]
    florist = workspace("florist")
    assert "Autumn" not in text_of(member_of(florist).get("/data/costs/"))
    manager = member_of(shop, Role.SHOP_MANAGER)
    assert manager.get("/data/costs/").status_code == 200
    assert manager.post("/data/costs/upload", {}).status_code == 403


def test_costs_go_over_the_api(shop: WorkspaceRecord) -> None:
    with scope(shop.id):
        key = workspaces.create_key(shop.id, KeyScope.API)
    body = {"source": "radio", "rows": [{"day": "2026-11-01", "campaign": "A", "currency": "UAH",
                                         "amount": "12.345", "clicks": 2}]}  # fmt: skip
    client, headers = Client(), {"Authorization": f"Bearer {key}"}

    answers = [
        client.put("/api/v1/costs", json.dumps(body), content_type="application/json",
                   headers=headers).json()
        for _ in range(2)
    ]  # fmt: skip
    listed = client.get("/api/v1/costs?by=source", headers=headers).json()

    assert [one["added"] for one in answers] == [1, 0]
    assert listed["sums"] == [{"currency": "UAH", "amount": "12.35", "impressions": 0, "clicks": 2}]
    assert client.get("/api/v1/costs").status_code == 401
    wrong = {**body, "extra": 1}
    assert client.put("/api/v1/costs", json.dumps(wrong), content_type="application/json",
                      headers=headers).status_code == 422  # fmt: skip
