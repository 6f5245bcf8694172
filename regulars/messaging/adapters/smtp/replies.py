"""Replies of an SMTP server: read from a byte buffer, with limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

REPLY_BYTES_MAX = 16_384
REPLY_LINES_MAX = 100
WORDS_CHARS_MAX = 200

_LINE = re.compile(rb"(\d{3})([ -]?)([^\r\n]*)\r?\n")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|\Z)")
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class ReplyError(ValueError):
    """The server does not speak SMTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, its lines without codes."""

    code: int
    lines: tuple[str, ...]

    @property
    def is_positive(self) -> bool:
        """2xx or 3xx."""
        return 200 <= self.code < 400

    @property
    def enhanced(self) -> str:
        """The enhanced status code such as 5.1.1, or empty."""
        found = _ENHANCED.match(self.lines[0])
        return found.group(1) if found else ""

    @property
    def words(self) -> str:
        """The text for the operator's eyes: printable, short, addresses left out."""
        text = _UNPRINTABLE.sub(" ", _ADDRESS.sub("<address>", " ".join(self.lines)))
        return text[:WORDS_CHARS_MAX].strip()


def take_reply(buffer: bytearray) -> Reply | None:
    """Remove the first whole reply from the buffer; None when it is not complete yet.

    raises  ReplyError
    """
    lines: list[str] = []
    position = 0
    while (found := _LINE.match(buffer, position)) is not None:
        lines.append(found.group(3).decode("utf-8", "replace"))
        position = found.end()
        if found.group(2) != b"-":
            reply = Reply(int(found.group(1)), tuple(lines))
            del buffer[:position]
            return reply
        if len(lines) > REPLY_LINES_MAX:
            raise ReplyError
    if len(buffer) > REPLY_BYTES_MAX or b"\n" in buffer[position:]:
        raise ReplyError
    return None
