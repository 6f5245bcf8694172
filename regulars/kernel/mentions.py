"""Whether a text names somebody: by e-mail, phone or id, however it is written there. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

# Numbers are compared by their end, for the country code may be written or not.
PHONE_DIGITS = 9
# A short id such as "42" is a name only where the field says so.
PLAIN_ID_LENGTH_MIN = 6
ID_FIELD = re.compile(r"id$|user|customer|client|клієнт|клиент|код|code|card|№", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\d[\d\s().\u00a0-]{5,22}\d")
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
    emails, phones, ids = set(), set(), set()
    for kind, value in identifiers:
        text = value.strip().lower()
        if kind == "email":
            emails.add(text)
        elif kind == "phone":
            phones.add(_end_of(text))
        elif text:
            ids.add(text)
    return Names(frozenset(emails), frozenset(phones - {""}), frozenset(ids))


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
    plain = _without_escapes(text)
    if names.emails and any(m.strip("'").lower() in names.emails for m in EMAIL.findall(plain)):
        return True
    return bool(names.phones) and any(_end_of(m) in names.phones for m in PHONE.findall(plain))


def _without_escapes(text: str) -> str:
    if "%" in text:
        text = unquote(text)
    return text.replace("\\u0040", "@") if "\\u0040" in text else text


def _end_of(phone: str) -> str:
    return NOT_DIGIT.sub("", phone).lstrip("0")[-PHONE_DIGITS:]


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
