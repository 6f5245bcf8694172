"""What orders, carts and the catalogue do when events arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec

from regulars.customers import queries as customers
from regulars.events import actions as event_actions
from regulars.events.records import Event
from regulars.kernel.errors import Invalid, Refused
from regulars.orders import actions, queries
from regulars.orders.pure import carts, catalogue, from_events
from regulars.orders.pure.meaning import check
from regulars.orders.records import Hold, NewOrder, Outcome
from regulars.workspaces import queries as workspaces

STAGE = "orders"
OF_ORDERS = frozenset({"order.placed", "order.paid"})
Read = Callable[[Event, str], NewOrder]


def take_order_events(workspace_id: int, events: Sequence[Event]) -> None:
    """Orders from Segment's events: completed, updated, refunded, cancelled, in that order.

    What cannot become an order is kept among the failed events with its reason; the others are
    written all the same.
    """
    currency = workspaces.workspace(workspace_id).currency
    _record(workspace_id, events, "Order Completed", _completed, currency)
    _update(workspace_id, [event for event in events if event.kind == "Order Updated"], currency)
    standing = _of_standing(workspace_id, events)
    parts = [event for event in standing if not from_events.is_whole(event.props)]
    _record(workspace_id, parts, "Order Refunded", _refunded, currency)
    _refund_rest(
        workspace_id,
        [e for e in standing if e.kind == "Order Refunded" and from_events.is_whole(e.props)],
    )
    _cancel(workspace_id, [event for event in events if event.kind == "Order Cancelled"])


def take_cart_events(workspace_id: int, events: Sequence[Event]) -> None:
    """Carts, wish lists and the catalogue from what customers do on a site.

    What cannot be read is kept among the failed events; the others count all the same.
    """
    _join(workspace_id, [event for event in events if event.kind == "customer.merged"])
    _part(workspace_id, [event for event in events if event.kind == "customer.split"])
    seen = [event for event in events if event.kind in catalogue.KINDS]
    actions.fill_catalogue(
        workspace_id, [one for event in seen for one in catalogue.seen(event.props)]
    )
    own = [event for event in events if event.kind in carts.KINDS and event.customer_id]
    # History that is imported tells of no cart that anybody fills just now.
    live = [event for event in own if event.origin != "import"]
    if live:
        live = _when_placed(workspace_id, live)
        ids = sorted({event.customer_id for event in live if event.customer_id})
        faults = actions.change_carts(workspace_id, live, customers.roots_of(workspace_id, ids))
        for event, error in faults:
            _keep(workspace_id, event, error.code, error.message)


def _when_placed(workspace_id: int, events: Sequence[Event]) -> list[Event]:
    """The events, those of orders at the time when the order was placed.

    An order may be paid days later, and the cart filled meanwhile is not the one it was made of.
    """
    ids = [event.subject_id for event in events if event.kind in OF_ORDERS and event.subject_id]
    placed = queries.placed_at(workspace_id, ids) if ids else {}
    return [
        replace(event, time=min(event.time, placed[event.subject_id]))
        if event.subject_id in placed and event.kind in OF_ORDERS
        else event
        for event in events
    ]


def _join(workspace_id: int, merges: Sequence[Event]) -> None:
    for event in merges:
        if event.customer_id is not None and event.subject_id is not None:
            roots = customers.roots_of(workspace_id, [event.subject_id])
            root = roots.get(event.subject_id, event.subject_id)
            # Taken apart again meanwhile: each keeps their own.
            if root != event.subject_id:
                actions.join_carts(workspace_id, event.subject_id, root)


def _part(workspace_id: int, splits: Sequence[Event]) -> None:
    for event in splits:
        if event.customer_id is not None and event.subject_id is not None:
            actions.part_carts(workspace_id, event.subject_id, event.customer_id)


def _update(workspace_id: int, events: Sequence[Event], currency: str) -> None:
    for event in sorted(events, key=lambda event: (event.time, event.id)):
        try:
            number = from_events.number_of(event.props)
            lines = from_events.lines_of(event.props)
            total = from_events.total_minor(event.props, currency)
            order_id = queries.order_ids(workspace_id, from_events.SOURCE, [number]).get(number)
            if order_id is None:
                raise Invalid("order_unknown", f"There is no order {number} to update.")
            actions.correct_order(
                workspace_id,
                order_id,
                lines=lines or None,
                total_minor=total,
                told_at=event.time,
                source=from_events.SOURCE,
                origin=event.origin,
            )
        except (Invalid, Refused) as error:
            _keep(workspace_id, event, error.code, error.message)


def _of_standing(workspace_id: int, events: Sequence[Event]) -> list[Event]:
    """What came, without refunds of orders that were called off: there is no money to take off."""
    named = []
    for event in events:
        with suppress(Invalid):
            named.append(from_events.number_of(event.props))
    found = queries.order_ids(workspace_id, from_events.SOURCE, named)
    closed = {
        number for number, order_id in found.items()
        if queries.order_by_id(workspace_id, order_id).is_closed
    }  # fmt: skip
    return [event for event in events if not _names(event, closed)]


def _names(event: Event, numbers: set[str]) -> bool:
    try:
        return event.kind == "Order Refunded" and from_events.number_of(event.props) in numbers
    except Invalid:
        return False


def _refund_rest(workspace_id: int, events: Sequence[Event]) -> None:
    """Refunds that name neither goods nor money: of all that is left."""
    for event in events:
        try:
            number = from_events.number_of(event.props)
            order_id = queries.order_ids(workspace_id, from_events.SOURCE, [number]).get(number)
            if order_id is None:
                raise Invalid("order_unknown", f"There is no order {number} to refund.")
            actions.refund_rest(
                workspace_id, order_id, key=str(event.id), at=event.time, origin=event.origin
            )
        except (Invalid, Refused) as error:
            _keep(workspace_id, event, error.code, error.message)


def _completed(event: Event, currency: str) -> NewOrder:
    order = from_events.completed(event.props, event.time, event.customer_id, currency)
    return replace(order, hold=from_events.hold_of(event.source, event.props))


def _refunded(event: Event, currency: str) -> NewOrder:
    return from_events.refunded(event.props, event.time, event.customer_id, currency, event.id)


def _record(
    workspace_id: int, events: Sequence[Event], kind: str, read: Read, currency: str
) -> None:
    by_origin: dict[str, list[tuple[Event, NewOrder]]] = {}
    for event in events:
        if event.kind != kind:
            continue
        try:
            order = read(event, currency)
            check(order, currency)
        except Invalid as error:
            _keep(workspace_id, event, error.code, error.message)
        else:
            by_origin.setdefault(event.origin, []).append((event, order))
    for origin, pairs in by_origin.items():
        recorded = actions.record_orders_many(
            workspace_id, [order for _, order in pairs], origin=origin
        )
        actions.confirm_orders(
            workspace_id,
            [
                answer.id
                for (_, order), answer in zip(pairs, recorded, strict=True)
                if answer.outcome is not Outcome.NEW and order.hold is Hold.USUAL
            ],
        )
        for (event, order), answer in zip(pairs, recorded, strict=True):
            if answer.outcome is Outcome.DIFFERS:
                _keep(
                    workspace_id,
                    event,
                    "idempotency_mismatch",
                    f"Order {order.number} is already here and says something else.",
                )


def _cancel(workspace_id: int, events: Sequence[Event]) -> None:
    numbers: dict[str, Event] = {}
    for event in events:
        try:
            numbers[from_events.number_of(event.props)] = event
        except Invalid as error:
            _keep(workspace_id, event, error.code, error.message)
    found = queries.order_ids(workspace_id, from_events.SOURCE, list(numbers))
    for number, event in sorted(numbers.items()):
        if number not in found:
            _keep(workspace_id, event, "order_unknown", f"There is no order {number} to cancel.")
            continue
        try:
            actions.call_off(
                workspace_id,
                found[number],
                at=event.time,
                origin=event.origin,
                source=from_events.SOURCE,
            )
        except Refused as error:
            _keep(workspace_id, event, error.code, error.message)


def _keep(workspace_id: int, event: Event, reason: str, detail: str) -> None:
    event_actions.keep_failed(
        workspace_id,
        source=event.source,
        inbox_kind="segment",
        received_at=event.received_at,
        stage=STAGE,
        rejects=[(reason, detail, _payload(workspace_id, event))],
    )


def _payload(workspace_id: int, event: Event) -> bytes:
    """The event as a message that can be mended and sent again, under an id of its own."""
    message: dict[str, Any] = {
        "type": "track",
        "event": event.kind,
        "messageId": f"orders-{event.id}",
        "timestamp": event.time.isoformat(),
        "properties": event.props,
    }
    if event.customer_id is not None:
        named = customers.identities(workspace_id, [event.customer_id]).get(event.customer_id)
        if named is not None:
            message["userId"] = named.external_id
            message["anonymousId"] = named.anonymous_id
            message["context"] = {"traits": {"email": named.email, "phone": named.phone}}
    return msgspec.json.encode(message)
