"""The dictionary of fields: what the data is made of, and what people call it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.fields import actions, queries
from regulars.fields.forms import FieldForm, NewFieldForm
from regulars.fields.records import CUSTOMER, FieldChange, FieldRecord
from regulars.fields.words import type_name
from regulars.kernel.errors import RegularsError
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord


def listing(request: HttpRequest) -> HttpResponse:
    """Attributes of customers, kinds of events, or the properties of one kind."""
    workspace = _workspace(request, Right.DATA_VIEW)
    hidden = request.GET.get("hidden") == "1"
    kind = request.GET.get("kind", "")
    show = "events" if kind or request.GET.get("show") == "events" else "customer"
    if kind:
        rows = queries.fields_of(workspace.id, kind, hidden=hidden)
    elif show == "events":
        rows = queries.kinds(workspace.id, hidden=hidden)
    else:
        rows = queries.attributes(workspace.id, hidden=hidden)
    counted = queries.properties_counted(workspace.id) if show == "events" and not kind else {}
    context = {
        "kind": kind,
        "show": show,
        "tabs": [("customer", _("Attributes of customers")), ("events", _("Events"))],
        "rows": [_row(row, counted.get(row.kind, 0)) for row in rows],
        "hidden": hidden,
        "left_out": queries.left_out(workspace.id),
        "may_edit": _may_edit(request),
        "type_head": _("Properties") if counted else _("Type"),
    }
    return render(request, "fields/list.html", context)


def new(request: HttpRequest) -> HttpResponse:
    """Make an attribute of customers."""
    workspace = _workspace(request, Right.DATA_IMPORT)
    form = NewFieldForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_attribute(workspace.id, form.cleaned_data["name"], _change(form))
        except RegularsError as error:
            form.add_error(_field_of(error), error.message)
        else:
            messages.success(request, _("The attribute is there; imports and calls may fill it."))
            return redirect("fields:list")
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "fields/new.html", {"form": form}, status=status)


def edit(request: HttpRequest) -> HttpResponse:
    """One field: what came, how it is read, what people call it."""
    post = request.method == "POST"
    workspace = _workspace(request, Right.DATA_IMPORT if post else Right.DATA_VIEW)
    kind, name = request.GET.get("kind", ""), request.GET.get("name", "")
    field = queries.field(workspace.id, kind, name)
    form = FieldForm(request.POST if post else None, initial=_initial(field))
    if not name:
        del form.fields["declared_type"]
    if post and form.is_valid():
        try:
            actions.change_field(workspace.id, kind, name, _change(form))
        except RegularsError as error:
            form.add_error(_field_of(error), error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect(_back(field))
    context = {
        "field": field,
        "form": form,
        "row": _row(field, 0),
        "back": _back(field),
        "values": queries.frequent_values(workspace.id, kind, name) if name else [],
        "types": [(type_name(seen), count) for seen, count in _by_count(field)],
        "may_edit": _may_edit(request),
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "fields/field.html", context, status=status)


def _field_of(error: RegularsError) -> str | None:
    name = error.details.get("field")
    return name if isinstance(name, str) else None


def _row(field: FieldRecord, properties: int) -> dict[str, Any]:
    settled = field.settled
    query = {"kind": field.kind, "name": field.name} if field.name else {"kind": field.kind}
    return {
        "field": field,
        "title": field.title,
        "raw": (field.name or field.kind) if field.label else "",
        "type": type_name(settled.type),
        "settled": settled,
        "share": settled.misfits / field.seen if field.seen else 0,
        "properties": properties,
        "edit_url": f"{reverse('fields:field')}?{urlencode(query)}",
        "url": "" if field.name else f"{reverse('fields:list')}?{urlencode({'kind': field.kind})}",
    }


def _by_count(field: FieldRecord) -> list[tuple[str, int]]:
    return sorted(field.types.items(), key=lambda one: (-one[1], one[0]))


def _initial(field: FieldRecord) -> dict[str, Any]:
    return {
        "label": field.label,
        "description": field.description,
        "declared_type": field.declared_type,
        "is_hidden": field.is_hidden,
    }


def _change(form: FieldForm) -> FieldChange:
    data = form.cleaned_data
    return FieldChange(
        label=data["label"],
        description=data["description"],
        is_hidden=data["is_hidden"],
        declared_type=data.get("declared_type", ""),
    )


def _back(field: FieldRecord) -> str:
    address = reverse("fields:list")
    if field.kind == CUSTOMER:
        return address
    query = {"kind": field.kind} if field.name else {"show": "events"}
    return f"{address}?{urlencode(query)}"


def _may_edit(request: HttpRequest) -> bool:
    member: Member = request.member  # type: ignore[attr-defined]
    return member.may(Right.DATA_IMPORT)


def _workspace(request: HttpRequest, right: Right) -> WorkspaceRecord:
    member: Member = request.member  # type: ignore[attr-defined]
    workspaces.require(member, right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace
