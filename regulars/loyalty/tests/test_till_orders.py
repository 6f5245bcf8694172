"""Sales of tills become orders, so that reports and segments see them; nothing is earned twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regulars.events import queries as events
from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty import till_tasks
from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.orders import queries as orders
from regulars.store.scope import cursor, scope


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def told(place: Shop) -> list[Event]:
    """What the log says of purchases, in its order."""
    with scope(place.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT id, workspace_id, customer_id, time, received_at, kind, origin, source,"
            " subject_id, props FROM events_event WHERE workspace_id = %s"
            " AND kind IN ('purchase.confirmed', 'purchase.returned') ORDER BY id",
            [place.workspace.id],
        )
        return [Event(*row) for row in raw.fetchall()]


def carry(place: Shop) -> None:
    with scope(place.workspace.id):
        till_tasks.take_purchases(place.workspace.id, told(place))


def books(place: Shop) -> dict[str, tuple[str, str, int, int | None]]:
    with scope(place.workspace.id):
        found = orders.page(place.workspace.id)
    return {o.number: (o.kind, o.status, o.total_minor, o.customer_id) for o in found}


def back(purchase_id: str, return_id: str, **fields: Any) -> dict[str, Any]:
    given = {"purchase_id": purchase_id, "return_id": return_id, "occurred_at": at()}
    return {**given, **fields}


def test_a_sale_becomes_an_order_with_what_was_paid(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    asked = cart(member=member, points={"amount": "auto"}, delivery=500)
    tea.call("hold", asked)
    tea.call("confirm", {"purchase_id": asked["purchase_id"], "occurred_at": at()})
    before = tea.balance(member)

    carry(tea)
    carry(tea)

    ((number, order),) = books(tea).items()
    assert number == asked["purchase_id"]
    assert order[:3] == ("sale", "paid", 15_500)
    assert order[3] is not None
    with scope(tea.workspace.id):
        row = orders.page(tea.workspace.id)[0]
        (sold,) = orders.lines(tea.workspace.id, row.id)
    assert (sold.sku, sold.quantity, sold.total_minor) == ("TEA", Decimal(2), 20_000)
    assert row.source == "till"
    assert tea.balance(member) == before


def test_a_whole_return_closes_the_order_and_a_part_is_its_own(tea: Shop) -> None:
    whole, part = cart(), cart(lines=[line(qty="3", price=3_333)])
    tea.call("confirm", whole)
    tea.call("confirm", part)
    tea.call("returns", back(whole["purchase_id"], new_id("r")))
    name = new_id("r")
    lines = [{"line_id": "1", "qty": "1"}]
    tea.call("returns", back(part["purchase_id"], name, lines=lines))

    carry(tea)
    carry(tea)

    found = books(tea)
    assert found[whole["purchase_id"]][:2] == ("sale", "returned")
    assert found[part["purchase_id"]][:3] == ("sale", "paid", 9_999)
    assert found[f"{part['purchase_id']}/R{name}"][:3] == ("return", "returned", -3_333)
    assert len(found) == 3


def test_the_log_says_what_happened_without_personal_data(tea: Shop) -> None:
    asked = cart(member=tea.member())
    tea.call("confirm", asked)

    (event,) = told(tea)

    assert event.props["purchase"] == asked["purchase_id"]
    assert (event.props["total"], event.props["currency"]) == (20_000, "UAH")
    assert event.props["shop"] == "centre"
    assert "@" not in str(event.props)
    with scope(tea.workspace.id):
        assert events.timeline(tea.workspace.id, event.customer_id or 0, 10)


def placed(place: Shop) -> dict[str, datetime]:
    with scope(place.workspace.id):
        return {one.number: one.placed_at for one in orders.page(place.workspace.id)}


def test_a_sale_and_a_return_without_us_are_dated_by_the_till(tea: Shop) -> None:
    sold_at, back_at = clock.now() - timedelta(days=9), clock.now() - timedelta(days=8)
    sold = cart(occurred_at=at(sold_at), lines=[line(), line("2")])
    part = back(sold["purchase_id"], "r", occurred_at=at(back_at))
    part["lines"] = [{"line_id": "1", "qty": "1"}]
    wrong = cart(occurred_at=at(days=60))
    asked = [{"sale": sold}, {"return": part}, {"sale": wrong}]
    before = clock.now()

    _, told_items = tea.call("sync", {"items": asked})
    assert [one["status"] for one in told_items["items"]] == [200, 200, 200]
    carry(tea)

    found = placed(tea)
    assert found[sold["purchase_id"]] == sold_at
    assert found[f"{sold['purchase_id']}/Rr"] == back_at
    # A clock that cannot be right dates nothing.
    assert before <= found[wrong["purchase_id"]] <= clock.now()


def test_an_unbreakable_space_in_an_article_number_is_a_space(tea: Shop) -> None:
    asked = cart(lines=[line(sku="A\u00a0B \u200b12")])
    tea.call("confirm", asked)

    carry(tea)

    with scope(tea.workspace.id):
        raw = cursor()
        raw.execute("SELECT sku FROM orders_line WHERE workspace_id = %s", [tea.workspace.id])
        assert raw.fetchall() == [("A B 12",)]
