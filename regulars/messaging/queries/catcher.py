"""Letters the built-in mail catcher keeps."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from regulars.kernel.errors import NotFound
from regulars.messaging.models import Caught
from regulars.messaging.pure.reading import Read, read_letter
from regulars.messaging.records import CaughtRecord

CAUGHT_SHOWN = 200


def caught(
    workspace_id: int, *, search: str = "", with_product: bool = False
) -> list[CaughtRecord]:
    """The newest letters of the mail catcher.

    search        words in the receiver or the subject
    with_product  also the product's own letters, such as those that reset a password
    """
    rows = _readable(workspace_id, with_product=with_product).order_by("-id").defer("raw")
    if search:
        rows = rows.filter(Q(rcpt_to__icontains=search) | Q(subject__icontains=search))
    return [_caught(row) for row in rows[:CAUGHT_SHOWN]]


def caught_letter(
    workspace_id: int, public_id: str, *, with_product: bool = False
) -> tuple[CaughtRecord, Read]:
    """One caught letter, taken apart. raises NotFound(letter_unknown)"""
    row = _readable(workspace_id, with_product=with_product).filter(public_id=public_id).first()
    if row is None:
        raise NotFound("letter_unknown", "There is no such letter.")
    return _caught(row), read_letter(bytes(row.raw))


def _readable(workspace_id: int, *, with_product: bool) -> QuerySet[Caught]:
    rows = Caught.objects.filter(workspace_id=workspace_id)
    return rows if with_product else rows.filter(is_of_workspace=True)


def _caught(row: Caught) -> CaughtRecord:
    return CaughtRecord(row.public_id, row.received_at, row.mail_from, row.rcpt_to, row.subject)
