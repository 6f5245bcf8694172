"""The dictionary of fields over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from regulars.fields import actions, queries
from regulars.fields.records import FieldChange, FieldRecord

router = Router(tags=["fields"])


class FieldIn(Schema):
    """What is said about a field; values themselves never change by it."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field("", max_length=actions.LABEL_LENGTH_MAX)
    description: str = Field("", max_length=actions.DESCRIPTION_LENGTH_MAX)
    is_hidden: bool = False
    type: Literal["", "text", "number", "bool", "date", "time", "list"] = ""


class AttributeIn(FieldIn):
    name: str = Field(min_length=1, max_length=actions.NAME_LENGTH_MAX)


class FieldOut(Schema):
    """A field; `kind` is empty for attributes of customers, `name` for a kind of events."""

    kind: str
    name: str
    label: str
    description: str
    is_hidden: bool
    declared_type: str
    type: str
    is_conflict: bool
    types: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None


@router.get("", response=list[FieldOut], summary="Attributes of customers, or properties of events")
def list_fields(request: HttpRequest, kind: str = "") -> list[FieldOut]:
    """Without a kind the attributes of customers; hidden ones are among them."""
    workspace_id = request.workspace.id  # type: ignore[attr-defined]
    return [_out(one) for one in queries.fields_of(workspace_id, kind, hidden=True)]


@router.get("/kinds", response=list[FieldOut], summary="Kinds of events that were seen")
def list_kinds(request: HttpRequest) -> list[FieldOut]:
    """The latest first."""
    workspace_id = request.workspace.id  # type: ignore[attr-defined]
    return [_out(one) for one in queries.kinds(workspace_id, hidden=True)]


@router.post("", response={201: FieldOut}, summary="Make an attribute of customers")
def add_attribute(request: HttpRequest, body: AttributeIn) -> Status[FieldOut]:
    """409 when there is one of this name."""
    workspace_id = request.workspace.id  # type: ignore[attr-defined]
    actions.add_attribute(workspace_id, body.name, _change(body))
    return Status(201, _out(queries.field(workspace_id, "", body.name.strip())))


@router.put("", response=FieldOut, summary="Describe, type or hide a field")
def change_field(request: HttpRequest, body: FieldIn, kind: str = "", name: str = "") -> FieldOut:
    """404 when the field was never seen nor made."""
    workspace_id = request.workspace.id  # type: ignore[attr-defined]
    actions.change_field(workspace_id, kind, name, _change(body))
    return _out(queries.field(workspace_id, kind, name))


def _change(body: FieldIn) -> FieldChange:
    return FieldChange(body.label, body.description, body.is_hidden, body.type)


def _out(one: FieldRecord) -> FieldOut:
    settled = one.settled
    return FieldOut(
        kind=one.kind,
        name=one.name,
        label=one.label,
        description=one.description,
        is_hidden=one.is_hidden,
        declared_type=one.declared_type,
        type=settled.type,
        is_conflict=settled.is_conflict,
        types=dict(one.types),
        first_at=one.first_at,
        last_at=one.last_at,
    )
