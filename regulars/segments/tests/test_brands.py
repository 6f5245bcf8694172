"""Who bought a brand, and who never did: brands told by the order, and by the catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from regulars.kernel.errors import Invalid
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.segments import actions, queries
from regulars.segments.tests.shop import Shop, open_shop
from regulars.store.scope import scope

LINE = NewLine(sku="BEANS", name="Beans", quantity=Decimal(1), unit_price=Decimal(90))


def of_brand(name: str) -> dict[str, object]:
    return {"did": "order.paid",
            "where": [{"line": [{"prop": "brand", "op": "eq", "value": name}]}]}  # fmt: skip


def asked(shop: Shop, node: dict[str, object]) -> list[int]:
    with scope(shop.id):
        return queries.audience(shop.id, {"version": 1, "where": node}, shop.now)


def test_a_brand_is_known_from_the_order_or_from_the_catalogue(feed) -> None:
    shop = open_shop()
    mira, oleg = shop.town.mira, shop.town.oleg
    told = replace(LINE, brand="Lavazza")
    with scope(shop.id):
        for number, who, line in (("B1", mira, told), ("B2", oleg, LINE)):
            at = shop.now - timedelta(days=3)
            orders.record_order(
                shop.id,
                NewOrder(number=number, customer_id=who, placed_at=at, lines=(line,),
                         currency=shop.workspace.currency, source="test"),
            )  # fmt: skip
    feed()

    assert asked(shop, of_brand("LAVAZZA")) == sorted([mira, oleg])
    assert asked(shop, of_brand("illy")) == []
    assert asked(shop, {"not": of_brand("illy")}) == sorted([mira, oleg])


@pytest.mark.parametrize(
    ("node", "path"),
    [
        ({"any": [{"did": "Never Heard Of"}]}, "$.where.any[0].did"),
        ({"list": "nobody"}, "$.where.list"),
        ({"last": "order.paid", "prop": "total", "op": "eq", "value": "x"}, "$.where"),
        ({"segment": "mine"}, "$.where.segment"),
    ],
)
def test_a_rule_that_cannot_be_answered_is_not_saved(shop, node, path) -> None:
    rule = {"version": 1, "where": node}

    with scope(shop.id):
        with pytest.raises(Invalid) as caught:
            actions.create_segment(shop.id, name="Mine", slug="mine", rule=rule)

        assert caught.value.details["path"] == path
        assert queries.segments(shop.id) == []
        with pytest.raises(Invalid):
            queries.check(shop.id, rule, slug="mine")


def test_an_event_that_came_a_moment_ago_may_be_named(shop) -> None:
    rule = {"version": 1, "where": {"did": "Product Viewed", "count": {"gte": 2}}}

    with scope(shop.id):
        actions.create_segment(shop.id, name="Mine", rule=rule)

        assert queries.audience(shop.id, rule, shop.now) == [shop.town.oleg]
