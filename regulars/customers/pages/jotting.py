"""Notes and tasks: written on the card, and a member's own list of what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.customers import actions, queries, words
from regulars.customers.queries.desk import NOTES_PAGE, TASKS_PAGE
from regulars.customers.records import TaskRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.kernel.numbers import whole_number
from regulars.workspaces import queries as workspaces
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Member, Right, WorkspaceRecord

NOTES_ON_CARD = 4
DATE_LENGTH = 10


def notes_context(
    request: HttpRequest, workspace: WorkspaceRecord, ids: Sequence[int]
) -> dict[str, Any]:
    """The notes the card shows, and whether there are older ones."""
    before = whole_number(request.GET.get("notes", ""))
    limit = NOTES_ON_CARD if before is None else NOTES_PAGE
    found = queries.notes_of(workspace.id, ids, before_id=before, limit=limit)
    return {
        "notes": found[:limit],
        "more_notes": found[limit - 1].id if len(found) > limit else None,
        "me": member_of(request),
        "note_key": new_public_id(),
    }


def tasks_context(workspace: WorkspaceRecord, ids: Sequence[int], me: Member) -> dict[str, Any]:
    """The tasks about the customer, and who of the team may be given one."""
    team = workspaces.members(workspace.id)
    return {
        "tasks": task_lines(workspace, queries.tasks_of(workspace.id, ids), team),
        "team": team,
        "me": me,
        "task_key": new_public_id(),
        "tomorrow": _today(workspace) + timedelta(days=1),
    }


def task_lines(
    workspace: WorkspaceRecord, tasks: Sequence[TaskRecord], team: Sequence[Member]
) -> list[dict[str, Any]]:
    """Tasks with the name of who does each and the tone of its day."""
    names = {member.user_id: member.name or member.email for member in team}
    today = _today(workspace)
    return [
        {
            "task": task,
            "who": names.get(task.assignee_id, "—"),
            "is_overdue": task.due_on is not None and task.due_on < today,
            "is_today": task.due_on == today,
        }
        for task in tasks
    ]


@login_required
@require_POST
def add_note(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write a note about the customer."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    me = member_of(request)
    try:
        actions.add_note(
            workspace.id,
            queries.customer_id_of(workspace.id, public_id),
            text=request.POST.get("text", ""),
            author_id=me.user_id,
            author=me.name or me.email,
            key=_key(request, me),
        )
    except Invalid as error:
        messages.error(request, words.desk_fault(error.code, error.message))
        return redirect("customers:card", public_id)
    messages.success(request, _("The note is written."))
    return _back_to(public_id, "notes")


@login_required
@require_http_methods(["GET", "POST"])
def edit_note(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Write one's own note anew."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    note = _note_of(workspace, public_id, note_id)
    text, error, status = note.text, "", 200
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            actions.change_note(
                workspace.id, note_id, text=text, author_id=member_of(request).user_id
            )
            return _back_to(public_id, "notes")
        except Invalid as fault:
            error, status = words.desk_fault(fault.code, fault.message), 422
    profile = queries.profiles(workspace.id, [queries.customer_id_of(workspace.id, public_id)])
    context = {"profile": next(iter(profile.values())), "note": note, "text": text, "error": error}
    return render(request, "customers/note.html", context, status=status)


@login_required
@require_POST
def pin_note(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Keep a note above the others, or let it go."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    note = _note_of(workspace, public_id, note_id)
    actions.pin_note(workspace.id, note_id, is_pinned=not note.is_pinned)
    return _back_to(public_id, "notes")


@login_required
@require_POST
def delete_note(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Remove one's own note."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    _note_of(workspace, public_id, note_id)
    actions.delete_note(workspace.id, note_id, author_id=member_of(request).user_id)
    messages.success(request, _("The note is removed."))
    return _back_to(public_id, "notes")


@login_required
@require_POST
def give_task(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give somebody of the team something to do about the customer."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    me = member_of(request)
    try:
        actions.give_task(
            workspace.id,
            customer_id=queries.customer_id_of(workspace.id, public_id),
            title=request.POST.get("title", ""),
            due_on=day_of(request.POST.get("due_on", "")),
            assignee_id=whole_number(request.POST.get("assignee", "")) or me.user_id,
            author=me.name or me.email,
            key=_key(request, me),
        )
    except Invalid as error:
        messages.error(request, words.desk_fault(error.code, error.message))
        return redirect("customers:card", public_id)
    messages.success(request, _("The task is given."))
    return _back_to(public_id, "tasks")


@login_required
@require_POST
def settle_task(request: HttpRequest, task_id: str) -> HttpResponse:
    """The task is done, or was not after all."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    if request.POST.get("state") == "open":
        actions.reopen_task(workspace.id, task_id)
    else:
        me = member_of(request)
        actions.finish_task(workspace.id, task_id, actor=me.name or me.email)
        messages.success(request, _("The task is done."))
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()})
    return redirect(target if is_ours else reverse("customers:tasks"))


@login_required
@require_GET
def my_tasks(request: HttpRequest) -> HttpResponse:
    """What is to be done, the overdue first; one's own unless asked for everybody's."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    whose, state = request.GET.get("whose", ""), request.GET.get("state", "")
    assignee = None if whose == "all" else member_of(request).user_id
    team = workspaces.members(workspace.id)
    if state == "done":
        found, more = queries.done_tasks(workspace.id, assignee), ""
    else:
        found = queries.open_tasks(workspace.id, assignee, after=_after(request))
        more = _key_after(found)
        found = found[:TASKS_PAGE]
    context = {
        "lines": task_lines(workspace, found, team),
        "more": more,
        "whose": whose,
        "state": state,
        "whose_choices": [("", _("My tasks")), ("all", _("The whole team"))],
        "state_choices": [("", _("To do")), ("done", _("Done"))],
    }
    return render(request, "customers/tasks.html", context)


def day_of(text: str) -> date | None:
    """The day a form gives; None for none. raises Invalid(day_syntax)"""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()[:DATE_LENGTH])
    except ValueError as error:
        raise Invalid("day_syntax", "Write the day as 2026-12-31.", field="due_on") from error


def _note_of(workspace: WorkspaceRecord, public_id: str, note_id: str) -> Any:
    """The note, when it is about this customer. raises NotFound"""
    note = queries.note(workspace.id, note_id)
    found = queries.card(workspace.id, queries.customer_id_of(workspace.id, public_id))
    if note.customer_id not in (found.profile.id, *found.merged_ids):
        return queries.note(workspace.id, "")
    return note


def _key(request: HttpRequest, me: Member) -> str | None:
    """What makes a form sent twice write once."""
    given = request.POST.get("key", "")[:40]
    return f"form:{me.user_id}:{given}" if given else None


def _after(request: HttpRequest) -> tuple[date, int] | None:
    day, _dot, number = request.GET.get("after", "").partition(".")
    task_id = whole_number(number)
    try:
        return None if task_id is None else (date.fromisoformat(day), task_id)
    except ValueError:
        return None


def _key_after(found: Sequence[TaskRecord]) -> str:
    if len(found) <= TASKS_PAGE:
        return ""
    last = found[TASKS_PAGE - 1]
    return f"{last.due_on or date.max}.{last.id}"


def _today(workspace: WorkspaceRecord) -> date:
    now: datetime = clock.now()
    return now.astimezone(workspace.zone).date()


def _back_to(public_id: str, place: str) -> HttpResponse:
    return redirect(f"{reverse('customers:card', args=[public_id])}#{place}")
