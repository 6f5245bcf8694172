"""What lies where, the places themselves, and whom customers may ask."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.kernel.errors import Conflict, Invalid
from regulars.orders import actions
from regulars.orders.pages import access
from regulars.orders.pure import keys
from regulars.orders.queries import PAGE_ROWS, desk
from regulars.workspaces.records import Right


@login_required
@require_GET
def stock(request: HttpRequest) -> HttpResponse:
    """Products by place with what is there, promised and free."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    places = desk.places(workspace.id)
    chosen = next((p for p in places if p.public_id == request.GET.get("place")), None)
    search = access.text_of(request.GET, "search")
    after = keys.read(request.GET.get("page", ""), tuple[str, int])
    found = desk.stock(
        workspace.id,
        place_id=chosen.id if chosen else None,
        search=search,
        is_short="short" in request.GET,
        after=after,
    )
    shown = found[:PAGE_ROWS]
    names = {place.id: place for place in places}
    context = {
        "rows": [(row, names.get(row.place_id)) for row in shown],
        "places": places,
        "open_places": [p for p in places if p.is_open],
        "chosen": chosen,
        "search": search,
        "is_short": "short" in request.GET,
        "may_edit": access.may(request, Right.ORDERS_EDIT),
        "after_url": access.next_url(request.GET, (shown[-1].sku, shown[-1].place_id))
        if len(found) > len(shown)
        else "",
        "before_url": "",
        "count": None,
    }
    return render(request, "orders/stock.html", context)


@login_required
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """Write how much of a product lies in a place."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    place = desk.place(workspace.id, request.POST.get("place", ""))
    try:
        quantity = access.amount_of(request.POST.get("quantity", ""))
        if quantity is None:
            raise Invalid("stock_quantity", "A quantity is a number, not below zero.")
        sku = access.text_of(request.POST, "sku", 201)
        actions.set_stock(workspace.id, place.id, {sku: Decimal(quantity)})
    except Invalid as error:
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, _("The stock is written down."))
    response = redirect("orders:stock")
    response["Location"] += f"?place={place.public_id}"
    return response


@login_required
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Shops and store rooms, and the contact that customers see."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    context = {
        "places": desk.places(workspace.id),
        "support": desk.support(workspace.id),
        "may_edit": access.may(request, Right.ORDERS_EDIT),
    }
    return render(request, "orders/places.html", context)


@login_required
@require_POST
def save_place(request: HttpRequest) -> HttpResponse:
    """Enter a place or change one."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    given = request.POST
    try:
        actions.save_place(
            workspace.id,
            name=given.get("name", ""),
            address=given.get("address", ""),
            phone=given.get("phone", ""),
            is_open="is_open" in given,
            public_id=given.get("id", ""),
        )
    except (Invalid, Conflict) as error:
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, _("The place is saved."))
    return redirect("orders:places")


@login_required
@require_POST
def save_support(request: HttpRequest) -> HttpResponse:
    """Whom customers may ask about an order."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    given = request.POST
    try:
        actions.save_support(
            workspace.id,
            phone=given.get("phone", ""),
            email=given.get("email", ""),
            url=given.get("url", ""),
        )
    except Invalid as error:
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, _("The contact is saved."))
    return redirect("orders:places")
