"""DKIM signatures (RFC 6376, RFC 8463), relaxed/relaxed, made with `cryptography`."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from regulars.kernel.errors import Invalid
from regulars.messaging.pure.mime import Header, Letter

RSA_BITS_MIN = 1_024
SIGNATURE_LINE_CHARS = 72
SIGNED_HEADERS = (
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type",
    "reply-to", "list-unsubscribe", "list-unsubscribe-post", "feedback-id",
)  # fmt: skip

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

_PADDING, _HASH = PKCS1v15(), hashes.SHA256()
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?\Z")


class DkimKeyInvalid(Invalid):
    """The key, domain or selector cannot sign."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with the domain and selector under which its public half is published."""

    domain: str
    selector: str
    key: PrivateKey = field(repr=False)

    def __reduce__(self) -> tuple[Callable[[str, str, bytes], Signer], tuple[str, str, bytes]]:
        # Keys of the library do not travel between processes; their bytes do.
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return _arrived, (self.domain, self.selector, pem)


def signer(*, domain: str, selector: str, private_key_pem: bytes) -> Signer:
    """A signer from a PEM private key, RSA or Ed25519; raises DkimKeyInvalid."""
    try:
        key = load_pem_private_key(private_key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = "The DKIM key is not an unencrypted PEM private key."
        raise DkimKeyInvalid("dkim_key_invalid", message) from error
    if not isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)):
        raise DkimKeyInvalid("dkim_key_invalid", "The DKIM key must be RSA or Ed25519.")
    if isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS_MIN:
        raise DkimKeyInvalid("dkim_key_invalid", f"The RSA key is below {RSA_BITS_MIN} bits.")
    if _NAME.match(domain) is None or _NAME.match(selector) is None:
        raise DkimKeyInvalid("dkim_key_invalid", "The DKIM domain or selector is wrong.")
    return Signer(domain, selector, key)


def _arrived(domain: str, selector: str, pem: bytes) -> Signer:
    return signer(domain=domain, selector=selector, private_key_pem=pem)


def public_record(by: Signer) -> str:
    """The text of the DNS record selector._domainkey.domain."""
    if isinstance(by.key, RSAPrivateKey):
        der = by.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    raw = by.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"


def signed(letter: Letter, signers: Sequence[Signer], *, signed_at_s: int) -> Letter:
    """The letter with one DKIM-Signature in front for each signer."""
    if not signers:
        return letter
    digest = hashlib.sha256(_whole_body(letter.body.canonical)).digest()
    body_hash = base64.b64encode(digest).decode()
    lines = {header.name.lower(): header.canonical for header in letter.headers}
    names = [name for name in SIGNED_HEADERS if name in lines]
    canonical = b"".join([lines[name] for name in names])
    # From is named twice, so that nobody can put a second one in front.
    names.append("from")
    made = [_signature(by, names, canonical, body_hash, signed_at_s) for by in signers]
    return Letter((*made, *letter.headers), letter.body)


def _signature(
    by: Signer, names: Sequence[str], canonical: bytes, body_hash: str, signed_at_s: int
) -> Header:
    algorithm = "rsa-sha256" if isinstance(by.key, RSAPrivateKey) else "ed25519-sha256"
    tags = (
        f" v=1; a={algorithm}; c=relaxed/relaxed; d={by.domain};\r\n"
        f" s={by.selector}; t={signed_at_s};\r\n h={':'.join(names)};\r\n"
        f" bh={body_hash};\r\n b="
    ).encode()
    # Its own relaxed form: no run of blanks but at the folds.
    flat = b"dkim-signature:" + tags[1:].replace(b"\r\n", b"")
    value = base64.b64encode(_sign(by.key, canonical + flat))
    step = SIGNATURE_LINE_CHARS
    folded = b"\r\n ".join([value[at : at + step] for at in range(0, len(value), step)])
    return Header(
        "DKIM-Signature", b"DKIM-Signature:" + tags + folded + b"\r\n", flat + value + b"\r\n"
    )


def _sign(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, _PADDING, _HASH)
    return key.sign(hashlib.sha256(data).digest())


def _whole_body(canonical: bytes) -> bytes:
    """The body without empty lines at its end (RFC 6376 3.4.4)."""
    stripped = canonical.rstrip(b"\r\n")
    return stripped + b"\r\n" if stripped else b""
