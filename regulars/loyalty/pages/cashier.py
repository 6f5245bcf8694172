"""A till in the browser: find the member, scan goods, see the price and why, take the money.

The form is the state: without JavaScript each button sends it and shows it again.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.kernel.money import to_minor
from regulars.loyalty.actions import till as actions
from regulars.loyalty.actions.till import telling
from regulars.loyalty.actions.till.quoting import quote
from regulars.loyalty.cart_form import (
    CartForm,
    ask_of,
    find_member,
    goods_to_choose,
    read_form,
    with_goods,
    without_row,
)
from regulars.loyalty.queries import balances, members
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.till_records import Counter, Named
from regulars.orders import queries as orders
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

TILL = "browser"
SHOP_KEPT = "till_shop"
HINTS_MAX = 5


def counter_of(request: HttpRequest, shop: str = "") -> Counter:
    """The browser as a till."""
    cashier = member_of(request)
    return Counter(
        shop=shop,
        till=TILL,
        cashier=cashier.name or cashier.email,
        language=(get_language() or "en")[:2],
    )


def points_text(hundredths: int) -> str:
    """Points as people write them here."""
    places = 2 if hundredths % 100 else 0
    return formats.number_format(Decimal(hundredths) / 100, decimal_pos=places, use_l10n=True)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cashier(request: HttpRequest) -> HttpResponse:
    """The cart, priced anew with every button."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    form = read_form(request.POST)
    if request.method != "POST":
        kept = request.session.get(SHOP_KEPT, "")
        return _show(request, workspace, replace(form, shop=kept))
    request.session[SHOP_KEPT] = form.shop
    does, _colon, number = request.POST.get("do", "").partition(":")
    try:
        form = _change(request, workspace, form, does, number)
        if does == "hold":
            return _hold(request, workspace, form)
        if does == "send_code":
            return _send_code(request, workspace, form)
    except RegularsError as error:
        return _show(request, workspace, form, fault=error, status=422)
    return _show(request, workspace, form)


def _change(
    request: HttpRequest, workspace: WorkspaceRecord, form: CartForm, does: str, number: str
) -> CartForm:
    """The form after the button. raises what a search raises"""
    if does == "forget":
        return replace(form, member="", pays_points=False, points="", burn_code="")
    if does == "drop" and number.isdecimal():
        return without_row(form, int(number))
    if does == "pick":
        return with_goods(workspace.id, form, number, workspace.currency)
    typed = request.POST.get("who", "").strip()
    if typed:
        form = replace(form, member=find_member(workspace.id, typed).public_id)
    return with_goods(workspace.id, form, request.POST.get("scan", ""), workspace.currency)


def _hold(request: HttpRequest, workspace: WorkspaceRecord, form: CartForm) -> HttpResponse:
    ask = ask_of(form, counter_of(request, form.shop), workspace.currency)
    if ask.burn_code and not actions.accept_code(
        workspace.id, ask.member, ask.purchase_id, ask.burn_code
    ):
        return _show(request, workspace, form, fault=actions.refuse_wrong(), status=422)
    with transaction.atomic():
        actions.hold(workspace.id, ask)
    address = reverse("loyalty:purchase", args=[form.purchase_id])
    if "HX-Request" in request.headers:
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _send_code(request: HttpRequest, workspace: WorkspaceRecord, form: CartForm) -> HttpResponse:
    with transaction.atomic():
        until = actions.send_code(workspace.id, Named("member", form.member))
    return _show(request, workspace, form, code_until=until)


def _show(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    form: CartForm,
    *,
    fault: RegularsError | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    is_chosen = request.POST.get("do", "").startswith("pick:")
    scanned = "" if is_chosen else request.POST.get("scan", "").strip()
    choices = goods_to_choose(workspace.id, form, scanned)
    context: dict[str, Any] = {
        "form": form,
        "fault": "",
        "choices": [
            {
                "sku": one.sku,
                "name": one.name,
                "minor": None
                if one.asked_price is None
                else to_minor(one.asked_price, workspace.currency),
            }
            for one in choices
        ],
        "scanned": scanned if choices else "",
        "shops": [one.name for one in orders.places(workspace.id, are_open=True)],
        "who": _person(workspace, form.member) if form.member else None,
        "asks_code": programmes.live(workspace.id).programme.burning.asks_code,
        "rows": [{"n": n, "row": row} for n, row in enumerate(form.rows)],
        **more,
    }
    if fault is not None:
        context["fault"] = _(fault.message)
    if form.rows:
        try:
            context.update(_priced(request, workspace, form))
        except RegularsError as error:
            context["fault"], status = context["fault"] or _(error.message), 422
    return render(request, "loyalty/cashier.html", context, status=status)


def _priced(request: HttpRequest, workspace: WorkspaceRecord, form: CartForm) -> dict[str, Any]:
    """The quote as the page shows it."""
    counter = counter_of(request, form.shop)
    ask = ask_of(form, counter, workspace.currency)
    found = quote(workspace.id, ask, clock.now())
    told = telling.quoted(found.answer, form.purchase_id, counter.language, clock.now())
    hints = [one for one in told["not_applied"] if one["missing"] and one["missing"]["text"]]
    codes = [one for one in (*told["codes"], *told["gift_cards"]) if one["status"] != "applied"]
    return {
        "told": told,
        "hints": hints[:HINTS_MAX],
        "codes_refused": codes,
        "earn": points_text(told["summary"]["earn_pending"]),
        "points_most": points_text(told["points"]["max_applicable"]) if told["points"] else "",
        "points_paid": points_text(told["points"]["applied"]) if told["points"] else "",
        "rows": [
            {
                "n": n,
                "row": row,
                "to_pay": line["to_pay"],
                "off": sum(one["amount"] for one in line["discounts"]),
            }
            for (n, row), line in zip(enumerate(form.rows), told["lines"], strict=True)
        ],
    }


def _person(workspace: WorkspaceRecord, public_id: str) -> dict[str, Any] | None:
    """Who stands at the till."""
    member = members.member(workspace.id, public_id)
    if member is None:
        return None
    profile = customers.profiles(workspace.id, [member.customer_id]).get(member.customer_id)
    own = balances.balances(workspace.id, [member.id])[member.id]
    programme = programmes.live(workspace.id).programme
    main = own.get(programme.main.slug)
    tier = programme.tier(member.tier_slug)
    return {
        "name": (profile.title if profile else "") or _("Member"),
        "tier": tier.name if tier else "",
        "available": points_text(main.available if main else 0),
        "pending": points_text(main.pending) if main and main.pending else "",
    }
