"""Whether a text names somebody: by e-mail, phone or id, however it is written there. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

# Numbers are compared by their end, for the country code may be written or not.
PHONE_DIGITS = 9
# A short id such as "42" is a name only where the field says so.
PLAIN_ID_LENGTH_MIN = 6
ID_FIELD = re.compile(r"id$|user|customer|client|клієнт|клиент|код|code|card|№", re.IGNORECASE)
# What may stand between two digits of a phone. A line break or a tab parts two numbers.
BETWEEN = r"[ ./()\u00a0\u2009-]{0,3}"
# No country code with its zeros is longer; what is, is no phone.
CODE_DIGITS_MAX = 5
IN_LOCAL = re.compile(r"[\w.+%-]|(?<=\w)'")
IN_DOMAIN = re.compile(r"[\w-]|\.\w")
ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrtbf])")
NOT_DIGIT = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class Names:
    """What somebody is known by, ready to be looked for."""

    emails: frozenset[str]
    phones: frozenset[str]
    ids: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.emails or self.phones or self.ids)


def names_of(identifiers: Iterable[tuple[str, str]]) -> Names:
    """The names in (kind, value) pairs; every kind that is no address is an id."""
    emails: set[str] = set()
    phones: set[str] = set()
    ids: set[str] = set()
    for kind, value in identifiers:
        text = value.strip().lower()
        if kind == "email":
            emails.update(_both(text))
        elif kind == "phone":
            phones.add(_end_of(text))
        elif text:
            ids.add(text)
    return Names(frozenset(emails - {""}), frozenset(phones - {""}), frozenset(ids))


def is_named(names: Names, text: str | bytes) -> bool:
    """Whether the text, often JSON, names them.

    Addresses are found anywhere; an id only as a whole value: of a field that holds ids, or one
    long enough not to be a number of pieces.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not names or not text:
        return False
    return _has_address(names, text) or any(
        value.strip().lower() in names.ids
        and (len(value.strip()) >= PLAIN_ID_LENGTH_MIN or ID_FIELD.search(field))
        for field, value in _values(text)
    )


def _has_address(names: Names, text: str) -> bool:
    plain = ESCAPE.sub(_letter, text).lower()
    told = (plain, unquote(plain)) if "%" in plain else (plain,)
    return any(_has_email(names, one) or _has_phone(names, one) for one in told)


def _letter(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else " "


def _has_email(names: Names, text: str) -> bool:
    for email in names.emails:
        start = text.find(email)
        while start >= 0:
            end = start + len(email)
            is_begun = start > 0 and IN_LOCAL.match(text, start - 1)
            if not is_begun and not IN_DOMAIN.match(text, end):
                return True
            start = text.find(email, end)
    return False


def _has_phone(names: Names, text: str) -> bool:
    for phone in names.phones:
        # A number without a country has nothing before its end but zeros.
        code_max = CODE_DIGITS_MAX if len(phone) == PHONE_DIGITS else 0
        for found in re.finditer(BETWEEN.join(phone) + r"(?!\d)", text):
            before = text[max(0, found.start() - code_max - 1) : found.start()]
            if not before.isdigit() or len(before) <= code_max:
                return True
    return False


def _end_of(phone: str) -> str:
    return NOT_DIGIT.sub("", phone).lstrip("0")[-PHONE_DIGITS:]


def _both(email: str) -> Iterator[str]:
    """The address as it is kept, and with its domain as people write it."""
    yield email
    local, _, domain = email.rpartition("@")
    if "xn--" in domain:
        with suppress(UnicodeError):
            yield f"{local}@{domain.encode('ascii').decode('idna')}"


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Fields and their values, when the text is JSON; else its words between separators."""
    try:
        yield from _leaves("", json.loads(text))
    except (ValueError, RecursionError):
        yield from (("", word) for word in re.split(r"[\s,;|\t\"'<>=&?]+", text) if word)


def _leaves(field: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(str(name), below)
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(field, below)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield field, str(value)
