"""A purchase at the till: held, sold, and line by line taken back."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import till as actions
from regulars.loyalty.actions.till import telling
from regulars.loyalty.pages.cashier import TILL, counter_of, points_text
from regulars.loyalty.pure import states
from regulars.loyalty.pure.states import SOLD, State
from regulars.loyalty.queries import purchases
from regulars.loyalty.till.reading import hash_of
from regulars.loyalty.till_records import Confirmation, PurchaseRecord, ReturnAsk, ReturnRecord
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

SHOWN = 50
QUANTITY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
ID_CHARS_MAX = 90
TONES = {
    State.HELD: "warn",
    State.CONFIRMED: "good",
    State.PARTLY_RETURNED: "info",
    State.RETURNED: "neutral",
    State.CANCELLED: "neutral",
    State.EXPIRED: "bad",
}


def _words() -> dict[State, str]:
    return {
        State.HELD: _("Held"),
        State.CONFIRMED: _("Sold"),
        State.PARTLY_RETURNED: _("Partly returned"),
        State.RETURNED: _("Returned"),
        State.CANCELLED: _("Cancelled"),
        State.EXPIRED: _("Ran out"),
    }


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The newest purchases; a receipt's own number leads to it."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    asked = request.GET.get("purchase", "").strip()[:ID_CHARS_MAX]
    if asked and purchases.purchase(workspace.id, asked) is not None:
        return redirect("loyalty:purchase", asked)
    words = _words()
    rows = [
        {"one": one, "state": (TONES[one.state], words[one.state]), "place": _place(one)}
        for one in purchases.latest(workspace.id, limit=SHOWN)
    ]
    return render(request, "loyalty/purchases.html", {"rows": rows, "asked": asked})


@login_required
@require_safe
def purchase(request: HttpRequest, purchase_id: str) -> HttpResponse:
    """What is to pay, or the receipt with what may come back."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    return _show(request, workspace, _there(workspace, purchase_id))


@login_required
@require_POST
def confirm(request: HttpRequest, purchase_id: str) -> HttpResponse:
    """The money was taken."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    there = _there(workspace, purchase_id)
    asked = Confirmation(
        counter=counter_of(request, there.shop),
        purchase_id=purchase_id,
        occurred_at=clock.now(),
        body_hash=hash_of({"page": purchase_id}),
    )
    try:
        with transaction.atomic():
            actions.confirm(workspace.id, asked)
    except RegularsError as error:
        return _show(request, workspace, there, fault=error)
    messages.success(request, _("Sold."))
    return redirect("loyalty:purchase", purchase_id)


@login_required
@require_POST
def cancel(request: HttpRequest, purchase_id: str) -> HttpResponse:
    """Nothing was bought."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    there = _there(workspace, purchase_id)
    try:
        with transaction.atomic():
            actions.cancel(workspace.id, purchase_id)
    except RegularsError as error:
        return _show(request, workspace, there, fault=error)
    messages.info(request, _("The purchase is cancelled; points and codes are free again."))
    return redirect("loyalty:cashier")


