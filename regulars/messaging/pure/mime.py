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

LINE_CHARS_MAX = 998
BASE64_LINE_CHARS = 76
# Above this share of other bytes, base64 is the shorter encoding.
PLAIN_SHARE_MIN = 0.85
SUBJECT_CHARS_MAX = 500
HEADERS_KEPT = 500

_FOLDED = policy.SMTP
_FOLDED_UTF8 = policy.SMTPUTF8
# The library folds a long token as an encoded word, which would break a List-Unsubscribe.
_WHOLE = policy.SMTP.clone(max_line_length=LINE_CHARS_MAX)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


class HeaderInvalid(Invalid):
    """A header value has a line break or another control character."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header line, folded and ending in CRLF."""

    name: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be signed and sent."""

    headers: tuple[Header, ...]
    body: bytes

    def as_bytes(self) -> bytes:
        """The whole letter as it goes over the wire, before dot-stuffing."""
        return b"".join(header.line for header in self.headers) + b"\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What all copies of one version from one sender share."""

    headers: tuple[Header, ...]
    before_text: bytes
    before_html: bytes
    end: bytes
    is_base64: bool


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
    return Header(name, line)


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
    headers.append(
        Header("Content-Type", _content_type(f'multipart/alternative; boundary="{mark}"'))
    )
    return Skeleton(
        tuple(headers),
        _part_head(mark, "text/plain", is_base64=is_base64),
        b"\r\n" + _part_head(mark, "text/html", is_base64=is_base64),
        f"\r\n--{mark}--\r\n".encode(),
        is_base64,
    )


def _content_type(value: str) -> bytes:
    return f"Content-Type: {value}\r\n".encode()


def _part_head(mark: str, kind: str, *, is_base64: bool) -> bytes:
    encoding = "base64" if is_base64 else "quoted-printable"
    return (
        f"--{mark}\r\n".encode()
        + _content_type(f"{kind}; charset=utf-8")
        + f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    )


def letter(frame: Skeleton, envelope: Envelope, *, text: str, html: str) -> Letter:
    """One copy: multipart/alternative with text and HTML.

    raises  HeaderInvalid
    """
    is_utf8 = envelope.to.needs_utf8
    subject = envelope.subject.strip()[:SUBJECT_CHARS_MAX]
    headers = (
        *frame.headers,
        header("To", envelope.to.header(), is_utf8=is_utf8),
        header("Subject", subject),
        _shared_header("Date", format_datetime(envelope.sent_at)),
        header("Message-ID", f"<{envelope.message_id}>", is_whole=True),
        *_optional_headers(envelope),
    )
    encode = _base64 if frame.is_base64 else _quoted_printable
    body = frame.before_text + encode(text) + frame.before_html + encode(html) + frame.end
    return Letter(headers, body)


def _optional_headers(envelope: Envelope) -> Iterable[Header]:
    if envelope.unsubscribe_url:
        targets = [f"<{envelope.unsubscribe_url}>"]
        if envelope.unsubscribe_mail:
            targets.append(f"<mailto:{envelope.unsubscribe_mail}>")
        yield header("List-Unsubscribe", ", ".join(targets), is_whole=True)
        yield _shared_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    if envelope.feedback_id:
        yield _shared_header("Feedback-ID", envelope.feedback_id)


def _unified(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")


def _base64(text: str) -> bytes:
    encoded = binascii.b2a_base64(_unified(text).replace(b"\n", b"\r\n"), newline=False)
    step = BASE64_LINE_CHARS
    return b"\r\n".join([encoded[at : at + step] for at in range(0, len(encoded), step)])


def _quoted_printable(text: str) -> bytes:
    return binascii.b2a_qp(_unified(text), istext=True).replace(b"\n", b"\r\n")
