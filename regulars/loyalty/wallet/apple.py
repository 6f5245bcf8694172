"""Apple passes: pass.json, pictures, their hashes, and a detached signature over the hashes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from regulars.loyalty.card_records import CardView
from regulars.loyalty.pure.cards import spaced
from regulars.loyalty.wallet.pictures import plain_png

CONTENT_TYPE = "application/vnd.apple.pkpass"
# Names and sizes of the pictures a pass must or may have.
PICTURES = {
    "icon.png": (29, 29),
    "icon@2x.png": (58, 58),
    "logo.png": (50, 50),
    "logo@2x.png": (100, 100),
}


@dataclass(frozen=True, slots=True)
class Signer:
    """A pass type certificate with its key, and the authority between it and Apple's root."""

    pass_type: str
    team: str
    certificate: str
    key: str
    authority: str


@dataclass(frozen=True, slots=True)
class Words:
    """Labels of a pass, and what the phone says when points or tier change."""

    points: str
    points_changed: str
    tier: str
    tier_changed: str
    holder: str
    number: str
    page: str


def build(view: CardView, signer: Signer, words: Words, *, token: str, service_url: str) -> bytes:
    """The .pkpass of a card, signed."""
    said = content(view, signer, words, token=token, service_url=service_url)
    files = {"pass.json": json.dumps(said, ensure_ascii=False, sort_keys=True).encode()}
    files |= {name: plain_png(view.colour, *size) for name, size in PICTURES.items()}
    manifest = json.dumps(hashes_of(files), sort_keys=True).encode()
    files |= {"manifest.json": manifest, "signature": signature_of(manifest, signer)}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # The same card is the same file, whenever it is asked for.
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


def content(
    view: CardView, signer: Signer, words: Words, *, token: str, service_url: str
) -> dict[str, object]:
    """What pass.json says. A phone shows a notice when a field with a change message changes."""
    (_name, main), *others = view.balances or (("", ""),)
    return {
        "formatVersion": 1,
        "passTypeIdentifier": signer.pass_type,
        "teamIdentifier": signer.team,
        "serialNumber": view.public_id,
        "organizationName": view.shop,
        "description": view.shop,
        "logoText": view.shop,
        "webServiceURL": service_url,
        "authenticationToken": token,
        "backgroundColor": _rgb(view.colour),
        "foregroundColor": "rgb(255, 255, 255)",
        "labelColor": "rgb(255, 255, 255)",
        "barcodes": [
            {
                "format": "PKBarcodeFormatCode128",
                "message": view.number,
                "messageEncoding": "iso-8859-1",
                "altText": spaced(view.number),
            }
        ],
        "storeCard": {
            "primaryFields": [
                _field("points", words.points, main, change=words.points_changed),
            ],
            "secondaryFields": [
                _field("holder", words.holder, view.holder),
                *([_field("tier", words.tier, view.tier, change=words.tier_changed)]
                  if view.tier else []),
            ],
            "auxiliaryFields": [
                _field(f"points{place}", name, text)
                for place, (name, text) in enumerate(others, 2)
            ],
            "backFields": [
                _field("number", words.number, spaced(view.number)),
                _field("page", words.page, view.page_url),
            ],
        },
    }  # fmt: skip


def hashes_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-1 of each file, as the format has it."""
    return {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()
    }


def signature_of(manifest: bytes, signer: Signer) -> bytes:
    """A detached PKCS#7 signature, with the certificates from the signer's up to the root's."""
    certificate = load_pem_x509_certificate(signer.certificate.encode())
    key = serialization.load_pem_private_key(signer.key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(certificate, key, hashes.SHA256())
    if signer.authority.strip():
        for one in load_pem_x509_certificates(signer.authority.encode()):
            builder = builder.add_certificate(one)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.sign(serialization.Encoding.DER, options)


def stamp(moment: datetime) -> str:
    """A moment as a wallet gives it back to ask what changed since."""
    return f"{moment.astimezone(UTC).timestamp():.6f}"


def moment_of(text: str) -> datetime | None:
    """The moment of a stamp; None when it is none, which asks for everything."""
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None


def _field(key: str, label: str, value: str, change: str = "") -> dict[str, str]:
    said = {"key": key, "label": label, "value": value}
    return said | ({"changeMessage": change} if change else {})


def _rgb(colour: str) -> str:
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"
