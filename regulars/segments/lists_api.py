"""Static lists over HTTP."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from regulars.customers import queries as customers
from regulars.segments import actions, queries
from regulars.segments.pure.uploads import UploadRow
from regulars.segments.records import (
    FILE_NAME_CHARS_MAX,
    LIST_CHANGE_MAX,
    MEMBERS_PAGE_MAX,
    NAME_CHARS_MAX,
    SLUG_CHARS_MAX,
    UPLOAD_ROWS_MAX,
    UPLOAD_VALUE_CHARS_MAX,
    ListRecord,
    Member,
    UploadRecord,
)

router = Router(tags=["lists"])


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class ListIn(Strict):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    slug: str = Field("", max_length=SLUG_CHARS_MAX)
    key: str | None = Field(None, min_length=1, max_length=200)


class ListChangeIn(Strict):
    """Customers by their public ids."""

    customers: list[str] = Field(min_length=1, max_length=LIST_CHANGE_MAX)


class RowIn(Strict):
    """What a row names a customer by."""

    external_id: str = Field("", max_length=UPLOAD_VALUE_CHARS_MAX)
    email: str = Field("", max_length=UPLOAD_VALUE_CHARS_MAX)
    phone: str = Field("", max_length=UPLOAD_VALUE_CHARS_MAX)


class UploadIn(Strict):
    rows: list[RowIn] = Field(min_length=1, max_length=UPLOAD_ROWS_MAX)
    file_name: str = Field("", max_length=FILE_NAME_CHARS_MAX)
    key: str | None = Field(None, min_length=1, max_length=200)


class StaticListOut(Schema):
    id: str
    slug: str
    name: str
    size: int
    created_at: datetime
    updated_at: datetime
    is_archived: bool


class ListsOut(Schema):
    lists: list[StaticListOut]


class ListChangeOut(Schema):
    changed: int
    size: int


class UploadOut(Schema):
    id: str
    rows: int
    matched: int
    added: int
    rejected: int
    created_at: datetime


class RejectOut(Schema):
    row: int
    value: str
    reason: str


class RejectsOut(Schema):
    rejects: list[RejectOut]


class MemberOut(Schema):
    customer: str
    since: datetime


class PeoplePageOut(Schema):
    """A page of members; `next` goes into `after` for the next one, null at the end."""

    members: list[MemberOut]
    next: int | None


class PageIn(Schema):
    after: int = Field(0, ge=0)
    limit: int = Field(MEMBERS_PAGE_MAX, ge=1, le=MEMBERS_PAGE_MAX)


@router.get("", response=ListsOut)
def lists(request: HttpRequest) -> dict[str, object]:
    """The lists in use, by name."""
    return {"lists": [_out(one) for one in queries.lists(_workspace_id(request))]}


@router.post("", response={201: StaticListOut})
def create_list(request: HttpRequest, body: ListIn) -> Status[dict[str, object]]:
    """A new empty list; the same key with the same content answers with what is there."""
    made = actions.create_list(
        _workspace_id(request), name=body.name, slug=body.slug, key=body.key, actor="api"
    )
    return Status(201, _out(made))


@router.get("/{public_id}", response=StaticListOut)
def one_list(request: HttpRequest, public_id: str) -> dict[str, object]:
    """One list, archived or not."""
    return _out(queries.list_of(_workspace_id(request), public_id))


@router.delete("/{public_id}", response=StaticListOut)
def archive_list(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Take the list away; refused with 403 and its users while anything refers to it."""
    return _out(actions.archive_list(_workspace_id(request), public_id))


@router.get("/{public_id}/customers", response=PeoplePageOut)
def list_customers(request: HttpRequest, public_id: str, page: Query[PageIn]) -> dict[str, object]:
    """Customers of the list, a page at a time."""
    workspace_id = _workspace_id(request)
    found = queries.list_members(workspace_id, public_id, limit=page.limit, after=page.after)
    return members_out(workspace_id, found, page.limit)


@router.post("/{public_id}/customers", response=ListChangeOut)
def add_customers(request: HttpRequest, public_id: str, body: ListChangeIn) -> dict[str, object]:
    """Put customers into the list; who is in it already, and ids nobody has, change nothing."""
    workspace_id = _workspace_id(request)
    ids = customers.ids_of_public(workspace_id, body.customers)
    return _changed(workspace_id, public_id, actions.add_to_list(workspace_id, public_id, ids))


@router.post("/{public_id}/customers/remove", response=ListChangeOut)
def remove_customers(request: HttpRequest, public_id: str, body: ListChangeIn) -> dict[str, object]:
    """Take customers out of the list."""
    workspace_id = _workspace_id(request)
    ids = customers.ids_of_public(workspace_id, body.customers)
    changed = actions.remove_from_list(workspace_id, public_id, ids)
    return _changed(workspace_id, public_id, changed)


@router.post("/{public_id}/uploads", response={201: UploadOut})
def upload(request: HttpRequest, public_id: str, body: UploadIn) -> Status[dict[str, object]]:
    """Put the customers that the rows name into the list; rows that name nobody are kept."""
    made = actions.upload_to_list(
        _workspace_id(request),
        public_id,
        [UploadRow(one.external_id, one.email, one.phone) for one in body.rows],
        file_name=body.file_name,
        key=body.key,
        actor="api",
    )
    return Status(201, _upload_out(made))


@router.get("/{public_id}/uploads/{upload_id}/rejects", response=RejectsOut)
def upload_rejects(
    request: HttpRequest, public_id: str, upload_id: str, after: int = 0
) -> dict[str, object]:
    """Rows of an upload that named nobody; `after` is the last row number of the page before."""
    workspace_id = _workspace_id(request)
    queries.list_of(workspace_id, public_id)
    found = queries.rejects(workspace_id, upload_id, after=after)
    rejects = [{"row": one.row_no, "value": one.value, "reason": one.reason} for one in found]
    return {"rejects": rejects}


def members_out(workspace_id: int, found: list[Member], limit: int) -> dict[str, object]:
    """A page of members by their public ids; customers merged meanwhile are left out."""
    known = customers.profiles(workspace_id, [one.customer_id for one in found])
    return {
        "members": [
            {"customer": known[one.customer_id].public_id, "since": one.since}
            for one in found
            if one.customer_id in known
        ],
        "next": found[-1].customer_id if len(found) == limit else None,
    }


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def _out(one: ListRecord) -> dict[str, object]:
    names = [name for name in StaticListOut.model_fields if name != "id"]
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _changed(workspace_id: int, public_id: str, changed: int) -> dict[str, object]:
    return {"changed": changed, "size": queries.list_of(workspace_id, public_id).size}


def _upload_out(one: UploadRecord) -> dict[str, object]:
    names = [name for name in UploadOut.model_fields if name != "id"]
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}
