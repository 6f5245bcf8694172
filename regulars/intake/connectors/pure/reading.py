"""Values of foreign JSON: read exactly or refused with a word, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from regulars.kernel.errors import Invalid
from regulars.kernel.money import minor_digits

DEPTH_MAX = 20
TEXT_LENGTH_MAX = 500
AMOUNT_MAX = Decimal(10) ** 12
PLACES = Decimal("0.000001")
EARLIEST_YEAR = 1990
LATEST_YEAR = 2200

# Numbers stay the decimals they were written as.
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def parse(body: bytes) -> Any:
    """The body as JSON. raises Invalid(json_malformed | json_deep)"""
    try:
        found = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, InvalidOperation) as error:
        raise Invalid("json_malformed", "The body is no readable JSON.") from error
    _check_depth(found)
    return found


def _check_depth(found: Any) -> None:
    layer: list[Any] = [found]
    for _ in range(DEPTH_MAX):
        layer = [inner for one in layer for inner in _inside(one)]
        if not layer:
            return
    raise Invalid("json_deep", "The body is nested too deeply.")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any, limit: int) -> Sequence[Mapping[str, Any]]:
    """The objects of a list. raises Invalid(list_long)"""
    if not isinstance(value, list):
        return ()
    if len(value) > limit:
        raise Invalid("list_long", f"A list has more than {limit} entries.")
    return [one for one in value if isinstance(one, dict)]


def text(value: Any) -> str | None:
    """A text or number on one line, nothing when empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    found = " ".join(str(value).replace("\x00", " ").split())
    return found[:TEXT_LENGTH_MAX] or None


def need(value: Any, name: str) -> str:
    """The text. raises Invalid(field_missing)"""
    found = text(value)
    if found is None:
        raise Invalid("field_missing", f"The delivery does not tell {name}.")
    return found


def amount(value: Any) -> Decimal:
    """A number as the decimal it was written as, nothing being zero. raises Invalid(amount)"""
    if value is None or value == "":
        return Decimal(0)
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise InvalidOperation
        found = Decimal(value.strip()) if isinstance(value, str) else Decimal(value)
        if not found.is_finite() or abs(found) >= AMOUNT_MAX:
            raise InvalidOperation
        return found
    except InvalidOperation:
        raise Invalid("amount", "An amount of the delivery is not a number.") from None


def coins(value: Any, currency: str) -> int:
    """Money in whole coins, exactly. raises Invalid(amount | amount_fine)"""
    scaled = amount(value).scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        raise Invalid("amount_fine", "An amount of the delivery is finer than a coin.")
    return int(scaled)


def moment(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """A time in ISO 8601 or whole seconds since 1970; one without a zone is of `zone`.

    raises  Invalid(time_malformed)
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            found = datetime.fromtimestamp(int(value), UTC)
        else:
            raise ValueError
        found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        if not EARLIEST_YEAR <= found.year < LATEST_YEAR:
            raise ValueError
        return found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise Invalid("time_malformed", "A time of the delivery cannot be read.") from None


def need_moment(value: Any, name: str) -> datetime:
    """The time. raises Invalid(field_missing | time_malformed)"""
    found = moment(value)
    if found is None:
        raise Invalid("field_missing", f"The delivery does not tell {name}.")
    return found
