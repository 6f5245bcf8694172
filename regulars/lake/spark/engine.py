"""Asking the lake through Spark: the same statements, the same files, the same answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.kernel.errors import Outside
from regulars.lake import merges, views
from regulars.lake.manifest import LakeFile
from regulars.lake.relations import MERGES, Relation
from regulars.lake.spark import dialect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ManifestOf = Callable[[int], Sequence[LakeFile]]
HiddenOf = Callable[[int], Sequence[int]]
ERROR_CHARS_MAX = 500


class SparkEngine:
    """Spark over one lake, with the questions of `lake.engine.Engine`.

    root         the lake as every worker reaches it: a folder, or a URL such as s3a://bucket/lake
    relations    every relation that queries may name
    manifest_of  gives the live files of a workspace
    hidden_of    gives the customers nobody may see any more
    """

    def __init__(
        self,
        session: SparkSession,
        root: str | Path,
        relations: Sequence[Relation],
        manifest_of: ManifestOf,
        *,
        hidden_of: HiddenOf | None = None,
    ) -> None:
        self.session = session
        self.root = str(root).rstrip("/")
        self.relations = {relation.name: relation for relation in relations}
        self._manifest_of = manifest_of
        self._hidden_of = hidden_of

    def query(self, workspace_id: int, sql: str, params: Mapping[str, Any]) -> pa.Table:
        """The answer of a select, written for DuckDB, over the workspace's relations.

        params  values for `$name`
        raises  Outside(spark_failed | lake_older)
        """
        # The manifest is read at once, so that no fold in between takes files away.
        files = self._manifest_of(workspace_id)
        for name in views.mentioned(sql, self.relations):
            own = [file for file in files if file.relation == name]
            if views.is_stale(self.relations[name], own):
                problem = f"Files of {name} come from an older release; wait for the worker."
                raise Outside("lake_older", problem)
        hidden = self._hidden_of(workspace_id) if self._hidden_of else ()
        has_merges = self._put_merges(files)
        text = views.compose(
            sql, self.relations, files, Path("/"), has_merges=has_merges, hidden=hidden
        )
        statement = dialect.translate(text, params)
        for name, paths in statement.files.items():
            located = [f"{self.root}{path}" for path in paths]
            self.session.read.parquet(*located).createOrReplaceTempView(name)
        from pyspark.errors import PySparkException

        try:
            return self.session.sql(statement.sql, args=statement.params).toArrow()
        except PySparkException as error:
            problem = f"Spark could not answer: {error}"
            raise Outside("spark_failed", problem[:ERROR_CHARS_MAX]) from error

    def customer_set(self, workspace_id: int, sql: str, params: Mapping[str, Any]) -> pa.Int64Array:
        """The distinct ids that a select of one column `customer` gives, in ascending order."""
        text = f"select distinct customer from ({sql}) where customer is not null order by 1"
        return self.query(workspace_id, text, params)[0].combine_chunks()

    def count_customers(self, workspace_id: int, sql: str, params: Mapping[str, Any]) -> int:
        """How many distinct customers a select of one column `customer` gives."""
        text = f"select count(distinct customer) as customers from ({sql})"
        count: int = self.query(workspace_id, text, params)[0][0].as_py()
        return count

    def _put_merges(self, files: Sequence[LakeFile]) -> bool:
        """Resolve the merges and put them before the workers; whether there are any."""
        own = [file for file in files if file.relation == MERGES]
        if not own:
            return False
        body = views.raw_view(self.relations[MERGES], own, Path("/"))
        statement = dialect.translate(f"select loser, root from ({body})", {})
        for name, paths in statement.files.items():
            located = [f"{self.root}{path}" for path in paths]
            self.session.read.parquet(*located).createOrReplaceTempView(name)
        pairs = self.session.sql(statement.sql).toArrow()
        resolved = merges.resolve(
            pairs["loser"].to_numpy(zero_copy_only=False),
            pairs["root"].to_numpy(zero_copy_only=False),
        )
        if not resolved.num_rows:
            return False
        self.session.createDataFrame(resolved).createOrReplaceTempView(views.MERGE_TABLE)
        return True
