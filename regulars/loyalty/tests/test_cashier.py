"""The till in the browser: everything works by plain forms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from regulars.loyalty import registry
from regulars.loyalty.queries.burn_codes import code_of
from regulars.loyalty.tests.counter import Shop, shop
from regulars.orders import actions as orders
from regulars.orders.records import NewProduct
from regulars.store.scope import scope
from regulars.workspaces.models import User
from regulars.workspaces.records import Role
from regulars.workspaces.tests.doors import browser, person


@pytest.fixture
def tea(db: None) -> Shop:
    made = shop()
    with scope(made.workspace.id):
        orders.tell_catalogue(
            made.workspace.id,
            [NewProduct("TEA", name="Green tea", price=Decimal(100)), NewProduct("CUP")],
        )
    return made


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Challenges whose codes went out."""
    challenges: list[str] = []
    registry.declare_burn_sender(lambda _, __, challenge, ___: challenges.append(challenge))
    yield challenges
    registry.forget_burn_sender()


def signed_in(place: Shop, role: Role = Role.CASHIER, language: str = "en") -> Client:
    client = browser(language)
    anna = person(role, place.workspace)
    client.force_login(User.objects.get(id=anna.user_id))
    return client


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def fields(answer: Any) -> dict[str, list[str]]:
    """What the form holds, as a browser would send it."""
    body = answer.content.decode().split('id="till"')[1]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]+>", body):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        is_off = 'type="checkbox"' in tag and " checked" not in tag
        if name and not is_off:
            found.setdefault(name[1], []).append(value[1] if value else "")
    return found


def press(client: Client, answer: Any, does: str, **typed: Any) -> Any:
    return client.post("/loyalty/till", {**fields(answer), "do": does, **typed})


