"""Writes of series: making, changing, blocking; codes thought up by hand; batches asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils.text import slugify

from regulars.audit import actions as audit
from regulars.jobs import actions as jobs
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.code_records import (
    BATCH_CODES_MAX,
    KEY_CHARS_MAX,
    KINDS,
    NAME_CHARS_MAX,
    PERIODS,
    PREFIX_CHARS_MAX,
    SERIES_MAX,
    SLUG_CHARS_MAX,
    UPLOAD_BYTES_MAX,
    USES_MAX,
    VALID_DAYS_MAX,
    BatchRecord,
    CodeRecord,
    SeriesRecord,
)
from regulars.loyalty.models.codes import Code, CodeBatch, CodeSeries
from regulars.loyalty.pure import codes as pure
from regulars.loyalty.queries import series as queries
from regulars.store import place
from regulars.store.scope import cursor

FOLDER = "codes"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
FILE_NAME_CHARS_MAX = 200
JOB = "loyalty.codes"

# Counts what uses say, for limits that came after them.
_RECOUNT = """
INSERT INTO loyalty_codecount (workspace_id, series_id, member_id, period_on, taken)
SELECT workspace_id, series_id, who, period_on, count(*)
FROM loyalty_codeuse CROSS JOIN LATERAL (
  SELECT 0 AS who UNION ALL SELECT member_id WHERE member_id IS NOT NULL) AS both_
WHERE workspace_id = %s AND series_id = %s AND state IN ('reserved', 'used')
GROUP BY 1, 2, 3, 4"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What may be changed of a series later."""

    name: str
    promotion_slug: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    valid_days: int | None = None
    uses_per_code: int | None = None
    uses_per_member: int | None = None
    uses_total: int | None = None


def create_series(
    workspace_id: int,
    terms: Terms,
    *,
    kind: str,
    slug: str = "",
    period: str = "all",
    prefix: str = "",
    key: str | None = None,
    actor: str = "",
) -> SeriesRecord:
    """A new series; asked again with the same key and content, the one there is.

    A unique or personal code is for one use unless the terms say otherwise.
    raises  Invalid(series_…), Conflict(idempotency_mismatch | series_exists),
            Refused(series_too_many)
    """
    _lock(workspace_id)
    digest = _digest(repr(terms), kind, slug, period, prefix)
    mine = CodeSeries.objects.filter(workspace_id=workspace_id)
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another series.")
        return queries.record_of(before)
    if kind not in KINDS or period not in PERIODS:
        raise Invalid("series_kind", "A series is shared, unique or personal.")
    limit = terms.uses_per_code or (None if kind == "shared" else 1)
    checked = {**_checked(terms), "uses_per_code": limit}
    if slug and mine.filter(slug=_slug(slug)).exists():
        raise Conflict("series_exists", f"There is a series “{slug}” already.", slug=slug)
    if mine.count() >= SERIES_MAX:
        raise Refused("series_too_many", f"A workspace has at most {SERIES_MAX} series.")
    now = clock.now()
    row = CodeSeries.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        slug=slug or _free_slug(workspace_id, str(checked["name"])),
        kind=kind,
        period=period,
        prefix=_prefix(prefix),
        create_key=key,
        create_hash=digest,
        created_by=actor,
        created_at=now,
        updated_at=now,
        **checked,
    )
    audit.note(workspace_id, "codes.series_made", "series", row.public_id)
    return queries.record_of(row)


def change_series(workspace_id: int, public_id: str, terms: Terms) -> SeriesRecord:
    """The series on other terms; codes that are there get the new limit of their uses.

    A limit below what was used already stops further uses and undoes none. Uses that begin in the
    very moment of the change may be missed by new limits of members and totals.
    raises  NotFound(series_unknown), Invalid(series_…)
    """
    before = queries.series(workspace_id, public_id)
    limit = terms.uses_per_code or (None if before.kind == "shared" else 1)
    checked = {**_checked(terms), "uses_per_code": limit}
    CodeSeries.objects.filter(workspace_id=workspace_id, id=before.id).update(
        updated_at=clock.now(), **checked
    )
    if limit != before.uses_per_code:
        _limit(workspace_id, before.id, before.uses_per_code, limit)
    if (terms.uses_per_member, terms.uses_total) != (before.uses_per_member, before.uses_total):
        raw = cursor()
        raw.execute(
            "DELETE FROM loyalty_codecount WHERE workspace_id = %s AND series_id = %s",
            [workspace_id, before.id],
        )
        raw.execute(_RECOUNT, [workspace_id, before.id])
    audit.note(workspace_id, "codes.series_changed", "series", public_id)
    return queries.series(workspace_id, public_id)


