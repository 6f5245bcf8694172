"""The built-in mail catcher: letters of a demo are kept here instead of leaving."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.header import decode_header, make_header

from regulars.kernel import clock
from regulars.kernel.ids import new_public_id
from regulars.messaging.models import Caught
from regulars.messaging.pure.mime import SUBJECT_CHARS_MAX
from regulars.messaging.receiver import Received
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

KEPT_MAX = 2_000
HEADER_BYTES_READ = 20_000
ADDRESS_CHARS_MAX = 320

# Message-IDs of ours name their workspace; the catcher hears only this machine, so it may believe.
_OURS = re.compile(rb"(?im)^message-id:\s*<[\w-]{22}\.(\d{1,18})@")


class Catcher:
    """Takes everything and keeps the newest letters of each workspace."""

    def takes(self, address: str) -> bool:
        """Every address is welcome."""
        return bool(address)

    def keep(self, letters: Sequence[Received]) -> None:
        """Store the letters under the workspaces that sent them."""
        known = [workspace.id for workspace in workspaces.all_workspaces()]
        groups: dict[int, list[Received]] = {}
        for letter in letters:
            workspace_id = _workspace_of(letter, known)
            if workspace_id is not None:
                groups.setdefault(workspace_id, []).append(letter)
        for workspace_id, group in groups.items():
            with scope(workspace_id):
                _keep(workspace_id, group)


def _workspace_of(letter: Received, known: Sequence[int]) -> int | None:
    named = _named_workspace(letter)
    if named in known:
        return named
    return known[0] if known else None


def _named_workspace(letter: Received) -> int | None:
    found = _OURS.search(_head(letter.raw))
    return int(found.group(1)) if found is not None else None


def _head(raw: bytes) -> bytes:
    return raw[:HEADER_BYTES_READ].partition(b"\r\n\r\n")[0]


def _keep(workspace_id: int, letters: Sequence[Received]) -> None:
    Caught.objects.bulk_create(
        Caught(
            workspace_id=workspace_id,
            public_id=new_public_id(),
            received_at=clock.now(),
            mail_from=letter.mail_from[:ADDRESS_CHARS_MAX],
            rcpt_to=", ".join(letter.rcpt_to)[:ADDRESS_CHARS_MAX],
            subject=_subject(letter.raw),
            raw=letter.raw,
            is_of_workspace=_named_workspace(letter) == workspace_id,
        )
        for letter in letters
    )
    newest = Caught.objects.filter(workspace_id=workspace_id).order_by("-id")
    oldest_kept = newest.values_list("id", flat=True)[KEPT_MAX - 1 : KEPT_MAX].first()
    if oldest_kept is not None:
        Caught.objects.filter(workspace_id=workspace_id, id__lt=oldest_kept).delete()


def _subject(raw: bytes) -> str:
    try:
        subject = str(make_header(decode_header(message_from_bytes(_head(raw)).get("Subject", ""))))
    except (LookupError, ValueError):
        # An unknown character set; the letter itself is shown all the same.
        return ""
    return subject.replace("\x00", "")[:SUBJECT_CHARS_MAX]
