"""Bodies of letters as they travel: encoded piece by piece, each with its canonical form.

A piece ends its last line, softly where the text goes on, so pieces joined are the whole, and so
are their canonical forms (RFC 6376 3.4.4, relaxed): blanks never meet across a line's end.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass

BASE64_LINE_CHARS = 76
# A line's end that is none of the text; a true "=" is always written as a code.
SOFT_BREAK = b"=\r\n"


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


def joined(pieces: Iterable[Piece], *, is_base64: bool) -> Piece:
    """The pieces of one text as one; base64 is made here."""
    every = list(pieces)
    wire = b"".join([piece.wire for piece in every])
    if is_base64:
        # Such lines hold no blank, so they are their own canonical form.
        coded = base64_lines(wire)
        return Piece(coded, coded)
    canonical = b"".join([piece.canonical for piece in every])
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
    step = BASE64_LINE_CHARS
    return b"\r\n".join([coded[at : at + step] for at in range(0, len(coded), step)])


def relaxed_lines(lines: bytes) -> bytes:
    """Each line with its runs of blanks made one, and none at its end."""
    # Plain replacing is ten times as quick as a pattern, and bodies are long.
    lines = lines.replace(b"\t", b" ")
    while b"  " in lines:
        lines = lines.replace(b"  ", b" ")
    return lines.replace(b" \r\n", b"\r\n")