def block_series(workspace_id: int, public_id: str, *, is_blocked: bool = True) -> SeriesRecord:
    """No code of the series may be used, or they may again. raises NotFound(series_unknown)"""
    one = queries.series(workspace_id, public_id)
    CodeSeries.objects.filter(workspace_id=workspace_id, id=one.id).update(
        state="blocked" if is_blocked else "active", updated_at=clock.now()
    )
    done = "codes.series_blocked" if is_blocked else "codes.series_unblocked"
    audit.note(workspace_id, done, "series", public_id)
    return queries.series(workspace_id, public_id)


def block_code(workspace_id: int, text: str, *, is_blocked: bool = True) -> CodeRecord:
    """The code may not be used, or may again; what holds it already may finish.

    raises  NotFound(code_unknown)
    """
    one = queries.code(workspace_id, text)
    Code.objects.filter(workspace_id=workspace_id, id=one.id).update(
        state="blocked" if is_blocked else "active"
    )
    done = "codes.code_blocked" if is_blocked else "codes.code_unblocked"
    audit.note(workspace_id, done, "series", _series_id(workspace_id, one.series_id))
    return queries.code(workspace_id, text)


def add_code(workspace_id: int, public_id: str, text: str) -> CodeRecord:
    """A code thought up by hand; the same one again changes nothing.

    raises  Invalid(code_invalid), Conflict(code_exists) when another series has it
    """
    one = queries.series(workspace_id, public_id)
    plain = pure.normalised(text)
    if not plain:
        raise Invalid("code_invalid", "A code is 3 to 64 letters and digits.")
    cursor().execute(
        "INSERT INTO loyalty_code (workspace_id, series_id, code, shown, uses_max, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (workspace_id, code) DO NOTHING",
        [workspace_id, one.id, plain, " ".join(text.split()), one.uses_per_code, clock.now()],
    )
    made = queries.code(workspace_id, plain)
    if made.series_id != one.id:
        raise Conflict("code_exists", "Another series has this code or one that reads like it.")
    return made


def generate_codes(
    workspace_id: int, public_id: str, count: int, *, key: str, actor: str = ""
) -> BatchRecord:
    """Ask the worker for so many new codes; the same key asks once.

    raises  Invalid(codes_too_many | series_kind), Conflict(idempotency_mismatch), NotFound
    """
    if not 1 <= count <= BATCH_CODES_MAX:
        raise Invalid("codes_too_many", f"Ask for 1 to {BATCH_CODES_MAX} codes.")
    one = queries.series(workspace_id, public_id)
    if one.kind != "unique":
        raise Invalid("series_kind", "Only a series of unique codes is filled by the thousand.")
    batch, is_new = _batch(workspace_id, one, "generated", count, key, actor, _digest(str(count)))
    if is_new:
        jobs.enqueue(workspace_id, JOB, {"batch": batch.public_id}, key=batch.public_id)
    return batch


def upload_codes(
    workspace_id: int, public_id: str, raw: bytes, *, file_name: str, key: str, actor: str = ""
) -> BatchRecord:
    """Keep a file of codes for the worker to take; the same key with the same file is one batch.

    raises  Invalid(upload_empty | upload_too_large), Conflict(idempotency_mismatch), NotFound
    """
    if not raw.strip() or len(raw) > UPLOAD_BYTES_MAX:
        code = "upload_too_large" if raw.strip() else "upload_empty"
        raise Invalid(code, f"A file has at most {UPLOAD_BYTES_MAX // 1_000_000} MB and no less "
                            "than one row.")  # fmt: skip
    one = queries.series(workspace_id, public_id)
    digest = hashlib.sha256(raw).hexdigest()
    batch, is_new = _batch(workspace_id, one, "uploaded", 0, key, actor, digest, file_name)
    if is_new:
        path = path_of(workspace_id, batch.public_id)
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        path.write_bytes(raw)
        path.chmod(FILE_MODE)
        jobs.enqueue(workspace_id, JOB, {"batch": batch.public_id}, key=batch.public_id)
    return batch


def path_of(workspace_id: int, batch_public_id: str) -> Path:
    """Where an uploaded file lies until it is taken."""
    return place.data_folder() / FOLDER / str(workspace_id) / f"{batch_public_id}.csv"


