"""An authority of the tests: its own certificate, a pass type's, a server's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASS_TYPE = "pass.example.bakery"
TEAM = "TEAM123456"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, in PEM."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signed, and what was signed."""

    root: Pair
    passes: Pair
    server: Pair


@cache
def authority() -> Authority:
    """Made once a session: keys take a while."""
    root_key = rsa.generate_private_key(65537, 2048)
    root_name = _name("Test authority")
    root = _signed(root_name, root_key.public_key(), root_name, root_key, is_authority=True)
    passes_key = rsa.generate_private_key(65537, 2048)
    passes = _signed(_name(f"Pass Type ID: {PASS_TYPE}"), passes_key.public_key(), root_name,
                     root_key, usage=ExtendedKeyUsageOID.CLIENT_AUTH)  # fmt: skip
    server_key = rsa.generate_private_key(65537, 2048)
    server = _signed(_name("localhost"), server_key.public_key(), root_name, root_key,
                     usage=ExtendedKeyUsageOID.SERVER_AUTH)  # fmt: skip
    return Authority(
        Pair(_pem(root), _key(root_key)),
        Pair(_pem(passes), _key(passes_key)),
        Pair(_pem(server), _key(server_key)),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(subject, public, issuer, key, *, is_authority=False, usage=None):  # type: ignore[no-untyped-def]
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False,
                key_cert_sign=is_authority, crl_sign=is_authority, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if usage is not None:
        names = [x509.DNSName("localhost")]
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())


def _pem(made: x509.Certificate) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _key(made: rsa.RSAPrivateKey) -> str:
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
