"""The screens of the desk: leads, new orders, bulk moves, stock, and the customer's page."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from regulars.customers.records import Identity
from regulars.orders import actions, queries
from regulars.orders.queries import desk
from regulars.orders.records import NewLead, NewLine, NewOrder, OrderStatus, PaymentState, Stage
from regulars.orders.tests.test_pages import get, member_of
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import Role
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def sell(place: Town, number: str, name: str = "Tea", **more: Any) -> str:
    given: dict[str, Any] = {"status": OrderStatus.NEW, "payment": PaymentState.UNPAID, **more}
    order = NewOrder(
        number=number, placed_at=NOON, currency="UAH", source="desk",
        lines=(NewLine("TEA", Decimal(2), Decimal(10), name),),
        identity=Identity(external_id="mira"), **given,
    )  # fmt: skip
    with scope(place.bakery.id):
        return actions.record_order(place.bakery.id, order).public_id


def told(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("query", "numbers"),
    [({"stage": "shipped"}, ["A2"]), ({"payment": "paid"}, ["A3"]), ({"text": "A1"}, ["A1"]),
     ({"text": "20450"}, ["A2"]), ({"text": "mira@example"}, ["A1", "A2", "A3"]),
     ({"responsible": "none"}, ["A1", "A2", "A3"]), ({"place": "nowhere"}, []),
     ({"since": "2026-05-02"}, []), ({"until": "2026-05-01"}, ["A1", "A2", "A3"]),
     ({"source": "desk", "stage": "received"}, ["A1", "A3"]), ({"stage": "'; --"}, []),
     ({"responsible": "9" * 40}, ["A1", "A2", "A3"]), ({"since": "never"}, ["A1", "A2", "A3"])],
)  # fmt: skip
def test_orders_are_found_by_what_the_desk_knows(
    place: Town, query: dict[str, str], numbers: list[str]
) -> None:
    sell(place, "A1")
    second = sell(place, "A2")
    sell(place, "A3", payment=PaymentState.PAID)
    with scope(place.bakery.id):
        actions.set_delivery(place.bakery.id, second, {"tracking_number": "20450"})
        actions.move(place.bakery.id, queries.order(place.bakery.id, second).id, Stage.SHIPPED)

    html = get(member_of(place.bakery), reverse("orders:list"), **query)

    assert sorted(re.findall(r">(A\d)</a>", html)) == numbers


def test_many_orders_are_moved_after_a_look_at_each(place: Town) -> None:
    ids = [sell(place, f"A{n}") for n in range(3)]
    client = member_of(place.bakery)
    with scope(place.bakery.id):
        gone = queries.order(place.bakery.id, ids[0]).id
        actions.move(place.bakery.id, gone, Stage.CANCELLED)
    form = {"order": ids, "stage": "packed"}

    look = client.post(reverse("orders:bulk"), form).content.decode()
    with scope(place.bakery.id):
        assert queries.order(place.bakery.id, ids[1]).stage == "received"
    done = client.post(reverse("orders:bulk"), form | {"confirmed": "1"}).content.decode()

    assert "2 orders can be moved. 1 stays" in told(look)
    assert "Move 2 orders" in told(look)
    assert "2 orders were moved." in told(done)
    assert "The order is closed; nothing can follow that." in told(done)
    with scope(place.bakery.id):
        stages = [queries.order(place.bakery.id, one).stage for one in ids]
    assert stages == ["cancelled", "packed", "packed"]


def test_all_orders_of_a_filter_are_chosen_at_once(place: Town) -> None:
    for n in range(55):
        sell(place, f"A{n}")
    sell(place, "PAID", payment=PaymentState.PAID)
    client = member_of(place.bakery)
    assert "all 55 orders of the filter" in get(client, reverse("orders:list"), payment="unpaid")

    form = {"all": "1", "query": "payment=unpaid", "stage": "processing", "confirmed": "1"}
    html = client.post(reverse("orders:bulk"), form).content.decode()

    assert "55 orders were moved." in told(html)


def test_nothing_chosen_and_too_many_are_told(place: Town) -> None:
    client = member_of(place.bakery)

    for ids in ([], [str(n) for n in range(501)]):
        response = client.post(
            reverse("orders:bulk"), {"stage": "packed", "order": ids}, follow=True
        )
        assert "Choose 1 to 500 orders at once." in response.content.decode()
    assert client.post(reverse("orders:bulk"), {"stage": "eaten"}).status_code == 422


def test_the_exported_file_holds_the_filter_and_no_formulas(place: Town) -> None:
    sell(place, "=cmd|' /C calc'!A0")
    sell(place, "A2", payment=PaymentState.PAID)
    client = member_of(place.bakery)

    response = client.get(reverse("orders:export"), {"payment": "unpaid"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode("utf-8-sig"))))  # type: ignore[arg-type]

    assert [(r["number"], r["stage"], r["payment"], r["total"], r["email"]) for r in rows] == [
        ("'=cmd|' /C calc'!A0", "received", "unpaid", "20.00", "mira@example.com")
    ]
    keeper = member_of(place.bakery, Role.ORDER_MANAGER)
    body = b"".join(keeper.get(reverse("orders:export")))  # type: ignore[arg-type]
    assert b"mira@example.com" not in body
    assert b"A2" in body


def test_an_order_is_paid_moved_delivered_and_spoken_of_on_its_page(place: Town) -> None:
    order = sell(place, "A1")
    client = member_of(place.bakery)
    address = reverse("orders:order", args=[order])
    key = re.search(r'name="key" value="([^"]+)"', get(client, address))
    assert key is not None

    for _ in range(2):
        client.post(address + "payment", {"key": key[1], "way": "in", "amount": "20,00"})
        client.post(address + "comment", {"key": key[1], "text": "<b>Ring twice</b>"})
    client.post(
        address + "delivery",
        {"method": "Branch", "tracking_number": "20450", "tracking_url": "https://t.example/1",
         "eta_at": "2026-05-04T18:00"},
    )  # fmt: skip
    client.post(address + "status", {"status": "shipped", "reason": "by the morning van"})
    client.post(address + "payment-link", {"url": "javascript:alert(1)"})

    html = get(client, address)
    assert "&lt;b&gt;Ring twice&lt;/b&gt;" in html
    assert html.count("Ring twice") == 1
    for part in ("20450", "Handed to the carrier", "by the morning van", "4 May 2026, 18:00"):
        assert part in html
    with scope(place.bakery.id):
        found = queries.order(place.bakery.id, order)
        assert (found.payment, found.status, found.paid_minor) == ("paid", "shipped", 2000)
        assert found.payment_url is None


def test_an_order_is_written_by_hand_once(place: Town) -> None:
    sell(place, "A1")
    client = member_of(place.bakery)
    address = reverse("orders:new")
    page = client.post(address, {"what": "te", "who": "mira"}).content.decode()
    assert 'value="add:TEA"' in page
    chosen = re.search(r'value="(customer:[^"]+)"', page)
    number = re.search(r'name="number" value="([^"]+)"', page)
    assert chosen is not None and number is not None
    page = client.post(address, {"action": chosen[1], "number": number[1]}).content.decode()
    customer = re.search(r'name="customer" value="([^"]+)"', page)
    assert customer is not None
    form = {"customer": customer[1], "number": number[1], "action": "add:TEA"}
    page = client.post(address, form).content.decode()
    assert 'name="line-price" id="price-1" value="10"' in page
    lines = {
        "line-sku": ["TEA", "HAIR"], "line-name": ["Tea", "Cut"], "line-quantity": ["3", "1"],
        "line-price": ["9,50", "400"], "line-item": ["product", "service"],
        "line-duration": ["", "45"], "line-starts": ["", ""], "line-ends": ["", ""],
    }  # fmt: skip

    for _ in range(2):
        response = client.post(address, form | lines | {"action": "save"}, follow=True)

    assert "428" in response.content.decode()
    with scope(place.bakery.id):
        (order,) = queries.page(place.bakery.id, queries.OrderFilter(number=number[1]))
        assert (order.total_minor, order.payment, order.customer_id, order.source) == (
            42850, "unpaid", place.mira, "desk",
        )  # fmt: skip
        assert queries.lines(place.bakery.id, order.id)[1].duration_min == 45


@pytest.mark.parametrize("change", [{"line-quantity": "0"}, {"line-price": ""},
                                    {"line-quantity": "x"}, {"line-starts": "soon"}])  # fmt: skip
def test_a_bad_line_is_told_and_nothing_typed_is_lost(place: Town, change: dict[str, str]) -> None:
    line = {"line-sku": "TEA", "line-name": "Tea", "line-quantity": "3", "line-price": "9",
            "line-item": "", "line-duration": "", "line-starts": "", "line-ends": ""}  # fmt: skip

    response = member_of(place.bakery).post(
        reverse("orders:new"), line | change | {"action": "save"}
    )

    assert response.status_code == 422
    assert 'class="alert bad"' in response.content.decode()
    assert 'name="line-sku" value="TEA"' in response.content.decode()
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 0


def test_an_order_for_more_than_lies_there_is_refused_unless_asked(place: Town) -> None:
    client = member_of(place.bakery)
    client.post(reverse("orders:save_place"), {"name": "Shop", "is_open": "1"})
    with scope(place.bakery.id):
        (shop,) = desk.places(place.bakery.id)
    client.post(
        reverse("orders:count_stock"), {"place": shop.public_id, "sku": "TEA", "quantity": "1"}
    )
    form = {"line-sku": "TEA", "line-name": "Tea", "line-quantity": "3", "line-price": "9",
            "line-item": "", "line-duration": "", "line-starts": "", "line-ends": "",
            "action": "save"}  # fmt: skip

    refused = client.post(reverse("orders:new"), form)
    taken = client.post(reverse("orders:new"), form | {"short": "1"}, follow=True)

    assert "There is not enough in stock for this order." in refused.content.decode()
    assert "Not enough in stock" in taken.content.decode()
    assert "Shop" in get(client, reverse("orders:stock"))


def test_leads_are_worked_on_and_become_orders(place: Town) -> None:
    client = member_of(place.bakery)
    client.post(
        reverse("orders:new_lead"), {"name": "Ira", "phone": "+380501112233", "key": "k",
                                     "comment": "<script>alert(1)</script>"},
    )  # fmt: skip
    with scope(place.bakery.id):
        asked = NewLead(source="form", name="Olga", items=(("TEA", "Tea", 2, "10"),))
        made = actions.take_lead(place.bakery.id, asked, key="form")
    html = get(client, reverse("orders:leads"))
    assert "Ira" in html and "Olga" in html
    assert "<script>alert(1)" not in html
    assert "Olga" not in get(client, reverse("orders:leads"), text="3805011")

    address = reverse("orders:lead", args=[made.public_id])
    client.post(address + "/change", {"status": "in_work"})
    client.post(address + "/comment", {"text": "Called", "key": "c"})
    response = client.post(address + "/convert", follow=True)
    again = client.post(address + "/convert", follow=True)

    assert "₴20" in response.content.decode()
    assert response.redirect_chain[-1] == again.redirect_chain[-1]
    assert "Became an order" in get(client, address)
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 1


def test_a_lead_without_a_price_is_made_an_order_on_the_form(place: Town) -> None:
    client = member_of(place.bakery)
    with scope(place.bakery.id):
        asked = NewLead(source="form", name="Olga", items=(("NEW", "New thing", 2),))
        made = actions.take_lead(place.bakery.id, asked, key="form")

    response = client.post(reverse("orders:convert_lead", args=[made.public_id]), follow=True)

    assert 'name="line-sku" value="NEW"' in response.content.decode()
    form = {"lead": made.public_id, "line-sku": "NEW", "line-name": "New thing",
            "line-quantity": "2", "line-price": "5", "line-item": "", "line-duration": "",
            "line-starts": "", "line-ends": "", "action": "save"}  # fmt: skip
    client.post(reverse("orders:new"), form)
    with scope(place.bakery.id):
        assert queries.lead(place.bakery.id, made.public_id).status == "won"


def test_the_customers_page_tells_the_order_and_nothing_of_the_person(place: Town) -> None:
    order = sell(place, "A1", name="<b>Tea</b>")
    shop = place.bakery.id
    with scope(shop):
        token = queries.order(shop, order).token
        actions.set_delivery(
            shop, order, {"method": "Branch", "branch": "5", "address": "Hidden street 7"}
        )
        actions.save_support(shop, phone="+380440000000", email="", url="")
        actions.ask_for_payment(
            shop, queries.order(shop, order).id, "https://pay.example/1", is_asked=True
        )
        actions.add_comment(shop, "order", queries.order(shop, order).id, text="rude", key="k")
    assert token is not None

    response = Client().get(reverse("orders:public", args=[token]))
    html = response.content.decode()

    assert response.status_code == 200
    for part in (
        "Order A1",
        "&lt;b&gt;Tea&lt;/b&gt;",
        "https://pay.example/1",
        "tel:%2B380440000000",
    ):
        assert part in html
    for hidden in ("mira@example.com", "+380671234567", "Hidden street", "rude"):
        assert hidden not in html
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Cache-Control"] == "no-store, private"
    assert 'name="robots" content="noindex"' in html
    assert set(response.cookies) <= {"csrftoken"}


@pytest.mark.parametrize("language", ["uk", "ru", "en"])
def test_the_customers_page_speaks_the_customers_language(place: Town, language: str) -> None:
    order = sell(place, "A1")
    with scope(place.bakery.id):
        token = queries.order(place.bakery.id, order).token or ""

    response = Client().get(
        reverse("orders:public", args=[token]), headers={"Accept-Language": language}
    )

    assert f'<html lang="{language}"' in response.content.decode()


def test_the_language_chosen_at_the_foot_of_the_page_goes_before(place: Town) -> None:
    order = sell(place, "A1")
    with scope(place.bakery.id):
        token = queries.order(place.bakery.id, order).token or ""
    client = Client(headers={"Accept-Language": "uk"})
    address = reverse("orders:public", args=[token])

    client.post(reverse("web:language"), {"language": "ru", "next": address})

    assert '<html lang="ru"' in client.get(address).content.decode()


@pytest.mark.parametrize(
    "token", ["x", "1.", "zz.aaaaaaaaaaaaaaaaaaaaaa", "fffffffffffffff.aaaaaaaaaaaaaaaaaaaaaa",
              "-1.a", "1.%00", "1." + "я" * 22, "." * 50],
)  # fmt: skip
def test_an_unknown_page_is_not_found(place: Town, token: str) -> None:
    response = Client().get(reverse("orders:public", args=[token]))

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("role", "view", "edit"),
    [(Role.CASHIER, 403, 403), (Role.SUPPORT, 200, 403), (Role.ANALYST, 200, 403),
     (Role.ORDER_MANAGER, 200, 302), (Role.SHOP_MANAGER, 200, 302)],
)  # fmt: skip
def test_roles_decide_who_works_at_the_desk(place: Town, role: Role, view: int, edit: int) -> None:
    order = sell(place, "A1")
    client = member_of(place.bakery, role)
    with scope(place.bakery.id):
        lead = actions.take_lead(place.bakery.id, NewLead(source="a", name="b"), key="k")

    for name in ("list", "leads", "products", "stock", "places"):
        assert client.get(reverse(f"orders:{name}")).status_code == view, name
    assert client.get(reverse("orders:lead", args=[lead.public_id])).status_code == view
    for name in ("pay", "ask_payment", "deliver", "assign", "comment", "reserve", "open_page"):
        response = client.post(reverse(f"orders:{name}", args=[order]))
        assert response.status_code == edit, name
    for name in ("change_lead", "comment_lead", "convert_lead"):
        response = client.post(reverse(f"orders:{name}", args=[lead.public_id]))
        assert response.status_code == edit, name


def test_what_belongs_to_another_shop_is_404(place: Town) -> None:
    order = sell(place, "A1")
    with scope(place.bakery.id):
        lead = actions.take_lead(place.bakery.id, NewLead(source="a", name="b"), key="k")
        shop = actions.save_place(place.bakery.id, name="Shop")
    stranger = member_of(place.other)

    for name in ("status", "pay", "ask_payment", "deliver", "assign", "comment", "reserve",
                 "open_page", "return"):  # fmt: skip
        response = stranger.post(reverse(f"orders:{name}", args=[order]), {"status": "packed"})
        assert response.status_code == 404, name
    assert stranger.get(reverse("orders:lead", args=[lead.public_id])).status_code == 404
    for name in ("change_lead", "comment_lead", "convert_lead"):
        response = stranger.post(reverse(f"orders:{name}", args=[lead.public_id]))
        assert response.status_code == 404, name
    assert stranger.get(reverse("orders:new"), {"lead": lead.public_id}).status_code == 404
    form = {"place": shop, "sku": "TEA", "quantity": "1"}
    assert stranger.post(reverse("orders:count_stock"), form).status_code == 404
    own = stranger.post(reverse("orders:save_place"), {"id": shop, "name": "Mine"})
    assert own.status_code == 404


def test_a_lead_whose_goods_are_short_leaves_no_order_behind_until_asked(place: Town) -> None:
    client = member_of(place.bakery)
    with scope(place.bakery.id):
        shop = actions.save_place(place.bakery.id, name="Shop")
        shop_id = desk.place(place.bakery.id, shop).id
        actions.set_stock(place.bakery.id, shop_id, {"TEA": Decimal(1)})
        asked = NewLead(source="form", name="Olga", items=(("TEA", "Tea", 2, "10"),))
        made = actions.take_lead(place.bakery.id, asked, key="form")

    client.post(reverse("orders:convert_lead", args=[made.public_id]))

    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 0
        assert queries.lead(place.bakery.id, made.public_id).status == "new"
        assert desk.free_of(place.bakery.id, ["TEA"]) == {"TEA": 1}
    form = {"lead": made.public_id, "line-sku": "TEA", "line-name": "Tea", "line-quantity": "2",
            "line-price": "9", "line-item": "", "line-duration": "", "line-starts": "",
            "line-ends": "", "action": "save"}  # fmt: skip
    assert client.post(reverse("orders:new"), form).status_code == 422
    assert client.post(reverse("orders:new"), {**form, "short": "1"}).status_code == 302
    with scope(place.bakery.id):
        (order,) = queries.page(place.bakery.id)
        assert order.total_minor == 1800
        assert queries.lead(place.bakery.id, made.public_id).order_id == order.id
        assert [r.state for r in desk.reservations(place.bakery.id, order.id)] == ["short"]


def test_an_amount_beyond_all_bounds_is_told(place: Town) -> None:
    order = sell(place, "A1")
    client = member_of(place.bakery)

    response = client.post(
        reverse("orders:pay", args=[order]), {"amount": "1e999999", "key": "k"}, follow=True
    )

    assert response.status_code == 200
    assert "Write a number" in response.content.decode()


def test_an_export_with_people_is_written_down(place: Town) -> None:
    sell(place, "A1")
    client = member_of(place.bakery)

    client.get(reverse("orders:export"))

    with scope(place.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT act, object_id, fields FROM audit_entry WHERE workspace_id = %s"
            " AND act = 'customers.exported'",
            [place.bakery.id],
        )
        assert raw.fetchall() == [("customers.exported", "orders", ["customer", "email", "phone"])]
