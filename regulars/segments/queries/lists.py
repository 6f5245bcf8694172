"""Reads of static lists and their uploads."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.errors import NotFound
from regulars.segments.models import List, ListMember, Upload, UploadReject
from regulars.segments.records import (
    MEMBERS_PAGE_MAX,
    REJECTS_PAGE_MAX,
    UPLOADS_SHOWN_MAX,
    ListRecord,
    Member,
    RejectRecord,
    UploadRecord,
)
from regulars.segments.rows import list_row_of, record_of_list, record_of_upload


def lists(workspace_id: int) -> list[ListRecord]:
    """The lists in use, by name."""
    rows = List.objects.filter(workspace_id=workspace_id, archived_at=None)
    return [record_of_list(row) for row in sorted(rows, key=lambda row: (row.name.lower(), row.id))]


def list_of(workspace_id: int, public_id: str) -> ListRecord:
    """The list of this public id, archived or not. raises NotFound(list_unknown)"""
    return record_of_list(list_row_of(workspace_id, public_id))


def list_by_slug(workspace_id: int, slug: str) -> ListRecord:
    """The list that rules call by this name. raises NotFound(list_unknown)"""
    row = List.objects.filter(workspace_id=workspace_id, slug=slug).first()
    if row is None:
        raise NotFound("list_unknown", "There is no such list.")
    return record_of_list(row)


def list_slugs(workspace_id: int) -> Sequence[str]:
    """What rules may name after "list", archived ones too."""
    rows = List.objects.filter(workspace_id=workspace_id)
    return list(rows.order_by("slug").values_list("slug", flat=True))


def list_members(
    workspace_id: int, public_id: str, *, limit: int = MEMBERS_PAGE_MAX, after: int = 0
) -> list[Member]:
    """Customers of the list, by customer; `after` is the last one of the page before."""
    row = list_row_of(workspace_id, public_id)
    rows = ListMember.objects.filter(
        workspace_id=workspace_id, list_id=row.id, is_gone=False, customer_id__gt=after
    )
    page = rows.order_by("customer_id")[: min(limit, MEMBERS_PAGE_MAX)]
    return [Member(one.customer_id, one.added_at) for one in page]


def lists_of(workspace_id: int, customer_id: int) -> list[ListRecord]:
    """The lists in use in which the customer stands, by name."""
    ids = ListMember.objects.filter(
        workspace_id=workspace_id, customer_id=customer_id, is_gone=False
    ).values_list("list_id", flat=True)
    mine = set(ids)
    return [one for one in lists(workspace_id) if one.id in mine]


def uploads(workspace_id: int, public_id: str) -> list[UploadRecord]:
    """The files put into the list, newest first."""
    row = list_row_of(workspace_id, public_id)
    rows = Upload.objects.filter(workspace_id=workspace_id, list_id=row.id).order_by("-id")
    return [record_of_upload(one, row.public_id) for one in rows[:UPLOADS_SHOWN_MAX]]


def rejects(workspace_id: int, upload_public_id: str, *, after: int = 0) -> list[RejectRecord]:
    """Rows of an upload that named nobody, in their order; `after` is the last row number seen.

    raises  NotFound(upload_unknown)
    """
    upload = Upload.objects.filter(workspace_id=workspace_id, public_id=upload_public_id).first()
    if upload is None:
        raise NotFound("upload_unknown", "There is no such upload.")
    rows = UploadReject.objects.filter(
        workspace_id=workspace_id, upload_id=upload.id, row_no__gt=after
    ).order_by("row_no")[:REJECTS_PAGE_MAX]
    return [RejectRecord(one.row_no, one.value, one.reason) for one in rows]
