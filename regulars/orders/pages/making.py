"""A new order by hand: the form is the state, every press of a button sends it whole."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, RegularsError
from regulars.kernel.money import line_total_minor
from regulars.orders import actions, queries, words
from regulars.orders.pages import access
from regulars.orders.queries import desk
from regulars.orders.records import (
    ItemKind,
    LeadRecord,
    NewLine,
    NewOrder,
    OrderStatus,
    PaymentState,
)
from regulars.workspaces.records import Right, WorkspaceRecord

LINES_MAX = 50
SOURCE = "desk"


@dataclass(slots=True)
class Row:
    """A line as it was typed."""

    sku: str
    name: str
    quantity: str
    price: str
    item: str = ""
    duration: str = ""
    starts: str = ""
    ends: str = ""


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """An order written at the desk, for a customer, a guest or a lead."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    given = request.POST if request.method == "POST" else request.GET
    lead = queries.lead(workspace.id, given["lead"]) if given.get("lead") else None
    if lead is not None and lead.order_id is not None:
        return redirect("orders:by_id", lead.order_id)
    customer = _customer(workspace.id, given, lead)
    rows = _rows(given) if request.method == "POST" else _rows_of_lead(workspace.id, lead)
    fault = ""
    status = 200
    action = given.get("action", "")
    try:
        if request.method == "POST" and action == "save":
            return _save(request, workspace, customer, lead, rows)
        rows = _changed(workspace.id, rows, action)
    except RegularsError as error:
        fault, status = access.refusal(error), 422
    return render(
        request,
        "orders/new.html",
        _context(workspace, given, customer, lead, rows) | {"fault": fault},
        status=status,
    )


def _save(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    customer: Profile | None,
    lead: LeadRecord | None,
    rows: list[Row],
) -> HttpResponse:
    lines = tuple(_line(workspace, row) for row in rows)
    if not lines:
        raise Invalid("lines_missing", _("Add something to the order first."))
    place_id = _place_id(workspace.id, request.POST)
    member = access.member_of(request)
    if lead is not None:
        made = actions.convert_lead(
            workspace.id, lead.public_id, lines=lines, place_id=place_id, actor_id=member.user_id,
            is_stock_needed="short" not in request.POST,
            pays_on_delivery="on-delivery" in request.POST,
        )  # fmt: skip
        messages.success(request, _("The lead became an order."))
        return redirect("orders:order", made.public_id)
    number = request.POST.get("number", "")[:40] or _new_number()
    before = queries.order_ids(workspace.id, SOURCE, [number]).get(number)
    if before is not None:
        # The same form was sent twice.
        return redirect("orders:by_id", before)
    order = NewOrder(
        number=number,
        placed_at=clock.now(),
        currency=workspace.currency,
        lines=lines,
        source=SOURCE,
        status=OrderStatus.NEW,
        payment=PaymentState.UNPAID,
        customer_id=customer.id if customer else None,
        place_id=place_id,
        responsible_id=member.user_id,
        pays_on_delivery="on-delivery" in request.POST,
    )
    try:
        made = actions.record_order(
            workspace.id, order, is_stock_needed="short" not in request.POST
        )
    except Conflict:
        return redirect("orders:by_id", queries.order_ids(workspace.id, SOURCE, [number])[number])
    messages.success(request, _("The order is written down."))
    return redirect("orders:order", made.public_id)


def _line(workspace: WorkspaceRecord, row: Row) -> NewLine:
    quantity, price = access.amount_of(row.quantity), access.amount_of(row.price)
    if quantity is None or price is None or quantity <= 0:
        raise Invalid("line_figures", _("Every line needs a quantity above zero and a price."))
    minutes = access.amount_of(row.duration)
    return NewLine(
        sku=row.sku,
        quantity=quantity,
        unit_price=price,
        name=row.name or None,
        item=ItemKind(row.item) if row.item in list(ItemKind) else None,
        duration_min=int(minutes) if minutes else None,
        starts_at=access.moment_of(row.starts, workspace),
        ends_at=access.moment_of(row.ends, workspace),
    )


