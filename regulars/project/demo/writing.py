"""Brings the shop in by the same actions that imports and the API use, a chunk a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

import numpy as np

from regulars.customers import actions as customers
from regulars.customers.records import ConsentState, Identity, NewConsent, Purpose
from regulars.events import actions as events
from regulars.events.records import NewEvent, Origin
from regulars.orders import actions as orders_book
from regulars.orders.records import NewLine, NewOrder, OrderKind, OrderStatus
from regulars.project.demo.catalogue import PRODUCTS
from regulars.project.demo.history import History
from regulars.project.demo.records import CURRENCY, GUEST, Ints, Orders, Person, Plan
from regulars.project.demo.visits import KINDS
from regulars.store.scope import scope

CHUNK_PEOPLE = 2_000
CHUNK_ORDERS = 2_000
CHUNK_EVENTS = 10_000
ORIGIN = Origin.IMPORT.value
SOURCE = "shop"
FIRST_NUMBER = 100_001

Progress = Callable[[float], None]
Item = TypeVar("Item")


def write_people(
    workspace_id: int, plan: Plan, people: Sequence[Person], progress: Progress
) -> list[int]:
    """Customer ids in the order of the people, their consents written too."""
    ids: list[int] = []
    for start, chunk in chunks(people, CHUNK_PEOPLE):
        with scope(workspace_id):
            found = customers.identify_many(
                workspace_id, [_identity(plan, person) for person in chunk], origin=ORIGIN
            )
            consents = [
                consent
                for person, customer_id in zip(chunk, found, strict=True)
                for consent in _consents(plan, person, customer_id)
            ]
            customers.record_consents(workspace_id, consents, origin=ORIGIN)
        ids.extend(found)
        progress((start + len(chunk)) / len(people))
    return ids


def chunks(items: Sequence[Item], size: int) -> Iterator[tuple[int, Sequence[Item]]]:
    for start in range(0, len(items), size):
        yield start, items[start : start + size]


def _identity(plan: Plan, person: Person) -> Identity:
    return Identity(
        external_id=person.external_id,
        email=person.email,
        phone=person.phone,
        traits=person.traits,
        seen_at=plan.instant(person.seen_day),
    )


def _consents(plan: Plan, person: Person, customer_id: int) -> Iterator[NewConsent]:
    said = (
        ("email", ConsentState.GIVEN, person.email_consent_day, "sign-up form"),
        ("sms", ConsentState.GIVEN, person.sms_consent_day, "sign-up form"),
        ("email", ConsentState.WITHDRAWN, person.withdrawn_day, "profile page"),
    )
    for channel, state, day, source in said:
        if day is not None:
            yield NewConsent(
                customer_id=customer_id,
                channel=channel,
                purpose=Purpose.MARKETING.value,
                state=state,
                source=source,
                at=plan.instant(day),
                actor="customer",
            )


def write_orders(
    workspace_id: int, plan: Plan, history: History, ids: Sequence[int], progress: Progress
) -> None:
    """All orders, then what came back."""
    orders = history.orders
    bounds = np.searchsorted(orders.owner, np.arange(len(orders.day) + 1))
    books = [*range(len(orders.day))]
    for start, chunk in chunks(books, CHUNK_ORDERS):
        with scope(workspace_id):
            orders_book.record_orders_many(
                workspace_id,
                [_order(plan, orders, place, bounds, ids) for place in chunk],
                origin=ORIGIN,
            )
        progress(0.95 * (start + len(chunk)) / len(books))
    backs = [*range(len(history.returns.order))]
    for _, chunk in chunks(backs, CHUNK_ORDERS):
        with scope(workspace_id):
            orders_book.record_orders_many(
                workspace_id, [_return(plan, history, place, ids) for place in chunk], origin=ORIGIN
            )
    progress(1.0)


def _order(plan: Plan, orders: Orders, place: int, bounds: Ints, ids: Sequence[int]) -> NewOrder:
    buyer = int(orders.buyer[place])
    return NewOrder(
        number=f"TB-{FIRST_NUMBER + place}",
        placed_at=plan.instant(float(orders.day[place])),
        currency=CURRENCY,
        lines=tuple(_line(orders, n, 1) for n in range(bounds[place], bounds[place + 1])),
        source=SOURCE,
        status=OrderStatus(orders.status[place]),
        customer_id=None if buyer == GUEST else ids[buyer],
    )


def _line(orders: Orders, number: int, sign: int) -> NewLine:
    product = PRODUCTS[orders.product[number]]
    return NewLine(
        sku=product.sku,
        quantity=Decimal(sign * int(orders.quantity[number])),
        unit_price=Decimal(int(orders.cents[number])).scaleb(-2),
        name=product.name,
        category=product.category,
        brand=product.brand,
    )


def _return(plan: Plan, history: History, place: int, ids: Sequence[int]) -> NewOrder:
    orders, returns = history.orders, history.returns
    order = int(returns.order[place])
    buyer = int(orders.buyer[order])
    return NewOrder(
        number=f"TB-{FIRST_NUMBER + order}-R",
        placed_at=plan.instant(float(returns.day[place])),
        currency=CURRENCY,
        lines=(_line(orders, int(returns.line[place]), -1),),
        source=SOURCE,
        kind=OrderKind.RETURN,
        status=OrderStatus.RETURNED,
        customer_id=None if buyer == GUEST else ids[buyer],
    )


def write_visits(
    workspace_id: int, plan: Plan, history: History, ids: Sequence[int], progress: Progress
) -> None:
    """What people looked at, as the events a site's script sends."""
    seen = history.visits
    props = [
        {"product_id": p.sku, "name": p.name, "category": p.category, "price": p.price,
         "currency": CURRENCY}
        for p in PRODUCTS
    ]  # fmt: skip
    places = [*range(len(seen.day))]
    for start, chunk in chunks(places, CHUNK_EVENTS):
        rows = [
            NewEvent(
                kind=KINDS[seen.kind[n]],
                time=plan.instant(float(seen.day[n])),
                key=f"visit:{n}",
                customer_id=ids[seen.person[n]],
                props=props[seen.product[n]],
                origin=ORIGIN,
                source="site",
            )
            for n in chunk
        ]
        with scope(workspace_id):
            events.record_many(workspace_id, rows)
        progress((start + len(chunk)) / len(places))
