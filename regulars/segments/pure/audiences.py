"""Rows of hashed audiences for Google Ads and Meta, put in order by the rules they publish.

Everything that is hashed is hashed by SHA-256 over UTF-8, as small hexadecimal digits. An
identifier comes into a row only where its owner agreed to its channel.

source  Google Ads Help, "Format your customer data file" (answers 7659867 and 7476159) and
        "About the customer matching process" (7474263)
        Meta for Developers, "Customer Information Parameters" of the Conversions API, whose
        worked examples are the tests
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

GOOGLE, META = "google", "meta"
KINDS = (GOOGLE, META)
# Addresses there are the same with and without dots before the @.
DOTLESS_DOMAINS = ("gmail.com", "googlemail.com")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    GOOGLE: ("Email", "Phone", "First Name", "Last Name", "Country", "Zip"),
    META: ("email", "phone", "fn", "ln", "zip", "ct", "country", "dob", "gen"),
}
GENDERS = {"female": "f", "f": "f", "male": "m", "m": "m"}
US_ZIP_DIGITS = 5
_SPACES = re.compile(r"\s+")
_NO_DIGITS = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one customer; the e-mail and the phone only where they may be used."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    country: str = ""
    postal_code: str = ""
    city: str = ""
    gender: str = ""
    birth_on: date | None = None


def row_of(kind: str, known: Known) -> list[str] | None:
    """The row of the audience, in the order of COLUMNS; None without an e-mail and a phone."""
    if not known.email and not known.phone:
        return None
    return _ROWS[kind](known)


def hashed(text: str) -> str:
    """SHA-256 as both ask for it; nothing stays nothing."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def google_email(email: str) -> str:
    """Small letters, no spaces; at Gmail no dots before the @."""
    plain = _SPACES.sub("", email).lower()
    name, at, domain = plain.rpartition("@")
    return f"{name.replace('.', '')}{at}{domain}" if domain in DOTLESS_DOMAINS else plain


def google_phone(phone: str) -> str:
    """E.164: a plus sign and digits."""
    digits = _NO_DIGITS.sub("", phone).lstrip("0")
    return f"+{digits}" if digits else ""


def google_name(name: str) -> str:
    """Small letters, no spaces around, one space inside."""
    return _SPACES.sub(" ", name).strip().lower()


def meta_email(email: str) -> str:
    """Small letters, no spaces around."""
    return email.strip().lower()


def meta_phone(phone: str) -> str:
    """Digits with the code of the country, no zeros before it."""
    return _NO_DIGITS.sub("", phone).lstrip("0")


def meta_name(name: str) -> str:
    """Small letters of any alphabet, no punctuation."""
    return _SPACES.sub(" ", _without_signs(name)).strip()


def meta_city(city: str) -> str:
    """The same without spaces."""
    return _SPACES.sub("", _without_signs(city))


def meta_zip(postal_code: str, country: str) -> str:
    """Small letters, no spaces, no dash; of the United States the first five digits."""
    plain = "".join(char for char in postal_code.lower() if char.isalnum())
    return plain[:US_ZIP_DIGITS] if country.strip().lower() == "us" else plain


def _without_signs(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).lower()
    return "".join(
        char for char in composed if not unicodedata.category(char).startswith(("P", "S"))
    )


def _country(country: str) -> str:
    plain = country.strip()
    return plain if len(plain) == 2 and plain.isalpha() else ""


def _google(known: Known) -> list[str]:
    return [
        hashed(google_email(known.email)),
        hashed(google_phone(known.phone)),
        hashed(google_name(known.first_name)),
        hashed(google_name(known.last_name)),
        # Google asks for these two as they are.
        _country(known.country).upper(),
        known.postal_code.strip(),
    ]


def _meta(known: Known) -> list[str]:
    return [
        hashed(meta_email(known.email)),
        hashed(meta_phone(known.phone)),
        hashed(meta_name(known.first_name)),
        hashed(meta_name(known.last_name)),
        hashed(meta_zip(known.postal_code, known.country)),
        hashed(meta_city(known.city)),
        hashed(_country(known.country).lower()),
        hashed(f"{known.birth_on:%Y%m%d}" if known.birth_on else ""),
        hashed(GENDERS.get(known.gender.lower(), "")),
    ]


_ROWS: Mapping[str, Callable[[Known], list[str]]] = {GOOGLE: _google, META: _meta}
