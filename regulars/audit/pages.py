"""The audit trail on the screen, for owners."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.audit import gone, queries, words
from regulars.audit.records import Chosen, EntryRecord
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord

WORD_LENGTH_MAX = 120
DIGITS_MAX = 18


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Who did what to which thing, the newest first."""
    member: Member = request.member  # type: ignore[attr-defined]
    workspaces.require(member, Right.AUDIT_VIEW)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    asked = {name: request.GET.get(name, "").strip()[:WORD_LENGTH_MAX] for name in
             ("act", "actor", "object", "since", "until")}  # fmt: skip
    before = request.GET.get("before", "")
    is_number = before.isdecimal() and len(before) <= DIGITS_MAX
    page = queries.page(
        workspace.id, _chosen(asked, workspace), before=int(before) if is_number else None
    )
    people = _people(workspace.id)
    erased = gone.among(workspace.id, page.rows)
    following = request.GET.copy()
    if page.before:
        following["before"] = str(page.before)
    context = {
        "rows": [_row(entry, people, erased) for entry in page.rows],
        "next": following.urlencode() if page.before else "",
        "asked": asked,
        "acts": sorted(words.ACTS.items(), key=lambda pair: str(pair[1])),
        "people": sorted(people.items(), key=lambda pair: pair[1]),
    }
    return render(request, "audit/list.html", context)


def _chosen(asked: dict[str, str], workspace: WorkspaceRecord) -> Chosen:
    until = _day(asked["until"])
    return Chosen(
        act=asked["act"],
        actor=asked["actor"],
        object_id=asked["object"],
        since=_start(_day(asked["since"]), workspace),
        until=_start(until + timedelta(days=1), workspace) if until else None,
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9000 else None


def _start(day: date | None, workspace: WorkspaceRecord) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), tzinfo=workspace.zone)


def _people(workspace_id: int) -> dict[str, str]:
    """Who may be named: members and keys as they are called now."""
    members = {f"user:{m.user_id}": m.name or m.email for m in workspaces.members(workspace_id)}
    return members | {f"key:{k.id}": f"{k.name} …{k.hint}" for k in workspaces.keys(workspace_id)}


def _row(entry: EntryRecord, people: dict[str, str], erased: gone.Things) -> dict[str, Any]:
    is_erased = (entry.object_kind, entry.object_id) in erased
    known = f"{entry.actor_kind}:{entry.actor}"
    former = {"user": _("A former member"), "key": _("A former key"), "customer": _("The customer")}
    return {
        "entry": entry,
        "who": people.get(known) or former.get(entry.actor_kind) or _("The product itself"),
        "act": words.ACTS.get(entry.act, entry.act),
        "door": words.DOORS.get(entry.door, entry.door),
        "object": words.OBJECTS.get(entry.object_kind, entry.object_kind),
        "is_erased": is_erased,
        "url": _address(entry, (words.ERASED if is_erased else words.PAGES).get(entry.object_kind)),
    }


def _address(entry: EntryRecord, name: str | None) -> str:
    try:
        return reverse(name, args=[entry.object_id]) if name and entry.object_id else ""
    except NoReverseMatch:
        return ""
