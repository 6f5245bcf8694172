"""A customer's card: who they are, what they agreed to, what they bought, what happened."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from regulars.audit import actions as audit
from regulars.customers import history, queries, words
from regulars.customers.pages.consents import consent_rows
from regulars.customers.pages.happened import timeline_context
from regulars.customers.pages.jotting import notes_context, tasks_context
from regulars.customers.records import Card
from regulars.fields import queries as fields
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord


@login_required
@require_GET
def card(request: HttpRequest, public_id: str) -> HttpResponse:
    """Everything about one customer; an id merged away leads to its root."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    found = queries.card(workspace.id, queries.customer_id_of(workspace.id, public_id))
    if found.profile.public_id != public_id:
        return redirect("customers:card", found.profile.public_id)
    ids = history.ids_of(found)
    audit.note(workspace.id, "customer.viewed", "customer", public_id)
    context = {
        "card": found,
        "profile": found.profile,
        "ids": ids,
        **_facts(workspace, found),
        "identifiers": _other_names(found),
        "companies": queries.companies_of(workspace.id, ids),
        "last_seen_at": history.last_at(workspace.id, ids, but=words.NOT_SEEN),
        "consents": consent_rows(found),
        "history": [(entry, *_consent_words(entry.channel, entry.purpose, entry.source))
                    for entry in found.history],
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
        "may_export": may(request, Right.CUSTOMERS_EXPORT),
        **_desk(request, workspace, ids),
        **timeline_context(request, workspace, found),
    }  # fmt: skip
    return render(request, "customers/card.html", context)


def _other_names(found: Card) -> list[tuple[str, str]]:
    """What else the customer is known by than the profile shows already."""
    shown = {found.profile.email, found.profile.phone, found.profile.external_id}
    return [
        (str(words.IDENTIFIERS.get(one.kind.value, one.kind.value)), one.value)
        for one in found.identifiers
        if one.value not in shown
    ]


def _facts(workspace: WorkspaceRecord, found: Card) -> dict[str, Any]:
    """The lines of the profile, and who told most of them: only others are named line by line."""
    told = queries.sources_of(workspace.id, found.profile.id)
    named = {one.name: one for one in fields.attributes(workspace.id, hidden=True)}
    profile = found.profile
    shown = [(name, words.column(name), getattr(profile, name)) for name in words.PROFILE_SHOWN]
    for name, value in profile.attrs.items():
        field = named.get(name)
        if name != "tags" and not (field and field.is_hidden):
            shown.append((f"attr.{name}", field.title if field else name, value))
    lines = [
        {
            "name": name,
            "label": label,
            "value": value,
            "is_day": name == "birth_on",
            "told": words.told(*told[name]) if name in told else None,
        }
        for name, label, value in shown
        if value not in (None, "", [])
    ]
    tellers = Counter(line["told"] for line in lines if line["told"])
    usual = max(tellers, key=lambda one: tellers[one]) if len(tellers) < tellers.total() else None
    return {"facts": lines, "usual": usual}


def _desk(request: HttpRequest, workspace: WorkspaceRecord, ids: Sequence[int]) -> dict[str, Any]:
    """Notes and tasks, for those who may write them; a till needs neither."""
    if not may(request, Right.CUSTOMERS_EDIT):
        return {}
    return {
        **notes_context(request, workspace, ids),
        **tasks_context(workspace, ids, member_of(request)),
    }


@login_required
@require_GET
def personal_data(request: HttpRequest, public_id: str) -> FileResponse:
    """What this room and the log keep about the customer, whole, as JSON for the customer."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    customer_id = queries.customer_id_of(workspace.id, public_id)
    found = queries.card(workspace.id, customer_id, is_whole=True)
    audit.note(workspace.id, "customer.export_taken", "customer", found.profile.public_id)
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    told = _told_of(found) | _jotted(workspace, (found.profile.id, *found.merged_ids))
    head = msgspec.json.format(msgspec.json.encode(told), indent=2)
    stream.write(head.removesuffix(b"\n}") + b',\n  "events": [')
    between = b"\n"
    for event in history.every(workspace.id, history.ids_of(found)):
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
        "holds": ["profile", "identifiers", "consents", "companies", "notes", "events"],
        "not_in_this_file": {
            "order_lines": "Products and prices of each order stand on the pages of the orders.",
            "message_texts": "Letters stand with their campaigns; here is when each was sent.",
        },
        "profile": {k: v for k, v in asdict(found.profile).items() if k != "id"},
        "identifiers": [{"kind": i.kind.value, "value": i.value} for i in found.identifiers],
        "consents": [asdict(entry) for entry in found.history],
    }


def _jotted(workspace: WorkspaceRecord, ids: Sequence[int]) -> dict[str, Any]:
    """What the team wrote about the person, who may read it."""
    return {
        "companies": [
            {"group_id": one.group_id, "name": one.name}
            for one in queries.companies_of(workspace.id, ids)
        ],
        "notes": [
            {"text": one.text, "written_at": one.created_at}
            for one in queries.every_note(workspace.id, ids)
        ],
    }


def _consent_words(channel: str, purpose: str, source: str) -> tuple[str, str, str]:
    return words.channel(channel), words.purpose(purpose), words.source(source)
