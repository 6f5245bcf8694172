"""Buttons that start, stop and end a campaign."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.campaigns import actions, queries
from regulars.campaigns.forms import SendForm, instant
from regulars.campaigns.pages.access import campaign_of
from regulars.campaigns.pages.composer import review_context
from regulars.campaigns.pages.sending import must_confirm, send_context
from regulars.campaigns.records import CampaignRecord
from regulars.kernel.errors import Conflict, RegularsError
from regulars.workspaces.records import Right, WorkspaceRecord


@login_required
@require_POST
def send(request: HttpRequest, public_id: str) -> HttpResponse:
    """Begin now or at a chosen time; a large campaign asks to type its number first."""
    workspace, one = campaign_of(request, Right.CAMPAIGNS_SEND, public_id)
    form = SendForm(request.POST)
    if one.launch_number == 0 or one.is_editable:
        _check_count(workspace.id, one, form)
    if not form.is_valid():
        return _shown_again(request, workspace, one, form)
    try:
        _start(workspace, public_id, form)
    except Conflict as error:
        messages.error(request, _(error.message))
        return redirect("campaigns:campaign", public_id)
    except RegularsError as error:
        form.add_error(None, _(error.message))
        return _shown_again(request, workspace, one, form)
    messages.success(request, _said(form))
    return redirect("campaigns:campaign", public_id)


def _check_count(workspace_id: int, one: CampaignRecord, form: SendForm) -> None:
    if not form.is_valid() or (one.segment_id is None and one.rule is None):
        return
    reach = queries.campaign_reach(workspace_id, one)
    if must_confirm(reach) and form.cleaned_data["count"] != reach.contacted:
        text = _("Type %(count)s, the number of customers who will receive it now.")
        form.add_error("count", text % {"count": reach.contacted})


def _start(workspace: WorkspaceRecord, public_id: str, form: SendForm) -> None:
    key, at = form.cleaned_data["key"], form.cleaned_data["at"]
    if at is None:
        actions.send_now(workspace.id, public_id, key=key)
    else:
        actions.schedule(workspace.id, public_id, at=instant(at, workspace.zone), key=key)


def _said(form: SendForm) -> str:
    if form.cleaned_data["at"] is None:
        return _("The campaign has started.")
    return _("The campaign will start by itself at the chosen time.")


def _shown_again(
    request: HttpRequest, workspace: WorkspaceRecord, one: CampaignRecord, form: SendForm
) -> HttpResponse:
    context = review_context(workspace, one)
    context |= send_context(one, context["review"].reach, form)
    return render(request, "campaigns/review.html", context, status=422)


Act = Callable[[int, str], CampaignRecord]


def _act(request: HttpRequest, public_id: str, act: Act, said: str) -> HttpResponse:
    workspace, _one = campaign_of(request, Right.CAMPAIGNS_SEND, public_id)
    try:
        act(workspace.id, public_id)
    except Conflict as error:
        messages.error(request, _(error.message))
    else:
        messages.success(request, said)
    return redirect("campaigns:campaign", public_id)


@login_required
@require_POST
def unschedule(request: HttpRequest, public_id: str) -> HttpResponse:
    """A draft again."""
    return _act(request, public_id, actions.unschedule, _("The campaign is a draft again."))


@login_required
@require_POST
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hold back what has not left yet."""
    return _act(request, public_id, actions.pause, _("The campaign is paused."))


@login_required
@require_POST
def resume(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go on."""
    return _act(request, public_id, actions.resume, _("The campaign goes on."))


@login_required
@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """End it; what has left stays sent."""
    return _act(request, public_id, actions.cancel, _("The campaign is cancelled."))
