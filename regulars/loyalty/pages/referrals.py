"""Referrals: figures, what speaks against some, who invites most, the terms."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.kernel.errors import RegularsError
from regulars.loyalty import code_words as words
from regulars.loyalty.actions import referrals as actions
from regulars.loyalty.pages import chrome
from regulars.loyalty.queries import referrals as queries
from regulars.loyalty.reward_forms import ReferralForm
from regulars.loyalty.reward_records import PAGE_ROWS
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right

STATES = ("invited", "waiting", "completed", "refused")


@login_required
@require_safe
def referrals(request: HttpRequest) -> HttpResponse:
    """How inviting goes."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    before = int(text) if (text := request.GET.get("before", "")).isdecimal() else 0
    found = queries.referrals(workspace.id, state=state, before=before, limit=PAGE_ROWS + 1)
    shown, figures = found[:PAGE_ROWS], queries.figures(workspace.id)
    busiest = queries.busiest(workspace.id)
    people = chrome.people(
        workspace.id, [o.inviter_id for o in [*shown]] + [o.member_id for o in busiest]
    )
    friends = chrome.customers_named(workspace.id, [one.friend_id for one in shown])
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "referrals"),
        "terms": queries.terms(workspace.id),
        "figures": figures,
        "points": figures.points,
        "counts": [(words.STATES[one], figures.by_state.get(one, 0), one) for one in STATES],
        "reasons": [(words.reason_of(code), number) for code, number in figures.reasons],
        "busiest": [(one, people.get(one.member_id)) for one in busiest],
        "options": [("", _("All")), *((one, words.STATES[one][1]) for one in STATES)],
        "state": state,
        "rows": [
            (one, people.get(one.inviter_id), friends.get(one.friend_id), words.STATES[one.state],
             [words.reason_of(code) for code in one.reasons])
            for one in shown
        ],
        "next": shown[-1].id if len(found) > PAGE_ROWS else 0,
    }  # fmt: skip
    return render(request, "loyalty/referrals.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def referral_terms(request: HttpRequest) -> HttpResponse:
    """What both sides get."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    initial = ReferralForm.initial_of(queries.terms(workspace.id), workspace.currency)
    form = ReferralForm(
        workspace.currency, chrome.currencies(workspace.id), request.POST or None, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_terms(workspace.id, form.record())
            messages.success(request, _("Saved."))
            return redirect("loyalty:referrals")
        except RegularsError as error:
            form.add_error(None, words.told(error))
    return render(
        request, "loyalty/referral_terms.html", {"form": form}, status=422 if form.errors else 200
    )


@login_required
@require_POST
def refuse_referral(request: HttpRequest, public_id: str) -> HttpResponse:
    """Stop a referral that has not been rewarded."""
    workspace = workspace_of(request, Right.LOYALTY_ADJUST)
    reason = request.POST.get("reason", "").strip() or "—"
    return chrome.tried(
        request,
        lambda: actions.refuse(
            workspace.id, public_id, reason=reason, actor=chrome.actor_of(request)
        ),
        _("The referral is refused; nothing is given for it."), "referrals",
    )  # fmt: skip
