"""The list of customers: search, filters, order, pages by key."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from regulars.customers import conditions
from regulars.customers.pure.search import grams_asked
from regulars.customers.queries.cards import COLUMNS, profile_of
from regulars.customers.records import ADDRESS_COLUMNS, ListFilter, ListPage, Profile
from regulars.kernel.errors import Invalid
from regulars.store.scope import cursor

Part = tuple[str, list[Any]]
PAGE_ROWS = 50
# Counting further would cost more than anybody learns from it.
COUNT_MAX = 10_000
# One or two letters may find half a base; a person who wants an older one types a third.
FOUND_MAX = 12_000
# Above so many a walk along the list meets a page of them sooner than it would sort them.
MARKED_MAX = 10_000
# What is shown like the text it is written as, though it is a number, yes or no.
PLAIN = re.compile(r"(true|false|-?(0|[1-9][0-9]*)(\.[0-9]+)?)\Z")
EXPORT_BATCH_ROWS = 2_000
COUNTRIES_MAX = 300

SORTS = {"seen": "first_seen_at", "name": "sort_name"}
HAS = {"email": "email IS NOT NULL", "phone": "phone IS NOT NULL",
       "no_email": "email IS NULL", "no_phone": "phone IS NULL"}  # fmt: skip
SUPPRESSED = """NOT EXISTS (
    SELECT FROM customers_stop s WHERE s.workspace_id = c.workspace_id
    AND s.customer_id = c.id AND s.channel = %s AND NOT s.is_gone)"""
BELONGS = """c.id IN (
    SELECT coalesce(p.merged_into, p.id) FROM customers_company o
    JOIN customers_membership m ON m.workspace_id = o.workspace_id AND m.company_id = o.id
    JOIN customers_customer p ON p.workspace_id = m.workspace_id AND p.id = m.customer_id
    WHERE o.workspace_id = c.workspace_id AND o.public_id = %s AND m.left_at IS NULL)"""
CONSENT = """{word} EXISTS (
    SELECT FROM customers_consentstate s WHERE s.workspace_id = c.workspace_id
    AND s.customer_id = c.id AND s.channel = %s AND s.purpose = 'marketing'
    AND s.state = 'given' AND NOT s.is_gone)"""

# From one word to the next by the index, for a hundred thousand customers live in few countries.
WORDS = """
WITH RECURSIVE found (word) AS (
    (SELECT {column} FROM customers_customer WHERE workspace_id = %(workspace)s
     AND {column} IS NOT NULL AND merged_into IS NULL ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT c.{column} FROM customers_customer c WHERE c.workspace_id = %(workspace)s
            AND c.{column} > found.word AND c.merged_into IS NULL ORDER BY c.{column} LIMIT 1)
    FROM found WHERE found.word IS NOT NULL
)
SELECT word FROM found WHERE word IS NOT NULL LIMIT %(limit)s
"""


def page(workspace_id: int, chosen: ListFilter, *, after: str = "", before: str = "") -> ListPage:
    """A page of the list: the rows after, or before, the key of a row already shown.

    raises  Invalid(list_sort | list_key)
    """
    where, values = _where(workspace_id, chosen)
    is_back = bool(before)
    rows = _rows(where, values, chosen.sort, after or before, is_back=is_back, limit=PAGE_ROWS + 1)
    has_more = len(rows) > PAGE_ROWS
    # A list that fits its first page is counted by looking at it.
    is_whole = not (has_more or after or before)
    count = len(rows) if is_whole else _count(where, values)
    rows = rows[:PAGE_ROWS]
    if is_back:
        rows.reverse()
    return ListPage(
        rows=tuple(profile for profile, _ in rows),
        after=_key(rows[-1]) if rows and (has_more or is_back) else None,
        before=_key(rows[0]) if rows and (has_more if is_back else bool(after)) else None,
        count=min(count, COUNT_MAX),
        is_count_capped=count > COUNT_MAX,
    )


def export_rows(workspace_id: int, chosen: ListFilter) -> Iterator[list[Profile]]:
    """Every customer of the filter, a batch at a time, each batch in a statement of its own."""
    where, values = _where(workspace_id, chosen, is_capped=False)
    after = ""
    while True:
        rows = _rows(where, values, chosen.sort, after, is_back=False, limit=EXPORT_BATCH_ROWS)
        if rows:
            yield [profile for profile, _ in rows]
        if len(rows) < EXPORT_BATCH_ROWS:
            return
        after = _key(rows[-1])


def exact_count(workspace_id: int, chosen: ListFilter, ids: Sequence[int] = ()) -> int:
    """How many customers there are to act on: of the filter, or of these ids when any are given."""
    where, values = _where(workspace_id, chosen, is_capped=False)
    if ids:
        where, values = f"{where} AND c.id = ANY(%s)", [*values, list(ids)]
    raw = cursor()
    raw.execute(f"SELECT count(*) FROM customers_customer c WHERE {where}", values)
    row = raw.fetchone()
    return row[0] if row else 0


def ids_after(
    workspace_id: int, chosen: ListFilter, last_id: int, limit: int, ids: Sequence[int] = ()
) -> list[int]:
    """The next customers to act on, by id."""
    where, values = _where(workspace_id, chosen, is_capped=False)
    if ids:
        where, values = f"{where} AND c.id = ANY(%s)", [*values, list(ids)]
    raw = cursor()
    raw.execute(
        f"SELECT c.id FROM customers_customer c WHERE {where} AND c.id > %s ORDER BY c.id LIMIT %s",
        [*values, last_id, limit],
    )
    return [row[0] for row in raw.fetchall()]


def ids_of_public(workspace_id: int, public_ids: Sequence[str]) -> list[int]:
    """The customers of these public ids that are still their own, ascending."""
    raw = cursor()
    raw.execute(
        "SELECT id FROM customers_customer WHERE workspace_id = %s AND public_id = ANY(%s)"
        " AND merged_into IS NULL ORDER BY id",
        [workspace_id, list(public_ids)],
    )
    return [row[0] for row in raw.fetchall()]


def countries(workspace_id: int) -> list[str]:
    """The countries customers live in, by name."""
    return _words(workspace_id, "country")


def languages(workspace_id: int) -> list[str]:
    """The languages customers are written to in, by code."""
    return _words(workspace_id, "language")


def _words(workspace_id: int, column: str) -> list[str]:
    raw = cursor()
    raw.execute(WORDS.format(column=column), {"workspace": workspace_id, "limit": COUNTRIES_MAX})
    return [row[0] for row in raw.fetchall()]


def _where(
    workspace_id: int, chosen: ListFilter, *, is_capped: bool = True
) -> tuple[str, list[Any]]:
    parts = ["c.workspace_id = %s", "c.merged_into IS NULL"]
    values: list[Any] = [workspace_id]
    grams = grams_asked(chosen.search)
    if grams and is_capped:
        # Read into an array once, for the page and its count ask for the same customers.
        parts.append("c.id = ANY(%s)")
        values.append(_found(grams))
    elif grams:
        parts.append("c.id IN (SELECT customers_search(%s))")
        values.append(grams)
    for column, value in (
        ("country", chosen.country), ("city", chosen.city), ("language", chosen.language),
    ):  # fmt: skip
        if value:
            parts.append(f"c.{column} = %s")
            values.append(value)
    if chosen.has in HAS:
        parts.append(f"c.{HAS[chosen.has]}")
    for sql, given in (
        *_consented(chosen.consent),
        *_owned(chosen, is_capped=is_capped),
        *_elsewhere(workspace_id, chosen),
    ):
        parts.append(sql)
        values += given
    return " AND ".join(parts), values


def _consented(said: str) -> Iterator[Part]:
    """Who agreed to a channel, who did not, or who can be reached by it."""
    if not said:
        return
    channel = said.removeprefix("no_").removeprefix("reach_")
    yield CONSENT.format(word="NOT" if said.startswith("no_") else ""), [channel]
    if said.startswith("reach_"):
        column = ADDRESS_COLUMNS.get(channel)
        if column:
            yield f"c.{column} IS NOT NULL", []
        yield SUPPRESSED, [channel]


def _owned(chosen: ListFilter, *, is_capped: bool) -> Iterator[Part]:
    """Companies, tags and own attributes."""
    if chosen.company:
        yield BELONGS, [chosen.company]
    if chosen.tag:
        wanted = {"tags": [chosen.tag]}
        yield "c.attrs @> %s::jsonb", [_json(wanted)]
        if is_capped:
            yield from _marked(wanted)
    name, _equals, value = (part.strip() for part in chosen.attribute.partition("="))
    if name:
        # Text as it is shown, for a person who types a filter does not know of types.
        yield "c.attrs ->> %s = %s", [name, value]
        if is_capped and value[:1] not in ("[", "{"):
            other = {name: msgspec.Raw(value.encode())} if PLAIN.match(value) else None
            yield from _marked({name: value}, other)


def _marked(wanted: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> Iterator[Part]:
    """The few who are marked so, by the index; nothing when many are, for a walk finds them soon.

    The same is asked once more beside it: a number may be shown in several ways.
    """
    raw = cursor()
    raw.execute(
        "SELECT customers_marked(%s, %s, %s)",
        [_json(wanted), None if other is None else _json(other), MARKED_MAX + 1],
    )
    found = [row[0] for row in raw.fetchall()]
    if len(found) <= MARKED_MAX:
        yield "c.id = ANY(%s)", [found]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _elsewhere(workspace_id: int, chosen: ListFilter) -> Iterator[Part]:
    for name, given in chosen.more:
        part = conditions.narrowing(workspace_id, name, given)
        if part is not None:
            yield part


def _found(grams: list[str]) -> list[int]:
    """The newest customers of the session's workspace with all these grams, merged ones too."""
    raw = cursor()
    raw.execute(
        "SELECT id FROM customers_search(%s) AS id ORDER BY id DESC LIMIT %s",
        [grams, FOUND_MAX],
    )
    return [row[0] for row in raw.fetchall()]


