"""Writes of segments."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.rules import checking, language
from regulars.rules.tree import Rule
from regulars.segments import dictionary, queries, registry
from regulars.segments.models import Segment
from regulars.segments.pure.references import references_of
from regulars.segments.records import (
    DESCRIPTION_CHARS_MAX,
    NAME_CHARS_MAX,
    SEGMENTS_MAX,
    SLUG_CHARS_MAX,
    SegmentRecord,
)
from regulars.segments.rows import record_of, row_of
from regulars.store.scope import cursor

SLUG_DEFAULT = "segment"


def create_segment(
    workspace_id: int,
    *,
    name: str,
    rule: Mapping[str, Any],
    description: str = "",
    slug: str = "",
    key: str | None = None,
    actor: str = "",
) -> SegmentRecord:
    """A new segment; asked again with the same key or slug and content, the one there is.

    slug    how rules name it; without one it is made from the name and always free
    key     idempotency key of the caller
    raises  Invalid, Conflict(idempotency_mismatch | segment_exists), Refused(segments_too_many)
    """
    _lock(workspace_id)
    name, description = _named(name, description)
    mine = Segment.objects.filter(workspace_id=workspace_id)
    digest = _digest(name, description, slug, language.dumps(language.parse(rule)))
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        return _same(before, digest, "idempotency_mismatch", "This key made another segment.")
    slug = _slug(slug) if slug else ""
    taken = mine.filter(slug=slug).first() if slug else None
    if taken is not None:
        return _same(taken, digest, "segment_exists", f"There is a segment “{slug}” already.")
    if mine.count() >= SEGMENTS_MAX:
        raise Refused("segments_too_many", f"A workspace has at most {SEGMENTS_MAX} segments.")
    slug = slug or _free_slug(workspace_id, name)
    document = language.to_json(_checked(workspace_id, rule, slug))
    now = clock.now()
    row = Segment.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        slug=slug,
        name=name,
        description=description,
        rule=document,
        create_key=key or None,
        create_hash=digest,
        created_by=actor,
        created_at=now,
        updated_at=now,
    )
    return record_of(row)


def save_segment(
    workspace_id: int,
    *,
    slug: str,
    name: str,
    rule: Mapping[str, Any],
    description: str = "",
    actor: str = "",
) -> SegmentRecord:
    """The segment of this slug as described: made when absent, changed when it differs.

    raises  Invalid
    """
    row = Segment.objects.filter(workspace_id=workspace_id, slug=_slug(slug)).first()
    if row is None:
        return create_segment(
            workspace_id, name=name, rule=rule, description=description, slug=slug, actor=actor
        )
    return change_segment(
        workspace_id, row.public_id, name=name, rule=rule, description=description
    )


def change_segment(
    workspace_id: int,
    public_id: str,
    *,
    name: str | None = None,
    rule: Mapping[str, Any] | None = None,
    description: str | None = None,
) -> SegmentRecord:
    """The segment with a new name and rule; another rule forgets the count.

    What is None stays as it is at the moment of the change.
    raises  Invalid (also when segments would refer to each other in a circle), NotFound
    """
    _lock(workspace_id)
    row = row_of(workspace_id, public_id)
    name, description = _named(
        row.name if name is None else name,
        row.description if description is None else description,
    )
    document = row.rule
    if rule is not None:
        document = language.to_json(_checked(workspace_id, rule, row.slug))
    is_other = document != row.rule
    if is_other:
        row.counted = row.counted_at = None
    row.name, row.description, row.rule, row.updated_at = name, description, document, clock.now()
    # Members are kept by others in the meantime: their columns are not written back.
    row.save(update_fields=["name", "description", "rule", "counted", "counted_at", "updated_at"])
    if is_other:
        _renew(workspace_id, row.slug)
    return queries.segment(workspace_id, row.id)


def rename_segment(workspace_id: int, public_id: str, name: str) -> SegmentRecord:
    """The segment under another name; rules that refer to it keep doing so. raises Invalid"""
    row = row_of(workspace_id, public_id)
    row.name, _ = _named(name, "")
    row.updated_at = clock.now()
    row.save(update_fields=["name", "updated_at"])
    return record_of(row)


def archive_segment(workspace_id: int, public_id: str) -> SegmentRecord:
    """Take the segment out of the lists.

    raises  Refused(segment_used, users=…) while anything uses it
    """
    _lock(workspace_id)
    row = row_of(workspace_id, public_id)
    if row.archived_at is None:
        # What lies in the archive itself is asked no more, and says so when it is taken out.
        asleep = {one.public_id for one in queries.archived(workspace_id)}
        _refuse_used(workspace_id, row.slug, but=asleep)
    row.archived_at = row.archived_at or clock.now()
    row.save(update_fields=["archived_at"])
    return record_of(row)


def rename_slug(workspace_id: int, public_id: str, slug: str) -> SegmentRecord:
    """The segment under another slug, by which rules name it from now on.

    raises  Refused(segment_used, users=…) while anything uses it, Conflict(segment_exists), Invalid
    """
    _lock(workspace_id)
    row = row_of(workspace_id, public_id)
    if row.slug == _slug(slug):
        return record_of(row)
    _refuse_used(workspace_id, row.slug)
    if Segment.objects.filter(workspace_id=workspace_id, slug=slug).exists():
        raise Conflict("segment_exists", f"There is a segment “{slug}” already.", slug=slug)
    row.slug, row.updated_at = slug, clock.now()
    row.save(update_fields=["slug", "updated_at"])
    return record_of(row)


def delete_segment(workspace_id: int, public_id: str) -> None:
    """Remove the segment with its members and sizes, for good.

    raises  Refused(segment_used, users=…) while anything uses it
    """
    _lock(workspace_id)
    row = row_of(workspace_id, public_id)
    _refuse_used(workspace_id, row.slug)
    raw = cursor()
    for table in ("segments_member", "segments_size"):
        raw.execute(
            f"DELETE FROM {table} WHERE workspace_id = %s AND segment_id = %s",
            [workspace_id, row.id],
        )
    row.delete()


def _refuse_used(workspace_id: int, slug: str, but: Collection[str] = ()) -> None:
    users = [one for one in queries.uses(workspace_id, slug) if one.value not in but]
    if users:
        raise Refused(
            "segment_used",
            "The segment is in use: " + ", ".join(f"“{one.name}”" for one in users) + ".",
            users=[{"kind": one.kind, "id": one.value, "name": one.name} for one in users],
        )


def _renew(workspace_id: int, slug: str) -> None:
    """A new version of the segment and of every one that refers to it, directly or not."""
    touched = _referring(slug, queries.rules_by_slug(workspace_id))
    cursor().execute(
        "UPDATE segments_segment SET version = version + 1, problem = ''"
        " WHERE workspace_id = %s AND slug = ANY(%s)",
        [workspace_id, sorted(touched)],
    )


def restore_segment(workspace_id: int, public_id: str) -> SegmentRecord:
    """Put an archived segment back into the lists; its members are computed anew."""
    row = row_of(workspace_id, public_id)
    if row.archived_at is not None:
        # Nobody followed events for it in the meantime.
        row.archived_at, row.stale_at = None, clock.now()
        row.save(update_fields=["archived_at", "stale_at"])
    return record_of(row)


def record_count(workspace_id: int, segment_id: int, counted: int, at: datetime) -> None:
    """Remember what the segment held at the instant; an older answer changes nothing."""
    cursor().execute(
        "UPDATE segments_segment SET counted = %s, counted_at = %s"
        " WHERE workspace_id = %s AND id = %s AND (counted_at IS NULL OR counted_at <= %s)",
        [counted, at, workspace_id, segment_id, at],
    )


def _checked(workspace_id: int, rule: Mapping[str, Any], slug: str) -> Rule:
    """The rule, when it and all who refer to this slug can still be asked. raises Invalid"""
    found = language.parse(rule)
    rules = {**queries.rules_by_slug(workspace_id), slug: found}
    checking.check(found, registry.facts(), rules, dictionary.known(workspace_id, found))
    for other in sorted(_referring(slug, rules) - {slug}):
        try:
            checking.check_references(rules[other], rules)
        except Invalid as error:
            raise Invalid(
                error.code,
                f"$.where breaks “{other}”, which refers to it: {error.message}",
                path="$.where",
                user=other,
            ) from error
    return found


def _referring(slug: str, rules: Mapping[str, Rule]) -> set[str]:
    """The segment and every one that refers to it, directly or not."""
    names = {other: references_of(its_rule) for other, its_rule in rules.items()}
    found = {slug}
    while more := {other for other, named in names.items() if named & found} - found:
        found |= more
    return found


def _named(name: str, description: str) -> tuple[str, str]:
    name, description = " ".join(name.split()), description.strip()
    if not 1 <= len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise Invalid("segment_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    if len(description) > DESCRIPTION_CHARS_MAX or "\x00" in description:
        raise Invalid(
            "segment_description",
            f"A description has at most {DESCRIPTION_CHARS_MAX} characters.",
        )
    return name, description


def _slug(slug: str) -> str:
    found = slugify(slug, allow_unicode=True)
    if found != slug or len(slug) > SLUG_CHARS_MAX:
        raise Invalid(
            "segment_slug",
            f"A slug is small letters, digits and hyphens, at most {SLUG_CHARS_MAX}.",
        )
    return found


def _free_slug(workspace_id: int, name: str) -> str:
    plain = slugify(name, allow_unicode=True)[: SLUG_CHARS_MAX - 8].strip("-") or SLUG_DEFAULT
    taken = set(
        Segment.objects.filter(workspace_id=workspace_id, slug__startswith=plain).values_list(
            "slug", flat=True
        )
    )
    tries = (f"{plain}-{number}" for number in range(2, SEGMENTS_MAX + 3))
    return next(slug for slug in (plain, *tries) if slug not in taken)


def _same(row: Segment, digest: str, code: str, message: str) -> SegmentRecord:
    if row.create_hash != digest:
        raise Conflict(code, message, slug=row.slug)
    return record_of(row)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def _lock(workspace_id: int) -> None:
    # Circles and free slugs are judged over all segments, so one writer at a time per workspace.
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('segments:' || %s, 0))", [workspace_id]
    )
