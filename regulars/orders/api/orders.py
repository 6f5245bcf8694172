"""Orders over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import Invalid
from regulars.kernel.money import decimal_string, to_minor
from regulars.orders import actions, queries
from regulars.orders.api.common import (
    CommentIn,
    CommentsOut,
    member_named,
    page_url,
    staff_of,
)
from regulars.orders.api.common import workspace_id_of as _workspace_id
from regulars.orders.api.shapes import (
    HistoryOut,
    OrderIn,
    OrderOut,
    OrderPatch,
    OrdersOut,
    PaymentIn,
    PaymentLinkIn,
    ReturnIn,
    StatusIn,
)
from regulars.orders.desk_records import DeliveryRecord
from regulars.orders.pure import keys
from regulars.orders.queries import desk
from regulars.orders.records import (
    ItemKind,
    LineRecord,
    NewLine,
    NewOrder,
    OrderRecord,
    OrderStatus,
    Outcome,
    PaymentState,
)

router = Router(tags=["orders"])


@router.post("", response={200: OrderOut, 201: OrderOut})
def record_order(request: HttpRequest, body: OrderIn, response: HttpResponse) -> Any:
    """Write an order: 201 when new, 200 when this source sent the very same before, else 409.

    With `updated_at` one that is here is corrected to what the body says, unless the books know
    something newer: its lines and total change, its status, payment and delivery stay.
    """
    workspace_id = _workspace_id(request)
    identity = Identity(**body.customer.dict()) if body.customer else None
    if identity is not None:
        (fault,) = customers.identity_faults(workspace_id, [identity])
        if fault:
            raise Invalid(fault, "The customer of the order cannot be read; mend it.")
    tell = actions.tell_order if body.updated_at else actions.record_order
    recorded = tell(
        workspace_id,
        NewOrder(
            number=body.number,
            placed_at=body.placed_at,
            currency=body.currency,
            lines=tuple(NewLine(**line.dict()) for line in body.lines),
            source=body.source,
            kind=body.kind,
            status=body.status,
            identity=identity,
            total_minor=None if body.total is None else to_minor(body.total, body.currency),
            payment=PaymentState(body.payment) if body.payment else None,
            place_id=desk.place(workspace_id, body.place).id if body.place else None,
            told_at=body.updated_at,
            pays_on_delivery=body.pays_on_delivery,
        ),
    )
    status = 201 if recorded.outcome is Outcome.NEW else 200
    return status, _out(workspace_id, queries.order(workspace_id, recorded.public_id))


@router.get("", response=OrdersOut)
def list_orders(
    request: HttpRequest,
    number: str = "",
    kind: str = "",
    status: str = "",
    stage: str = "",
    payment: str = "",
    customer: str = "",
    after: str = "",
) -> dict[str, object]:
    """Orders of the filter with their lines, the newest first, 50 a page.

    `customer` is an id of /customers; `next` of a page is `after` of the following one.
    """
    workspace_id = _workspace_id(request)
    found = queries.page(
        workspace_id,
        queries.OrderFilter(
            number=number,
            kind=kind,
            status=status,
            stage=stage,
            payment=payment,
            customer_ids=_customer_ids(workspace_id, customer),
        ),
        before=keys.read(after, tuple[datetime, int]),
    )
    shown = found[: queries.PAGE_ROWS]
    has_more = len(found) > len(shown)
    return {
        "orders": _out_many(workspace_id, shown),
        "next": keys.write((shown[-1].placed_at, shown[-1].id)) if has_more else None,
    }


@router.get("/{public_id}", response=OrderOut)
def one_order(request: HttpRequest, public_id: str) -> dict[str, object]:
    """An order with its lines."""
    workspace_id = _workspace_id(request)
    return _out(workspace_id, queries.order(workspace_id, public_id))


@router.post("/{public_id}/status", response=OrderOut)
def set_status(request: HttpRequest, public_id: str, body: StatusIn) -> dict[str, object]:
    """Move an order on; news that come out of order change nothing."""
    workspace_id = _workspace_id(request)
    order = queries.order(workspace_id, public_id)
    if isinstance(body.status, OrderStatus):
        actions.set_status(workspace_id, order.id, body.status, at=body.at, reason=body.reason)
    else:
        actions.move(
            workspace_id, order.id, body.status, at=body.at, source="api", reason=body.reason
        )
    return _out(workspace_id, queries.order(workspace_id, public_id))


@router.patch("/{public_id}", response=OrderOut)
def change_order(request: HttpRequest, public_id: str, body: OrderPatch) -> dict[str, object]:
    """Change delivery, arrival, place, who is responsible and how it is paid; the rest stays."""
    workspace_id = _workspace_id(request)
    said = body.dict(exclude_unset=True)
    if "pays_on_delivery" in said:
        order = queries.order(workspace_id, public_id)
        actions.set_pays_on_delivery(workspace_id, order.id, said.pop("pays_on_delivery"))
    keeper: int | actions.Unsaid | None = actions.UNSAID
    if "responsible" in said:
        address = said.pop("responsible")
        keeper = member_named(workspace_id, address) if address else None
    place: str | actions.Unsaid = said.pop("place", actions.UNSAID)
    if said:
        actions.set_delivery(workspace_id, public_id, said)
    actions.assign(workspace_id, public_id, responsible_id=keeper, place_public_id=place)
    return _out(workspace_id, queries.order(workspace_id, public_id))


@router.post("/{public_id}/payments", response=OrderOut)
def record_payment(request: HttpRequest, public_id: str, body: PaymentIn) -> dict[str, object]:
    """Write money down, once for a key; an amount below zero went back to the customer."""
    workspace_id = _workspace_id(request)
    order = queries.order(workspace_id, public_id)
    actions.record_payment(
        workspace_id,
        order.id,
        key=body.key,
        amount_minor=to_minor(body.amount, order.currency),
        method=body.method,
        at=body.at,
    )
    return _out(workspace_id, queries.order(workspace_id, public_id))


@router.put("/{public_id}/payment-link", response=OrderOut)
def set_payment_link(
    request: HttpRequest, public_id: str, body: PaymentLinkIn
) -> dict[str, object]:
    """Say that the order waits for its payment, with the provider's link or none."""
    workspace_id = _workspace_id(request)
    order = queries.order(workspace_id, public_id)
    actions.ask_for_payment(workspace_id, order.id, body.url, is_asked=body.is_asked)
    return _out(workspace_id, queries.order(workspace_id, public_id))


