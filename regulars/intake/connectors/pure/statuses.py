"""Words of other systems for the status of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.intake.importers.pure.words import ORDER_STATUSES
from regulars.kernel.errors import Invalid
from regulars.orders.records import OrderStatus

KNOWN: Mapping[str, OrderStatus] = {
    word: OrderStatus(ours) for ours, words in ORDER_STATUSES.items() for word in words
}
WORDS_MAX = 100


def status_of(word: str | None, own: Mapping[str, Any]) -> OrderStatus | None:
    """Our status for a word: by the connection's own map, else by the words everybody uses.

    raises  Invalid(status_unknown)
    """
    if not word:
        return None
    plain = word.strip().lower()
    mapped = own.get(plain)
    if mapped in set(OrderStatus):
        return OrderStatus(mapped)
    if plain in KNOWN:
        return KNOWN[plain]
    raise Invalid("status_unknown", f"The status {word[:60]} means nothing here; name it.")


def parse_words(written: str) -> dict[str, str]:
    """Lines of "their word = our word" as a map. raises Invalid(status_line | status_lines)"""
    found: dict[str, str] = {}
    for line in written.splitlines():
        if not line.strip():
            continue
        theirs, mark, ours = line.rpartition("=")
        theirs, ours = theirs.strip().lower(), ours.strip().lower()
        if not (mark and theirs) or ours not in set(OrderStatus):
            raise Invalid(
                "status_line",
                f"{line.strip()[:60]} is no line of the map; ours are {', '.join(OrderStatus)}.",
            )
        found[theirs] = ours
    if len(found) > WORDS_MAX:
        raise Invalid("status_lines", f"A map has at most {WORDS_MAX} words.")
    return found


def written_words(words: Mapping[str, str]) -> str:
    """The map as lines for a form."""
    return "\n".join(f"{theirs} = {ours}" for theirs, ours in words.items())
