"""Google Wallet: a signed token that puts a card into somebody's wallet when they follow it, and
calls that tell Google what the card shows now."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from regulars.kernel.errors import Outside
from regulars.loyalty.card_records import CardView
from regulars.loyalty.pure.cards import spaced
from regulars.outside.calls import call

SAVE_URL = "https://pay.google.com/gp/v/save/"
ACCESS_URL = "https://oauth2.googleapis.com/token"
OBJECTS_URL = "https://walletobjects.googleapis.com/walletobjects/v1/loyaltyObject/"
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Of the one hour that Google allows at most, as much as a run needs.
ASSERTION_LIVES = timedelta(minutes=10)
# Addresses longer than this are cut off by some browsers and refused by the wallet.
TOKEN_CHARS_MAX = 1_800
NAME_CHARS_MAX = 40
NOT_SAVED = 404


@dataclass(frozen=True, slots=True)
class Issuer:
    """The account that signs: issuer id, its e-mail, and the private key in PEM."""

    issuer: str
    email: str
    key: str


def save_url(view: CardView, issuer: Issuer, now: datetime, *, tier_word: str) -> str:
    """The address that saves the card. The class RegularsCard is made once at the issuer's desk."""
    return SAVE_URL + token_of(view, issuer, now, tier_word=tier_word)


def token_of(view: CardView, issuer: Issuer, now: datetime, *, tier_word: str) -> str:
    """A JWT with RS256 that holds one short loyalty object."""
    claims = {
        "iss": issuer.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "payload": {"loyaltyObjects": [_object(view, issuer, tier_word)]},
    }
    token = _signed(claims, issuer)
    assert len(token) <= TOKEN_CHARS_MAX
    return token


def access_token(issuer: Issuer, now: datetime, *, url: str = ACCESS_URL) -> str:
    """What opens the issuer's objects for a while, got for a signed word of the account.

    raises  Outside as calls do, Outside(google_token) for an answer without a token
    """
    claims = {
        "iss": issuer.email,
        "scope": SCOPE,
        "aud": url,
        "iat": int(now.timestamp()),
        "exp": int((now + ASSERTION_LIVES).timestamp()),
    }
    form = {"grant_type": GRANT, "assertion": _signed(claims, issuer)}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    said = call("POST", url, headers=headers, body=urlencode(form).encode()).json()
    token = said.get("access_token") if isinstance(said, dict) else None
    # What goes into a header has no line of its own in it.
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Outside("google_token", "Google gave no access token.")
    return token


def update(
    view: CardView, issuer: Issuer, token: str, *, tier_word: str, url: str = OBJECTS_URL
) -> bool:
    """Tell Google what the card shows now; false when nobody has saved the card.

    raises  Outside as calls do
    """
    body = json.dumps(_shown(view, tier_word), ensure_ascii=False).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = url + quote(_name_of(view, issuer), safe="")
    try:
        call("PATCH", address, headers=headers, body=body)
    except Outside as error:
        if error.details.get("status") == NOT_SAVED:
            return False
        raise
    return True


def _object(view: CardView, issuer: Issuer, tier_word: str) -> dict[str, object]:
    return {
        "id": _name_of(view, issuer),
        "classId": f"{issuer.issuer}.RegularsCard",
        "accountId": view.public_id,
        "barcode": {
            "type": "CODE_128", "value": view.number, "alternateText": spaced(view.number),
        },
        **_shown(view, tier_word),
    }  # fmt: skip


def _shown(view: CardView, tier_word: str) -> dict[str, object]:
    """What of a card changes. A list replaces what Google had, so no tier takes the old one off."""
    tier = {"id": "tier", "header": tier_word, "body": view.tier[:NAME_CHARS_MAX]}
    said: dict[str, object] = {
        "state": "ACTIVE" if view.state == "active" else "INACTIVE",
        "accountName": view.holder[:NAME_CHARS_MAX] or view.public_id,
        "textModulesData": [tier] if view.tier else [],
    }
    if view.balances:
        name, text = view.balances[0]
        said["loyaltyPoints"] = {"label": name[:NAME_CHARS_MAX], "balance": {"string": text}}
    return said


def _name_of(view: CardView, issuer: Issuer) -> str:
    return f"{issuer.issuer}.{view.public_id}"


def _signed(claims: Mapping[str, object], issuer: Issuer) -> str:
    """A JWT with RS256 by the account's key."""
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    key = serialization.load_pem_private_key(issuer.key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_b64(signature)}"


def _part(said: Mapping[str, object]) -> str:
    return _b64(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
