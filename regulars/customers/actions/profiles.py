"""Writing the rows of customers set by set: what was told, against what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from regulars.customers.actions import stops
from regulars.customers.pure import filling
from regulars.customers.pure.filling import Row
from regulars.customers.pure.normalise import fold
from regulars.customers.pure.precedence import UNRANKED, Source, Stamp, believed, stamp
from regulars.customers.pure.search import grams_of
from regulars.customers.pure.traits import ATTRS_MAX, changes
from regulars.kernel.ids import new_public_id
from regulars.kernel.texts import json_without_nul
from regulars.store.scope import cursor

Changes = dict[int, dict[str, tuple[Any, Any]]]

COLUMNS = (
    "external_id", "name", "first_name", "last_name", "email", "phone", "city", "country",
    "language", "gender", "birth_on",
)  # fmt: skip
SEARCHED = ("name", "first_name", "last_name", "email", "phone", "external_id")
ATTR_PREFIX = "attr."

INSERT = f"""
INSERT INTO customers_customer
  (id, workspace_id, public_id, {", ".join(COLUMNS)}, attrs, first_seen_at, created_at,
   updated_at, trigrams, sort_name, sources)
SELECT id, %s, public_id, {", ".join(COLUMNS)}, attrs, first_seen_at, %s, %s, trigrams,
       sort_name, sources
FROM json_to_recordset(%s::json) AS given
  (id bigint, public_id text, {", ".join(f"{c} text" for c in COLUMNS[:-1])}, birth_on date,
   attrs jsonb, first_seen_at timestamptz, trigrams text[], sort_name text, sources jsonb)
"""
READ = f"""
SELECT id, merged_into, own, {", ".join(COLUMNS)}, attrs, first_seen_at, sources
FROM customers_customer WHERE workspace_id = %s AND id = ANY(%s)
"""
# Search finds a customer by what those merged into it were called, too.
UPDATE = f"""
UPDATE customers_customer AS c
SET {", ".join(f"{c} = given.{c}" for c in COLUMNS)}, attrs = given.attrs,
    first_seen_at = given.first_seen_at, updated_at = %s, sort_name = given.sort_name,
    sources = given.sources, own = given.own,
    trigrams = CASE WHEN given.own IS NULL THEN given.trigrams ELSE ARRAY(
        SELECT DISTINCT gram FROM (
            SELECT unnest(given.trigrams) AS gram
            UNION ALL SELECT unnest(l.trigrams) FROM customers_merge m
            JOIN customers_customer l ON l.id = m.loser_id
            WHERE m.workspace_id = c.workspace_id AND m.root_id = c.id AND NOT m.is_gone) AS grams
        ORDER BY gram) END
FROM json_to_recordset(%s::json) AS given
  (id bigint, {", ".join(f"{c} text" for c in COLUMNS[:-1])}, birth_on date,
   attrs jsonb, first_seen_at timestamptz, trigrams text[], sort_name text, sources jsonb,
   own jsonb)
WHERE c.workspace_id = %s AND c.id = given.id
"""


class RacedError(Exception):
    """Another transaction changed who is who meanwhile; decide again."""


@dataclass(slots=True)
class Told:
    """What a batch says about one customer, later rows over earlier ones."""

    columns: dict[str, Any] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)
    first_seen_at: datetime | None = None

    def add(
        self, columns: Mapping[str, Any], attrs: Mapping[str, Any], at: datetime | None
    ) -> None:
        self.columns.update(columns)
        self.attrs.update(attrs)
        if at is not None and (self.first_seen_at is None or at < self.first_seen_at):
            self.first_seen_at = at


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer's row, and what was told of it alone when others fill it."""

    row: Row
    own: Row | None = None
    merged_into: int | None = None

    def told(self, row: Row, own: Row | None) -> Stored:
        """The customer with another row."""
        return Stored(row, own, self.merged_into)


def insert(
    workspace_id: int, told: Mapping[int, Told], now: datetime, *, source: Source
) -> Changes:
    """Make the customers under these ids; gives what became known of each."""
    if not told:
        return {}
    seal = stamp(source, now)
    rows = [
        _as_given(customer_id, Row(what.columns, what.attrs, min(what.first_seen_at or now, now)))
        | {"public_id": new_public_id(), "sources": _sealed(what.columns, what.attrs, seal)}
        for customer_id, what in told.items()
    ]
    cursor().execute(INSERT, [workspace_id, now, now, _json(rows)])
    stops.follow(
        workspace_id, [c for c, what in told.items() if what.columns.keys() & stops.CONTACTS]
    )
    return {
        customer_id: {key: (None, value) for key, value in _flat(what.columns, what.attrs).items()}
        for customer_id, what in told.items()
        if any(key not in IDENTIFYING for key in what.columns) or what.attrs
    }


# An id alone is no news about a customer: it is how we came to know of them at all.
IDENTIFYING = frozenset({"external_id", "email", "phone"})


def update(
    workspace_id: int,
    told: Mapping[int, Told],
    now: datetime,
    *,
    only_missing: bool,
    source: Source,
) -> Changes:
    """Change the customers that are told something new; gives the old and new values.

    What a more believed source told stays; see pure/precedence.py.
    raises  RacedError when one of them was merged meanwhile
    """
    speaking = [c for c, what in told.items() if what.columns or what.attrs or what.first_seen_at]
    seal = stamp(source, now)
    due = _due(read(workspace_id, speaking), told, seal, only_missing)
    if not due:
        return {}
    # Read again under locks taken in key order: what is written builds on what is there.
    due = _due(read(workspace_id, sorted(due), is_locked=True), told, seal, only_missing)
    if any(stored.merged_into is not None for stored, _ in due.values()):
        raise RacedError
    write(workspace_id, {customer_id: stored for customer_id, (stored, _) in due.items()}, now)
    stops.follow(workspace_id, [c for c, (_, what) in due.items() if what.keys() & stops.CONTACTS])
    return {customer_id: what for customer_id, (_, what) in due.items() if what}


