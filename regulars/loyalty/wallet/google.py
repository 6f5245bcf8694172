"""Google Wallet: a signed token that puts a card into somebody's wallet when they follow it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from regulars.loyalty.card_records import CardView
from regulars.loyalty.pure.cards import spaced

SAVE_URL = "https://pay.google.com/gp/v/save/"
# Addresses longer than this are cut off by some browsers and refused by the wallet.
TOKEN_CHARS_MAX = 1_800
NAME_CHARS_MAX = 40


@dataclass(frozen=True, slots=True)
class Issuer:
    """The account that signs: issuer id, its e-mail, and the private key in PEM."""

    issuer: str
    email: str
    key: str


def save_url(view: CardView, issuer: Issuer, now: datetime) -> str:
    """The address that saves the card. The class RegularsCard is made once at the issuer's desk."""
    return SAVE_URL + token_of(view, issuer, now)


def token_of(view: CardView, issuer: Issuer, now: datetime) -> str:
    """A JWT with RS256 that holds one short loyalty object."""
    claims = {
        "iss": issuer.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "payload": {"loyaltyObjects": [_object(view, issuer)]},
    }
    head = {"alg": "RS256", "typ": "JWT"}
    signed = f"{_part(head)}.{_part(claims)}"
    key = serialization.load_pem_private_key(issuer.key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    token = f"{signed}.{_b64(signature)}"
    assert len(token) <= TOKEN_CHARS_MAX
    return token


def _object(view: CardView, issuer: Issuer) -> dict[str, object]:
    said: dict[str, object] = {
        "id": f"{issuer.issuer}.{view.public_id}",
        "classId": f"{issuer.issuer}.RegularsCard",
        "state": "ACTIVE",
        "accountId": view.public_id,
        "accountName": view.holder[:NAME_CHARS_MAX] or view.public_id,
        "barcode": {
            "type": "CODE_128", "value": view.number, "alternateText": spaced(view.number),
        },
    }  # fmt: skip
    if view.balances:
        name, text = view.balances[0]
        said["loyaltyPoints"] = {"label": name[:NAME_CHARS_MAX], "balance": {"string": text}}
    return said


def _part(said: Mapping[str, object]) -> str:
    return _b64(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
