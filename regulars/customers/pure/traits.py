"""What rows tell about a customer, made fit for its columns, and what of it is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from regulars.customers.pure import normalise
from regulars.customers.pure.people import proper_name
from regulars.customers.records import TEXT_TRAITS

ATTRS_MAX = 200
ATTR_NAME_LENGTH_MAX = 100
ATTR_TEXT_LENGTH_MAX = 2_000
ATTR_LIST_MAX = 100
EARLIEST_BIRTH_YEAR = 1900

# Typed all in one case they get capitals; places and codes are left as they are.
NAME_TRAITS = frozenset({"name", "first_name", "last_name"})

# Parts of an address and how others spell them. Beside city and country they are own attributes,
# of which the lake makes columns of their own.
PLACE_NAMES = {
    "city": "city", "country": "country", "region": "region", "state": "region",
    "postal_code": "postal_code", "postalCode": "postal_code", "zip": "postal_code",
    "latitude": "latitude", "longitude": "longitude",
}  # fmt: skip
# City and country are columns, with texts of any kind.
PLACE_PARTS = frozenset(("region", "postal_code", "latitude", "longitude"))
DEGREES_MAX = {"latitude": 90, "longitude": 180}

Scalar = str | int | float | bool
Columns = dict[str, Any]


def split(traits: Mapping[str, Any]) -> tuple[Columns, dict[str, Any]]:
    """The columns a row fills, and its own attributes; what does not fit is left out.

    Missing values say nothing: they never empty a column.
    """
    columns: Columns = {}
    attrs: dict[str, Any] = {}
    for key, value in _with_address(traits).items():
        if value is None or value == "":
            continue
        if key in TEXT_TRAITS:
            text = normalise.name(str(value)) if isinstance(value, str | int | float) else None
            if text:
                columns[key] = proper_name(text) if key in NAME_TRAITS else text
        elif key == "birth_on":
            born = birth_on(value)
            if born:
                columns[key] = born
        elif len(attrs) < ATTRS_MAX and 0 < len(key) <= ATTR_NAME_LENGTH_MAX:
            kept = _place(key, value) if key in PLACE_PARTS else attribute(value)
            if kept is not None:
                attrs[key] = kept
    return columns, attrs


def _with_address(traits: Mapping[str, Any]) -> Mapping[str, Any]:
    """The traits with the parts of an address among them; what is told outright counts more."""
    address = traits.get("address")
    if not isinstance(address, Mapping):
        return traits
    parts = {PLACE_NAMES[name]: part for name, part in address.items() if name in PLACE_NAMES}
    return {**parts, **{name: told for name, told in traits.items() if name != "address"}}


def _place(name: str, value: Any) -> Scalar | None:
    """A part of an address; degrees that no place has are left out."""
    most = DEGREES_MAX.get(name)
    if most is None:
        told = isinstance(value, str | int) and not isinstance(value, bool)
        return normalise.name(str(value)) if told else None
    try:
        degrees = float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return None
    is_place = degrees is not None and not isinstance(value, bool) and -most <= degrees <= most
    return degrees if is_place else None


def attribute(value: Any) -> Scalar | list[Scalar] | None:
    """The value of an own attribute: text, number, yes or no, or a list of these; else None."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value.replace("\x00", "")[:ATTR_TEXT_LENGTH_MAX]
    if isinstance(value, list | tuple):
        parts = [attribute(part) for part in value[:ATTR_LIST_MAX]]
        return [part for part in parts if part is not None and not isinstance(part, list)]
    return None


def birth_on(value: Any) -> date | None:
    """The day of birth, from a date or text that begins with one (2001-12-31); else None."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None
    if isinstance(value, date) and value.year >= EARLIEST_BIRTH_YEAR:
        return value
    return None


def changes(
    present: Mapping[str, Any], told: Mapping[str, Any], *, only_missing: bool
) -> dict[str, tuple[Any, Any]]:
    """Old and new value of each thing that differs.

    only_missing  leave alone what is already known; for history, which is older than the card
    """
    return {
        key: (present.get(key), value)
        for key, value in told.items()
        if present.get(key) != value and not (only_missing and present.get(key) is not None)
    }
