"""SQL that shows a relation over its live files: newest versions only, merged customers renamed.

Only composed of constants, declared names and paths from the manifest; values travel as
parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from regulars.lake.manifest import LakeFile
from regulars.lake.relations import (
    CUSTOMER,
    CUSTOMERS,
    IS_GONE,
    MERGES,
    XID,
    Relation,
    duckdb_type,
)

# Resolved merges (loser, root), registered on the connection under this name.
MERGE_TABLE = "regulars_merges"

_WORD = re.compile(r"\w+")
OPENING = re.compile(r"\s*with\s+(?P<recursive>recursive\s+)?", re.IGNORECASE)


def compose(
    sql: str,
    relations: Mapping[str, Relation],
    files: Sequence[LakeFile],
    root: Path,
    *,
    has_merges: bool,
    hidden: Sequence[int] = (),
) -> str:
    """The query with one named view before it for every relation that it mentions."""
    views = []
    for name in mentioned(sql, relations):
        own = [file for file in files if file.relation == name]
        body = merged_view(relations[name], own, root, has_merges=has_merges, hidden=hidden)
        # Materialised, a view named twice would be read whole; as text it is read as needed.
        views.append(f"{name} as not materialized ({body})")
    if not views:
        return sql
    opening = OPENING.match(sql)
    if opening is None:
        return f"with {', '.join(views)} {sql}"
    return f"with {opening['recursive'] or ''}{', '.join(views)}, {sql[opening.end() :]}"


def mentioned(sql: str, relations: Mapping[str, Relation]) -> list[str]:
    """Names of relations that occur in the text; one too many does no harm."""
    words = set(_WORD.findall(sql.lower()))
    return [name for name in relations if name in words]


def merged_view(
    relation: Relation,
    files: Sequence[LakeFile],
    root: Path,
    *,
    has_merges: bool,
    hidden: Sequence[int] = (),
) -> str:
    """The relation as queries see it: merged customers appear as their root, erased ones not."""
    if relation.name == MERGES:
        if has_merges:
            return f"select loser, root from {MERGE_TABLE}"
        return f"select {_columns(relation.visible)} from ({_empty(relation.base_schema)})"
    body = raw_view(relation, files, root)
    if hidden and relation.person_columns:
        body = (
            f"select {_columns(relation.visible)} from ({rows(relation, files, root)})"
            f" where not {is_of(relation, hidden)}"
        )
    if not has_merges:
        return body
    if relation.name == CUSTOMERS:
        # NOT EXISTS, as a null id can not occur and NOT IN would need a slower join.
        return (
            f"select * from ({body}) r where not exists"
            f" (select 1 from {MERGE_TABLE} m where m.loser = r.id)"
        )
    if CUSTOMER not in relation.visible.names:
        return body
    shown = [
        f"coalesce(m.root, r.{name}) as {name}" if name == CUSTOMER else f"r.{name}"
        for name in relation.visible.names
    ]
    return (
        f"select {', '.join(shown)} from ({body}) r"
        f" left join {MERGE_TABLE} m on m.loser = r.{CUSTOMER}"
    )


def raw_view(relation: Relation, files: Sequence[LakeFile], root: Path) -> str:
    """The relation as its source table has it, merges left aside."""
    return f"select {_columns(relation.visible)} from ({rows(relation, files, root)})"


def is_of(relation: Relation, customers: Sequence[int]) -> str:
    """The condition that a row is about one of these customers; rows of nobody are not."""
    ids = ", ".join(str(int(customer)) for customer in customers) or "null"
    each = (f"coalesce({name} in ({ids}), false)" for name in relation.person_columns)
    return f"({' or '.join(each)})"


def rows(relation: Relation, files: Sequence[LakeFile], root: Path) -> str:
    """Current rows with the columns of a base file."""
    if not files:
        return _empty(relation.base_schema)
    if relation.key == "append":
        return f"select {_columns(relation.base_schema)} from {read(relation, files, root)}"
    base = [file for file in files if file.kind == "base"]
    tails = [file for file in files if file.kind == "tail"]
    parts = []
    if base:
        parts.append(old_rows(relation, base, tails, root))
    if tails:
        columns = _columns(relation.base_schema)
        newer = newest(relation, tails, root)
        parts.append(f"select {columns} from ({newer}) where not {IS_GONE}")
    return " union all ".join(parts)


def old_rows(
    relation: Relation, base: Sequence[LakeFile], tails: Sequence[LakeFile], root: Path
) -> str:
    """Rows of base files that no tail file knows a newer version of."""
    sql = f"select {_columns(relation.base_schema)} from {read(relation, base, root)} b"
    if tails:
        scan = read(relation, tails, root)
        sql += f" where not exists (select 1 from {scan} t where t.id = b.id)"
    return sql


def newest(relation: Relation, tails: Sequence[LakeFile], root: Path) -> str:
    """The newest version of each row in tail files, gone ones included."""
    return (
        f"select * from {read(relation, tails, root)}"
        f" qualify row_number() over (partition by id order by {XID} desc) = 1"
    )


def read(relation: Relation, files: Sequence[LakeFile], root: Path, *, option: str = "") -> str:
    """A scan of the files; columns that files of an older release lack are null."""
    paths = ", ".join("'" + str(root / file.path).replace("'", "''") + "'" for file in files)
    scan = f"read_parquet([{paths}], hive_partitioning = false{option}"
    if not is_stale(relation, files):
        return f"{scan})"
    schema = relation.tail_schema if files[0].kind == "tail" else relation.base_schema
    return f"({_empty(schema)} union all by name from {scan}, union_by_name = true))"


def is_stale(relation: Relation, files: Sequence[LakeFile]) -> bool:
    """Whether some of the files were made in another way than the relation is now."""
    return any(file.shape not in ("", relation.shape) for file in files)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(schema.names)


def _empty(schema: pa.Schema) -> str:
    typed = ", ".join(f"null::{duckdb_type(field)} as {field.name}" for field in schema)
    return f"select {typed} where false"
