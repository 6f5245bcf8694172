"""One state of a workspace's lake, asked again and again, a range of customers at a time.

Files of a manifest stay readable for minutes after they are replaced, so a pass over all customers
sees one state however long it takes. Merged customers are not renamed here: a range could not be
cut out of the files any more. Whoever asks leaves them and their roots to be asked about apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy.typing as npt

from regulars.lake import views
from regulars.lake.engine import Engine
from regulars.lake.manifest import LakeFile
from regulars.lake.relations import CUSTOMERS

Columns = dict[str, npt.NDArray[Any]]


class Pinned:
    """The workspace's lake as it is at this moment."""

    def __init__(self, engine: Engine, workspace_id: int) -> None:
        self._engine = engine
        self._files: Sequence[LakeFile] = engine.files_of(workspace_id)
        self._hidden = engine.hidden_of(workspace_id)

    def cuts(self, rows: int) -> list[tuple[int, int]]:
        """Ranges [first, last] of customers, at most so many in each, that hold all of them."""
        own = self._view(CUSTOMERS, None)
        text = (
            f"with own as materialized (select id from ({own})), numbered as"
            " (select id, row_number() over (order by id) as place from own)"
            f" select id from numbered where place % {rows:d} = 1 or {rows:d} = 1 order by id"
        )
        with self._engine.cursor() as cursor:
            firsts = [row[0] for row in cursor.execute(text).fetchall()]
        if not firsts:
            return []
        lasts = [first - 1 for first in firsts[1:]]
        return list(zip(firsts, [*lasts, 2**63 - 1], strict=True))

    def query(self, sql: str, params: Mapping[str, Any], within: tuple[int, int]) -> Columns:
        """The answer of a select that knows only rows about these customers, by column."""
        shown = [
            f"{name} as not materialized ({self._view(name, within)})"
            for name in views.mentioned(sql, self._engine.relations)
        ]
        text = _below(shown, sql)
        with self._engine.cursor() as cursor:
            return run(cursor, text, params)

    def _view(self, name: str, within: tuple[int, int] | None) -> str:
        relation = self._engine.relations[name]
        own = [file for file in self._files if file.relation == name]
        person = "id" if name == CUSTOMERS else "customer"
        where = [f"not {views.is_of(relation, self._hidden)}"] if self._hidden else []
        if within is not None:
            where.append(f"{person} between {within[0]:d} and {within[1]:d}")
        body = views.rows(relation, own, self._engine.root)
        columns = ", ".join(relation.visible.names)
        return f"select {columns} from ({body})" + (
            f" where {' and '.join(where)}" if where else ""
        )


def _below(shown: list[str], sql: str) -> str:
    opening = views.OPENING.match(sql)
    if not shown:
        return sql
    if opening is None:
        return f"with {', '.join(shown)} {sql}"
    return f"with {', '.join(shown)}, {sql[opening.end() :]}"


def run(cursor: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any]) -> Columns:
    """The answer by column; what is null is masked.

    Planning is most of a large statement's time, and this way it is planned once.
    """
    found: Columns = cursor.execute(sql, dict(params) or None).fetchnumpy()
    return found
