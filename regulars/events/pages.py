"""The live feed of events, and events that failed, with their replay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from regulars.events import actions, queries
from regulars.events.words import origin_name, parked_reason_name, reason_name
from regulars.store.trail import note
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord

PAYLOAD_SHOWN_MAX = 2_000
PROPERTIES_SHOWN_MAX = 40
# Properties no longer than this stand in the row; others open on a click.
BRIEF_CHARS_MAX = 60
REPLAYED_AT_ONCE_MAX = 1_000


def feed(request: HttpRequest) -> HttpResponse:
    """What came last."""
    workspace = _workspace(request, Right.DATA_VIEW)
    rows = [
        {
            "event": event,
            "origin": origin_name(event.origin),
            "props": (lines := _lines(event.props)),
            "brief": sum(len(name) + len(value) for name, value in lines) <= BRIEF_CHARS_MAX,
        }
        for event in queries.latest(workspace.id)
    ]
    if rows:
        note(workspace.id, "events.viewed", "workspace", workspace.public_id, number=len(rows))
    return render(request, "events/feed.html", {"rows": rows})


def _lines(props: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in list(props.items())[:PROPERTIES_SHOWN_MAX]
    ]


def failed(request: HttpRequest) -> HttpResponse:
    """What could not become an event, and why."""
    workspace = _workspace(request, Right.DATA_VIEW)
    before = request.GET.get("before", "")
    rows = queries.failed(workspace.id, before_id=int(before) if before.isdecimal() else None)
    shown = [
        {
            "failed": row,
            "reason": reason_name(row.reason),
            "payload": row.payload[:PAYLOAD_SHOWN_MAX].decode("utf-8", "replace"),
        }
        for row in rows
    ]
    if shown:
        note(
            workspace.id, "failed_events.viewed", "workspace", workspace.public_id,
            number=len(shown),
        )  # fmt: skip
    member: Member = request.member  # type: ignore[attr-defined]
    return render(
        request,
        "events/failed.html",
        {
            "rows": shown,
            "total": queries.failed_count(workspace.id),
            "next": rows[-1].id if len(rows) == queries.FAILED_PAGE else None,
            "parked": [
                (row, parked_reason_name(row.reason)) for row in queries.parked(workspace.id)
            ],
            "parked_total": queries.parked_count(workspace.id),
            "may_replay": member.may(Right.DATA_IMPORT),
        },
    )


@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Send failed events through the processor again."""
    workspace = _workspace(request, Right.DATA_IMPORT)
    ids = [int(value) for value in request.POST.getlist("id") if value.isdecimal()]
    if not ids:
        messages.info(request, _("Choose at least one event to replay."))
        return redirect("events:failed")
    count = actions.replay_failed(workspace.id, ids[:REPLAYED_AT_ONCE_MAX])
    messages.success(
        request,
        ngettext("%(n)s event is replayed.", "%(n)s events are replayed.", count) % {"n": count},
    )
    return redirect("events:failed")


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Let parked events be tried again at once."""
    workspace = _workspace(request, Right.DATA_IMPORT)
    ids = [int(value) for value in request.POST.getlist("id") if value.isdecimal()]
    if not ids:
        messages.info(request, _("Choose at least one event to try again."))
        return redirect("events:failed")
    count = actions.try_parked_again(workspace.id, ids[: queries.PARKED_SHOWN_MAX])
    messages.success(
        request,
        ngettext("%(n)s event is tried again.", "%(n)s events are tried again.", count)
        % {"n": count},
    )
    return redirect("events:failed")


def _workspace(request: HttpRequest, right: Right) -> WorkspaceRecord:
    member: Member = request.member  # type: ignore[attr-defined]
    workspaces.require(member, right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace
