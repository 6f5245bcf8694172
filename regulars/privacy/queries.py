"""Reads of erasures and exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.kernel.errors import NotFound
from regulars.privacy.records import ErasureRecord, ExportRecord
from regulars.privacy.registry import all_traces
from regulars.store.persons import Fate
from regulars.store.scope import cursor

LISTED_MAX = 200
ERASURE = (
    "id, workspace_id, public_id, customer_id, customer_public_id, ids, state, step, inbox_upto,"
    " counts, lake, touched, is_log_clean, late, is_hurried, asked_by, asked_at, removed_at,"
    " folded_at, scrubbed_at, finished_at"
)
EXPORT = (
    "id, workspace_id, public_id, customer_id, customer_public_id, state, stored_as, size, counts,"
    " language, asked_by, asked_at, ready_at, expires_at"
)


def erasure_of(row: Sequence[Any]) -> ErasureRecord:
    """The record of a row of ERASURE."""
    values = dict(zip(ERASURE.split(", "), row, strict=True))
    lists = {name: tuple(values[name]) for name in ("ids", "touched")}
    return ErasureRecord(**{**values, **lists})


def erasure(workspace_id: int, public_id: str) -> ErasureRecord:
    """The erasure of this public id, or of the customer of it. raises NotFound"""
    raw = cursor()
    raw.execute(
        f"SELECT {ERASURE} FROM privacy_erasure WHERE workspace_id = %s AND (public_id = %s"
        " OR customer_id IN (SELECT e.customer_id FROM privacy_tombstone t"
        "   JOIN privacy_erasure e ON e.id = t.erasure_id"
        "   WHERE t.workspace_id = %s AND t.public_id = %s)"
        " OR customer_public_id = %s)",
        [workspace_id, public_id, workspace_id, public_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("erasure_unknown", "There is no such erasure.")
    return erasure_of(row)


def erased_among(workspace_id: int, public_ids: Sequence[str]) -> set[str]:
    """Those of these public ids whose customers were erased."""
    raw = cursor()
    raw.execute(
        "SELECT public_id FROM privacy_tombstone WHERE workspace_id = %s AND public_id = ANY(%s)",
        [workspace_id, list(public_ids)],
    )
    return {row[0] for row in raw.fetchall()}


def erasure_of_customer(workspace_id: int, customer_id: int) -> ErasureRecord | None:
    """The erasure of this customer, under way or done, if there is one."""
    raw = cursor()
    raw.execute(
        f"SELECT {ERASURE} FROM privacy_erasure WHERE workspace_id = %s AND customer_id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    return None if row is None else erasure_of(row)


def erasures(workspace_id: int) -> list[ErasureRecord]:
    """Erasures of the workspace, the newest first."""
    raw = cursor()
    raw.execute(
        f"SELECT {ERASURE} FROM privacy_erasure WHERE workspace_id = %s ORDER BY id DESC LIMIT %s",
        [workspace_id, LISTED_MAX],
    )
    return [erasure_of(row) for row in raw.fetchall()]


def export(workspace_id: int, public_id: str) -> ExportRecord:
    """The export of this public id. raises NotFound"""
    raw = cursor()
    raw.execute(
        f"SELECT {EXPORT} FROM privacy_export WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("export_unknown", "There is no such export.")
    return ExportRecord(*row)


def exports_of(workspace_id: int, customer_id: int) -> list[ExportRecord]:
    """Exports made for this customer, the newest first."""
    raw = cursor()
    raw.execute(
        f"SELECT {EXPORT} FROM privacy_export WHERE workspace_id = %s AND customer_id = %s"
        " ORDER BY id DESC LIMIT %s",
        [workspace_id, customer_id, LISTED_MAX],
    )
    return [ExportRecord(*row) for row in raw.fetchall()]


def kept(found: ErasureRecord) -> list[tuple[str, str]]:
    """Tables in which something stays after an erasure, and why."""
    return [
        (trace.table, trace.reason)
        for traces in all_traces()
        for trace in (*traces.rows, *traces.last)
        if trace.fate is not Fate.DELETE and trace.reason and trace.mine
        and (trace.table in found.counts or trace.fate is Fate.KEEP)
    ]  # fmt: skip
