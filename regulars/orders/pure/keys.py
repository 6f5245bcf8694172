"""Keys of pages: the place in a list, as text that travels in an address."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from regulars.kernel.errors import Invalid


def write(place: tuple[Any, ...]) -> str:
    """The key of the last row shown."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read(key: str, kind: Any) -> Any:
    """The place a key tells, of the type given; None for no key. raises Invalid(list_key)"""
    if not key:
        return None
    try:
        text = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        return msgspec.json.decode(text, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Invalid(
            "list_key", "The page is not one of this list; start from the top."
        ) from error
