"""What marketing may be about, and the words behind a version."""

from __future__ import annotations

from regulars.customers.models import ConsentText, Topic
from regulars.customers.records import ConsentTextRecord, TopicRecord

TOPICS_MAX = 30
TEXTS_SHOWN_MAX = 100
LANGUAGES = ("en", "uk", "ru")


def topics(workspace_id: int, *, with_archived: bool = False) -> list[TopicRecord]:
    """The topics of the workspace, the oldest first."""
    rows = Topic.objects.filter(workspace_id=workspace_id).order_by("id")
    if not with_archived:
        rows = rows.filter(archived_at=None)
    return [
        TopicRecord(row.key, dict(row.names), row.archived_at is not None)
        for row in rows[:TOPICS_MAX]
    ]


def consent_texts(workspace_id: int) -> list[ConsentTextRecord]:
    """The newest texts."""
    rows = ConsentText.objects.filter(workspace_id=workspace_id).order_by("-id")
    return [_text(row) for row in rows[:TEXTS_SHOWN_MAX]]


def consent_text(workspace_id: int, version: str) -> ConsentTextRecord | None:
    """The words of this version, None when they are not kept here."""
    row = ConsentText.objects.filter(workspace_id=workspace_id, version=version).first()
    return None if row is None else _text(row)


def _text(row: ConsentText) -> ConsentTextRecord:
    return ConsentTextRecord(row.version, row.words, row.author, row.created_at)
