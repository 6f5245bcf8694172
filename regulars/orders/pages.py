"""Screens of orders and products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.ids import new_public_id
from regulars.orders import actions, queries, words
from regulars.orders.pure import keys
from regulars.orders.pure.meaning import RANK
from regulars.orders.records import PAID_STATUSES, OrderKind, OrderRecord, OrderStatus
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Right, WorkspaceRecord

SEARCH_LENGTH_MAX = 100
KEY_LENGTH = 8
REFUSALS = {
    "return_exceeds": gettext_lazy(
        "More than what is left cannot come back; look at the returns below."
    ),
    "return_nothing": gettext_lazy("Everything of this order came back before."),
    "return_quantity": gettext_lazy("Write how many came back of at least one line, above zero."),
    "order_not_sold": gettext_lazy(
        "Only a paid sale that was not cancelled or returned can come back."
    ),
    "order_status_final": gettext_lazy("The order is closed; nothing can follow that."),
}


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest orders of the filter."""
    workspace = _workspace(request, Right.ORDERS_VIEW)
    given = request.GET
    customer, ids = _customer(workspace.id, given.get("customer", ""))
    chosen: dict[str, Any] = {
        "number": given.get("number", "")[:SEARCH_LENGTH_MAX].strip(),
        "kind": given.get("kind", ""),
        "status": given.get("status", ""),
        "customer_ids": ids,
    }
    before = keys.read(given.get("page", ""), tuple[datetime, int])
    rows = queries.page(workspace.id, **chosen, before=before)
    shown = rows[: queries.PAGE_ROWS]
    count = queries.count(workspace.id, **chosen)
    context = {
        "rows": _with_owners(workspace.id, shown),
        "chosen": chosen,
        "customer": customer,
        "is_filtered": any(chosen.values()),
        "kinds": words.kind_choices(),
        "statuses": words.status_choices(),
        "count": min(count, queries.COUNT_MAX),
        "is_capped": count > queries.COUNT_MAX,
        "after_url": _next_url(given, (shown[-1].placed_at, shown[-1].id))
        if len(rows) > len(shown)
        else "",
        "before_url": "",
    }
    return render(request, "orders/list.html", context)


@login_required
@require_GET
def order(request: HttpRequest, public_id: str) -> HttpResponse:
    """One order with its lines, its returns and what may be done with it."""
    workspace = _workspace(request, Right.ORDERS_VIEW)
    return _order_page(request, workspace, queries.order(workspace.id, public_id))


@login_required
@require_GET
def by_id(request: HttpRequest, order_id: int) -> HttpResponse:
    """Leads from an event to the order it tells of."""
    workspace = _workspace(request, Right.ORDERS_VIEW)
    return redirect("orders:order", queries.order_by_id(workspace.id, order_id).public_id)


@login_required
@require_POST
def set_status(request: HttpRequest, public_id: str) -> HttpResponse:
    """Move an order on by hand."""
    workspace = _workspace(request, Right.ORDERS_EDIT)
    found = queries.order(workspace.id, public_id)
    wanted = request.POST.get("status", "")
    if wanted not in list(OrderStatus):
        raise Invalid("order_status", _("Choose a status of the list."))
    try:
        actions.set_status(workspace.id, found.id, OrderStatus(wanted))
    except Refused as error:
        messages.error(request, _refusal(error))
    else:
        messages.success(request, _("The order is moved on."))
    return redirect("orders:order", public_id)