def test_a_cashier_sells_with_points_and_takes_a_part_back(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    client = signed_in(tea)
    answer = client.get("/loyalty/till")

    answer = press(client, answer, "add", scan="TEA")
    answer = press(client, answer, "add", scan="TEA")
    assert "Green tea" in text(answer) and "200.00" in text(answer)
    answer = press(client, answer, "find", who=member["external_id"])
    assert "50 points" in text(answer)
    answer = press(client, answer, "price", pays_points="1")
    assert "150.00" in text(answer)
    assert tea.count("loyalty_purchase") == 0
    answer = press(client, answer, "hold")
    assert answer.status_code == 302
    held = client.get(answer["location"])
    assert "The money is taken" in text(held)
    assert tea.balance(member)["reserved"] == 50_00

    for _ in range(2):
        client.post(f"{answer['location']}/confirm")
    assert tea.balance(member) == {"available": 15_00, "pending": 0, "reserved": 0, "debt": 0}

    back = {"back-1": "1", "return_id": "one"}
    shown = client.post(f"{answer['location']}/return", {**back, "do": "look"})
    assert "75.00" in text(shown)
    assert tea.count("loyalty_return") == 0
    for _ in range(2):
        client.post(f"{answer['location']}/return", {**back, "do": "return"})
    assert tea.count("loyalty_return") == 1
    assert "Partly returned" in text(client.get(answer["location"]))


def test_what_is_wrong_is_said_and_nothing_is_lost(tea: Shop) -> None:
    client = signed_in(tea)
    answer = press(client, client.get("/loyalty/till"), "add", scan="CUP")

    answer = press(client, answer, "price", price="ten")
    assert answer.status_code == 422
    assert "This is no number: price." in text(answer)
    assert fields(answer)["sku"] == ["CUP"]
    answer = press(client, answer, "find", who="+380000000000", price="12,50")
    assert "No member is known by this." in text(answer)
    assert fields(answer)["price"] == ["12,50"]
    answer = press(client, answer, "drop:0")
    assert "sku" not in fields(answer)


def test_a_name_that_several_goods_share_is_chosen_from_a_list(tea: Shop) -> None:
    with scope(tea.workspace.id):
        orders.tell_catalogue(
            tea.workspace.id, [NewProduct("TEA-B", name="Black tea", price=Decimal("120.5"))]
        )
    client = signed_in(tea)

    answer = press(client, client.get("/loyalty/till"), "add", scan="tea")
    assert "Which of these?" in text(answer) and "120.50" in text(answer)
    assert "sku" not in fields(answer)
    answer = press(client, answer, "pick:TEA-B")
    assert fields(answer)["sku"] == ["TEA-B"] and fields(answer)["scan"] == [""]
    answer = press(client, answer, "add", scan="green")
    assert fields(answer)["sku"] == ["TEA-B", "TEA"]
    answer = press(client, answer, "add", scan="CUP")
    assert answer.status_code == 422
    assert "Write the price: CUP." in text(answer)


def test_a_cancelled_purchase_frees_its_points(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    client = signed_in(tea)
    answer = press(client, client.get("/loyalty/till"), "add", scan="TEA")
    answer = press(client, answer, "find", who=member["external_id"])
    answer = press(client, answer, "hold", pays_points="1", points="20")
    assert tea.balance(member)["reserved"] == 20_00

    client.post(f"{answer['location']}/cancel")

    assert tea.balance(member)["available"] == 50_00


def test_points_are_burnt_with_the_code_that_the_customer_was_sent(
    tea: Shop, sent: list[str]
) -> None:
    tea.settle({"burning": {"asks_code": True}})
    member = tea.member(points_held=50_00)
    client = signed_in(tea)
    answer = press(client, client.get("/loyalty/till"), "add", scan="TEA")
    answer = press(client, answer, "find", who=member["external_id"])
    answer = press(client, answer, "price", pays_points="1", points="20")
    assert 'name="burn_code"' in answer.content.decode() and sent == []

    answer = press(client, answer, "send_code")
    with scope(tea.workspace.id):
        code = code_of(tea.workspace.id, sent[-1])
    assert (answer.status_code, len(sent)) == (200, 1) and code not in answer.content.decode()

    for typed in ("", f"{(int(code) + 1) % 10**6:06d}"):
        refused = press(client, answer, "hold", burn_code=typed)
        assert refused.status_code == 422
        assert tea.balance(member) == {"available": 50_00, "pending": 0, "reserved": 0, "debt": 0}

    held = press(client, answer, "hold", burn_code=code)
    assert held.status_code == 302 and tea.balance(member)["reserved"] == 20_00


def test_the_price_follows_without_reload_and_the_sale_moves_on(tea: Shop) -> None:
    client = signed_in(tea)
    answer = press(client, client.get("/loyalty/till"), "add", scan="TEA")
    sent = {**fields(answer), "do": "hold"}

    answer = client.post("/loyalty/till", sent, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/loyalty/till/receipts/")


def test_only_who_may_stands_at_the_till(tea: Shop) -> None:
    analyst = signed_in(tea, Role.ANALYST)
    cashier = signed_in(tea)

    for path in ("/loyalty/till", "/loyalty/till/receipts", "/loyalty/till/receipts/x"):
        assert analyst.get(path).status_code == 403, path
    assert cashier.get("/loyalty/till/receipts/x").status_code == 404
    assert cashier.get("/loyalty/till/keys").status_code == 403
    assert browser().get("/loyalty/till").status_code == 302


def test_a_receipt_of_another_workspace_is_unknown(tea: Shop) -> None:
    other = shop()
    client = signed_in(tea)
    answer = press(client, client.get("/loyalty/till"), "add", scan="TEA")
    path = press(client, answer, "hold")["location"]

    stranger = signed_in(other)

    assert stranger.get(path).status_code == 404
    for what in ("confirm", "cancel", "return"):
        assert stranger.post(f"{path}/{what}").status_code == 404


def test_an_owner_makes_and_closes_tills(tea: Shop) -> None:
    owner = signed_in(tea, Role.OWNER)

    answer = owner.post("/loyalty/till/keys", {"name": "Till 7", "shop": "centre", "till": "7"})
    key = re.search(r"rg_pos_[\w-]+", answer.content.decode())
    assert key is not None
    from regulars.loyalty.tests.counter import cart

    assert tea.call("confirm", cart(), key=key[0])[0] == 200
    path = re.findall(r'action="([^"]+/close)"', answer.content.decode())
    assert Counter(owner.post(one).status_code for one in path) == {302: len(path)}
    tea.door._keys._known.clear()
    assert tea.call("confirm", cart(), key=key[0])[0] == 401


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_the_till_speaks_the_language_of_the_cashier(tea: Shop, language: str) -> None:
    client = signed_in(tea, Role.OWNER, language)

    shown = [text(client.get(path)) for path in ("/loyalty/till", "/loyalty/till/keys")]

    for one in shown:
        assert "Take the money" not in one and "New till" not in one
