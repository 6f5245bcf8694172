"""One order: what is known of it, and everything that may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, RegularsError
from regulars.kernel.money import line_total_minor
from regulars.orders import actions, queries, words
from regulars.orders.actions.stages import progress_of
from regulars.orders.actions.stock import WAITING
from regulars.orders.pages import access
from regulars.orders.pages.access import KEY_LENGTH
from regulars.orders.pages.listing import is_only_paid
from regulars.orders.pure.stages import CLOSED, WAY, ahead
from regulars.orders.queries import desk
from regulars.orders.records import PAID_STATUSES, OrderKind, OrderRecord, OrderStatus, Stage
from regulars.workspaces.records import Right, WorkspaceRecord

DELIVERY_FIELDS = ("method", "address", "branch", "carrier", "tracking_number", "tracking_url")


@login_required
@require_GET
def order(request: HttpRequest, public_id: str) -> HttpResponse:
    """One order with its lines, its returns and what may be done with it."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    found = queries.order(workspace.id, public_id)
    return render(request, "orders/order.html", _context(request, workspace, found))


@login_required
@require_GET
def by_id(request: HttpRequest, order_id: int) -> HttpResponse:
    """Leads from an event to the order it tells of."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    return redirect("orders:order", queries.order_by_id(workspace.id, order_id).public_id)


@login_required
@require_POST
def set_status(request: HttpRequest, public_id: str) -> HttpResponse:
    """Move an order on by hand."""
    wanted = request.POST.get("status", "")
    if wanted not in list(Stage):
        raise Invalid("order_status", _("Choose a status of the list."))

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        actions.move(
            workspace.id,
            found.id,
            Stage(wanted),
            actor_id=access.member_of(request).user_id,
            reason=access.text_of(request.POST, "reason", 500),
            is_asked=True,
        )

    return _act(request, public_id, change, _("The order is moved on."))


@login_required
@require_POST
def pay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Money that came in or went back."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        amount = access.money_of(request.POST.get("amount", ""), found.currency)
        if amount < 0:
            raise Invalid("payment_amount", "An amount is above zero.")
        is_back = request.POST.get("way") == "back"
        actions.record_payment(
            workspace.id,
            found.id,
            key=request.POST.get("key", "")[:KEY_LENGTH] or access.new_key(),
            amount_minor=-amount if is_back else amount,
            method=access.text_of(request.POST, "method", 60),
            actor_id=access.member_of(request).user_id,
        )

    return _act(request, public_id, change, _("The money is written down."))


@login_required
@require_POST
def ask_payment(request: HttpRequest, public_id: str) -> HttpResponse:
    """A link to pay with, or none."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        url = access.text_of(request.POST, "url", 2_001)
        actions.ask_for_payment(workspace.id, found.id, url or None, is_asked=bool(url))

    return _act(request, public_id, change, _("The payment link is saved."))


@login_required
@require_POST
def pays_on_delivery(request: HttpRequest, public_id: str) -> HttpResponse:
    """Whether the money comes with the parcel."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        actions.set_pays_on_delivery(workspace.id, found.id, request.POST.get("on") == "1")

    return _act(request, public_id, change, _("Saved."))


@login_required
@require_POST
def correct(request: HttpRequest, public_id: str) -> HttpResponse:
    """Other quantities and prices, a line more or less."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        now = queries.order_by_id(workspace.id, found.id, is_locked=True)
        if request.POST.get("seen", "") != access.version_of(now):
            raise Conflict("order_changed", "Somebody changed the order meanwhile; look again.")
        before = queries.lines(workspace.id, found.id)
        lines = access.corrected_lines(request.POST, before)
        beside = now.total_minor - sum(line.total_minor for line in before)
        worth = sum(line_total_minor(o.quantity, o.unit_price, now.currency) for o in lines)
        if not actions.correct_order(
            workspace.id,
            found.id,
            lines=lines,
            # A discount or a charge that is no line stays as it is.
            total_minor=max(worth + beside, 0),
            told_at=clock.now(),
            source="desk",
            actor_id=access.member_of(request).user_id,
        ):
            raise Invalid("order_same", "Nothing changes by this.")

    return _act(request, public_id, change, _("The lines are changed."))