@router.get("/{public_id}/history", response=HistoryOut)
def history(request: HttpRequest, public_id: str) -> dict[str, object]:
    """The statuses the order reached, each once, and how its lines changed, the oldest first."""
    workspace_id = _workspace_id(request)
    order = queries.order(workspace_id, public_id)
    staff = staff_of(workspace_id)
    return {
        "history": [
            {"status": row.status, "at": row.at, "by": staff.get(row.actor_id),
             "source": row.source, "reason": row.reason}
            for row in desk.history(workspace_id, order.id)
        ],
        "corrections": [
            {"at": row.at, "by": staff.get(row.actor_id), "source": row.source,
             "total_before": decimal_string(row.before_minor, order.currency),
             "total_after": decimal_string(row.after_minor, order.currency),
             "lines": row.changes}
            for row in desk.corrections(workspace_id, order.id)
        ],
    }  # fmt: skip


@router.get("/{public_id}/comments", response=CommentsOut)
def comments(request: HttpRequest, public_id: str) -> dict[str, object]:
    """What staff and programs wrote about the order, the newest first, at most 200."""
    workspace_id = _workspace_id(request)
    order = queries.order(workspace_id, public_id)
    staff = staff_of(workspace_id)
    rows = desk.comments(workspace_id, "order", order.id)
    return {"comments": [{"text": r.text, "at": r.at, "by": staff.get(r.actor_id)} for r in rows]}


@router.post("/{public_id}/comments", response={204: None})
def add_comment(request: HttpRequest, public_id: str, body: CommentIn) -> Any:
    """Write a comment, once for a key; it is never changed."""
    workspace_id = _workspace_id(request)
    order = queries.order(workspace_id, public_id)
    actions.add_comment(
        workspace_id, "order", order.id, text=body.text, key=f"api:{body.key}"[:100]
    )
    return 204, None


