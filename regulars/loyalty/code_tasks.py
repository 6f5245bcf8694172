"""Batches of codes in the worker: made chunk by chunk, each chunk and its count at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import transaction

from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.loyalty.actions import gift_cards
from regulars.loyalty.actions.series import path_of
from regulars.loyalty.code_records import REJECTS_KEPT_MAX, BatchRecord, SeriesRecord
from regulars.loyalty.models.codes import CodeBatch, CodeReject
from regulars.loyalty.pure import codes as pure
from regulars.loyalty.pure.code_files import CodeRow, rows_of
from regulars.loyalty.queries import series as queries
from regulars.store.scope import cursor, scope

CHUNK_CODES = 25_000

_INSERT = """
WITH made AS (
  INSERT INTO loyalty_code (workspace_id, series_id, code, shown, uses_max, batch_id, created_at)
  SELECT %(workspace)s, %(series)s, code, shown, %(uses)s, %(batch)s, %(now)s
  FROM unnest(%(codes)s::text[], %(shown)s::text[]) AS given (code, shown)
  ON CONFLICT (workspace_id, code) DO NOTHING RETURNING code)
SELECT {what} FROM made"""
# Only the worker that knows how far the batch is goes on with it.
_STEP = """
UPDATE loyalty_codebatch SET made = made + %s, rejected = rejected + %s, asked = asked + %s
WHERE workspace_id = %s AND id = %s AND state = 'waiting' AND made = %s AND rejected = %s
RETURNING 1"""


class _TakenOver(Exception):
    """Another worker has gone on with the batch."""


def run(job: JobRecord) -> None:
    """Make the codes of a batch; begun again it goes on where it stood."""
    with scope(job.workspace_id):
        batch = queries.batch(job.workspace_id, str(job.payload["batch"]))
        one = queries.series_by_id(job.workspace_id, batch.series_id)
    if batch.state != "waiting":
        return
    try:
        if batch.kind == "generated":
            _generate(job, batch, one)
        else:
            _take_file(job, batch, one)
    except _TakenOver:
        return
    except Invalid as error:
        _finish(job.workspace_id, batch.id, "failed", error.code)
        path_of(job.workspace_id, batch.public_id).unlink(missing_ok=True)
        raise
    _finish(job.workspace_id, batch.id, "done", "")
    path_of(job.workspace_id, batch.public_id).unlink(missing_ok=True)


def gave_up(job: JobRecord, reason: str) -> None:
    """Say on the batch that nothing more will come."""
    with scope(job.workspace_id):
        batch = queries.batch(job.workspace_id, str(job.payload["batch"]))
        _finish(job.workspace_id, batch.id, "failed", "batch_given_up")


def end_gift_cards() -> int:
    """Take off what is left on certificates whose day has passed; how many. Engine only."""
    now = clock.now()
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "SELECT DISTINCT workspace_id FROM loyalty_giftcard"
            " WHERE available_minor > 0 AND ends_at <= %s",
            [now],
        )
        due = [row[0] for row in raw.fetchall()]
    done = 0
    for workspace_id in due:
        with scope(workspace_id):
            done += gift_cards.end_gift_cards(workspace_id, now)
    return done


def _generate(job: JobRecord, batch: BatchRecord, one: SeriesRecord) -> None:
    made = batch.made
    with scope(job.workspace_id):
        signs = pure.random_signs(_codes_asked_for(job.workspace_id))
    while made < batch.asked:
        count = min(CHUNK_CODES, batch.asked - made)
        chance = secrets.token_bytes(pure.bytes_needed(count, signs))
        codes = pure.codes_of(chance, count, signs, one.prefix)
        with scope(job.workspace_id):
            raw = cursor()
            raw.execute(
                _INSERT.format(what="count(*)"),
                _parameters(job.workspace_id, one, batch, codes, [None] * len(codes)),
            )
            row = raw.fetchone()
            assert row is not None
            _step(job, batch, made=made, rejected=0, new=row[0], bad=0, more=0)
            made += row[0]
            if not jobs.report_progress(job, {"done": made, "of": batch.asked}):
                raise _TakenOver


def _take_file(job: JobRecord, batch: BatchRecord, one: SeriesRecord) -> None:
    rows = rows_of(path_of(job.workspace_id, batch.public_id).read_bytes())
    made, rejected = batch.made, batch.rejected
    while made + rejected < len(rows):
        place = made + rejected
        chunk = rows[place : place + CHUNK_CODES]
        with scope(job.workspace_id):
            new, bad = _take_chunk(job.workspace_id, batch, one, chunk, rejected)
            _step(job, batch, made=made, rejected=rejected, new=new, bad=bad, more=len(chunk))
            made, rejected = made + new, rejected + bad
            if not jobs.report_progress(job, {"done": made + rejected, "of": len(rows)}):
                raise _TakenOver


def _take_chunk(
    workspace_id: int,
    batch: BatchRecord,
    one: SeriesRecord,
    chunk: Sequence[CodeRow],
    rejected: int,
) -> tuple[int, int]:
    """How many rows became codes and how many did not."""
    good = [row for row in chunk if not row.fault]
    raw = cursor()
    raw.execute(
        _INSERT.format(what="code"),
        _parameters(workspace_id, one, batch, [r.code for r in good], [r.text for r in good]),
    )
    made = {row[0] for row in raw.fetchall()}
    bad = [(row, row.fault or "code_exists") for row in chunk if row.fault or row.code not in made]
    kept = bad[: max(REJECTS_KEPT_MAX - rejected, 0)]
    CodeReject.objects.bulk_create(
        CodeReject(
            workspace_id=workspace_id, batch_id=batch.id, row_no=row.row_no, value=row.text,
            reason=reason,
        )
        for row, reason in kept
    )  # fmt: skip
    return len(made), len(bad)


def _parameters(
    workspace_id: int,
    one: SeriesRecord,
    batch: BatchRecord,
    codes: Sequence[str],
    shown: Sequence[str | None],
) -> dict[str, object]:
    return {
        "workspace": workspace_id,
        "series": one.id,
        "uses": one.uses_per_code,
        "batch": batch.id,
        "now": clock.now(),
        "codes": list(codes),
        "shown": list(shown),
    }


def _step(
    job: JobRecord,
    batch: BatchRecord,
    *,
    made: int,
    rejected: int,
    new: int,
    bad: int,
    more: int,
) -> None:
    raw = cursor()
    raw.execute(_STEP, [new, bad, more, job.workspace_id, batch.id, made, rejected])
    if raw.fetchone() is None:
        raise _TakenOver


def _codes_asked_for(workspace_id: int) -> int:
    """How many codes the workspace will have: the more there are, the longer new ones must be."""
    raw = cursor()
    raw.execute(
        "SELECT coalesce(sum(asked), 0) FROM loyalty_codebatch WHERE workspace_id = %s",
        [workspace_id],
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def _finish(workspace_id: int, batch_id: int, state: str, reason: str) -> None:
    with scope(workspace_id):
        CodeBatch.objects.filter(workspace_id=workspace_id, id=batch_id, state="waiting").update(
            state=state, reason=reason, finished_at=clock.now()
        )
