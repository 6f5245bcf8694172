"""What is tidied by the hour."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from regulars.kernel import clock
from regulars.orders import actions, chores, queries
from regulars.orders.queries import desk
from regulars.orders.records import NewLine, NewOrder, OrderStatus, PaymentState, Stage
from regulars.store.scope import cursor, scope
from tests.town import Town, town


def sell(place: Town, number: str) -> str:
    order = NewOrder(
        number=number, placed_at=clock.now(), currency="UAH", source="desk",
        lines=(NewLine("TEA", Decimal(1), Decimal(10)),), status=OrderStatus.NEW,
        payment=PaymentState.UNPAID, customer_id=place.mira,
    )  # fmt: skip
    return actions.record_order(place.bakery.id, order).public_id


def test_late_orders_are_marked_once_and_arrived_ones_are_not(as_engine: None) -> None:
    place = town()
    shop = place.bakery.id
    with scope(shop):
        ids = [sell(place, f"{n}") for n in range(4)]
        past, future = clock.now() - timedelta(hours=1), clock.now() + timedelta(days=1)
        for one, eta in zip(ids, (past, future, past, past), strict=True):
            actions.set_delivery(shop, one, {"eta_at": eta})
        actions.move(shop, queries.order(shop, ids[2]).id, Stage.DELIVERED)
        actions.move(shop, queries.order(shop, ids[3]).id, Stage.ARRIVED)

    chores.mark_late()
    chores.mark_late()

    with scope(shop):
        late = [queries.order(shop, one).delayed_at is not None for one in ids]
        rows = desk.history(shop, queries.order(shop, ids[0]).id)
    assert late == [True, False, False, False]
    assert [(row.status, row.source) for row in rows] == [("delayed", "eta")]


def test_goods_of_unpaid_orders_are_set_free_in_time(
    as_engine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = town()
    shop = place.bakery.id
    with scope(shop):
        public_id = actions.save_place(shop, name="Shop")
        actions.set_stock(shop, desk.place(shop, public_id).id, {"TEA": Decimal(5)})
        order = queries.order(shop, sell(place, "1"))
    later = clock.now() + timedelta(hours=73)

    chores.expire_reservations()
    with scope(shop):
        assert [r.state for r in desk.reservations(shop, order.id)] == ["held"]
    monkeypatch.setattr(clock, "now", lambda: later)
    chores.expire_reservations()

    with scope(shop):
        assert [r.state for r in desk.reservations(shop, order.id)] == ["expired"]
        assert desk.free_of(shop, ["TEA"]) == {"TEA": 5}


@pytest.mark.parametrize("told", [OrderStatus.PAID, OrderStatus.PROCESSING])
def test_goods_of_an_order_paid_by_its_status_stay_promised(
    as_engine: None, monkeypatch: pytest.MonkeyPatch, told: OrderStatus
) -> None:
    place = town()
    shop = place.bakery.id
    with scope(shop):
        public_id = actions.save_place(shop, name="Shop")
        actions.set_stock(shop, desk.place(shop, public_id).id, {"TEA": Decimal(5)})
        new = NewOrder(
            number="1", placed_at=clock.now(), currency="UAH", source="woocommerce",
            lines=(NewLine("TEA", Decimal(1), Decimal(10)),), status=OrderStatus.NEW,
        )  # fmt: skip
        order = actions.record_order(shop, new)
        actions.set_status(shop, order.id, told)
        assert [r.expires_at for r in desk.reservations(shop, order.id)] == [None]
        # As rows were left by the release before.
        cursor().execute(
            "UPDATE orders_reservation SET expires_at = %s WHERE workspace_id = %s",
            [clock.now(), shop],
        )
    later = clock.now() + timedelta(hours=73)

    monkeypatch.setattr(clock, "now", lambda: later)
    chores.expire_reservations()

    with scope(shop):
        held = desk.reservations(shop, order.id)
        assert [(r.state, r.expires_at) for r in held] == [("held", None)]
        assert desk.free_of(shop, ["TEA"]) == {"TEA": 4}
