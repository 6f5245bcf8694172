"""Identifiers and names as they are kept: one spelling for each, or a reason why not."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers

from regulars.customers.pure import phones
from regulars.kernel.errors import Invalid

EMAIL_LENGTH_MAX = 254
EMAIL_LOCAL_LENGTH_MAX = 64
IDENTIFIER_LENGTH_MAX = 200
NAME_LENGTH_MAX = 200
PHONE_LENGTH_MAX = 40
# A batch reads the same addresses several times; more would only be kept.
CACHE_ROWS = 20_000

# Programs that had no id to send wrote these; taking them would make one customer of strangers.
EMPTY_WORDS = frozenset(
    {"", "-", "0", "n/a", "na", "nan", "nil", "none", "null", "undefined", "anonymous", "guest"}
)
# What may stand around a value by carelessness. A line break is no carelessness.
PADDING = " \t\u00a0\u200b\ufeff"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
DOMAIN_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


@lru_cache(maxsize=CACHE_ROWS)
def email(text: str) -> str:
    """The address in small letters, its domain in ASCII.

    The local part is lowered too: no provider that matters tells letters apart there.
    raises  Invalid(email_line_break | email_syntax)
    """
    bare = text.strip(PADDING)
    # Before anything that takes longer for longer texts.
    if len(bare) > EMAIL_LENGTH_MAX:
        raise Invalid("email_syntax", "The e-mail is longer than an address can be.")
    if CONTROL.search(bare):
        raise Invalid("email_line_break", "The e-mail holds a line break or a control character.")
    local, at, domain = bare.lower().rpartition("@")
    domain = _ascii_domain(domain)
    is_sound = (
        at
        and len(local) <= EMAIL_LOCAL_LENGTH_MAX
        and len(local) + 1 + len(domain) <= EMAIL_LENGTH_MAX
        and LOCAL_PART.match(local)
        and "." in domain
        and all(DOMAIN_LABEL.match(label) for label in domain.split("."))
    )
    if not is_sound:
        raise Invalid("email_syntax", "The e-mail is not of the form name@example.com.")
    return f"{local}@{domain}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


@lru_cache(maxsize=CACHE_ROWS)
def phone(text: str, region: str) -> str:
    """The number as +380671234567; one without a country code is read as of `region`.

    raises  Invalid(phone_syntax)
    """
    sound = phones.in_full(text) if len(text) <= PHONE_LENGTH_MAX else None
    if sound is not None:
        return sound
    try:
        if len(text) > PHONE_LENGTH_MAX or CONTROL.search(text):
            raise ValueError
        number = phonenumbers.parse(text, region or None)
        if not phonenumbers.is_valid_number(number):
            raise ValueError
    except (ValueError, phonenumbers.NumberParseException):
        raise Invalid("phone_syntax", "The phone is not a number that can be called.") from None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def identifier(text: str) -> str:
    """An id of another system, spaces around it dropped; letters keep their case.

    raises  Invalid(identifier_empty | identifier_syntax)
    """
    bare = text.strip(PADDING)
    if bare.lower() in EMPTY_WORDS:
        raise Invalid("identifier_empty", "The id is empty or a word that stands for nothing.")
    if len(bare) > IDENTIFIER_LENGTH_MAX or CONTROL.search(bare):
        raise Invalid(
            "identifier_syntax",
            f"An id has at most {IDENTIFIER_LENGTH_MAX} characters and no line breaks.",
        )
    return bare


def name(text: str) -> str | None:
    """A name or place in one line without double spaces; nothing left gives None."""
    line = " ".join(CONTROL.sub(" ", text).split())
    return line[:NAME_LENGTH_MAX].rstrip() or None


def fold(text: str) -> str:
    """Text as search compares it: small letters without accents; ё is е, й is и."""
    # Python folds, never the database: collations differ between machines.
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
