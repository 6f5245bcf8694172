"""A letter's bytes read back into what a person looks at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

SOURCE_CHARS_SHOWN = 200_000
HEADERS_SHOWN = ("From", "To", "Reply-To", "Date", "Message-ID", "List-Unsubscribe",
                 "List-Unsubscribe-Post", "Feedback-ID", "DKIM-Signature")  # fmt: skip

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# Links of a letter open beside the frame it is shown in, not inside it.
_BASE = '<base target="_blank">'


@dataclass(frozen=True, slots=True)
class Read:
    """A letter taken apart.

    headers  names and values in the order of HEADERS_SHOWN, those that are there
    source   the letter as it came, for looking at
    """

    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    source: str


def read_letter(raw: bytes) -> Read:
    """The letter's parts; what cannot be decoded is left out, never an error."""
    source = raw.decode("utf-8", "replace")[:SOURCE_CHARS_SHOWN]
    try:
        message = message_from_bytes(raw, policy=policy.default)
        headers = tuple(
            (name, " ".join(str(message[name]).split()))
            for name in HEADERS_SHOWN
            if message[name] is not None
        )
        return Read(headers, _with_base(_part(message, "html")), _part(message, "plain"), source)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Read((), "", "", source)


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    return str(found.get_content()) if found is not None else ""


def _with_base(html: str) -> str:
    if not html:
        return ""
    head = _HEAD.search(html)
    position = head.end() if head else 0
    return html[:position] + _BASE + html[position:]
