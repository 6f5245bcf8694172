"""Reads of series, their codes, batches and rejected rows."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Case, IntegerField, Value, When

from regulars.kernel.errors import NotFound
from regulars.loyalty.code_records import (
    PAGE_ROWS,
    REJECTS_KEPT_MAX,
    SERIES_MAX,
    BatchRecord,
    CodeRecord,
    RejectRecord,
    SeriesCounts,
    SeriesRecord,
    UseRecord,
)
from regulars.loyalty.models.codes import Code, CodeBatch, CodeReject, CodeSeries, CodeUse
from regulars.loyalty.pure import codes as pure
from regulars.store.scope import cursor

EXPORT_ROWS = 10_000
# In a shared series there is one code for everybody.
OWN_KINDS = ("personal", "unique")
BATCHES_SHOWN_MAX = 20
USES_SHOWN_MAX = 200


def all_series(workspace_id: int) -> list[SeriesRecord]:
    """Every series, newest first."""
    rows = CodeSeries.objects.filter(workspace_id=workspace_id).order_by("-id")[:SERIES_MAX]
    return [record_of(row) for row in rows]


def series(workspace_id: int, public_id: str) -> SeriesRecord:
    """The series of this public id. raises NotFound(series_unknown)"""
    row = CodeSeries.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    return record_of(_there(row))


def series_by_id(workspace_id: int, series_id: int) -> SeriesRecord:
    """The series of this id. raises NotFound(series_unknown)"""
    return record_of(
        _there(CodeSeries.objects.filter(workspace_id=workspace_id, id=series_id).first())
    )


def series_by_slug(workspace_id: int, slug: str) -> SeriesRecord:
    """The series of this slug. raises NotFound(series_unknown)"""
    return record_of(
        _there(CodeSeries.objects.filter(workspace_id=workspace_id, slug=slug).first())
    )


def series_of_promotion(workspace_id: int, promotion_slug: str) -> SeriesRecord:
    """What gives codes of the promotion: personal ones first, then a pool, then the shared one.

    raises  NotFound(series_unknown)
    """
    order = Case(
        When(kind="personal", then=Value(0)),
        When(kind="unique", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = CodeSeries.objects.filter(
        workspace_id=workspace_id, promotion_slug=promotion_slug, state="active"
    )
    return record_of(_there(rows.exclude(promotion_slug="").order_by(order, "-id").first()))


def counts(workspace_id: int, series_ids: list[int]) -> dict[int, SeriesCounts]:
    """How many codes each series has, has given out, and uses of them."""
    raw = cursor()
    raw.execute(
        "SELECT s.id, c.codes, c.issued, u.used, u.reserved FROM unnest(%s::bigint[]) AS s (id)"
        " CROSS JOIN LATERAL (SELECT count(*) AS codes, count(issued_at) AS issued"
        "   FROM loyalty_code WHERE workspace_id = %s AND series_id = s.id) AS c"
        " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'used') AS used,"
        "   count(*) FILTER (WHERE state = 'reserved') AS reserved"
        "   FROM loyalty_codeuse WHERE workspace_id = %s AND series_id = s.id) AS u",
        [series_ids, workspace_id, workspace_id],
    )
    return {row[0]: SeriesCounts(*row[1:]) for row in raw.fetchall()}


def own_series(workspace_id: int) -> list[SeriesRecord]:
    """Series that have a code of one's own for each customer, newest first."""
    return [one for one in all_series(workspace_id) if one.kind in OWN_KINDS]


