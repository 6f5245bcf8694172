"""Letters the built-in mail catcher keeps."""

from __future__ import annotations

from django.db.models import Q

from regulars.kernel.errors import NotFound
from regulars.messaging.models import Caught
from regulars.messaging.pure.reading import Read, read_letter
from regulars.messaging.records import CaughtRecord

CAUGHT_SHOWN = 200


def caught(workspace_id: int, *, search: str = "") -> list[CaughtRecord]:
    """The newest letters of the mail catcher.

    search  words in the receiver or the subject
    """
    rows = Caught.objects.filter(workspace_id=workspace_id).order_by("-id").defer("raw")
    if search:
        rows = rows.filter(Q(rcpt_to__icontains=search) | Q(subject__icontains=search))
    return [_caught(row) for row in rows[:CAUGHT_SHOWN]]


def caught_letter(workspace_id: int, public_id: str) -> tuple[CaughtRecord, Read]:
    """One caught letter, taken apart. raises NotFound(letter_unknown)"""
    row = Caught.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("letter_unknown", "There is no such letter.")
    return _caught(row), read_letter(bytes(row.raw))


def _caught(row: Caught) -> CaughtRecord:
    return CaughtRecord(row.public_id, row.received_at, row.mail_from, row.rcpt_to, row.subject)
