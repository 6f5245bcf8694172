"""Reads of tills and of the keys they show."""

from __future__ import annotations

from regulars.loyalty.models.purchases import Till
from regulars.loyalty.till_records import TillRecord

TILLS_SHOWN_MAX = 1_000


def till_of_key(workspace_id: int, key_id: int) -> TillRecord | None:
    """The till a key belongs to, else None."""
    row = Till.objects.filter(workspace_id=workspace_id, key_id=key_id).first()
    return None if row is None else _record(row)


def tills(workspace_id: int) -> list[TillRecord]:
    """Tills of the workspace, the newest first."""
    rows = Till.objects.filter(workspace_id=workspace_id).order_by("-id")[:TILLS_SHOWN_MAX]
    return [_record(row) for row in rows]


def till(workspace_id: int, public_id: str) -> TillRecord | None:
    """One till by its public id."""
    row = Till.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    return None if row is None else _record(row)


def _record(row: Till) -> TillRecord:
    return TillRecord(
        public_id=row.public_id,
        key_id=row.key_id,
        name=row.name,
        shop=row.shop,
        till=row.till,
        channel=row.channel,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )
