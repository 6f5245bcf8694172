"""Signed tokens of links, pictures and unsubscribing: readable by us alone, changed by nobody.

A token is base64url(purpose, workspace, message, extra, MAC). The purpose and the workspace are
under the MAC, so a token of one kind or workspace is never taken for another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum

from regulars.kernel.errors import Invalid

MAC_BYTES = 16
SECRET_BYTES_MAX = 64
MESSAGE_BYTES = 16
WORKSPACE_BYTES_MAX = 9
TOKEN_CHARS_MAX = 4_000


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(Enum):
    """What a token is for."""

    OPEN = b"o"
    LINK = b"l"
    UNSUBSCRIBE = b"u"
    BOUNCE = b"b"


class TokenInvalid(Invalid):
    """The token was not made by us, or was changed on its way."""

    def __init__(self) -> None:
        super().__init__("token_invalid", "This link is not complete or was changed.")


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says, checked."""

    workspace_id: int
    message_public_id: str
    link_index: int = 0
    url: str = ""


def workspace_secret(master: bytes, workspace_id: int) -> bytes:
    """The signing key of one workspace, derived from the installation's key."""
    return hmac.digest(master, b"messaging:%d" % workspace_id, "sha256")


def seal(secret: bytes, purpose: Purpose, workspace_id: int, message_public_id: str) -> str:
    """A token that names one message."""
    return Sealer(secret, workspace_id, message_public_id).seal(purpose)


def seal_link(
    secret: bytes, workspace_id: int, message_public_id: str, *, link_index: int, url: str
) -> str:
    """A token that names a message and carries the address to go to."""
    return Sealer(secret, workspace_id, message_public_id).seal_link(link_index, url)


class Sealer:
    """Makes the tokens of one message; what they share is worked out once."""

    __slots__ = ("_links", "_message", "_place", "_secret")

    def __init__(self, secret: bytes, workspace_id: int, message_public_id: str) -> None:
        self._secret = secret
        self._place, self._message = _place(workspace_id), _message(message_public_id)
        self._links: dict[tuple[int, str], str] = {}

    def seal(self, purpose: Purpose) -> str:
        """A token that names the message."""
        return _text(_sealed(self._secret, purpose.value + self._place + self._message))

    def seal_link(self, link_index: int, url: str) -> str:
        """A token that names the message and carries the address to go to."""
        # The text part mostly has the links of the HTML, in the same order.
        known = self._links.get((link_index, url))
        if known is None:
            head = Purpose.LINK.value + self._place + self._message
            body = head + link_index.to_bytes(2, "big") + url.encode()
            known = self._links[link_index, url] = _text(_sealed(self._secret, body))
        return known


def workspace_of(token: str) -> int:
    """The workspace a token says it belongs to, so that its secret can be found; not checked."""
    workspace_id, _ = _read_workspace(_bytes(token))
    return workspace_id


def unseal(secret: bytes, purpose: Purpose, token: str) -> Token:
    """What the token says.

    raises  TokenInvalid when a single bit differs from what was sealed
    """
    raw = _bytes(token)
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    is_ours = hmac.compare_digest(_mac(secret, body), mac)
    if not is_ours or body[:1] != purpose.value:
        raise TokenInvalid
    workspace_id, position = _read_workspace(raw)
    message, extra = body[position : position + MESSAGE_BYTES], body[position + MESSAGE_BYTES :]
    public_id = _text(message)
    if purpose is not Purpose.LINK:
        return Token(workspace_id, public_id)
    return Token(workspace_id, public_id, int.from_bytes(extra[:2], "big"), extra[2:].decode())


def seal_bounce(secret: bytes, workspace_id: int, message_public_id: str) -> str:
    """A token for an address: lower case and digits only, because relays fold case."""
    head = _head(Purpose.BOUNCE, workspace_id, message_public_id)
    raw = head + _mac(secret, head)[: MAC_BYTES // 2]
    return base64.b32encode(raw).decode().rstrip("=").lower()


def bounce_workspace_of(token: str) -> int:
    """The workspace a bounce token says it belongs to; not checked."""
    workspace_id, _ = _read_workspace(_bounce_bytes(token))
    return workspace_id


def unseal_bounce(secret: bytes, token: str) -> Token:
    """What a bounce token says; raises TokenInvalid."""
    raw = _bounce_bytes(token)
    body, mac = raw[: -MAC_BYTES // 2], raw[-MAC_BYTES // 2 :]
    is_ours = hmac.compare_digest(_mac(secret, body)[: MAC_BYTES // 2], mac)
    workspace_id, position = _read_workspace(raw)
    if not is_ours or len(body) != position + MESSAGE_BYTES:
        raise TokenInvalid
    return Token(workspace_id, _text(body[position:]))


def _head(purpose: Purpose, workspace_id: int, message_public_id: str) -> bytes:
    return purpose.value + _place(workspace_id) + _message(message_public_id)


def _place(workspace_id: int) -> bytes:
    size = (workspace_id.bit_length() + 7) // 8
    return bytes([size]) + workspace_id.to_bytes(size, "big")


def _message(public_id: str) -> bytes:
    message = base64.urlsafe_b64decode(public_id + "==")
    assert len(message) == MESSAGE_BYTES
    return message


def _read_workspace(raw: bytes) -> tuple[int, int]:
    size = raw[1] if len(raw) > 1 else WORKSPACE_BYTES_MAX
    if size >= WORKSPACE_BYTES_MAX or len(raw) < 2 + size + MESSAGE_BYTES:
        raise TokenInvalid
    return int.from_bytes(raw[2 : 2 + size], "big"), 2 + size


def _mac(secret: bytes, body: bytes) -> bytes:
    # BLAKE2 with a key is a MAC by itself, and a letter of fifty links needs fifty of them.
    return hashlib.blake2b(body, key=secret[:SECRET_BYTES_MAX], digest_size=MAC_BYTES).digest()


def _sealed(secret: bytes, body: bytes) -> bytes:
    return body + _mac(secret, body)


def _text(raw: bytes) -> str:
    encoded = binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE)
    return encoded.rstrip(b"=").decode()


def _bytes(token: str) -> bytes:
    if len(token) > TOKEN_CHARS_MAX:
        raise TokenInvalid
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise TokenInvalid from error
    # base64 has several spellings of the last character; only ours is taken.
    if _text(raw) != token:
        raise TokenInvalid
    return raw


def _bounce_bytes(token: str) -> bytes:
    text = token.upper()
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise TokenInvalid from error
    if base64.b32encode(raw).decode().rstrip("=") != text:
        raise TokenInvalid
    return raw
