"""The photo of a form: how long a form with one may be, and the field it is chosen in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from regulars.kernel.errors import Invalid
from regulars.loyalty.reward_records import PHOTO_BYTES_MAX
from regulars.portal import words
from regulars.portal.pages.door import is_longer

# What a form may have besides its photo.
FORM_BYTES_MAX = 64 << 10
FIELD: dict[str, Any] = {
    "kinds": "image/jpeg,image/png,image/webp",
    "bytes": PHOTO_BYTES_MAX,
    "mb": PHOTO_BYTES_MAX // 1_000_000,
    "too_large": words.PHOTO_TOO_LARGE,
}


def is_too_long(request: HttpRequest) -> bool:
    """Whether the form is longer than a photo and what stands beside it; asked before reading."""
    return is_longer(request, PHOTO_BYTES_MAX + FORM_BYTES_MAX)


def photo_in(request: HttpRequest) -> bytes:
    """The photo of the form. raises Invalid(photo_missing | photo_too_large)"""
    file = request.FILES.get("photo")
    if file is None or file.size is None:
        raise Invalid("photo_missing", "Choose a photo.")
    if file.size > PHOTO_BYTES_MAX:
        raise Invalid("photo_too_large", "The photo is too large.")
    raw: bytes = file.read()
    return raw
