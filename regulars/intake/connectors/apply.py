"""News of a provider become customers, orders and events; the newest news of a thing win."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from regulars.customers import actions as customers
from regulars.customers import queries as people
from regulars.customers.records import ConsentState, Identity, NewConsent
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.goods import put_goods
from regulars.intake.connectors.records import (
    ConnectionRecord,
    CustomerNews,
    EventNews,
    News,
    Nothing,
    OrderGone,
    OrderNews,
    PrivacyNews,
    ProductNews,
    RefundNews,
)
from regulars.intake.pure import own
from regulars.kernel.errors import Invalid, Refused
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.records import NewOrder, OrderKind, OrderRecord, OrderStatus, Outcome

PURPOSE = "marketing"
STALE = "stale"


class Applied:
    """Where news go: one delivery of one connection.

    counts  what was made or changed, and what was passed over, by name
    """

    def __init__(self, workspace_id: int, connection: ConnectionRecord, origin: str) -> None:
        self.workspace_id = workspace_id
        self.connection = connection
        self.origin = origin
        self.counts: Counter[str] = Counter()

    def touch(self, kind: str, key: str, told_at: datetime) -> str | None:
        """What the thing is here, None when newer news of it came before."""
        is_newest, target = actions.touch(self.workspace_id, self.connection.id, kind, key, told_at)
        if not is_newest:
            self.counts[STALE] += 1
            return None
        return target

    def point(self, kind: str, key: str, target: str) -> None:
        """Write what a thing of the other system is here."""
        actions.point(self.workspace_id, self.connection.id, kind, key, target)


def apply(
    workspace_id: int,
    connection: ConnectionRecord,
    news: Sequence[News],
    *,
    key: str,
    origin: str,
) -> Counter[str]:
    """Write the effects of a delivery; returns what was made. Runs in the caller's transaction.

    key     of the delivery, for events that have none of their own
    raises  Invalid and Refused of the rooms that are written to
    """
    applied = Applied(workspace_id, connection, origin)
    products = [one for one in news if isinstance(one, ProductNews)]
    if products:
        _take_products(applied, products)
    for number, one in enumerate(news):
        if isinstance(one, EventNews) and not one.key:
            one = replace(one, key=f"{key}:{number}")
        handler = HANDLERS.get(type(one))
        if handler is not None:
            handler(applied, one)
    return applied.counts


def _take_products(applied: Applied, products: Sequence[ProductNews]) -> None:
    fresh = []
    for product in sorted(products, key=lambda product: product.key):
        if applied.touch("product", product.key, product.told_at) is not None:
            applied.point("product", product.key, product.sku)
            fresh.append(product)
    if fresh:
        applied.counts.update(put_goods(applied.workspace_id, applied.connection, fresh))


def _take_nothing(applied: Applied, news: Nothing) -> None:
    applied.counts[news.reason] += 1


def _take_customer(applied: Applied, news: CustomerNews) -> None:
    if applied.touch("customer", news.key, news.told_at) is None:
        return
    customer_id = _identify(applied, news.identity)
    if customer_id is None:
        raise Invalid("identity_missing", "The delivery does not name a customer.")
    said = [
        NewConsent(
            customer_id=customer_id,
            channel=consent.channel,
            purpose=PURPOSE,
            state=ConsentState.GIVEN if consent.is_given else ConsentState.WITHDRAWN,
            source=applied.connection.source,
            at=consent.at,
        )
        for consent in news.consents
    ]
    if said:
        written = customers.record_consents(applied.workspace_id, said, origin=applied.origin)
        applied.counts["consents"] += written
    applied.counts["customers"] += 1


def _identify(applied: Applied, identity: Identity | None, *, as_named: bool = False) -> int | None:
    """The customer, nobody when no identifier can be read."""
    readable = _readable(applied.workspace_id, identity)
    if readable is None:
        return None
    (found,) = customers.identify_many(
        applied.workspace_id, [readable], origin=applied.origin, as_named=as_named
    )
    return found


def _readable(workspace_id: int, identity: Identity | None) -> Identity | None:
    """The identity without a phone or an e-mail that cannot be read; an order is not lost by it."""
    if identity is None:
        return None
    phone, email = Identity(phone=identity.phone), Identity(email=identity.email)
    if identity.phone and people.identity_faults(workspace_id, [phone]) != [None]:
        identity = replace(identity, phone=None)
    if identity.email and people.identity_faults(workspace_id, [email]) != [None]:
        identity = replace(identity, email=None)
    is_named = identity.external_id or identity.email or identity.phone
    return identity if is_named else None


def _take_order(applied: Applied, news: OrderNews) -> None:
    target = applied.touch("order", news.key, news.told_at)
    if target is None:
        return
    if target:
        order_id = int(target)
        # What a provider learns of the buyer later reaches the customer too.
        _identify(applied, news.identity)
        _update(applied, order_id, news)
    else:
        order_id = _record(applied, news)
        applied.point("order", news.key, str(order_id))
        actions.replay_waiting(applied.workspace_id, applied.connection, waiting_for(news.key))
    order = order_queries.order_by_id(applied.workspace_id, order_id)
    _settle_refunds(applied, order, news)


def _record(applied: Applied, news: OrderNews) -> int:
    is_cancelled = news.status is OrderStatus.CANCELLED
    order = NewOrder(
        number=news.number,
        placed_at=news.placed_at,
        currency=news.currency,
        lines=news.lines,
        source=applied.connection.source,
        # Cancelling comes after, for what was refunded before decides about it.
        status=OrderStatus.NEW if is_cancelled else news.status,
        identity=_readable(applied.workspace_id, news.identity),
        total_minor=news.total_minor,
        told_at=news.told_at,
        pays_on_delivery=news.pays_on_delivery,
    )
    (recorded,) = orders.record_orders_many(applied.workspace_id, [order], origin=applied.origin)
    if recorded.outcome is Outcome.NEW:
        applied.counts["orders"] += 1
    else:
        # Known from an earlier connection to the same shop.
        _update(applied, recorded.id, news)
    return recorded.id


def _update(applied: Applied, order_id: int, news: OrderNews) -> None:
    workspace_id = applied.workspace_id
    order = order_queries.order_by_id(workspace_id, order_id)
    if order.is_closed:
        applied.counts["orders_same"] += 1
        return
    is_corrected = orders.correct_order(
        workspace_id,
        order_id,
        lines=news.lines if news.lines or news.is_emptied else None,
        total_minor=news.total_minor,
        told_at=news.told_at,
        source=applied.connection.source,
        origin=applied.origin,
    )
    if news.pays_on_delivery and not order.pays_on_delivery:
        orders.set_pays_on_delivery(workspace_id, order_id, True)
    is_moved = news.status is not OrderStatus.CANCELLED and _move(applied, order, news)
    applied.counts["orders_changed" if is_corrected or is_moved else "orders_same"] += 1


def _move(applied: Applied, order: OrderRecord, news: OrderNews) -> bool:
    try:
        return orders.set_status(
            applied.workspace_id, order.id, news.status, at=news.told_at,
            origin=applied.origin, source=applied.connection.source,
        )  # fmt: skip
    except Refused:
        # Cancelled or returned here already; late news change nothing.
        return False


def _settle_refunds(applied: Applied, order: OrderRecord, news: OrderNews) -> None:
    """An order that was called off is that and no more, whatever went back of it and when."""
    if news.status is OrderStatus.CANCELLED:
        _call_off(applied, order.id, news.told_at)
        return
    for refund in news.refunds:
        _record_refund(applied, order, refund)


def _call_off(applied: Applied, order_id: int, at: datetime) -> None:
    try:
        is_moved = orders.call_off(
            applied.workspace_id, order_id, at=at, origin=applied.origin,
            source=applied.connection.source,
        )  # fmt: skip
    except Refused:
        # Returned here as a whole already.
        is_moved = False
    applied.counts["orders_cancelled" if is_moved else "orders_same"] += 1


def waiting_for(order_key: str) -> str:
    """What is said of a refund whose order is not here; by it the refund is found later."""
    return f"The order {order_key[:100]} of this refund did not come yet."


def _take_refund(applied: Applied, news: RefundNews) -> None:
    target = queries.target_of(applied.workspace_id, applied.connection.id, "order", news.order_key)
    if not target:
        raise Invalid("order_unknown", waiting_for(news.order_key))
    order = order_queries.order_by_id(applied.workspace_id, int(target))
    _record_refund(applied, order, news)


def _record_refund(applied: Applied, order: OrderRecord, news: RefundNews) -> None:
    if order.is_closed:
        applied.counts["order_cancelled"] += 1
        return
    back = NewOrder(
        number=f"{order.number}/R{news.key}",
        placed_at=news.at,
        currency=order.currency,
        lines=news.lines,
        source=order.source,
        kind=OrderKind.RETURN,
        status=OrderStatus.RETURNED,
        customer_id=order.customer_id,
        total_minor=-news.total_minor,
    )
    (recorded,) = orders.record_orders_many(applied.workspace_id, [back], origin=applied.origin)
    applied.counts["refunds" if recorded.outcome is Outcome.NEW else "refunds_same"] += 1


def _take_gone(applied: Applied, news: OrderGone) -> None:
    target = applied.touch("order", news.key, news.told_at)
    if not target:
        applied.counts["order_unknown"] += 1
        return
    _call_off(applied, int(target), news.told_at)


def _take_event(applied: Applied, news: EventNews) -> None:
    if news.kind in own.KINDS:
        raise Invalid(
            "event_reserved", "Only the product writes events of this name; take another."
        )
    customer_id = _identify(applied, news.identity, as_named=True)
    if customer_id is None:
        raise Invalid("identity_missing", "The delivery does not name a customer.")
    event = NewEvent(
        kind=news.kind,
        time=news.time,
        key=f"{applied.connection.source}:{news.key}",
        customer_id=customer_id,
        props=news.props,
        origin=applied.origin,
        source=applied.connection.source,
    )
    applied.counts["events"] += int(events.record(applied.workspace_id, event))


def _take_privacy(applied: Applied, news: PrivacyNews) -> None:
    workspace_id, source = applied.workspace_id, applied.connection.source
    identity = _readable(workspace_id, news.identity)
    customer_id = people.find(workspace_id, identity) if identity else None
    if news.kind == "erase" and customer_id is not None:
        is_new = customers.ask_erasure(workspace_id, customer_id, source=source)
        applied.counts["erasures" if is_new else "erasures_same"] += 1
        return
    if news.kind != "shop" and customer_id is None:
        applied.counts["customer_unknown"] += 1
        return
    event = NewEvent(
        kind="export.requested" if news.kind == "export" else "shop.redacted",
        time=news.told_at,
        key=f"{source}:privacy:{news.key}",
        customer_id=customer_id,
        props={**news.props, "request": news.key},
        origin=applied.origin,
        source=source,
    )
    applied.counts["requests"] += int(events.record(workspace_id, event))


HANDLERS: dict[type, Callable[..., None]] = {
    Nothing: _take_nothing,
    CustomerNews: _take_customer,
    OrderNews: _take_order,
    OrderGone: _take_gone,
    RefundNews: _take_refund,
    EventNews: _take_event,
    PrivacyNews: _take_privacy,
}
