"""Bodies of letters as they travel: encoded piece by piece, each with its canonical form.

A piece ends its last line, softly where the text goes on, so pieces joined are the whole, and so
are their canonical forms (RFC 6376 3.4.4, relaxed): blanks never meet across a line's end.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

LINE_CHARS_MAX = 76
# A line's end that is none of the text; a true "=" is always written as a code.
SOFT_BREAK = b"=\r\n"

# Needs no code in quoted-printable; a dot at the end is left to the full encoder.
_TOKEN = re.compile(r"[!-<>-~]*[!-\-/-<>-~]\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a body: its bytes, and what a signature covers of them."""

    wire: bytes
    canonical: bytes


def plain_piece(text: str) -> Piece:
    """The text in quoted-printable; what follows it begins on a new line of the code."""
    wire = quoted_printable(text)
    if wire and not wire.endswith(b"\r\n"):
        wire += SOFT_BREAK
    return Piece(wire, relaxed_lines(wire))


def raw_piece(text: str) -> Piece:
    """The text as it goes into base64, which is only made of the whole."""
    wire = unified(text).replace(b"\n", b"\r\n")
    return Piece(wire, wire)


def plain_token(text: str) -> bytes:
    """As plain_piece, for what has no blanks: an address, mostly; it is its own canonical form."""
    assert " " not in text and "\t" not in text
    if _TOKEN.match(text) is None:
        return plain_piece(text).wire
    raw = text.encode("ascii")
    step = LINE_CHARS_MAX - 1
    return SOFT_BREAK.join([raw[at : at + step] for at in range(0, len(raw), step)]) + SOFT_BREAK


def raw_token(text: str) -> bytes:
    """As raw_piece, for what has no blanks."""
    return text.encode("utf-8", "replace")


def finished(wires: Sequence[bytes], canonicals: Sequence[bytes], *, is_base64: bool) -> Piece:
    """The pieces of one text as one; base64 is made here."""
    wire = b"".join(wires)
    if is_base64:
        # Such lines hold no blank, so they are their own canonical form.
        coded = base64_lines(wire)
        return Piece(coded, coded)
    canonical = b"".join(canonicals)
    if wire.endswith(SOFT_BREAK):
        return Piece(wire[: -len(SOFT_BREAK)], canonical[: -len(SOFT_BREAK)])
    return Piece(wire, canonical)


def unified(text: str) -> bytes:
    """The text in UTF-8 with one kind of line break."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8", "replace")


def quoted_printable(text: str) -> bytes:
    """The text in quoted-printable, its lines ended by CRLF."""
    return binascii.b2a_qp(unified(text), istext=True).replace(b"\n", b"\r\n")


def base64_lines(raw: bytes) -> bytes:
    """The bytes in base64, in lines."""
    coded = binascii.b2a_base64(raw, newline=False)
    step = LINE_CHARS_MAX
    return b"\r\n".join([coded[at : at + step] for at in range(0, len(coded), step)])


def relaxed_lines(lines: bytes) -> bytes:
    """Each line with its runs of blanks made one, and none at its end."""
    # Plain replacing is ten times as quick as a pattern, and bodies are long.
    lines = lines.replace(b"\t", b" ")
    while b"  " in lines:
        lines = lines.replace(b"  ", b" ")
    return lines.replace(b" \r\n", b"\r\n")
