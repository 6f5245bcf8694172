"""Letters as bytes: what all copies share is laid out once, the rest is put in for each customer.

Header values pass through the objects of `email.policy`, which refuse line breaks; only the
bodies are put together by hand, because the standard library does a twentieth of the speed.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.utils import format_datetime
from functools import lru_cache

from regulars.kernel.errors import Invalid
from regulars.messaging.pure.addresses import Mailbox
from regulars.messaging.pure.transfer import Piece, finished, plain_piece, raw_piece, relaxed_lines

LINE_CHARS_MAX = 998
FOLDED_CHARS_MAX = 78
# Above this share of other bytes, base64 is the shorter encoding.
PLAIN_SHARE_MIN = 0.85
SUBJECT_CHARS_MAX = 500
# A line that has a code may have 76 characters, the name of the header among them.
CODED_BYTES_MAX = 39
HEADERS_KEPT = 500

_FOLDED = policy.SMTP
_FOLDED_UTF8 = policy.SMTPUTF8
# The library folds a long token as an encoded word, which would break a List-Unsubscribe.
_WHOLE = policy.SMTP.clone(max_line_length=LINE_CHARS_MAX)
_BLANKS = re.compile(rb"[ \t]+")
# What needs neither quotes nor codes nor folding, and is written as it is.
_PLAIN_WORDS = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*\Z")
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9._+-]+\Z")
_TOKENS = re.compile(r"(?!.*=\?)[!-~]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


class HeaderInvalid(Invalid):
    """A header value has a line break or another control character."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header line, folded and ending in CRLF.

    canonical  what a signature covers of it (RFC 6376 3.4.2, relaxed)
    """

    name: str
    line: bytes
    canonical: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be signed and sent."""

    headers: tuple[Header, ...]
    body: Piece

    def as_bytes(self) -> bytes:
        """The whole letter as it goes over the wire, before dot-stuffing."""
        return b"".join([*[header.line for header in self.headers], b"\r\n", self.body.wire])


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What all copies of one version from one sender share."""

    headers: tuple[Header, ...]
    before_text: Piece
    before_html: Piece
    end: Piece
    is_base64: bool

    def encoded(self, text: str) -> Piece:
        """A part that is the same for nobody else."""
        piece = raw_piece(text) if self.is_base64 else plain_piece(text)
        return finished([piece.wire], [piece.canonical], is_base64=self.is_base64)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is particular to one copy.

    unsubscribe_url   https address that takes the one-click POST of RFC 8058; empty for none
    feedback_id       up to three parts with colons between, for the postmaster's statistics
    """

    to: Mailbox
    subject: str
    message_id: str
    sent_at: datetime
    unsubscribe_url: str = ""
    unsubscribe_mail: str = ""
    feedback_id: str = ""


@lru_cache(maxsize=HEADERS_KEPT)
def _shared_header(name: str, value: str) -> Header:
    """A header that many letters have word for word: the date within a second, and the like."""
    return header(name, value, is_whole=True)


def header(name: str, value: object, *, is_whole: bool = False, is_utf8: bool = False) -> Header:
    """One header line through the policy objects.

    is_whole  the value is ours and has no blanks to fold at
    raises    HeaderInvalid
    """
    if isinstance(value, str) and _CONTROL.search(value):
        message = f"The header {name} has a line break or control character."
        raise HeaderInvalid("header_invalid", message)
    form = _WHOLE if is_whole else _FOLDED_UTF8 if is_utf8 else _FOLDED
    try:
        stored_name, stored = form.header_store_parse(name, value)
        line = form.fold_binary(stored_name, stored)
    except (ValueError, TypeError, LookupError) as error:
        raise HeaderInvalid("header_invalid", f"The header {name} cannot be written.") from error
    return _header_of(name, line)


def _header_of(name: str, line: bytes) -> Header:
    _, _, value = line.partition(b":")
    flat = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return Header(name, line, name.lower().encode() + b":" + flat + b"\r\n")


def _plain_header(name: str, value: str) -> Header:
    """A header whose value is printable ASCII without double blanks, on one line."""
    body = value.encode("ascii")
    line = b"%b: %b\r\n" % (name.encode(), body)
    return Header(name, line, b"%b:%b\r\n" % (name.lower().encode(), body))


def words_header(name: str, value: str) -> Header:
    """A header of free words, such as the subject; raises HeaderInvalid."""
    if _PLAIN_WORDS.match(value) and len(name) + 2 + len(value) <= FOLDED_CHARS_MAX:
        return _plain_header(name, value)
    if _CONTROL.search(value) is None and not value.isascii():
        return _header_of(name, f"{name}: {_coded(value)}\r\n".encode())
    return header(name, value)


