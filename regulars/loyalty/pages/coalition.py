"""The coalition: partners, settlement of a period, closing it; and the wallet's settings."""

from __future__ import annotations

from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.audit import actions as audit
from regulars.kernel.errors import RegularsError
from regulars.kernel.money import decimal_string
from regulars.kernel.sheets import CONTENT_TYPES, sheet
from regulars.loyalty import code_words as words
from regulars.loyalty.actions import cards as card_actions
from regulars.loyalty.actions import coalition as actions
from regulars.loyalty.pages import chrome
from regulars.loyalty.queries import cards
from regulars.loyalty.queries import coalition as queries
from regulars.loyalty.reward_forms import PartnerForm, WalletForm
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def coalition(request: HttpRequest) -> HttpResponse:
    """Who gave points out, who took them, and who owes what: one period."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    partners, periods = queries.partners(workspace.id), queries.periods(workspace.id)
    asked = request.GET.get("period", "")
    current = next(
        (one for one in periods if one.public_id == asked), periods[0] if periods else None
    )
    names = {one.id: one.name for one in partners}
    shares = queries.report(workspace.id, current.id) if current else []
    pairs = queries.pairs(workspace.id, current.id) if current else []
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "coalition"),
        "partners": partners,
        "period": current,
        "state": words.STATES[current.state] if current else None,
        "options": [(one.public_id, f"№ {one.number}") for one in periods],
        "shares": [
            (names.get(one.partner_id, ""), one, one.issued, one.redeemed,
             abs(one.owes_minor))
            for one in shares
        ],
        "pairs": [
            (names.get(issuer, ""), names.get(taker, ""), points, minor)
            for issuer, taker, points, minor in pairs
        ],
        "total_minor": sum(one.owes_minor for one in shares),
        "faults": queries.coalition_faults(workspace.id) if partners else [],
    }  # fmt: skip
    return render(request, "loyalty/coalition.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def partner(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """The form of a partner; without an id a new one."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    one = queries.partner(workspace.id, public_id) if public_id else None
    initial = PartnerForm.initial_of(one, workspace.currency) if one else None
    form = PartnerForm(workspace.currency, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            name = form.cleaned_data["name"]
            if one is None:
                actions.create_partner(
                    workspace.id, name, cost_minor_per_100=form.cost_minor, shops=form.shop_names,
                    actor=chrome.actor_of(request),
                )  # fmt: skip
            else:
                actions.change_partner(
                    workspace.id, public_id, name=name, cost_minor_per_100=form.cost_minor,
                    shops=form.shop_names,
                )  # fmt: skip
            messages.success(request, _("Saved."))
            return redirect("loyalty:coalition")
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {"form": form, "partner": one}
    return render(request, "loyalty/partner.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def close_period(request: HttpRequest, public_id: str) -> HttpResponse:
    """Close a period for ever."""
    workspace = workspace_of(request, Right.LOYALTY_ADJUST)
    return chrome.tried(
        request,
        lambda: actions.close_period(workspace.id, public_id, actor=chrome.actor_of(request)),
        _("The period is closed. What comes later lands in the next."), "coalition",
    )  # fmt: skip


@login_required
@require_safe
def settlement_file(request: HttpRequest, public_id: str) -> HttpResponse:
    """The settlement of a period as a file."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    one = queries.period(workspace.id, public_id)
    names = {row.id: row.name for row in queries.partners(workspace.id)}
    stream = BytesIO()
    made = sheet(
        stream, "csv",
        [_("Partner"), _("Points given out"), _("Their cost"), _("Points taken"),
         _("Cost of points taken"), _("Owes")],
    )  # fmt: skip
    for row in queries.report(workspace.id, one.id):
        money = (row.issued_minor, row.redeemed_minor, row.owes_minor)
        issued, redeemed, owes = (decimal_string(minor, workspace.currency) for minor in money)
        made.row([names.get(row.partner_id, ""), row.issued / 100, issued, row.redeemed / 100,
                  redeemed, owes])  # fmt: skip
    made.close()
    audit.note(workspace.id, "settlement.taken", "settlement", one.public_id)
    response = HttpResponse(stream.getvalue(), content_type=CONTENT_TYPES["csv"])
    response["Content-Disposition"] = f'attachment; filename="settlement-{one.number}.csv"'
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def wallet(request: HttpRequest) -> HttpResponse:
    """Who signs passes and how cards look."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    kept = cards.wallet(workspace.id)
    form = WalletForm(request.POST or None, initial=WalletForm.initial_of(kept))
    if request.method == "POST" and form.is_valid():
        try:
            card_actions.save_wallet(workspace.id, form.record())
            messages.success(request, _("Saved."))
            return redirect("loyalty:wallet")
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "wallet"),
        "form": form,
        "kept": kept,
        "installs": cards.installs(workspace.id),
        "given": cards.google_given(workspace.id),
    }
    return render(request, "loyalty/wallet.html", context, status=422 if form.errors else 200)
