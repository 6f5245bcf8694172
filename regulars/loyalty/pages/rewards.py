"""The catalogue of rewards and what was ordered of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.kernel.errors import RegularsError
from regulars.kernel.ids import new_public_id
from regulars.loyalty import code_words as words
from regulars.loyalty.actions import rewards as actions
from regulars.loyalty.pages import chrome
from regulars.loyalty.queries import rewards as queries
from regulars.loyalty.reward_forms import RewardForm
from regulars.loyalty.reward_records import PAGE_ROWS, REWARD_STEPS
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def rewards(request: HttpRequest) -> HttpResponse:
    """The catalogue, cheapest first."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    names = dict(chrome.currencies(workspace.id))
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "rewards"),
        "rows": [
            (one, one.points, names.get(one.currency, one.currency), words.STATES[one.state])
            for one in queries.rewards(workspace.id)
        ],
    }
    return render(request, "loyalty/rewards.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reward(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """The form of a reward; without an id a new one."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    one = queries.reward(workspace.id, public_id) if public_id else None
    form = RewardForm(
        chrome.currencies(workspace.id), chrome.promotion_choices(workspace.id),
        request.POST or None, initial=RewardForm.initial_of(one, workspace.zone) if one else None,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            terms = form.terms(workspace.zone)
            if one is None:
                actions.create_reward(
                    workspace.id, terms, key=chrome.key_of(request), actor=chrome.actor_of(request)
                )
            else:
                actions.change_reward(
                    workspace.id, public_id, terms, stock_before=form.cleaned_data["stock_before"]
                )
            messages.success(request, _("Saved."))
            return redirect("loyalty:rewards")
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {"form": form, "reward": one, "key": request.POST.get("key") or new_public_id()}
    return render(request, "loyalty/reward.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def show_reward(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a reward into the catalogue, or take it out."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    is_shown = request.POST.get("do") == "show"
    done = _("It is in the catalogue.") if is_shown else _("It is out of the catalogue.")
    return chrome.tried(
        request,
        lambda: actions.show_reward(workspace.id, public_id, is_shown=is_shown),
        done, "rewards",
    )  # fmt: skip


@login_required
@require_safe
def reward_orders(request: HttpRequest) -> HttpResponse:
    """What was ordered, newest first."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    state = request.GET.get("state", "")
    before = int(text) if (text := request.GET.get("before", "")).isdecimal() else 0
    found = queries.orders(
        workspace.id, state=state if state in _order_states() else "", before=before,
        limit=PAGE_ROWS + 1,
    )  # fmt: skip
    shown = found[:PAGE_ROWS]
    names = queries.names_of(workspace.id, {one.reward_id for one in shown})
    people = chrome.people(workspace.id, [one.member_id for one in shown])
    context = {
        "tabs": chrome.tabs_of(chrome.REWARD_TABS, "reward_orders"),
        "options": [("", _("All")), *((one, words.STATES[one][1]) for one in _order_states())],
        "state": state,
        "rows": [
            (one, names.get(one.reward_id, ""), people.get(one.member_id), one.points,
             words.STATES[one.state], sorted(REWARD_STEPS.get(one.state, ())))
            for one in shown
        ],
        "next": shown[-1].id if len(found) > PAGE_ROWS else 0,
    }  # fmt: skip
    return render(request, "loyalty/reward_orders.html", context)


@login_required
@require_POST
def move_order(request: HttpRequest, public_id: str) -> HttpResponse:
    """An order's next step."""
    workspace = workspace_of(request, Right.LOYALTY_TILL)
    state = request.POST.get("state", "")
    done = {
        "ready": _("The reward is ready to be fetched."),
        "handed_over": _("The reward is handed over."),
        "cancelled": _("The order is cancelled; the points are back."),
    }.get(state, "")
    return chrome.tried(
        request,
        lambda: actions.move_order(
            workspace.id, public_id, state, reason=request.POST.get("reason", ""),
            actor=chrome.actor_of(request),
        ),
        done, "reward_orders",
    )  # fmt: skip


def _order_states() -> tuple[str, ...]:
    return ("ordered", "ready", "handed_over", "cancelled")
