"""Letters that come back, read and sorted: delivery reports (RFC 3464), complaints (RFC 5965)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import Enum
from itertools import islice

REPORT_BYTES_MAX = 1_000_000
TEXT_CHARS_READ = 20_000
PARTS_MAX = 50

# 5.2.2 mailbox full, 5.3 system full, 5.4 routing, 5.5 protocol: the address itself may be good.
_HARD_STATUS = re.compile(r"5\.(?:1\.[0-46-9]\d?|1\.10|2\.1)\Z")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_SUCH_USER = re.compile(
    r"user (?:is )?unknown|unknown user|no such (?:user|mailbox|recipient|address)"
    r"|mailbox (?:not found|unavailable|does not exist)|recipient (?:address )?rejected"
    r"|address does not exist|account (?:has been )?(?:disabled|deleted)|invalid recipient",
    re.IGNORECASE,
)


class Kind(Enum):
    """What a returned letter means for further sending."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    DELAYED = "delayed"
    AUTO_REPLY = "auto_reply"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """One returned letter, sorted.

    status      enhanced status code such as 5.1.1, or empty
    message_id  Message-ID of the letter it is about, without angle brackets, or empty
    """

    kind: Kind
    status: str = ""
    message_id: str = ""


def read_report(raw: bytes) -> Report:
    """What the returned letter says; anything that cannot be read is UNKNOWN, never an error."""
    try:
        # The old policy leaves headers as text: parsing hostile ones can take minutes.
        return _sorted(message_from_bytes(raw[:REPORT_BYTES_MAX]))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Report(Kind.UNKNOWN)


def kind_of_status(status: str, diagnostic: str = "") -> Kind:
    """HARD when the address will never take mail, SOFT for everything that may pass."""
    if _HARD_STATUS.match(status) or (status[:1] == "5" and _NO_SUCH_USER.search(diagnostic)):
        return Kind.HARD
    return Kind.SOFT


def _sorted(message: Message) -> Report:
    report_type = str(message.get_param("report-type") or "").lower()
    parts = list(islice(message.walk(), PARTS_MAX))
    message_id = _original_message_id(parts)
    if report_type == "feedback-report" or _part_of(parts, "message/feedback-report"):
        return Report(Kind.COMPLAINT, message_id=message_id)
    status_part = _part_of(parts, "message/delivery-status")
    if status_part is not None:
        return _delivery_report(status_part, message_id)
    if str(message.get("Auto-Submitted", "no")).lower().startswith("auto-replied"):
        return Report(Kind.AUTO_REPLY, message_id=message_id)
    return _from_words(message, message_id)


def _part_of(parts: list[Message], kind: str) -> Message | None:
    return next((part for part in parts if part.get_content_type() == kind), None)


def _delivery_report(part: Message, message_id: str) -> Report:
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else []:
        assert isinstance(block, Message)
        action = str(block.get("Action", "")).strip().lower()
        found = _STATUS.search(str(block.get("Status", "")))
        status = found.group() if found else ""
        if action == "failed":
            diagnostic = str(block.get("Diagnostic-Code", ""))
            return Report(kind_of_status(status, diagnostic), status, message_id)
        if action == "delayed":
            return Report(Kind.DELAYED, status, message_id)
    return Report(Kind.UNKNOWN, message_id=message_id)


def _original_message_id(parts: list[Message]) -> str:
    """The Message-ID inside the returned copy: a whole letter or its headers as text."""
    for part in parts[1:]:
        if part.get_content_type() == "text/rfc822-headers":
            found = re.search(r"(?im)^message-id:\s*<([^<>\s]{1,250})>", _words(part))
            if found:
                return found.group(1)
        elif part.get("Message-ID") and part.get_content_maintype() != "message":
            return str(part["Message-ID"]).strip().strip("<>")
    return ""


def _from_words(message: Message, message_id: str) -> Report:
    """Old servers tell in prose; only clear words make an address hard."""
    text = next((_words(part) for part in message.walk() if _is_text(part)), "")
    found = _STATUS.search(text)
    status = found.group() if found else ""
    if status[:1] == "5" or _NO_SUCH_USER.search(text):
        return Report(kind_of_status(status or "5.0.0", text), status, message_id)
    return Report(Kind.SOFT if status[:1] == "4" else Kind.UNKNOWN, status, message_id)


def _is_text(part: Message) -> bool:
    return part.get_content_type() == "text/plain"


def _words(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    return raw[:TEXT_CHARS_READ].decode("utf-8", "replace")