def free(workspace_id: int, one: SeriesRecord) -> int | None:
    """How many codes the series has still to give; None when it makes them as they are asked."""
    if one.kind == "personal":
        return None
    raw = cursor()
    # The condition of `issuing._DRAW`.
    raw.execute(
        "SELECT count(*) FROM loyalty_code WHERE workspace_id = %s AND series_id = %s"
        " AND issued_at IS NULL AND state = 'active' AND reserved = 0 AND used = 0",
        [workspace_id, one.id],
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def sample(one: SeriesRecord) -> str:
    """What a code of the series looks like, as long as a real one; it works nowhere."""
    return pure.grouped(one.prefix + "X" * (pure.RANDOM_SIGNS_MIN + 1))


def codes_of(
    workspace_id: int, series_id: int, *, after: int = 0, limit: int = PAGE_ROWS
) -> list[CodeRecord]:
    """Codes of a series in the order they were made; `after` is the last id of the page before."""
    rows = Code.objects.filter(workspace_id=workspace_id, series_id=series_id, id__gt=after)
    return [record_of_code(row) for row in rows.order_by("id")[: min(limit, EXPORT_ROWS)]]


def code(workspace_id: int, text: str) -> CodeRecord:
    """The code that somebody typed. raises NotFound(code_unknown)"""
    row = Code.objects.filter(workspace_id=workspace_id, code=pure.normalised(text)).first()
    if row is None:
        raise NotFound("code_unknown", "There is no such code.")
    return record_of_code(row)


def codes_of_customer(workspace_id: int, customer_ids: list[int]) -> list[CodeRecord]:
    """Codes given to a customer (under each id they have had), newest first."""
    rows = Code.objects.filter(workspace_id=workspace_id, customer_id__in=customer_ids)
    return [record_of_code(row) for row in rows.order_by("-issued_at", "-id")[:PAGE_ROWS]]


def uses_of(workspace_id: int, code_id: int) -> list[UseRecord]:
    """What happened to a code, newest first."""
    rows = CodeUse.objects.filter(workspace_id=workspace_id, code_id=code_id).order_by("-id")
    return [
        UseRecord(row.purchase_id, row.member_id, row.state, row.at, row.changed_at)
        for row in rows[:USES_SHOWN_MAX]
    ]


def batches(workspace_id: int, series_id: int) -> list[BatchRecord]:
    """What was generated and uploaded, newest first."""
    rows = CodeBatch.objects.filter(workspace_id=workspace_id, series_id=series_id)
    return [record_of_batch(row) for row in rows.order_by("-id")[:BATCHES_SHOWN_MAX]]


def batch(workspace_id: int, public_id: str) -> BatchRecord:
    """One batch. raises NotFound(batch_unknown)"""
    row = CodeBatch.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("batch_unknown", "There is no such batch of codes.")
    return record_of_batch(row)


def rejects(workspace_id: int, batch_id: int) -> Iterator[RejectRecord]:
    """Rows of a file that became no codes, in their order."""
    rows = CodeReject.objects.filter(workspace_id=workspace_id, batch_id=batch_id)
    for row in rows.order_by("row_no")[:REJECTS_KEPT_MAX]:
        yield RejectRecord(row.row_no, row.value, row.reason)


def record_of(row: CodeSeries) -> SeriesRecord:
    """The series as others see it."""
    return SeriesRecord(
        id=row.id,
        public_id=row.public_id,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        promotion_slug=row.promotion_slug,
        state=row.state,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        valid_days=row.valid_days,
        uses_per_code=row.uses_per_code,
        uses_per_member=row.uses_per_member,
        uses_total=row.uses_total,
        period=row.period,
        prefix=row.prefix,
        created_at=row.created_at,
    )


def record_of_code(row: Code) -> CodeRecord:
    """The code as others see it, in the groups it is printed in."""
    is_ours = row.shown is None and pure.is_well_formed(row.code)
    return CodeRecord(
        id=row.id,
        code=row.code,
        shown=row.shown or (pure.grouped(row.code) if is_ours else row.code),
        series_id=row.series_id,
        state=row.state,
        customer_id=row.customer_id,
        uses_max=row.uses_max,
        reserved=row.reserved,
        used=row.used,
        ends_at=row.ends_at,
        issued_at=row.issued_at,
        created_at=row.created_at,
    )


def record_of_batch(row: CodeBatch) -> BatchRecord:
    """The batch as others see it."""
    return BatchRecord(
        id=row.id,
        public_id=row.public_id,
        series_id=row.series_id,
        kind=row.kind,
        state=row.state,
        asked=row.asked,
        made=row.made,
        rejected=row.rejected,
        file_name=row.file_name,
        reason=row.reason,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _there(row: CodeSeries | None) -> CodeSeries:
    if row is None:
        raise NotFound("series_unknown", "There is no such series of codes.")
    return row
