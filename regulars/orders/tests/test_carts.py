"""Carts, wish lists, the catalogue and corrected orders from the events of a site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.customers import actions as customers
from regulars.customers import queries as people
from regulars.events import queries as event_queries
from regulars.events.records import Event
from regulars.kernel.errors import Invalid
from regulars.orders import actions, queries, tasks
from regulars.orders.pure import carts, catalogue
from regulars.orders.pure.carts import CartState
from regulars.orders.records import CartRecord, NewLine, NewOrder, OrderStatus
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import Role
from regulars.workspaces.tests.doors import person, signed_in
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_ids = count(1)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def event(place: Town, kind: str, minutes: int = 0, **props: Any) -> Event:
    at = NOON + timedelta(minutes=minutes)
    who = props.pop("customer_id", place.mira)
    subject = props.pop("subject_id", None)
    return Event(next(_ids), place.bakery.id, who, at, at, kind, "live", "site:x", subject, props)


def tea(quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {"sku": "TEA", "name": "Tea", "price": "12.50", "quantity": quantity, **more}


def take(place: Town, *events: Event) -> None:
    with scope(place.bakery.id):
        tasks.take_cart_events(place.bakery.id, events)
        tasks.take_order_events(place.bakery.id, [e for e in events if e.kind.startswith("Order")])


def cart_of(place: Town, customer_id: int, kind: str = "cart") -> CartRecord | None:
    with scope(place.bakery.id):
        return queries.open_cart(place.bakery.id, customer_id, kind)


def amounts(cart: CartRecord | None) -> dict[str, Decimal]:
    assert cart is not None
    return {line.sku: line.quantity for line in cart.lines}


def failures(place: Town) -> list[str]:
    with scope(place.bakery.id):
        return sorted(row.reason for row in event_queries.failed(place.bakery.id))


def test_what_is_added_and_taken_out_makes_one_open_cart(place: Town) -> None:
    take(place, event(place, "Product Added", 0, **tea(2)))
    take(
        place,
        event(place, "Product Added", 1, sku="BUN", price=3, cart_id="c-7"),
        event(place, "Product Removed", 2, **tea(1)),
        event(place, "Coupon Applied", 3, coupon_id="SPRING"),
    )

    cart = cart_of(place, place.mira)
    assert amounts(cart) == {"TEA": 1, "BUN": 1}
    assert cart is not None
    assert (cart.total_minor, cart.currency, cart.coupon) == (
        1550, place.bakery.currency, "SPRING",
    )  # fmt: skip
    assert len(cart.token) == 22
    assert cart_of(place, place.oleg) is None


def test_a_checkout_tells_the_whole_cart_and_an_order_closes_it(place: Town) -> None:
    take(place, event(place, "Product Added", 0, **tea(5)))
    take(place, event(place, "Checkout Started", 5, order_id="A1", products=[tea(2)]))
    begun = cart_of(place, place.mira)
    assert begun is not None and begun.checkout_at == NOON + timedelta(minutes=5)
    assert amounts(begun) == {"TEA": 2}

    take(place, event(place, "Order Completed", 6, order_id="A1", total=25, products=[tea(2)]))
    assert cart_of(place, place.mira) is None
    take(place, event(place, "Product Added", 4, **tea(1)))
    assert cart_of(place, place.mira) is None, "it happened before the order"

    take(place, event(place, "Product Added", 9, **tea(1)))
    after = cart_of(place, place.mira)
    assert after is not None and after.public_id != begun.public_id
    with scope(place.bakery.id):
        ordered = queries.cart_by_token(place.bakery.id, begun.token)
    assert ordered is not None
    assert (ordered.state, ordered.order_number) == ("ordered", "A1")


def test_a_wish_list_is_a_list_of_its_own(place: Town) -> None:
    take(place, event(place, "Product Added to Wishlist", 0, **tea()))
    take(place, event(place, "Wishlist Product Added to Cart", 1, **tea()))

    assert amounts(cart_of(place, place.mira, "wishlist")) == {"TEA": 1}
    assert amounts(cart_of(place, place.mira)) == {"TEA": 1}
    take(place, event(place, "Product Removed from Wishlist", 2, sku="TEA"))
    wished = cart_of(place, place.mira, "wishlist")
    assert wished is not None and wished.lines == ()


def test_carts_become_one_when_customers_do(place: Town) -> None:
    take(place, event(place, "Product Added", 0, **tea(2)))
    take(place, event(place, "Product Added", 1, customer_id=place.oleg, **tea(1)))
    take(place, event(place, "Product Added", 1, customer_id=place.oleg, sku="BUN", price=1))

    with scope(place.bakery.id):
        customers.merge(place.bakery.id, place.oleg, place.mira)
    merged = event(place, "customer.merged", 2, subject_id=place.oleg, loser_id=place.oleg)
    take(place, merged)
    take(place, event(place, "Product Added", 3, customer_id=place.oleg, sku="BUN", price=1))

    assert amounts(cart_of(place, place.mira)) == {"TEA": 3, "BUN": 2}
    assert cart_of(place, place.oleg) is None

    split = event(place, "customer.split", 4, subject_id=place.oleg)
    take(place, split)
    assert amounts(cart_of(place, place.mira)) == {"TEA": 2, "BUN": 1}
    assert amounts(cart_of(place, place.oleg)) == {"TEA": 1, "BUN": 1}


def test_what_cannot_be_read_is_kept_and_its_neighbours_count(place: Town) -> None:
    take(
        place,
        event(place, "Product Added", 0, **tea()),
        event(place, "Product Added", 1, price=5),
        event(place, "Product Added", 2, sku="A", quantity="many"),
        event(place, "Product Added", 3, sku="B", quantity=10**9),
        event(place, "Checkout Started", 4, products=7),
    )

    assert amounts(cart_of(place, place.mira)) == {"TEA": 1}
    assert failures(place) == ["order_amount", "order_amount", "order_lines", "order_lines"]


def test_products_seen_fill_the_catalogue_and_overwrite_nothing(place: Town) -> None:
    shown = {
        "sku": "TEA", "name": "Green tea", "brand": "Ahmad", "category": "Tea", "price": 12.5,
        "url": "https://shop.example/tea", "image_url": "https://shop.example/tea.jpg",
    }  # fmt: skip
    take(place, event(place, "Product Viewed", 0, **shown))
    forged = {**shown, "name": "Free!", "price": 0.01, "url": "javascript:alert(1)"}
    listed = {"products": [forged, {"product_id": 7, "name": "Bun"}, "nothing", {"name": "x"}]}
    take(place, event(place, "Product List Viewed", 1, **listed))

    with scope(place.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT sku, name, brand, price, url, picture_url FROM orders_product"
            " WHERE workspace_id = %s ORDER BY sku",
            [place.bakery.id],
        )
        found = raw.fetchall()
    assert found == [
        ("7", "Bun", None, None, None, None),
        ("TEA", "Green tea", "Ahmad", Decimal("12.5"), shown["url"], shown["image_url"]),
    ]


def test_an_updated_order_says_what_the_site_said_last(place: Town) -> None:
    take(place, event(place, "Order Completed", 0, order_id="A1", total=25, products=[tea(2)]))
    take(place, event(place, "Order Updated", 5, order_id="A1", total=37.5, products=[tea(3)]))
    take(place, event(place, "Order Updated", 9, order_id="A1", total=30))
    take(place, event(place, "Order Updated", 7, order_id="A1", total=99, products=[tea(9)]))
    take(place, event(place, "Order Updated", 9, order_id="nobody", total=1))

    with scope(place.bakery.id):
        (order,) = queries.orders_of(place.bakery.id, [place.mira])
        lines = queries.lines(place.bakery.id, order.id)
    assert (order.kind, order.total_minor) == ("sale", 3000)
    assert [(line.sku, line.quantity) for line in lines] == [("TEA", 3)]
    assert failures(place) == ["order_unknown"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["Product Added", "Product Removed", "Cart Viewed"]),
        st.sampled_from(["A", "B"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(steps=STEPS, cut=st.integers(0, 12))
def test_a_cart_is_the_same_wherever_a_batch_ended_and_never_below_zero(
    steps: list[tuple[str, str, int]], cut: int
) -> None:
    def fold(state: CartState, part: list[tuple[int, tuple[str, str, int]]]) -> CartState:
        for minute, (kind, sku, quantity) in part:
            one = {"sku": sku, "price": 1, "quantity": quantity}
            props = {"products": [one]} if kind == "Cart Viewed" else one
            carts.apply(state, kind, props, NOON + timedelta(minutes=minute))
        return state

    told = list(enumerate(steps))
    whole = fold(CartState("cart"), told)
    parts = fold(fold(CartState("cart"), told[:cut]), told[cut:])

    assert whole == parts
    assert all(line.quantity >= 0 for line in whole.lines.values())


def test_a_late_addition_does_not_bring_back_what_was_taken_out() -> None:
    state = CartState("cart")
    carts.apply(state, "Product Removed", tea(), NOON + timedelta(minutes=2))
    carts.apply(state, "Product Added", tea(), NOON)

    assert state.lines["TEA"].quantity == 0


def test_a_cart_has_a_limit() -> None:
    state = CartState("cart")
    for n in range(carts.LINES_MAX):
        carts.apply(state, "Product Added", {"sku": f"S{n}", "price": 1}, NOON)

    with pytest.raises(Invalid, match="at most 500"):
        carts.apply(state, "Product Added", {"sku": "one more", "price": 1}, NOON)
    assert len(state.lines) == carts.LINES_MAX


@pytest.mark.parametrize(
    "props", [{}, {"products": "x"}, {"products": [None, 3]}, {"sku": {"a": 1}}, {"sku": "a\x00"}]
)
def test_what_is_no_product_is_left_out(props: dict[str, Any]) -> None:
    assert catalogue.seen(props) == []


def test_the_card_shows_what_was_put_aside_and_not_bought(place: Town) -> None:
    take(place, event(place, "Product Added", 1, **tea(2)))
    with scope(place.bakery.id):
        profile = people.profiles(place.bakery.id, [place.mira])[place.mira]
    client = signed_in(person(Role.MARKETER, place.bakery))
    page = client.get(f"/customers/{profile.public_id}/").content.decode()
    assert "Open cart" in page and "2 × 12.50" in page and "25.00" in page

    take(place, event(place, "Product Removed", 2, **tea(2)))
    assert "Open cart" not in client.get(f"/customers/{profile.public_id}/").content.decode()


def test_an_order_paid_later_leaves_the_cart_filled_meanwhile(place: Town) -> None:
    new = NewOrder(
        number="A-1", placed_at=NOON, currency="UAH", status=OrderStatus.NEW,
        lines=(NewLine("TEA", Decimal(1), Decimal(10)),), customer_id=place.mira,
    )  # fmt: skip
    with scope(place.bakery.id):
        order = actions.record_order(place.bakery.id, new)
    take(place, event(place, "Product Added", -5, **tea(1)))
    take(place, event(place, "order.placed", 0, subject_id=order.id, number="A-1"))
    take(place, event(place, "Product Added", 60, **tea(2)))
    take(place, event(place, "order.paid", 120, subject_id=order.id, number="A-1"))

    assert amounts(cart_of(place, place.mira)) == {"TEA": Decimal(2)}