@login_required
@require_POST
def take_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Goods that came back, by the quantities written beside the lines."""
    workspace = _workspace(request, Right.ORDERS_EDIT)
    found = queries.order(workspace.id, public_id)
    is_whole = "whole" in request.POST
    quantities = {} if is_whole else _quantities(request.POST, workspace.id, found)
    if not quantities and not is_whole:
        messages.error(request, REFUSALS["return_quantity"])
        return redirect("orders:order", public_id)
    try:
        # The form brings a key of its own: sent twice it takes back once.
        key = request.POST.get("key", "")[:KEY_LENGTH] or new_public_id()[:KEY_LENGTH]
        actions.record_return(workspace.id, public_id, key=key, quantities=quantities)
    except (Refused, Invalid) as error:
        messages.error(request, _refusal(error))
    else:
        messages.success(request, _("The return is written down."))
    return redirect("orders:order", public_id)


@login_required
@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """What was ever sold, the best first."""
    workspace = _workspace(request, Right.ORDERS_VIEW)
    search = request.GET.get("search", "")[:SEARCH_LENGTH_MAX].strip()
    before = keys.read(request.GET.get("page", ""), tuple[int, int])
    rows = queries.products(workspace.id, search=search, before=before)
    shown = rows[: queries.PAGE_ROWS]
    after_url = ""
    if len(rows) > len(shown):
        after_url = _next_url(request.GET, (shown[-1][1].sold_minor, shown[-1][0]))
    context = {
        "rows": [product for _id, product in shown],
        "search": search,
        "after_url": after_url,
        "before_url": "",
        "count": None,
    }
    return render(request, "orders/products.html", context)


def _order_page(
    request: HttpRequest, workspace: WorkspaceRecord, found: OrderRecord
) -> HttpResponse:
    returned = queries.returned_quantities(workspace.id, found)
    label, tone = words.status(found.status)
    [(_same, owner, *_rest)] = _with_owners(workspace.id, [found])
    may_edit = Right.ORDERS_EDIT.value in request.rights  # type: ignore[attr-defined]
    is_sold = found.kind == OrderKind.SALE and found.status in PAID_STATUSES
    context = {
        "order": found,
        "owner": owner,
        "kind": words.kind(found.kind),
        "status": label,
        "tone": tone,
        "lines": [(line, returned.get(line.sku)) for line in queries.lines(workspace.id, found.id)],
        "returns": queries.returns_of(workspace.id, found),
        "next_statuses": _next_statuses(found) if may_edit else [],
        "may_return": may_edit and is_sold,
        "key": new_public_id()[:KEY_LENGTH],
    }
    return render(request, "orders/order.html", context)


def _next_statuses(found: OrderRecord) -> list[tuple[str, str]]:
    """Where a sale may go by hand; coming back has its own form."""
    present = RANK[OrderStatus(found.status)]
    if found.kind != OrderKind.SALE or present == RANK[OrderStatus.CANCELLED]:
        return []
    ahead = [s for s in OrderStatus if RANK[s] > present and s is not OrderStatus.RETURNED]
    return [(s.value, words.status(s)[0]) for s in ahead]


def _quantities(given: QueryDict, workspace_id: int, found: OrderRecord) -> dict[int, Decimal]:
    asked = {}
    for line in queries.lines(workspace_id, found.id):
        text = given.get(f"quantity-{line.line_no}", "").strip().replace(",", ".")
        if not text:
            continue
        try:
            quantity = Decimal(text)
        except InvalidOperation:
            raise Invalid(
                "return_quantity", _("A quantity is a number, such as 2 or 0.5.")
            ) from None
        if quantity.is_finite() and quantity != 0:
            asked[line.line_no] = quantity
    return asked


def _with_owners(
    workspace_id: int, orders: Sequence[OrderRecord]
) -> list[tuple[OrderRecord, Profile | None, str, str, str]]:
    ids = [order.customer_id for order in orders if order.customer_id is not None]
    roots = customers.roots_of(workspace_id, ids)
    people = customers.profiles(workspace_id, list(set(roots.values())))
    return [
        (
            order,
            people.get(roots.get(order.customer_id or 0, 0)),
            words.kind(order.kind),
            *words.status(order.status),
        )
        for order in orders
    ]


def _customer(workspace_id: int, public_id: str) -> tuple[Profile | None, list[int] | None]:
    """The customer of a filter with every id of theirs."""
    if not public_id:
        return None, None
    card = customers.card(workspace_id, customers.customer_id_of(workspace_id, public_id))
    return card.profile, [card.profile.id, *card.merged_ids]


def _refusal(error: Refused | Invalid) -> str:
    return str(REFUSALS.get(error.code, error.message))


def _next_url(given: QueryDict, key: tuple[Any, int]) -> str:
    query = given.copy()
    query["page"] = keys.write(key)
    return "?" + query.urlencode()


def _workspace(request: HttpRequest, right: Right) -> WorkspaceRecord:
    member = request.member  # type: ignore[attr-defined]
    workspaces.require(member, right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace
