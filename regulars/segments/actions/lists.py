"""Writes of static lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.text import slugify

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.segments.models import List, Upload
from regulars.segments.pure.uploads import UploadRow
from regulars.segments.queries.uses import uses_of_list
from regulars.segments.records import (
    FILE_NAME_CHARS_MAX,
    LIST_CHANGE_MAX,
    LIST_CUSTOMERS_MAX,
    LISTS_MAX,
    NAME_CHARS_MAX,
    SLUG_CHARS_MAX,
    UPLOAD_REJECTS_KEPT_MAX,
    UPLOAD_ROWS_MAX,
    ListRecord,
    UploadRecord,
)
from regulars.segments.rows import list_row_of, record_of_list, record_of_upload
from regulars.store.scope import cursor

SLUG_DEFAULT = "list"
UNKNOWN = "customer_unknown"

# A row that was gone comes back as one added now.
_ADD = """
WITH written AS (
  INSERT INTO segments_listmember AS m
    (workspace_id, list_id, list, customer_id, added_at, is_gone)
  SELECT %(workspace)s, %(list)s, %(slug)s, customer, %(now)s, false
  FROM unnest(%(customers)s::bigint[]) AS given (customer) ORDER BY customer
  ON CONFLICT (list_id, customer_id) DO UPDATE
    SET is_gone = false, added_at = excluded.added_at WHERE m.is_gone
  RETURNING 1)
UPDATE segments_list SET size = size + (SELECT count(*) FROM written), updated_at = %(now)s
WHERE workspace_id = %(workspace)s AND id = %(list)s
RETURNING (SELECT count(*) FROM written)"""
# All rows of a person go, and they count as one.
_REMOVE = """
WITH written AS (
  UPDATE segments_listmember AS m SET is_gone = true
  FROM unnest(%(customers)s::bigint[], %(roots)s::bigint[]) AS given (customer, root)
  WHERE m.workspace_id = %(workspace)s AND m.list_id = %(list)s AND NOT m.is_gone
    AND m.customer_id = given.customer RETURNING given.root),
people AS (SELECT count(DISTINCT root) AS count FROM written)
UPDATE segments_list SET size = size - people.count, updated_at = %(now)s
FROM people WHERE workspace_id = %(workspace)s AND id = %(list)s
RETURNING people.count"""
_PRESENT = """
SELECT customer_id FROM segments_listmember
WHERE workspace_id = %s AND list_id = %s AND NOT is_gone AND customer_id = ANY(%s)"""
_HOLDING = """
SELECT id FROM segments_list WHERE workspace_id = %(workspace)s AND id IN (
  SELECT list_id FROM segments_listmember
  WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(customers)s) AND NOT is_gone)
ORDER BY id FOR UPDATE"""
_RECOUNT = """
UPDATE segments_list AS l SET size = (
  SELECT count(DISTINCT coalesce(g.root_id, m.customer_id)) FROM segments_listmember m
  LEFT JOIN customers_merge g ON g.workspace_id = m.workspace_id
    AND g.loser_id = m.customer_id AND NOT g.is_gone
  WHERE m.list_id = l.id AND NOT m.is_gone)
WHERE l.workspace_id = %s AND l.id = ANY(%s)"""


def create_list(
    workspace_id: int, *, name: str, slug: str = "", key: str | None = None, actor: str = ""
) -> ListRecord:
    """A new empty list; asked again with the same key and content, the one there is.

    slug    how rules name it; without one it is made from the name and always free
    raises  Invalid, Conflict(idempotency_mismatch | list_exists), Refused(lists_too_many)
    """
    _lock(workspace_id)
    name, digest = _named(name), _digest(name, slug)
    mine = List.objects.filter(workspace_id=workspace_id)
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another list.")
        return record_of_list(before)
    if slug and mine.filter(slug=_slug(slug)).exists():
        raise Conflict("list_exists", f"There is a list “{slug}” already.", slug=slug)
    if mine.count() >= LISTS_MAX:
        raise Refused("lists_too_many", f"A workspace has at most {LISTS_MAX} lists.")
    now = clock.now()
    row = List.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        slug=slug or _free_slug(workspace_id, name),
        name=name,
        create_key=key or None,
        create_hash=digest,
        created_by=actor,
        created_at=now,
        updated_at=now,
    )
    return record_of_list(row)


def rename_list(workspace_id: int, public_id: str, name: str) -> ListRecord:
    """The list under another name; rules that refer to it keep doing so. raises Invalid"""
    row = list_row_of(workspace_id, public_id)
    row.name, row.updated_at = _named(name), clock.now()
    row.save(update_fields=["name", "updated_at"])
    return record_of_list(row)


def archive_list(workspace_id: int, public_id: str) -> ListRecord:
    """Take the list away; nobody is in it any more for rules that come later.

    raises  Refused(list_used, users=…) while anything refers to it
    """
    _lock(workspace_id)
    row = list_row_of(workspace_id, public_id)
    users = uses_of_list(workspace_id, row.slug)
    if users:
        raise Refused(
            "list_used",
            "The list is in use: " + ", ".join(f"“{one.name}”" for one in users) + ".",
            users=[{"kind": one.kind, "id": one.value, "name": one.name} for one in users],
        )
    row.archived_at = row.archived_at or clock.now()
    row.save(update_fields=["archived_at"])
    return record_of_list(row)


def add_to_list(workspace_id: int, public_id: str, customer_ids: Sequence[int]) -> int:
    """Put customers into the list; returns how many were not in it.

    Merged customers are added as who they are now; ids nobody has are left out.
    raises  Invalid(list_change_too_large), Refused(list_full | list_archived), NotFound
    """
    _check_change(customer_ids)
    row = list_row_of(workspace_id, public_id)
    roots = set(customers.roots_of(workspace_id, customer_ids).values())
    return _add(workspace_id, row, sorted(roots), clock.now())


def remove_from_list(workspace_id: int, public_id: str, customer_ids: Sequence[int]) -> int:
    """Take customers out of the list, under every id they stand in it; returns how many were in it.

    raises  Invalid(list_change_too_large), NotFound
    """
    _check_change(customer_ids)
    row = list_row_of(workspace_id, public_id)
    _lock_list(row.id)
    return _write(
        _REMOVE, workspace_id, row, customers.persons_of(workspace_id, customer_ids), clock.now()
    )


def recount_lists(workspace_id: int, customer_ids: Sequence[int]) -> int:
    """Count anew the lists in which these customers stand; returns how many there are.

    Two who became one, or one who became two again, count otherwise than before.
    """
    raw = cursor()
    people = customers.persons_of(workspace_id, customer_ids)
    raw.execute(_HOLDING, {"workspace": workspace_id, "customers": list(people)})
    holding = [row[0] for row in raw.fetchall()]
    if holding:
        raw.execute(_RECOUNT, [workspace_id, holding])
    return len(holding)


def upload_to_list(
    workspace_id: int,
    public_id: str,
    rows: Sequence[UploadRow],
    *,
    file_name: str = "",
    key: str | None = None,
    actor: str = "",
) -> UploadRecord:
    """Put the customers that the rows name into the list; rows that name nobody are kept.

    A row may name somebody by several identifiers: the strongest known one decides.
    key     idempotency key: the same file again answers with what was done then
    raises  Invalid(upload_empty | upload_too_long), Conflict(idempotency_mismatch),
            Refused(list_full | list_archived), NotFound
    """
    if not rows or len(rows) > UPLOAD_ROWS_MAX:
        code = "upload_too_long" if rows else "upload_empty"
        raise Invalid(code, f"An upload has 1 to {UPLOAD_ROWS_MAX} rows.")
    row = list_row_of(workspace_id, public_id)
    _lock_list(row.id)
    digest = _digest(row.slug, *(repr(one) for one in rows))
    before = Upload.objects.filter(workspace_id=workspace_id, create_key=key).first()
    if key and before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key uploaded another file.")
        return record_of_upload(before, row.public_id)
    found, rejected = _matched(workspace_id, rows)
    now = clock.now()
    made = Upload.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        list_id=row.id,
        file_name=file_name[:FILE_NAME_CHARS_MAX],
        rows=len(rows),
        matched=len(rows) - len(rejected),
        added=_add(workspace_id, row, sorted(found), now),
        rejected=len(rejected),
        create_key=key or None,
        create_hash=digest,
        created_by=actor,
        created_at=now,
    )
    _keep_rejected(workspace_id, made.id, rejected[:UPLOAD_REJECTS_KEPT_MAX])
    return record_of_upload(made, row.public_id)


def _matched(
    workspace_id: int, rows: Sequence[UploadRow]
) -> tuple[set[int], list[tuple[int, str, str]]]:
    """Customers found, and (row number, text, reason) of the rows that name nobody."""
    identities = [
        Identity(
            external_id=one.external_id or None, email=one.email or None, phone=one.phone or None
        )
        for one in rows
    ]
    faults = customers.identity_faults(workspace_id, identities)
    owners = customers.find_many(workspace_id, identities)
    roots = customers.roots_of(workspace_id, [one for one in owners if one is not None])
    found = {roots[one] for one in owners if one in roots}
    rejected = [
        (number, row.text, fault or UNKNOWN)
        for number, (row, owner, fault) in enumerate(zip(rows, owners, faults, strict=True), 1)
        if owner not in roots
    ]
    return found, rejected


def _keep_rejected(
    workspace_id: int, upload_id: int, rejected: Sequence[tuple[int, str, str]]
) -> None:
    cursor().execute(
        "INSERT INTO segments_uploadreject (workspace_id, upload_id, row_no, value, reason)"
        " SELECT %s, %s, row_no, value, reason"
        " FROM unnest(%s::int[], %s::text[], %s::text[]) AS given (row_no, value, reason)",
        [workspace_id, upload_id, *([one[place] for one in rejected] for place in range(3))],
    )


def _add(workspace_id: int, row: List, customer_ids: Sequence[int], now: datetime) -> int:
    if row.archived_at is not None:
        raise Refused("list_archived", "The list is in the archive.")
    _lock_list(row.id)
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM segments_listmember WHERE workspace_id = %s AND list_id = %s"
        " AND NOT is_gone AND customer_id <> ALL(%s)",
        [workspace_id, row.id, list(customer_ids)],
    )
    counted = raw.fetchone()
    assert counted is not None
    if counted[0] + len(customer_ids) > LIST_CUSTOMERS_MAX:
        raise Refused("list_full", f"A list holds at most {LIST_CUSTOMERS_MAX} customers.")
    people = customers.persons_of(workspace_id, customer_ids)
    # Whoever stands in the list under an earlier id of theirs is in it.
    raw.execute(_PRESENT, [workspace_id, row.id, list(people)])
    present = {people[one] for (one,) in raw.fetchall()}
    new = {one: one for one in customer_ids if one not in present}
    return _write(_ADD, workspace_id, row, new, now)


def _write(sql: str, workspace_id: int, row: List, people: Mapping[int, int], now: datetime) -> int:
    raw = cursor()
    raw.execute(
        sql,
        {
            "workspace": workspace_id, "list": row.id, "slug": row.slug,
            "customers": sorted(people), "roots": [people[one] for one in sorted(people)],
            "now": now,
        },
    )  # fmt: skip
    written = raw.fetchone()
    assert written is not None
    return int(written[0])


def _check_change(customer_ids: Sequence[int]) -> None:
    if len(customer_ids) > LIST_CHANGE_MAX:
        raise Invalid("list_change_too_large", f"Name at most {LIST_CHANGE_MAX} customers at once.")


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise Invalid("list_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    return name


def _slug(slug: str) -> str:
    if slugify(slug, allow_unicode=True) != slug or len(slug) > SLUG_CHARS_MAX:
        raise Invalid(
            "list_slug", f"A slug is small letters, digits and hyphens, at most {SLUG_CHARS_MAX}."
        )
    return slug


def _free_slug(workspace_id: int, name: str) -> str:
    plain = slugify(name, allow_unicode=True)[: SLUG_CHARS_MAX - 8].strip("-") or SLUG_DEFAULT
    rows = List.objects.filter(workspace_id=workspace_id, slug__startswith=plain)
    taken = set(rows.values_list("slug", flat=True))
    tries = (f"{plain}-{number}" for number in range(2, LISTS_MAX + 3))
    return next(slug for slug in (plain, *tries) if slug not in taken)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def _lock(workspace_id: int) -> None:
    # Free slugs are judged over all lists, so one writer at a time per workspace.
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('lists:' || %s, 0))", [workspace_id]
    )


def _lock_list(list_id: int) -> None:
    # The number of customers is kept beside them: one writer at a time per list.
    cursor().execute("SELECT 1 FROM segments_list WHERE id = %s FOR UPDATE", [list_id])
