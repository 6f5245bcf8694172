"""Phones written in full, checked at a tenth of the cost: most phones of most files are such.

The library finds out what kind of number it has and tries every kind for it. Here a number is only
taken when its country's patterns accept it as it stands; about any other the library decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

# What people write between the digits.
MARKS = str.maketrans("", "", " ()-.")
FULL = re.compile(r"\+[1-9][0-9]{6,14}\Z")
CALLING_CODE_LENGTH_MAX = 3
KINDS = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number",
    "pager", "uan", "voicemail",
)  # fmt: skip

Match = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Numbers without the calling code, by their lengths and their digits."""

    lengths: frozenset[int]
    match: Match

    def accepts(self, number: str) -> bool:
        return (not self.lengths or len(number) in self.lengths) and bool(self.match(number))


@dataclass(frozen=True, slots=True)
class _Region:
    """The numbers of a country; leading tells its own from others' of the same calling code."""

    general: _Pattern
    kinds: tuple[_Pattern, ...]
    leading: Match | None
    prefix: Match | None

    def accepts(self, number: str) -> bool:
        return self.general.accepts(number) and any(kind.accepts(number) for kind in self.kinds)


def in_full(text: str) -> str | None:
    """The number as +380671234567 when it is written with its calling code and sound; else None,
    which says nothing about it."""
    bare = text.translate(MARKS)
    if not text.startswith("+") or not FULL.match(bare):
        return None
    for length in range(1, CALLING_CODE_LENGTH_MAX + 1):
        if regions := _regions(bare[1 : 1 + length]):
            return bare if _is_sound(bare[1 + length :], regions) else None
    return None


def _is_sound(number: str, regions: tuple[_Region, ...]) -> bool:
    # The library drops what a call inside the country begins with; the first country's rule counts.
    prefix = regions[0].prefix
    if prefix is not None and prefix(number):
        return False
    for region in regions:
        if region.leading is None:
            if region.accepts(number):
                return True
        elif region.leading(number):
            return region.accepts(number)
    return False


@cache
def _regions(calling_code: str) -> tuple[_Region, ...]:
    """The countries of a calling code in the library's order, none when it is no country's."""
    codes = COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code), ())
    known = [PhoneMetadata.metadata_for_region(code, None) for code in codes]
    return tuple(_region(metadata) for metadata in known if metadata is not None)


def _region(metadata: PhoneMetadata) -> _Region:
    kinds = [_pattern(getattr(metadata, kind)) for kind in KINDS]
    general = _pattern(metadata.general_desc)
    assert general is not None, "every country has numbers"
    return _Region(
        general=general,
        kinds=tuple(kind for kind in kinds if kind is not None),
        leading=re.compile(metadata.leading_digits).match if metadata.leading_digits else None,
        prefix=_prefix(metadata.national_prefix_for_parsing),
    )


def _prefix(pattern: str | None) -> Match | None:
    return re.compile(pattern).match if pattern else None


def _pattern(desc: object) -> _Pattern | None:
    digits = getattr(desc, "national_number_pattern", None)
    if not digits:
        return None
    lengths = getattr(desc, "possible_length", ())
    return _Pattern(frozenset(lengths), re.compile(digits).fullmatch)