@router.post("/{public_id}/returns", response={200: OrderOut, 201: OrderOut})
def record_return(request: HttpRequest, public_id: str, body: ReturnIn) -> Any:
    """Take goods back, once for a key: 201 when new, 200 when the very same came before, else 409.

    Without lines everything that is left comes back. The answer is the return, or the order itself
    when it came back whole. `restock` lays goods back where they were taken from.
    """
    workspace_id = _workspace_id(request)
    recorded = actions.record_return(
        workspace_id,
        public_id,
        key=body.key,
        quantities={line.line: line.quantity for line in body.lines},
        at=body.at,
        is_restocked=body.restock,
    )
    status = 201 if recorded.outcome is Outcome.NEW else 200
    return status, _out(workspace_id, queries.order(workspace_id, recorded.public_id))


def _customer_ids(workspace_id: int, public_id: str) -> tuple[int, ...] | None:
    if not public_id:
        return None
    card = customers.card(workspace_id, customers.customer_id_of(workspace_id, public_id))
    return (card.profile.id, *card.merged_ids)


def _out(workspace_id: int, order: OrderRecord) -> dict[str, object]:
    (told,) = _out_many(workspace_id, [order])
    return told


def _out_many(workspace_id: int, orders: Sequence[OrderRecord]) -> list[dict[str, object]]:
    """Orders as they are told, with a few statements for all of them."""
    ids = [order.customer_id for order in orders if order.customer_id is not None]
    roots = customers.roots_of(workspace_id, ids)
    people = customers.profiles(workspace_id, list(set(roots.values())))
    order_ids = [order.id for order in orders]
    lines = queries.lines_of(workspace_id, order_ids)
    sent = desk.deliveries(workspace_id, order_ids)
    staff = staff_of(workspace_id)
    places = {place.id: place.public_id for place in desk.places(workspace_id)}
    told = []
    for order in orders:
        owner = people.get(roots.get(order.customer_id or 0, 0))
        public_id = owner.public_id if owner else None
        told.append(
            _told(order, public_id, lines.get(order.id, []))
            | _told_beside(order, sent.get(order.id, DeliveryRecord()))
            | {
                "responsible": staff.get(order.responsible_id),
                "place": places.get(order.place_id or 0),
            }
        )
    return told


def _told(order: OrderRecord, owner: str | None, lines: Sequence[LineRecord]) -> dict[str, object]:
    return {
        "id": order.public_id,
        "number": order.number,
        "source": order.source,
        "kind": order.kind,
        "status": order.status,
        "currency": order.currency,
        "total": decimal_string(order.total_minor, order.currency),
        "placed_at": order.placed_at,
        "customer_id": owner,
        "lines": [
            {
                "line": line.line_no,
                "sku": line.sku,
                "name": line.name,
                "category": line.category,
                "quantity": f"{line.quantity.normalize():f}",
                "unit_price": f"{line.unit_price.normalize():f}",
                "total": decimal_string(line.total_minor, order.currency),
                "kind": line.kind,
                "item": line.item or ItemKind.PRODUCT,
                "duration_min": line.duration_min,
                "starts_at": line.starts_at,
                "ends_at": line.ends_at,
            }
            for line in lines
        ],
    }


def _told_beside(order: OrderRecord, sent: DeliveryRecord) -> dict[str, object]:
    """What the desk knows beside the books."""
    return {
        "stage": order.stage_now,
        "is_late": order.delayed_at is not None,
        "payment": order.payment_now,
        "paid": decimal_string(order.paid_minor, order.currency),
        "refunded": decimal_string(order.refunded_minor, order.currency),
        "payment_url": order.payment_url,
        "pays_on_delivery": order.pays_on_delivery,
        "updated_at": order.told_at,
        "eta_at": order.eta_at,
        "page_url": page_url(order.token),
        "delivery": {
            name: getattr(sent, name)
            for name in (
                "method", "address", "branch", "carrier", "tracking_number", "tracking_url",
            )
        },
    }  # fmt: skip