@login_required
@require_POST
def deliver(request: HttpRequest, public_id: str) -> HttpResponse:
    """How the order travels, who keeps it, and where it goes out from."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        said: dict[str, Any] = {n: access.text_of(request.POST, n, 2_001) for n in DELIVERY_FIELDS}
        said["eta_at"] = access.moment_of(request.POST.get("eta_at", ""), workspace)
        actions.set_delivery(workspace.id, public_id, said)

    return _act(request, public_id, change, _("The delivery is saved."))


@login_required
@require_POST
def assign(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who is responsible, and which place the order goes out from."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        keeper = request.POST.get("responsible", "")
        actions.assign(
            workspace.id,
            public_id,
            responsible_id=int(keeper) if keeper.isdigit() and len(keeper) < 16 else None,
            place_public_id=request.POST.get("place", ""),
        )

    return _act(request, public_id, change, _("Saved."))


@login_required
@require_POST
def comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write a comment, which stays."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        actions.add_comment(
            workspace.id,
            "order",
            found.id,
            text=request.POST.get("text", ""),
            key=request.POST.get("key", "")[:KEY_LENGTH] or access.new_key(),
            actor_id=access.member_of(request).user_id,
        )

    return _act(request, public_id, change, _("The comment is written down."))


@login_required
@require_POST
def reserve(request: HttpRequest, public_id: str) -> HttpResponse:
    """Try once more for goods that were short."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        if not actions.reserve_again(workspace.id, found.id):
            raise Invalid("stock_short", "There is still not enough in stock.")

    return _act(request, public_id, change, _("The goods are reserved."))


@login_required
@require_POST
def open_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make the page that the customer sees without signing in."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        actions.open_page(workspace.id, public_id)

    return _act(request, public_id, change, _("The customer's page is open."))


@login_required
@require_POST
def take_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Goods that came back, by the quantities written beside the lines."""

    def change(workspace: WorkspaceRecord, found: OrderRecord) -> None:
        is_whole = "whole" in request.POST
        quantities = {} if is_whole else _quantities(request.POST, workspace.id, found)
        if not quantities and not is_whole:
            raise Invalid("return_quantity", "Write how many came back.")
        # The form brings a key of its own: sent twice it takes back once.
        key = request.POST.get("key", "")[:KEY_LENGTH] or access.new_key()
        actions.record_return(
            workspace.id, public_id, key=key, quantities=quantities,
            is_restocked="restock" in request.POST,
        )  # fmt: skip

    return _act(request, public_id, change, _("The return is written down."))


def _act(
    request: HttpRequest,
    public_id: str,
    change: Callable[[WorkspaceRecord, OrderRecord], None],
    done: str,
) -> HttpResponse:
    """Do it if it may be done, say so or why not, and show the order again."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    found = queries.order(workspace.id, public_id)
    try:
        # The answer to a refusal is a page of its own: what was begun must not stay.
        with transaction.atomic():
            change(workspace, found)
    except RegularsError as error:
        if error.code == "place_unknown":
            raise
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, done)
    return redirect("orders:order", public_id)