def _changed(workspace_id: int, rows: list[Row], action: str) -> list[Row]:
    verb, _mark, rest = action.partition(":")
    if verb == "remove" and rest.isdigit():
        return [row for place, row in enumerate(rows) if place != int(rest[:4])]
    if verb != "add" or not rest:
        return rows
    if len(rows) >= LINES_MAX:
        raise Invalid("lines_limit", _("An order by hand has at most 50 lines."))
    known = queries.products_by_sku(workspace_id, [rest]).get(rest)
    for row in rows:
        if row.sku == rest and row.item != ItemKind.BOOKING:
            row.quantity = f"{(access.amount_of(row.quantity) or Decimal(0)) + 1:f}"
            return rows
    price = known.asked_price if known else None
    made = Row(
        sku=rest[:200],
        name=(known.name or "") if known else "",
        quantity="1",
        price="" if price is None else f"{price.normalize():f}",
        item=(known.item or "") if known else "",
        duration=str(known.duration_min or "") if known else "",
    )
    return [*rows, made]


def _rows(given: QueryDict) -> list[Row]:
    names = ("sku", "name", "quantity", "price", "item", "duration", "starts", "ends")
    columns = [given.getlist(f"line-{name}")[:LINES_MAX] for name in names]
    if len({len(column) for column in columns}) != 1:
        raise Invalid("order_line", _("The form is not whole; load the page again."))
    return [
        Row(*(value[:200].strip() for value in values)) for values in zip(*columns, strict=True)
    ]


def _rows_of_lead(workspace_id: int, lead: LeadRecord | None) -> list[Row]:
    if lead is None:
        return []
    known = queries.products_by_sku(workspace_id, [item.sku for item in lead.items])
    rows = []
    for item in lead.items:
        product = known.get(item.sku)
        price = item.unit_price
        if price is None and product is not None:
            price = product.asked_price
        rows.append(
            Row(
                sku=item.sku,
                name=item.name or (product.name if product else "") or "",
                quantity=f"{item.quantity.normalize():f}",
                price="" if price is None else f"{price.normalize():f}",
                item=(product.item if product else "") or "",
                duration=str((product.duration_min if product else None) or ""),
            )
        )
    return rows


def _customer(workspace_id: int, given: QueryDict, lead: LeadRecord | None) -> Profile | None:
    if given.get("action") == "forget-customer":
        return None
    verb, _mark, chosen = given.get("action", "").partition(":")
    public_id = chosen if verb == "customer" else given.get("customer", "")
    if public_id:
        customer_id = customers.customer_id_of(workspace_id, public_id)
    elif lead is not None and lead.customer_id is not None:
        customer_id = lead.customer_id
    else:
        return None
    return access.people_of(workspace_id, [customer_id]).get(customer_id)


def _place_id(workspace_id: int, given: QueryDict) -> int | None:
    chosen = str(given.get("place", ""))
    return desk.place(workspace_id, chosen).id if chosen else None


def _new_number() -> str:
    # Read out over the phone: the day, and four signs that tell orders of one day apart.
    return f"D{clock.now():%y%m%d}-{access.new_key()[:6].upper()}"


def _context(
    workspace: WorkspaceRecord,
    given: QueryDict,
    customer: Profile | None,
    lead: LeadRecord | None,
    rows: list[Row],
) -> dict[str, Any]:
    who, what = access.text_of(given, "who"), access.text_of(given, "what")
    products = queries.search_products(workspace.id, what) if what else []
    free = desk.free_of(workspace.id, [p.sku for p in products] + [row.sku for row in rows])
    return {
        "customer": customer,
        "lead": lead,
        "who": who,
        "what": what,
        "people": access.customers_found(workspace.id, who)[:8] if who else [],
        "products": [(product, free.get(product.sku)) for product in products],
        "is_unknown": bool(what) and all(p.sku != what for p in products),
        "rows": [(row, free.get(row.sku)) for row in rows],
        "items": list(words.ITEMS.items()),
        "places": desk.places(workspace.id, are_open=True),
        "place": given.get("place", ""),
        "is_on_delivery": "on-delivery" in given,
        "number": given.get("number", "")[:40] or _new_number(),
        "total_minor": sum(_worth(row, workspace.currency) for row in rows),
    }


def _worth(row: Row, currency: str) -> int:
    try:
        quantity = access.amount_of(row.quantity) or Decimal(0)
        price = access.amount_of(row.price) or Decimal(0)
        return line_total_minor(quantity, price, currency)
    except (Invalid, ArithmeticError):
        return 0
