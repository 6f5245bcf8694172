"""Who is meant by a few typed letters: exact contacts, beginnings of names, then parts."""

from __future__ import annotations

import re
from typing import Any

from regulars.customers.pure import normalise
from regulars.customers.pure.normalise import fold
from regulars.customers.pure.search import PHONE_MARKS, QUERY_LENGTH_MAX, grams_asked
from regulars.customers.queries.cards import profiles
from regulars.customers.queries.identities import roots_of
from regulars.customers.records import Profile
from regulars.kernel.errors import Invalid
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

# Of so many with the same letters the best are shown; whoever means another one types one more.
CANDIDATES_MAX = 200
# Shorter parts stand in too many names and numbers to mean anybody.
PART_LENGTH_MIN = 3
WHOLE_PHONE_DIGITS_MIN = 9
DIGITS = re.compile(r"\D")

# Equality on the unique index, one probe a kind.
EXACT = """
SELECT i.customer_id FROM unnest(%s::text[], %s::text[]) AS asked (kind, value)
JOIN customers_identifier i
  ON i.workspace_id = %s AND i.kind = asked.kind AND i.value = asked.value LIMIT %s
"""
# The names that begin so, by the index the list is sorted with.
BEGINNING = """
SELECT id FROM customers_customer WHERE workspace_id = %s AND merged_into IS NULL
AND sort_name >= %s AND sort_name < %s ORDER BY sort_name, id LIMIT %s
"""
PARTS = "SELECT id FROM customers_find(%s, %s) AS id"
KINDS = ("external", "email", "phone", "card", "device", "telegram", "viber")


def found(workspace_id: int, query: str, limit: int) -> list[Profile]:
    """The customers these words mean, the surest first; three letters or digits find parts.

    An exact e-mail, phone, id or card stands before a name that is the words, that before one
    that begins with them, and that before one that holds them somewhere.
    """
    words = query.strip()[:QUERY_LENGTH_MAX]
    if not words:
        return []
    exact = _exact(workspace_id, words, limit)
    ids = exact + _ids(BEGINNING, [workspace_id, *_range(fold(words)), limit])
    if len(words) >= PART_LENGTH_MIN and not (exact and _is_whole(words)):
        ids += _ids(PARTS, [grams_asked(_rare_part(words)), CANDIDATES_MAX])
    # Whoever was merged is found as who they are now; two plain look-ups, for the planner reads
    # everybody when it is asked for both in one.
    roots = roots_of(workspace_id, list(dict.fromkeys(ids)))
    rows = [*profiles(workspace_id, sorted(set(roots.values()))).values()]
    sure = {roots[one] for one in exact if one in roots}
    if "@" in words:
        rows = [one for one in rows if one.id in sure or fold(words) in fold(one.email or "")]
    rows.sort(key=lambda one: (one.id not in sure, *_rank(one, words)))
    return rows[:limit]


def _exact(workspace_id: int, words: str, limit: int) -> list[int]:
    """Customers known by exactly this, however it is written."""
    asked = [(kind, value) for kind in KINDS for value in _forms(kind, words, workspace_id)]
    return _ids(
        EXACT,
        [[kind for kind, _ in asked], [value for _, value in asked], workspace_id, limit],
    )


def _forms(kind: str, words: str, workspace_id: int) -> set[str]:
    try:
        if kind == "email":
            return {normalise.email(words)} if "@" in words else set()
        if kind == "phone":
            region = workspaces.workspace(workspace_id).region
            return {normalise.phone(words, region)} if DIGITS.sub("", words) else set()
    except Invalid:
        return set()
    return {words, words.replace(" ", "")}


def _rare_part(words: str) -> str:
    """What stands before the @: everybody has the letters of the same few domains behind it."""
    before = words.partition("@")[0]
    return before if len(before) >= PART_LENGTH_MIN else words


def _is_whole(words: str) -> bool:
    """Whether this is a contact as a whole; who has it is meant, and nobody beside them."""
    return "@" in words or len(DIGITS.sub("", words)) >= WHOLE_PHONE_DIGITS_MIN


def _range(start: str) -> tuple[str, str]:
    """From the beginning itself to what follows everything that begins so."""
    return start, start + "\U0010ffff"


def _ids(sql: str, values: list[Any]) -> list[int]:
    raw = cursor()
    raw.execute(sql, values)
    return [row[0] for row in raw.fetchall()]


def _rank(one: Profile, words: str) -> tuple[Any, ...]:
    """How surely the words mean this customer; the smaller the surer."""
    asked = PHONE_MARKS.sub("", fold(words))
    named = (one.name, one.first_name, one.last_name, one.email, one.external_id)
    texts = [fold(text) for text in named if text]
    digits = DIGITS.sub("", one.phone or "")
    numbers = DIGITS.sub("", words)
    is_phone = bool(numbers) and numbers in digits
    return (
        asked not in texts,
        not any(text.startswith(asked) for text in texts),
        not any(f" {asked}" in text for text in texts),
        not (is_phone and digits.endswith(numbers)),
        not (is_phone or any(asked in text for text in texts)),
        fold(one.title),
        one.id,
    )