def _batch(
    workspace_id: int,
    one: SeriesRecord,
    kind: str,
    asked: int,
    key: str,
    actor: str,
    digest: str,
    file_name: str = "",
) -> tuple[BatchRecord, bool]:
    if not 0 < len(key) <= KEY_CHARS_MAX:
        raise Invalid("key_invalid", f"A key has 1 to {KEY_CHARS_MAX} characters.")
    _lock(workspace_id)
    digest = _digest(one.slug, kind, digest)
    before = CodeBatch.objects.filter(workspace_id=workspace_id, create_key=key).first()
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key asked for other codes.")
        return queries.record_of_batch(before), False
    row = CodeBatch.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        series_id=one.id,
        kind=kind,
        asked=asked,
        file_name=file_name[:FILE_NAME_CHARS_MAX],
        create_key=key,
        create_hash=digest,
        created_by=actor,
        created_at=clock.now(),
    )
    audit.note(workspace_id, f"codes.{kind}", "series", one.public_id, number=asked or None)
    return queries.record_of_batch(row), True


def _series_id(workspace_id: int, series_id: int) -> str:
    return queries.series_by_id(workspace_id, series_id).public_id


def _limit(workspace_id: int, series_id: int, before: int | None, after: int | None) -> None:
    """Give every code the new limit, never below what it has used.

    Codes that had none begin to count what their uses say.
    """
    raw = cursor()
    if before is None:
        raw.execute(
            "UPDATE loyalty_code AS c SET reserved = u.reserved, used = u.used FROM ("
            " SELECT code_id, count(*) FILTER (WHERE state = 'reserved') AS reserved,"
            " count(*) FILTER (WHERE state = 'used') AS used FROM loyalty_codeuse"
            " WHERE workspace_id = %s AND series_id = %s GROUP BY 1) AS u WHERE c.id = u.code_id",
            [workspace_id, series_id],
        )
    raw.execute(
        "UPDATE loyalty_code SET uses_max = greatest(%s, reserved + used)"
        " WHERE workspace_id = %s AND series_id = %s"
        if after is not None
        else "UPDATE loyalty_code SET uses_max = %s::int, reserved = 0, used = 0"
        " WHERE workspace_id = %s AND series_id = %s",
        [after, workspace_id, series_id],
    )


def _checked(terms: Terms) -> dict[str, object]:
    name = " ".join(terms.name.split())
    if not 1 <= len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise Invalid("series_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    if terms.starts_at and terms.ends_at and terms.ends_at <= terms.starts_at:
        raise Invalid("series_dates", "A series ends after it starts.")
    limits = (terms.uses_per_code, terms.uses_per_member, terms.uses_total)
    if any(limit is not None and not 1 <= limit <= USES_MAX for limit in limits):
        raise Invalid("series_limit", f"A limit is 1 to {USES_MAX}, or none.")
    if terms.valid_days is not None and not 1 <= terms.valid_days <= VALID_DAYS_MAX:
        raise Invalid("series_days", f"Codes are valid for 1 to {VALID_DAYS_MAX} days, or no end.")
    return {
        "name": name,
        "promotion_slug": terms.promotion_slug,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "valid_days": terms.valid_days,
        "uses_per_code": terms.uses_per_code,
        "uses_per_member": terms.uses_per_member,
        "uses_total": terms.uses_total,
    }


def _prefix(text: str) -> str:
    # A prefix may be shorter than a code: three signs are lent to it.
    plain = pure.normalised(text + "000")[:-3] if text.strip() else ""
    if text.strip() and (not plain or len(plain) > PREFIX_CHARS_MAX or not pure.is_prefix(plain)):
        raise Invalid(
            "series_prefix", f"A prefix is up to {PREFIX_CHARS_MAX} Latin letters and digits."
        )
    return plain


def _slug(slug: str) -> str:
    if slugify(slug, allow_unicode=True) != slug or len(slug) > SLUG_CHARS_MAX:
        raise Invalid(
            "series_slug", f"A slug is small letters, digits and hyphens, at most {SLUG_CHARS_MAX}."
        )
    return slug


def _free_slug(workspace_id: int, name: str) -> str:
    plain = slugify(name, allow_unicode=True)[: SLUG_CHARS_MAX - 8].strip("-") or "codes"
    rows = CodeSeries.objects.filter(workspace_id=workspace_id, slug__startswith=plain)
    taken = set(rows.values_list("slug", flat=True))
    tries = (f"{plain}-{number}" for number in range(2, SERIES_MAX + 3))
    return next(slug for slug in (plain, *tries) if slug not in taken)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def _lock(workspace_id: int) -> None:
    # Free slugs and keys are judged over all series, so one writer at a time per workspace.
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('codes:' || %s, 0))", [workspace_id]
    )
