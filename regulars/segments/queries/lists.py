"""Reads of static lists and their uploads."""

from __future__ import annotations

from regulars.customers import queries as customers
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
from regulars.store.scope import cursor

# Roots by their index; the few who were merged stand under whom they were merged into.
_MEMBERS = """
WITH own AS (
  SELECT m.customer_id AS customer, m.added_at FROM segments_listmember m
  WHERE m.workspace_id = %(workspace)s AND m.list_id = %(list)s AND NOT m.is_gone
    AND m.customer_id > %(after)s AND NOT EXISTS (
      SELECT FROM customers_merge g WHERE g.workspace_id = %(workspace)s
      AND g.loser_id = m.customer_id AND NOT g.is_gone)
  ORDER BY m.customer_id LIMIT %(most)s),
merged AS (
  SELECT g.root_id AS customer, min(m.added_at) AS added_at FROM customers_merge g
  JOIN segments_listmember m ON m.list_id = %(list)s AND m.customer_id = g.loser_id
    AND NOT m.is_gone
  WHERE g.workspace_id = %(workspace)s AND g.root_id > %(after)s AND NOT g.is_gone
  GROUP BY 1 ORDER BY 1 LIMIT %(most)s)
SELECT customer, min(added_at) FROM (TABLE own UNION ALL TABLE merged) AS found
GROUP BY customer ORDER BY customer LIMIT %(most)s"""


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


def list_members(
    workspace_id: int, public_id: str, *, limit: int = MEMBERS_PAGE_MAX, after: int = 0
) -> list[Member]:
    """Customers of the list as who they are now, by customer; `after` is the last one seen."""
    row = list_row_of(workspace_id, public_id)
    raw = cursor()
    raw.execute(
        _MEMBERS,
        {
            "workspace": workspace_id, "list": row.id, "after": after,
            "most": min(limit, MEMBERS_PAGE_MAX),
        },
    )  # fmt: skip
    return [Member(*found) for found in raw.fetchall()]


def lists_of(workspace_id: int, customer_id: int) -> list[ListRecord]:
    """The lists in use in which the customer stands, by name."""
    ids = ListMember.objects.filter(
        workspace_id=workspace_id,
        customer_id__in=customers.persons_of(workspace_id, [customer_id]),
        is_gone=False,
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