def _rows(
    where: str, values: list[Any], sort: str, key: str, *, is_back: bool, limit: int
) -> list[tuple[Profile, Any]]:
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise Invalid("list_sort", f"Sort by {', '.join(SORTS)}, with - before it to turn it.")
    is_down = sort.startswith("-") != is_back
    way, sign = ("DESC", "<") if is_down else ("ASC", ">")
    bound = ""
    if key:
        bound = f" AND (c.{column}, c.id) {sign} (%s, %s)"
        values = [*values, *read_key(key, column)]
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS}, {column} FROM customers_customer c WHERE {where}{bound}"
        f" ORDER BY c.{column} {way}, c.id {way} LIMIT %s",
        [*values, limit],
    )
    return [(profile_of(row[:-1]), row[-1]) for row in raw.fetchall()]


def _count(where: str, values: list[Any]) -> int:
    raw = cursor()
    raw.execute(
        f"SELECT count(*) FROM (SELECT FROM customers_customer c WHERE {where} LIMIT %s) AS few",
        [*values, COUNT_MAX + 1],
    )
    row = raw.fetchone()
    return row[0] if row else 0


def _key(row: tuple[Profile, Any]) -> str:
    return keyed(row[1], row[0].id)


def keyed(value: Any, row_id: int) -> str:
    """The place of a row in a list as text for an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode([value, row_id])).decode().rstrip("=")


def read_key(key: str, column: str) -> tuple[Any, int]:
    """The place that `keyed` wrote. raises Invalid(list_key)"""
    kind: Any = tuple[datetime, int] if column == "first_seen_at" else tuple[str, int]
    try:
        text = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        found: tuple[Any, int] = msgspec.json.decode(text, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Invalid(
            "list_key", "The page is not one of this list; start from the top."
        ) from error
    return found
