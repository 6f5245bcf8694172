"""Webhooks of a segment: who is told of entries and exits, what came of it, once more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.audit import actions as audit
from regulars.kernel.errors import Invalid, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.kernel.numbers import whole_number
from regulars.segments import queries, words
from regulars.segments.actions import hooks as actions
from regulars.segments.pages.access import actor_of, workspace_of
from regulars.segments.queries import hooks as reads
from regulars.workspaces.records import Right

KEY_CHARS_MAX = 40


@login_required
@require_POST
def new_hook(request: HttpRequest, public_id: str) -> HttpResponse:
    """Subscribe an address to entries and exits; its secret is shown on its page."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    one = queries.segment(workspace.id, public_id)
    try:
        made, _secret = actions.create_hook(
            workspace.id,
            one.id,
            url=request.POST.get("url", ""),
            on_entry=request.POST.get("on_entry") == "1",
            on_exit=request.POST.get("on_exit") == "1",
            key=f"form:{request.POST.get('key', '')[:KEY_CHARS_MAX] or new_public_id()}",
            actor=actor_of(request),
        )
    except RegularsError as error:
        messages.error(request, str(words.HOOK_FAULTS.get(error.code, error.message)))
        return redirect("segments:exports", public_id)
    audit.note(workspace.id, "segments.webhook_made", "webhooks", made.public_id)
    messages.success(request, _("The webhook is on. Give its secret to the other side."))
    return redirect("segments:hook", made.public_id)


@login_required
@require_GET
def hook(request: HttpRequest, public_id: str) -> HttpResponse:
    """One webhook with its secret and its newest messages."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    one = reads.hook(workspace.id, public_id)
    try:
        secret = reads.secret_of_hook(workspace.id, public_id)
    except Invalid:
        secret = ""
    context = {
        "hook": one,
        "segment": queries.segment(workspace.id, one.segment_id),
        "secret": secret,
        "state": words.HOOK_STATES.get(one.reason or one.state, one.state),
        "deliveries": [
            (told, words.DELIVERY_KINDS.get(told.kind, told.kind), words.DELIVERIES[told.state])
            for told in reads.deliveries(workspace.id, public_id)
        ],
        "key": new_public_id(),
    }
    return render(request, "segments/hook.html", context)


@login_required
@require_POST
def change_hook(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pause, resume, remove, renew the secret, or tell everybody who is in the segment now."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    one = reads.hook(workspace.id, public_id)
    act = request.POST.get("act", "")
    if act == "delete":
        segment = queries.segment(workspace.id, one.segment_id)
        actions.delete_hook(workspace.id, public_id)
        audit.note(workspace.id, "segments.webhook_removed", "webhooks", public_id)
        messages.success(request, _("The webhook is removed."))
        return redirect("segments:exports", segment.public_id)
    if act == "pause":
        actions.pause_hook(workspace.id, public_id)
    elif act == "resume":
        actions.resume_hook(workspace.id, public_id)
    elif act == "push":
        _push(request, workspace.id, public_id)
    elif act == "renew":
        _renew(request, workspace.id, public_id)
    elif act == "end_former":
        actions.end_former_secret(workspace.id, public_id)
        messages.success(request, _("Only the present secret signs now."))
    return redirect("segments:hook", public_id)


def _renew(request: HttpRequest, workspace_id: int, public_id: str) -> None:
    key = request.POST.get("key", "")[:KEY_CHARS_MAX] or new_public_id()
    try:
        actions.renew_secret(workspace_id, public_id, key=key)
    except RegularsError as error:
        messages.error(request, str(words.HOOK_FAULTS.get(error.code, error.message)))
        return
    audit.note(workspace_id, "segments.webhook_secret_renewed", "webhooks", public_id)
    messages.success(request, _("Here is the new secret. For a day the former one signs too."))


def _push(request: HttpRequest, workspace_id: int, public_id: str) -> None:
    key = request.POST.get("key", "")[:KEY_CHARS_MAX] or new_public_id()
    try:
        pages = actions.push_members(workspace_id, public_id, key=key)
    except RegularsError as error:
        messages.error(request, str(words.HOOK_FAULTS.get(error.code, error.message)))
        return
    audit.note(workspace_id, "segments.members_pushed", "webhooks", public_id, number=pages)
    text = ngettext(
        "%(n)s message with members is on its way.",
        "%(n)s messages with members are on their way.",
        pages,
    )
    messages.success(request, text % {"n": pages})


@login_required
@require_POST
def send_again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let one message be sent once more, under the same id."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    delivery_id = whole_number(request.POST.get("delivery", "")) or 0
    if actions.send_again(workspace.id, public_id, delivery_id):
        messages.success(request, _("It is sent again under the same id."))
    return redirect("segments:hook", public_id)
