"""What of a customer is compared, brought to a form in which spellings are alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from regulars.customers.pure.transliterate import given_key, is_given, key

PHONE_DIGITS = 7
LOCAL_MIN = 4
NOT_DIGITS = re.compile(r"\D")
SPLIT = re.compile(r"[\s,;.]+")
# Endings of a father's name, in key spelling; it is compared with nothing.
PATRONYMIC = re.compile(r"(ov|ev|iov)(i4|ich|n|na|ni4)$|iv?na$|4na$")
# Letters of an address that many write for their own ends, before a plus sign.
TAG = re.compile(r"\+.*$")

COLUMNS = pa.schema(
    [
        ("unique_id", pa.int64()),
        ("given", pa.string()),
        ("family", pa.string()),
        ("birth", pa.string()),
        ("email", pa.string()),
        ("local", pa.string()),
        ("phone", pa.string()),
        ("city", pa.string()),
        ("address", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Person:
    """What a customer's row says, as far as it is compared."""

    id: int
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_on: date | None = None
    email: str | None = None
    phone: str | None = None
    city: str | None = None
    address: str | None = None


def table(people: Sequence[Person]) -> pa.Table:
    """The people as rows of COLUMNS."""
    rows = [_row(person) for person in people]
    columns: list[list[Any]] = [list(part) for part in zip(*rows, strict=True)] or [[]] * len(
        COLUMNS
    )
    arrays = [pa.array(values, field.type) for values, field in zip(columns, COLUMNS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=COLUMNS)


def _row(person: Person) -> tuple[Any, ...]:
    given, family = names(person.name, person.first_name, person.last_name)
    local = key(_letters(TAG.sub("", (person.email or "").partition("@")[0])))
    digits = NOT_DIGITS.sub("", person.phone or "")
    return (
        person.id,
        given or None,
        family or None,
        person.birth_on.isoformat() if person.birth_on else None,
        person.email or None,
        local if len(local) >= LOCAL_MIN else None,
        digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else None,
        key(person.city or "") or None,
        key(person.address or "") or None,
    )


def _letters(local: str) -> str:
    return re.sub(r"[^a-z]+", "", local.lower())


def names(name: str | None, first: str | None, last: str | None) -> tuple[str, str]:
    """Keys of the first and the last name, whatever column and order they came in."""
    if first or last:
        words = [*SPLIT.split(first or ""), *SPLIT.split(last or "")]
        # Both names in one column is a habit of forms that ask for one.
        if first and last:
            one, other = _first_word(first), _first_word(last)
            if is_given(other) and not is_given(one):
                one, other = other, one
            return given_key(one), key(other)
    else:
        words = SPLIT.split(name or "")
    kept = [word for word in words if key(word)]
    if len(kept) > 2:
        kept = [w for place, w in enumerate(kept) if place == 0 or not _is_patronymic(w)][:2]
    if not kept:
        return "", ""
    if len(kept) == 1:
        only = kept[0]
        return ("", key(only)) if last and not first else (given_key(only), "")
    one, other = kept
    if is_given(other) and not is_given(one):
        one, other = other, one
    return given_key(one), key(other)


def _first_word(text: str) -> str:
    return next((word for word in SPLIT.split(text) if word), "")


def _is_patronymic(word: str) -> bool:
    return bool(PATRONYMIC.search(key(word)))
