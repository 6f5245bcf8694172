"""Trigrams: what a customer can be found by, and what a typed text asks for.

A customer is found when every gram of the text is among the customer's grams. This is a little
wider than a search for the text itself: a word of five letters or more may match a customer
that has all its trigrams apart from each other. Such a stranger is rare and stands in a list
that a person reads, so it is not worth a second pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from regulars.customers.pure.normalise import fold

GRAM_LENGTH = 3
GRAMS_MAX = 200
QUERY_LENGTH_MAX = 100
# No text that is stored holds it.
APART = "\x00"
PHONE_MARKS = re.compile(r"(?<=\d)[\s().-]+(?=\d)|\+(?=\d)")


def grams_of(texts: Iterable[str | None]) -> list[str]:
    """Every trigram of every word, and the first one and two letters of each, sorted.

    The beginnings carry a mark, so that a query of one letter finds words that start with it.
    """
    # One pass for all texts; what stands between them keeps their digits apart.
    grams: set[str] = set()
    for word in _words(APART.join(filter(None, texts))):
        grams |= {"^" + word[:1], "^" + word[:2], *_trigrams(word)}
    return sorted(grams)[:GRAMS_MAX]


def grams_asked(query: str) -> list[str]:
    """What a customer must have to be found by this text; empty when nothing is asked."""
    grams: set[str] = set()
    for word in _words(query[:QUERY_LENGTH_MAX]):
        if len(word) < GRAM_LENGTH:
            grams.add("^" + word)
        else:
            grams.update(_trigrams(word))
    return sorted(grams)


def _words(text: str) -> list[str]:
    return PHONE_MARKS.sub("", fold(text)).replace(APART, " ").split()


def _trigrams(word: str) -> list[str]:
    return [word[i : i + GRAM_LENGTH] for i in range(len(word) - GRAM_LENGTH + 1)]
