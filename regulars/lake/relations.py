"""What a domain says about a table that is copied to the lake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

TIME = pa.timestamp("us")
PRICE = pa.decimal128(18, 6)

# The two relations whose meaning the lake itself knows: merges rename customers.
CUSTOMERS = "customers"
MERGES = "merges"
CUSTOMER = "customer"
# How relations call the id of a customer; the lake finds a person by these.
PERSON_COLUMNS = ("customer", "loser", "root")

TWIN_SUFFIX = "_l"
SHAPE_CHARS = 16

# Beside the relation's own columns, tail files of a keyed relation carry these.
XID = "xid"
IS_GONE = "is_gone"

DUCKDB_TYPES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.uint64(): "UBIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    TIME: "TIMESTAMP",
    PRICE: "DECIMAL(18,6)",
}


@dataclass(frozen=True)
class Relation:
    """One relation of the lake, declared by the domain that owns its source table.

    select_sql  one plain select over one table, giving workspace_id, xid, id and every column;
                no order, limit or grouping, so that PostgreSQL reads it by its index (xid, id)
    columns     what queries see, in order; text twins are not listed here
    key         append: rows never change; keyed: the version of highest xid counts for each id
    sort        order of the rows in a file; put first what queries filter on
    lowered     text columns that get a twin `<name>_l`, lowered exactly as Python lowers
    bucket      column whose value decides the file among those of one period
    period      time column that decides the month or year of a row; None: no periods
    gone        boolean column of the select; a keyed row whose newest version is gone is absent
    """

    name: str
    select_sql: str
    columns: pa.Schema
    key: Literal["append", "keyed"]
    sort: tuple[str, ...]
    lowered: tuple[str, ...] = ()
    bucket: str = "id"
    period: str | None = None
    gone: str | None = None

    def __post_init__(self) -> None:
        unknown = {field.type for field in self.columns} - DUCKDB_TYPES.keys()
        assert not unknown, f"{self.name}: the lake has no type {unknown}"
        known = {"id", *self.columns.names}
        named = {*self.sort, *self.lowered, self.bucket, self.period or "id"}
        assert named <= known, f"{self.name}: no column {named - known}"
        assert self.gone is None or self.key == "keyed", f"{self.name}: only keyed rows go"

    @property
    def person_columns(self) -> tuple[str, ...]:
        """Columns with the id of a customer; a row is about whoever stands in one of them."""
        named = tuple(name for name in self.columns.names if name in PERSON_COLUMNS)
        return ("id", *named) if self.name == CUSTOMERS else named

    @cached_property
    def visible(self) -> pa.Schema:
        """What queries see: the columns, each lowered one followed by its twin."""
        fields = []
        for field in self.columns:
            fields.append(field)
            if field.name in self.lowered:
                fields.append(pa.field(field.name + TWIN_SUFFIX, pa.string()))
        return pa.schema(fields)

    @cached_property
    def base_schema(self) -> pa.Schema:
        """Columns of a base file: the visible ones, and the row's id in any case."""
        if "id" in self.visible.names:
            return self.visible
        return pa.schema([pa.field("id", pa.int64()), *self.visible])

    @cached_property
    def shape(self) -> str:
        """A mark of what the relation is made of; files of another shape are written anew."""
        made_of = [self.select_sql.split(), [f"{f.name} {f.type}" for f in self.base_schema]]
        return hashlib.sha256(repr(made_of).encode()).hexdigest()[:SHAPE_CHARS]

    @cached_property
    def tail_schema(self) -> pa.Schema:
        """Columns of a tail file: a keyed one also tells version and whether the row is gone."""
        if self.key == "append":
            return self.base_schema
        extra = [pa.field(XID, pa.uint64()), pa.field(IS_GONE, pa.bool_())]
        return pa.schema([*self.base_schema, *extra])


def duckdb_type(field: pa.Field) -> str:
    """How DuckDB calls the type of the column."""
    return DUCKDB_TYPES[field.type]