def write(workspace_id: int, rows: Mapping[int, Stored], now: datetime) -> None:
    """Store the rows of customers whose rows are locked."""
    if rows:
        given = [
            _as_given(customer_id, stored.row)
            | {
                "sources": stored.row.sources,
                "own": None if stored.own is None else filling.packed(stored.own),
            }
            for customer_id, stored in rows.items()
        ]
        cursor().execute(UPDATE, [now, _json(given), workspace_id])


def write_one(
    workspace_id: int,
    customer_id: int,
    columns: Mapping[str, Any],
    now: datetime,
    *,
    source: Source | None = None,
) -> dict[str, tuple[Any, Any]]:
    """Set the columns of a customer whose row is locked, empty ones too; gives old and new.

    source  what a more believed one told stays; None for contacts that go by the rules of
            identity, which ask nobody
    """
    (stored,) = read(workspace_id, [customer_id]).values()
    changed = {
        name: (stored.row.columns[name], value)
        for name, value in columns.items()
        if stored.row.columns[name] != value
    }
    if source is not None:
        changed = believed(changed, stored.row.sources, source)
    if changed:
        new = {name: value for name, (_, value) in changed.items()}
        seal = None if source is None else stamp(source, now)
        after = stored.told(
            _set(stored.row, new, seal), None if stored.own is None else _set(stored.own, new, seal)
        )
        write(workspace_id, {customer_id: after}, now)
        stops.follow(workspace_id, [customer_id] if changed.keys() & stops.CONTACTS else [])
    return changed


def _set(row: Row, columns: Mapping[str, Any], seal: Stamp | None) -> Row:
    sources = row.sources if seal is None else row.sources | _sealed(columns, {}, seal)
    return Row({**row.columns, **columns}, row.attrs, row.first_seen_at, sources)


def _sealed(columns: Mapping[str, Any], attrs: Mapping[str, Any], seal: Stamp) -> dict[str, Any]:
    """Who told these columns and attributes, and when."""
    return {name: seal for name in _flat(columns, attrs) if name not in UNRANKED}


def _due(
    present: Mapping[int, Stored], told: Mapping[int, Told], seal: Stamp, only_missing: bool
) -> dict[int, tuple[Stored, dict[str, tuple[Any, Any]]]]:
    due = {}
    for customer_id, stored in present.items():
        what, row = told[customer_id], stored.row
        columns = believed(
            changes(row.columns, what.columns, only_missing=only_missing), row.sources, seal[0]
        )
        attrs = believed(
            changes(row.attrs, what.attrs, only_missing=only_missing), row.sources, seal[0],
            prefix=ATTR_PREFIX,
        )  # fmt: skip
        is_earlier = what.first_seen_at is not None and what.first_seen_at < row.first_seen_at
        if columns or attrs or is_earlier:
            new = (
                {key: value for key, (_, value) in columns.items()},
                {key: value for key, (_, value) in attrs.items()},
                what.first_seen_at or row.first_seen_at,
                seal,
            )
            own = None if stored.own is None else _changed(stored.own, *new)
            due[customer_id] = (stored.told(_changed(row, *new), own), _flat(columns, attrs))
    return due


def _changed(
    row: Row,
    columns: Mapping[str, Any],
    attrs: Mapping[str, Any],
    seen_at: datetime,
    seal: Stamp,
) -> Row:
    return Row(
        {**row.columns, **columns},
        _capped(row.attrs | dict(attrs)),
        min(row.first_seen_at, seen_at),
        row.sources | _sealed(columns, attrs, seal),
    )


def _capped(attrs: dict[str, Any]) -> dict[str, Any]:
    return dict(list(attrs.items())[:ATTRS_MAX])


def _flat(columns: Mapping[str, Any], attrs: Mapping[str, Any]) -> dict[str, Any]:
    return {**columns, **{ATTR_PREFIX + name: value for name, value in attrs.items()}}


def read(
    workspace_id: int, customer_ids: Sequence[int], *, is_locked: bool = False
) -> dict[int, Stored]:
    """The customers as stored, by id.

    is_locked  until the transaction ends; give the ids in ascending order
    """
    if not customer_ids:
        return {}
    raw = cursor()
    raw.execute(
        READ + (" ORDER BY id FOR UPDATE" if is_locked else ""), [workspace_id, customer_ids]
    )
    return {row[0]: _stored(row) for row in raw.fetchall()}


def _stored(row: Sequence[Any]) -> Stored:
    columns = dict(zip(COLUMNS, row[3:-3], strict=True))
    own = None if row[2] is None else filling.unpacked(row[2], COLUMNS)
    return Stored(Row(columns, row[-3], row[-2], row[-1]), own, row[1])


def _as_given(customer_id: int, row: Row) -> dict[str, Any]:
    columns = row.columns
    return {
        **columns,
        "id": customer_id,
        "attrs": row.attrs,
        "first_seen_at": row.first_seen_at,
        "trigrams": grams_of([columns.get(name) for name in SEARCHED]),
        "sort_name": fold(_title(columns)),
    }


def _title(columns: Mapping[str, Any]) -> str:
    parts = [columns[name] for name in ("first_name", "last_name") if columns.get(name)]
    named = (columns.get("name"), " ".join(parts), columns.get("email"), columns.get("phone"),
             columns.get("external_id"))  # fmt: skip
    return next((text for text in named if text), "")


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json_without_nul(msgspec.json.encode(rows).decode())
