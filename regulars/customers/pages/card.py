"""A customer's card: who they are, what they agreed to, what they bought, what happened."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from typing import Any

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from regulars.customers import history, queries, words
from regulars.customers.pages.access import may, workspace_of
from regulars.customers.pages.consents import consent_rows
from regulars.customers.records import Card
from regulars.events.records import Event
from regulars.workspaces.records import Right, WorkspaceRecord

TIMELINE_ROWS = 20


@login_required
@require_GET
def card(request: HttpRequest, public_id: str) -> HttpResponse:
    """Everything about one customer; an id merged away leads to its root."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    found = queries.card(workspace.id, queries.customer_id_of(workspace.id, public_id))
    if found.profile.public_id != public_id:
        return redirect("customers:card", found.profile.public_id)
    context = {
        "card": found,
        "profile": found.profile,
        "ids": history.ids_of(found),
        "identifiers": [(words.IDENTIFIERS[i.kind.value], i.value) for i in found.identifiers],
        "consents": consent_rows(found),
        "history": [(entry, *_consent_words(entry.channel, entry.purpose, entry.source))
                    for entry in found.history],
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
        "may_export": may(request, Right.CUSTOMERS_EXPORT),
        **_timeline(request, workspace, found),
    }  # fmt: skip
    return render(request, "customers/card.html", context)


@login_required
@require_GET
def timeline(request: HttpRequest, public_id: str) -> HttpResponse:
    """The part of the card that tells what happened, from a place onwards."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    found = queries.card(workspace.id, queries.customer_id_of(workspace.id, public_id))
    context = {"profile": found.profile, **_timeline(request, workspace, found)}
    return render(request, "customers/parts/timeline.html", context)


@login_required
@require_GET
def personal_data(request: HttpRequest, public_id: str) -> FileResponse:
    """What this room and the log keep about the customer, whole, as JSON for the customer."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    customer_id = queries.customer_id_of(workspace.id, public_id)
    found = queries.card(workspace.id, customer_id, is_whole=True)
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    head = msgspec.json.format(msgspec.json.encode(_told_of(found)), indent=2)
    stream.write(head.removesuffix(b"\n}") + b',\n  "events": [')
    between = b"\n"
    for event in history.every(workspace.id, (found.profile.id, *found.merged_ids)):
        row = {"kind": event.kind, "time": event.time, "properties": event.props}
        stream.write(between + b"    " + msgspec.json.encode(row))
        between = b",\n"
    stream.write(b"\n  ]\n}\n")
    stream.seek(0)
    return FileResponse(
        stream,
        as_attachment=True,
        filename=f"customer-{public_id}.json",
        content_type="application/json",
    )


def _told_of(found: Card) -> dict[str, Any]:
    """Everything of the file but the events, which may be many."""
    return {
        "holds": ["profile", "identifiers", "consents", "events"],
        "not_in_this_file": {
            "order_lines": "Products and prices of each order stand on the pages of the orders.",
            "message_texts": "Letters stand with their campaigns; here is when each was sent.",
        },
        "profile": {k: v for k, v in asdict(found.profile).items() if k != "id"},
        "identifiers": [{"kind": i.kind.value, "value": i.value} for i in found.identifiers],
        "consents": [asdict(entry) for entry in found.history],
    }


def _consent_words(channel: str, purpose: str, source: str) -> tuple[str, str, str]:
    return words.channel(channel), words.purpose(purpose), words.source(source)


def _timeline(request: HttpRequest, workspace: WorkspaceRecord, found: Card) -> dict[str, Any]:
    group = request.GET.get("show", "")
    kinds = words.GROUPS.get(group, ())
    key = request.GET.get("before", "")
    shown, more = history.page_of(workspace.id, history.ids_of(found), key, TIMELINE_ROWS, kinds)
    return {
        "items": [_item(event, workspace) for event in shown],
        "groups": words.group_choices(),
        "group": group if group in words.GROUPS else "",
        "more": more,
        "is_continued": bool(key),
    }


def _item(event: Event, workspace: WorkspaceRecord) -> dict[str, Any]:
    title, icon, tone = words.HAPPENINGS.get(event.kind, (event.kind, "circle-dot", "neutral"))
    changes = _changes(event.props.get("changes"))
    if event.kind == "customer.changed" and all(old is None for _name, old, _new in changes):
        title, icon = words.LEARNED, "user-plus"
    context = {
        "kind": event.kind,
        "props": event.props,
        "currency": event.props.get("currency") or workspace.currency,
        "changes": changes,
        "channel": words.channel(str(event.props.get("channel", ""))),
        "purpose": words.purpose(str(event.props.get("purpose", ""))),
        "own": _own_props(event),
        "is_imported": event.origin == "import",
    }
    return {
        "at": event.time,
        "title": str(title),
        "detail": render_to_string("customers/parts/detail.html", context).strip(),
        "icon": icon,
        "tone": tone,
        "url": _address(event),
    }


def _address(event: Event) -> str:
    """Where the order of an event is shown, when there are such pages."""
    if not event.kind.startswith("order.") or event.subject_id is None:
        return ""
    try:
        return reverse("orders:by_id", args=[event.subject_id])
    except NoReverseMatch:
        return ""


def _changes(told: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(told, dict):
        return []
    return [
        (words.column(name), change.get("old"), change.get("new"))
        for name, change in list(told.items())[:6]
        if isinstance(change, dict)
    ]


def _own_props(event: Event) -> list[tuple[str, str]]:
    """The properties of an event that is not ours, as far as they fit one line."""
    if event.kind in words.HAPPENINGS and not event.kind.endswith("Viewed"):
        return []
    plain = [(k, str(v)) for k, v in event.props.items() if not isinstance(v, dict | list)]
    return [(name, text[:80]) for name, text in plain[:4]]