def _token_header(name: str, value: str) -> Header:
    """A header of ours that has nothing to fold or to code."""
    if _TOKENS.match(value) and len(name) + 2 + len(value) <= LINE_CHARS_MAX:
        return _plain_header(name, value)
    return header(name, value, is_whole=True)


def _to_header(to: Mailbox) -> Header:
    if to.needs_utf8:
        return header("To", to.header(), is_utf8=True)
    if _PLAIN_LOCAL.match(to.local) and _CONTROL.search(to.name) is None:
        if not to.name and len(to.address) + 4 <= FOLDED_CHARS_MAX:
            return _plain_header("To", to.address)
        value = f"{to.name} <{to.address}>"
        if _PLAIN_NAME.match(to.name) and len(value) + 4 <= FOLDED_CHARS_MAX:
            return _plain_header("To", value)
        if not to.name.isascii():
            return _header_of("To", f"To: {_coded(to.name)}\r\n <{to.address}>\r\n".encode())
    return header("To", to.header())


def _coded(value: str) -> str:
    """The words coded by RFC 2047 in base64, a line for each code; no letter is cut in two."""
    chunks: list[bytes] = [b""]
    for letter in value:
        coded = letter.encode()
        if len(chunks[-1]) + len(coded) > CODED_BYTES_MAX:
            chunks.append(b"")
        chunks[-1] += coded
    codes = [binascii.b2a_base64(chunk, newline=False).decode() for chunk in chunks]
    return "\r\n ".join([f"=?utf-8?b?{code}?=" for code in codes])


def skeleton(
    *, sender: Mailbox, reply_to: Mailbox | None, boundary: str, sample: str, is_bulk: bool
) -> Skeleton:
    """What every copy shares.

    boundary  unique to the version; "=_" in front cannot occur in an encoded body
    sample    the HTML as written, which decides the encoding
    """
    mark = f"=_{boundary}"
    plain = sum(byte < 0x80 for byte in sample.encode())
    is_base64 = plain < PLAIN_SHARE_MIN * max(1, len(sample.encode()))
    headers = [header("From", sender.header())]
    if reply_to is not None:
        headers.append(header("Reply-To", reply_to.header()))
    if is_bulk:
        headers.append(header("Precedence", "bulk"))
    headers.append(header("MIME-Version", "1.0"))
    kind = _content_type(f'multipart/alternative; boundary="{mark}"')
    headers.append(_header_of("Content-Type", kind))
    return Skeleton(
        tuple(headers),
        _ours(_part_head(mark, "text/plain", is_base64=is_base64)),
        _ours(b"\r\n" + _part_head(mark, "text/html", is_base64=is_base64)),
        _ours(f"\r\n--{mark}--\r\n".encode()),
        is_base64,
    )


def _ours(lines: bytes) -> Piece:
    return Piece(lines, relaxed_lines(lines))


def _content_type(value: str) -> bytes:
    return f"Content-Type: {value}\r\n".encode()


def _part_head(mark: str, kind: str, *, is_base64: bool) -> bytes:
    encoding = "base64" if is_base64 else "quoted-printable"
    return (
        f"--{mark}\r\n".encode()
        + _content_type(f"{kind}; charset=utf-8")
        + f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    )


def letter(frame: Skeleton, envelope: Envelope, *, text: Piece, html: Piece) -> Letter:
    """One copy: multipart/alternative with text and HTML.

    raises  HeaderInvalid
    """
    headers = (
        *frame.headers,
        _to_header(envelope.to),
        words_header("Subject", envelope.subject.strip()[:SUBJECT_CHARS_MAX]),
        _shared_header("Date", format_datetime(envelope.sent_at)),
        _token_header("Message-ID", f"<{envelope.message_id}>"),
        *_optional_headers(envelope),
    )
    pieces = (frame.before_text, text, frame.before_html, html, frame.end)
    body = Piece(
        b"".join([piece.wire for piece in pieces]),
        b"".join([piece.canonical for piece in pieces]),
    )
    return Letter(headers, body)


def _optional_headers(envelope: Envelope) -> Iterable[Header]:
    if envelope.unsubscribe_url:
        targets = [f"<{envelope.unsubscribe_url}>"]
        if envelope.unsubscribe_mail:
            targets.append(f"<mailto:{envelope.unsubscribe_mail}>")
        yield _token_header("List-Unsubscribe", ", ".join(targets))
        yield _shared_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    if envelope.feedback_id:
        yield _shared_header("Feedback-ID", envelope.feedback_id)