@login_required
@require_http_methods(["POST"])
def take_back(request: HttpRequest, purchase_id: str) -> HttpResponse:
    """Goods that come back: first what would go back, then it is done."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    there = _there(workspace, purchase_id)
    try:
        asked = _return_of(request, there)
        if request.POST.get("do") != "return":
            return _show(
                request, workspace, there, back=actions.calculate_return(workspace.id, asked)
            )
        with transaction.atomic():
            actions.take_return(workspace.id, asked)
    except RegularsError as error:
        return _show(request, workspace, there, fault=error)
    messages.success(request, _("The goods are taken back."))
    return redirect("loyalty:purchase", purchase_id)


def _return_of(request: HttpRequest, there: PurchaseRecord) -> ReturnAsk:
    """The return as typed. raises Invalid(return_quantity | return_nothing)"""
    lines: dict[str, int] = {}
    for line in there.cart["lines"]:
        typed = request.POST.get(f"back-{line['line_id']}", "").strip().replace(",", ".")[:20]
        if not typed:
            continue
        if not QUANTITY.fullmatch(typed):
            raise Invalid("return_quantity", _("Give how many came back, above 0."))
        if milli := int(Decimal(typed).scaleb(3)):
            lines[line["line_id"]] = milli
    with_delivery = bool(request.POST.get("delivery"))
    if not lines and not with_delivery:
        raise Invalid("return_nothing", _("Say how many of which goods came back."))
    return ReturnAsk(
        counter=counter_of(request, there.shop),
        purchase_id=there.purchase_id,
        return_id=request.POST.get("return_id", "")[:ID_CHARS_MAX] or new_public_id(),
        occurred_at=clock.now(),
        lines=lines,
        with_delivery=with_delivery,
        body_hash=hash_of([lines, with_delivery]),
    )


def _place(one: PurchaseRecord) -> str:
    """Where it was sold, as far as the till said."""
    till = _("till in the browser") if one.till == TILL else one.till
    return " · ".join(part for part in (one.shop, till) if part)


def _who(workspace: WorkspaceRecord, one: PurchaseRecord) -> str:
    """The member who bought; "" for a guest."""
    if one.customer_id is None:
        return ""
    profile = customers.profiles(workspace.id, [one.customer_id]).get(one.customer_id)
    return profile.title if profile else ""


def _there(workspace: WorkspaceRecord, purchase_id: str) -> PurchaseRecord:
    found = purchases.purchase(workspace.id, purchase_id)
    if found is None:
        raise states.unknown()
    return found


def _show(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    there: PurchaseRecord,
    *,
    fault: RegularsError | None = None,
    back: dict[str, Any] | None = None,
) -> HttpResponse:
    state = there.state
    if state is State.HELD and there.is_due(clock.now()):
        state = State.EXPIRED
    answer = there.answer
    assert answer is not None
    told = telling.of_purchase(answer, there.purchase_id, state, counter_of(request).language)
    returned = purchases.returns_of(workspace.id, there.purchase_id)
    paid = told["delivery"]
    had_delivery = any(one.result.get("delivery") for one in returned)
    context = {
        "one": there,
        "state": (TONES[state], _words()[state]),
        "place": _place(there),
        "who": _who(workspace, there),
        "is_held": there.state is State.HELD,
        "is_sold": state in SOLD,
        "told": told,
        "titles": {one["promo_id"]: one["title"] for one in told["applied"]},
        "lines": _lines(there, told, returned, request),
        "earn": points_text(answer.summary.earn),
        "points_paid": points_text(answer.burn.points if answer.burn else 0),
        "returned": [
            {"one": one, "points": points_text(one.result.get("points", 0))} for one in returned
        ],
        "back": back,
        "delivery": 0 if had_delivery else paid["to_pay"] + paid["gift_paid"],
        "is_delivery_asked": bool(request.POST.get("delivery")),
        "back_points": points_text(back["summary"]["points_back"]) if back else "",
        "return_id": request.POST.get("return_id") or new_public_id(),
        "fault": _(fault.message) if fault else "",
    }
    return render(request, "loyalty/purchase.html", context, status=422 if fault else 200)


def _lines(
    there: PurchaseRecord,
    told: dict[str, Any],
    returned: list[ReturnRecord],
    request: HttpRequest,
) -> list[dict[str, Any]]:
    """Each line with what is left to come back."""
    back: dict[str, int] = {}
    for one in returned:
        for line_id, many in one.lines.items():
            back[line_id] = back.get(line_id, 0) + many
    found = []
    for kept, line in zip(there.cart["lines"], told["lines"], strict=True):
        left = kept["qty_milli"] - back.get(kept["line_id"], 0)
        found.append(
            {
                "id": kept["line_id"],
                "name": kept["name"] or kept["sku"],
                "sku": kept["sku"],
                "quantity": telling.quantity_text(kept["qty_milli"]),
                "left": telling.quantity_text(left) if left else "",
                "typed": request.POST.get(f"back-{kept['line_id']}", ""),
                "off": sum(one["amount"] for one in line["discounts"]),
                **line,
            }
        )
    return found
