"""Orders over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import Invalid
from regulars.kernel.money import decimal_string, to_minor
from regulars.orders import actions, queries
from regulars.orders.pure import keys
from regulars.orders.records import (
    LineRecord,
    NewLine,
    NewOrder,
    OrderKind,
    OrderRecord,
    OrderStatus,
    Outcome,
)

router = Router(tags=["orders"])
LINES_MAX = 1_000


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class CustomerIn(Strict):
    external_id: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    traits: dict[str, Any] = Field(default_factory=dict, max_length=200)


class LineIn(Strict):
    sku: str = Field(min_length=1, max_length=200)
    quantity: Decimal = Field(Decimal(1), max_digits=18, decimal_places=6)
    unit_price: Decimal = Field(max_digits=18, decimal_places=6)
    name: str | None = Field(None, max_length=500)
    category: str | None = Field(None, max_length=500)
    brand: str | None = Field(None, max_length=500)


class OrderIn(Strict):
    number: str = Field(min_length=1, max_length=200)
    placed_at: datetime
    currency: str = Field(min_length=3, max_length=3)
    source: str = Field("api", min_length=1, max_length=60)
    kind: OrderKind = OrderKind.SALE
    status: OrderStatus = OrderStatus.PAID
    customer: CustomerIn | None = None
    lines: list[LineIn] = Field(default_factory=list, max_length=LINES_MAX)
    total: Decimal | None = Field(None, max_digits=18, decimal_places=6)


class StatusIn(Strict):
    status: OrderStatus
    at: datetime | None = None


class ReturnedIn(Strict):
    line: int = Field(ge=1)
    quantity: Decimal = Field(gt=0, max_digits=18, decimal_places=6)


class ReturnIn(Strict):
    key: str = Field(min_length=1, max_length=60)
    lines: list[ReturnedIn] = Field(default_factory=list, max_length=LINES_MAX)
    at: datetime | None = None


class LineOut(Schema):
    line: int
    sku: str
    name: str | None
    category: str | None
    quantity: str
    unit_price: str
    total: str
    kind: str


class OrderOut(Schema):
    id: str
    number: str
    source: str
    kind: str
    status: str
    currency: str
    total: str
    placed_at: datetime
    customer_id: str | None
    lines: list[LineOut]


class OrdersOut(Schema):
    orders: list[OrderOut]
    next: str | None


@router.post("", response={200: OrderOut, 201: OrderOut})
def record_order(request: HttpRequest, body: OrderIn, response: HttpResponse) -> Any:
    """Write an order: 201 when new, 200 when this source sent the very same before, else 409."""
    workspace_id = _workspace_id(request)
    identity = Identity(**body.customer.dict()) if body.customer else None
    if identity is not None:
        (fault,) = customers.identity_faults(workspace_id, [identity])
        if fault:
            raise Invalid(fault, "The customer of the order cannot be read; mend it.")
    recorded = actions.record_order(
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
    actions.set_status(workspace_id, order.id, body.status, at=body.at)
    return _out(workspace_id, queries.order(workspace_id, public_id))


@router.post("/{public_id}/returns", response={200: OrderOut, 201: OrderOut})
def record_return(request: HttpRequest, public_id: str, body: ReturnIn) -> Any:
    """Take goods back, once for a key: 201 when new, 200 when the very same came before, else 409.

    Without lines everything that is left comes back. The answer is the return, or the order itself
    when it came back whole.
    """
    workspace_id = _workspace_id(request)
    recorded = actions.record_return(
        workspace_id,
        public_id,
        key=body.key,
        quantities={line.line: line.quantity for line in body.lines},
        at=body.at,
    )
    status = 201 if recorded.outcome is Outcome.NEW else 200
    return status, _out(workspace_id, queries.order(workspace_id, recorded.public_id))


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


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
    lines = queries.lines_of(workspace_id, [order.id for order in orders])
    told = []
    for order in orders:
        owner = people.get(roots.get(order.customer_id or 0, 0))
        public_id = owner.public_id if owner else None
        told.append(_told(order, public_id, lines.get(order.id, [])))
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
            }
            for line in lines
        ],
    }