def _context(
    request: HttpRequest, workspace: WorkspaceRecord, found: OrderRecord
) -> dict[str, Any]:
    returned = queries.returned_quantities(workspace.id, found)
    may_edit = access.may(request, Right.ORDERS_EDIT)
    is_sale = found.kind == OrderKind.SALE
    staff = access.names_of_staff(workspace.id)
    places = desk.places(workspace.id)
    promised = {row.line_no: row for row in desk.reservations(workspace.id, found.id)}
    owner = access.people_of(workspace.id, [found.customer_id]).get(found.customer_id or 0)
    left = found.total_minor - found.paid_minor + found.refunded_minor
    sent = desk.delivery(workspace.id, found.id)
    return {
        "order": found,
        "owner": owner,
        "kind": words.kind(found.kind),
        "is_sale": is_sale,
        "stage": None if is_only_paid(found) else words.stage(found.stage_now),
        "payment": words.payment_of(found),
        "waits_for_money": is_sale and found.payment_now in WAITING and not found.is_closed,
        "may_correct": may_edit and is_sale and not found.is_closed,
        "seen": access.version_of(found),
        "source": words.source(found.source),
        "way": way(found) if is_sale and not is_only_paid(found) else [],
        "lines": [
            (
                line,
                returned.get(line.sku),
                words.ITEMS.get(line.item or ""),
                words.GOODS.get(promised[line.line_no].state) if line.line_no in promised else None,
            )
            for line in queries.lines(workspace.id, found.id)
        ],
        "is_short": any(row.state in ("short", "expired") for row in promised.values()),
        "has_taken": any(row.state == "taken" for row in promised.values()),
        "returns": queries.returns_of(workspace.id, found),
        "moves": [(s.value, words.stage(s)[0]) for s in ahead(progress_of(found))]
        if may_edit and is_sale
        else [],
        "may_edit": may_edit,
        "may_return": may_edit and is_sale and OrderStatus(found.status) in PAID_STATUSES,
        "key": access.new_key(),
        "delivery": sent,
        "carrier": words.CARRIERS.get(sent.carrier, sent.carrier),
        "carriers": list(words.CARRIERS.items()),
        "payments": [
            (row, staff.get(row.actor_id, "")) for row in desk.payments(workspace.id, found.id)
        ],
        "left_minor": left if found.payment else 0,
        "over_minor": -left,
        "history": _history(workspace.id, found, staff),
        "comments": [
            (row, staff.get(row.actor_id) or _("a program"))
            for row in desk.comments(workspace.id, "order", found.id)
        ],
        "keepers": list(staff.items()),
        "keeper": staff.get(found.responsible_id, ""),
        "places": places,
        "place": next((p for p in places if p.id == found.place_id), None),
        "page_url": settings.PUBLIC_URL + reverse("orders:public", args=[found.token])
        if found.token
        else "",
    }


def _waits_for_money(found: OrderRecord) -> bool:
    return found.payment_now in WAITING and not found.is_closed


def way(found: OrderRecord) -> list[dict[str, Any]]:
    """The steps of the order, each with what stands before the present one done."""
    present = found.stage_now
    if present in CLOSED:
        return []
    reached = WAY.index(present)
    # Picking, packing and the branch are told when they happen, and else passed over.
    shown = (Stage.RECEIVED, Stage.PROCESSING, Stage.PACKED, Stage.SHIPPED, Stage.IN_TRANSIT,
             Stage.DELIVERED)  # fmt: skip
    steps = [s for s in WAY if s in shown or s is present]
    return [
        {
            "number": place,
            "label": words.stage(step)[0],
            "is_done": WAY.index(step) < reached or present is Stage.DELIVERED,
            "is_current": step is present and present is not Stage.DELIVERED,
        }
        for place, step in enumerate(steps, 1)
    ]


def _history(workspace_id: int, found: OrderRecord, staff: Any) -> list[dict[str, Any]]:
    told = [
        {
            "at": row.at,
            "title": words.stage(row.status)[0],
            "detail": " · ".join(
                part
                for part in (staff.get(row.actor_id) or words.source(row.source), row.reason)
                if part
            ),
            "icon": "circle-dot",
            "tone": "brand" if row.status == Stage.DELIVERED else "neutral",
        }
        for row in reversed(desk.history(workspace_id, found.id))
    ]
    told += [
        {
            "at": row.at,
            "title": _("Lines changed") if row.changes else _("Sum changed"),
            "detail": words.correction(row, found.currency, staff),
            "icon": "pencil",
            "tone": "neutral",
        }
        for row in desk.corrections(workspace_id, found.id)
    ]
    told.sort(key=lambda one: one["at"], reverse=True)
    placed = {
        "at": found.placed_at,
        "title": _("Placed"),
        "detail": words.source(found.source),
        "icon": "shopping-bag",
        "tone": "neutral",
    }
    return [*told, placed]


def _quantities(given: QueryDict, workspace_id: int, found: OrderRecord) -> dict[int, Decimal]:
    asked = {}
    for line in queries.lines(workspace_id, found.id):
        quantity = access.amount_of(given.get(f"quantity-{line.line_no}", ""))
        if quantity:
            asked[line.line_no] = quantity
    return asked
