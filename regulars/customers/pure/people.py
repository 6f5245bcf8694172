"""Names and birthdays: written as people write them, and what is odd about them."""

from __future__ import annotations

from datetime import date
from unicodedata import combining

# Stand between the parts of a name and are not capitalised when the whole was in one case.
PARTICLES = frozenset(
    {"de", "la", "le", "du", "da", "di", "del", "der", "den", "van", "von", "und", "zu", "y", "e",
     "ібн", "ибн", "оглы", "огли", "кызы", "кизи", "де", "ла", "ле", "дю", "да", "ди", "ван",
     "фон", "дер", "тер"}
)  # fmt: skip
APOSTROPHES = "'’ʼ`"
NAME_SIGNS = f" -.{APOSTROPHES}"
NAME_LENGTH_MAX = 200


def proper_name(text: str) -> str:
    """The name with capitals when it was typed all small or all large; any other stays.

    A single letter and letters with dots (J.R.) say nothing about the writer's habit.
    """
    is_small, is_large = text.islower(), text.isupper()
    if not (is_small or is_large) or len(text) > NAME_LENGTH_MAX:
        return text
    if sum(letter.isalpha() for letter in text) < 2 or (is_large and "." in text):
        return text
    # A company's code, an address or a formula is no name of a person.
    if any(not (sign.isalpha() or sign in NAME_SIGNS or combining(sign)) for sign in text):
        return text
    words = text.split(" ")
    return " ".join(
        word.lower()
        if place and word.lower() in PARTICLES and place < len(words) - 1
        else "-".join(_part(part) for part in word.split("-"))
        for place, word in enumerate(words)
    )


def _part(word: str) -> str:
    """One part of a name, from small or large letters: О'Коннор, McDonald, Нечуй."""
    small = word.lower()
    for mark in APOSTROPHES:
        head, found, tail = small.partition(mark)
        # One letter before the mark is the О' of О'Коннор; in Дем'ян it stands inside.
        if found and len(head) == 1 and len(tail) > 1:
            return head.upper() + found + tail[:1].upper() + tail[1:]
    if small.startswith("mc") and len(small) > 4:
        return "Mc" + small[2].upper() + small[3:]
    return small[:1].upper() + small[1:]


def birthday_oddity(born_on: date, today: date) -> str:
    """Why a birthday is hardly true: it lies ahead, or is a form's default; else empty."""
    if born_on > today:
        return "birthday_ahead"
    if (born_on.month, born_on.day) == (1, 1):
        return "birthday_default"
    return ""
