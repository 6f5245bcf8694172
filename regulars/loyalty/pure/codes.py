"""Codes as people type them: the alphabet, the check sign, how long a code must be.

The alphabet has 29 signs: ten digits and the capitals that look like no digit and like no other
capital. What a hand writes in their place is read as the sign it looks like (O is 0; I and L are
1; S is 5; Z is 2; B is 8; U is V), and so are the Cyrillic capitals that look Latin, for codes
are typed on keyboards that were left in the other alphabet.

29 is a prime, so one check sign finds every mistyped sign and every two signs swapped, wherever
they stand, in codes of up to 28 signs (`check_sign`).
"""

from __future__ import annotations

import itertools
import math
import unicodedata

import numpy as np

ALPHABET = "0123456789ACDEFGHJKMNPQRTVWXY"
BASE = len(ALPHABET)
_PLACE = {sign: place for place, sign in enumerate(ALPHABET)}
_LATIN = {"O": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "B": "8", "U": "V"}
_CYRILLIC = dict(zip("АВЕКМНОРСТУХІЅЈ", "AB" + "EKMHOPCTYXISJ", strict=True))
LOOKS_LIKE = str.maketrans(
    {**_LATIN, **{sign: _LATIN.get(latin, latin) for sign, latin in _CYRILLIC.items()}}
)
# What people put between the groups of a code.
GAPS = frozenset(" \t\r\n\u00a0\u2009\u202f-‐‑–—_./")
CODE_CHARS_MAX = 64
CODE_CHARS_MIN = 3

GROUP_SIGNS = 4
# Twelve random signs for up to 1,121,000 codes, as the sum of `random_signs` has it.
RANDOM_SIGNS_MIN = 12
SIGNS_MAX = 28
GUESSES_PER_S = 100
YEAR_S = 365 * 24 * 3600
HITS_A_YEAR_MAX = 0.01
# Bytes below this are spread evenly over the signs; the others are thrown away.
_FAIR = 256 - 256 % BASE


def normalised(text: str) -> str:
    """The code that somebody meant, however it was typed; empty when it is no code.

    Case, gaps and signs that look alike make no difference. Codes of our own and codes thought
    up by people ("SPRING 26") are read the same way, on both sides of every comparison.
    """
    if len(text) > 2 * CODE_CHARS_MAX:
        return ""
    plain = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(sign for sign in plain if sign not in GAPS).translate(LOOKS_LIKE)
    is_code = CODE_CHARS_MIN <= len(kept) <= CODE_CHARS_MAX and all(
        sign.isalnum() or sign in "+%#*@$&!" for sign in kept
    )
    return kept if is_code else ""


def grouped(code: str) -> str:
    """A generated code as it is printed: groups of four, the last may be longer."""
    count = max(len(code) // GROUP_SIGNS, 1)
    ends = [GROUP_SIGNS * place for place in range(count)] + [len(code)]
    return "-".join(code[a:b] for a, b in itertools.pairwise(ends))


def check_sign(body: str) -> str:
    """The sign that follows: the sum of place × sign modulo 29 (places from 1).

    A wrong sign at place p changes the sum by p × d, two swapped signs by (p − q) × d, and
    neither is a multiple of 29 while p, q ≤ 28 and d ≠ 0.
    """
    assert 0 < len(body) < SIGNS_MAX + 1
    total = sum(place * _PLACE[sign] for place, sign in enumerate(body, 1))
    return ALPHABET[total % BASE]


def is_well_formed(code: str) -> bool:
    """Whether a normalised code is one of ours and its check sign agrees."""
    return looks_generated(code) and check_sign(code[:-1]) == code[-1]


def looks_generated(code: str) -> bool:
    """Whether a normalised code has the length and the signs of generated ones."""
    return RANDOM_SIGNS_MIN < len(code) <= SIGNS_MAX and all(sign in _PLACE for sign in code)


def random_signs(count: int) -> int:
    """How many random signs each of `count` codes needs, so that guessing is hopeless.

    Who tries 100 codes every second for a whole year tries 3.15e9 codes. Of 29^n possible ones
    `count` are real, so a year of guessing finds count × 3.15e9 / 29^n of them, and n is the
    smallest with at most a hundredth of a code a year: 12 signs for 1,000,000 codes (0.0089 a
    year: one code in 112 years), 13 for 30,000,000. Never fewer than 12.
    """
    guesses = max(count, 1) * GUESSES_PER_S * YEAR_S
    needed = math.ceil(math.log(guesses / HITS_A_YEAR_MAX, BASE) - 1e-12)
    return max(needed, RANDOM_SIGNS_MIN)


def bytes_needed(count: int, signs: int) -> int:
    """How many random bytes `codes_of` should be given for so many codes."""
    return int(count * signs * 256 / _FAIR * 1.02) + 256


def codes_of(chance: bytes, count: int, signs: int, prefix: str = "") -> list[str]:
    """Up to `count` codes of the prefix, `signs` random signs and the check sign of both.

    Each sign is equally likely: bytes of 232 and more are left out instead of folded over.
    """
    fair = np.frombuffer(chance, dtype=np.uint8)
    fair = fair[fair < _FAIR] % BASE
    rows = min(count, len(fair) // signs)
    body = fair[: rows * signs].reshape(rows, signs).astype(np.int64)
    before = np.array([_PLACE[sign] for sign in prefix], dtype=np.int64)
    whole = np.column_stack([np.tile(before, (rows, 1)), body])
    checks = whole @ np.arange(1, whole.shape[1] + 1) % BASE
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    text = letters[np.column_stack([whole, checks])].tobytes().decode()
    size = whole.shape[1] + 1
    return [text[place : place + size] for place in range(0, len(text), size)]


def is_prefix(text: str) -> bool:
    """Whether a normalised text may stand before the random signs."""
    return all(sign in _PLACE for sign in text)
