"""The timeline of the card: what happened, in words, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from regulars.customers import history, queries, words
from regulars.customers.records import Card
from regulars.events.records import Event
from regulars.workspaces.asking import may, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

TIMELINE_ROWS = 20
CHANGES_SHOWN_MAX = 6
PROPS_SHOWN_MAX = 4
PROP_CHARS_MAX = 80


@login_required
@require_GET
def timeline(request: HttpRequest, public_id: str) -> HttpResponse:
    """The part of the card that tells what happened, from a place onwards."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    found = queries.card(workspace.id, queries.customer_id_of(workspace.id, public_id))
    context = {"profile": found.profile, **timeline_context(request, workspace, found)}
    return render(request, "customers/parts/timeline.html", context)


def timeline_context(
    request: HttpRequest, workspace: WorkspaceRecord, found: Card
) -> dict[str, Any]:
    """A page of what happened, of the kinds asked for."""
    group = request.GET.get("show", "")
    may_see_orders = may(request, Right.ORDERS_VIEW)
    group = group if group in dict(words.group_choices(may_see_orders=may_see_orders)) else ""
    kinds, but = _kinds(group, may_see_orders=may_see_orders)
    key = request.GET.get("before", "")
    shown, more = history.page_of(
        workspace.id,
        history.ids_of(found),
        key,
        TIMELINE_ROWS,
        kinds,
        but=but,
    )
    return {
        "items": [_item(event, workspace, may_see_orders=may_see_orders) for event in shown],
        "groups": words.group_choices(may_see_orders=may_see_orders),
        "group": group,
        "more": more,
        "is_continued": bool(key),
    }


def _kinds(group: str, *, may_see_orders: bool) -> tuple[Sequence[str], Sequence[str]]:
    """The kinds of a group, and the kinds left out of it; sums are for who may see orders."""
    if group in words.GROUPS:
        return words.GROUPS[group], ()
    if not may_see_orders:
        return words.PLAIN_VISITS if group == words.SITE else words.PLAIN_KINDS, ()
    return (), words.OWN_KINDS if group == words.SITE else ()


def _item(event: Event, workspace: WorkspaceRecord, *, may_see_orders: bool) -> dict[str, Any]:
    known = words.HAPPENINGS.get(event.kind) or words.VISITS.get(event.kind)
    title, icon, tone = known or (event.kind, "globe", "neutral")
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
        "own": _own_props(event) if may_see_orders else [],
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
    """Where the order or the company of an event is shown, when there are such pages."""
    try:
        if event.kind.startswith("order.") and event.subject_id is not None:
            return reverse("orders:by_id", args=[event.subject_id])
        if event.kind.startswith("lead."):
            return reverse("orders:lead", args=[event.props["lead"]])
        if event.kind == "company.joined":
            return reverse("customers:company", args=[event.props["company_id"]])
    except (NoReverseMatch, KeyError):
        pass
    return ""


def _changes(told: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(told, dict):
        return []
    return [
        (words.column(name), change.get("old"), change.get("new"))
        for name, change in list(told.items())[:CHANGES_SHOWN_MAX]
        if isinstance(change, dict)
    ]


def _own_props(event: Event) -> list[tuple[str, str]]:
    """The properties of an event that is not ours, as far as they fit one line."""
    if event.kind in words.HAPPENINGS:
        return []
    plain = [(k, str(v)) for k, v in event.props.items() if not isinstance(v, dict | list)]
    return [(name, text[:PROP_CHARS_MAX]) for name, text in plain[:PROPS_SHOWN_MAX]]
