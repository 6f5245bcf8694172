"""A Spark session set as the lake's files and statements need it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from regulars.kernel.errors import Outside
from regulars.lake.spark import java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[*]"

# What decides the meaning of a statement; not for an operator to change.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    "spark.sql.caseSensitive": "false",
}
# What an operator may set otherwise.
DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.filterPushdown": "true",
}


def open_session(master: str = LOCAL, options: Mapping[str, str] | None = None) -> SparkSession:
    """A session on the master: `local[*]`, or `spark://host:7077` of a cluster.

    raises  Outside(spark_missing | java_missing | spark_unreachable)
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        problem = 'Spark is not installed: pip install "regulars[spark]".'
        raise Outside("spark_missing", problem, is_permanent=True) from error
    os.environ["JAVA_HOME"] = java.home()
    # It tells of every connection that it closes, also when nobody listens any more.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    builder = SparkSession.builder.master(master).appName("regulars")
    for key, value in {**DEFAULTS, **(options or {}), **MEANING}.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except PySparkException as error:
        problem = f"Spark did not start on {master}: {error}"
        raise Outside("spark_unreachable", problem[:500]) from error
    session.sparkContext.setLogLevel("ERROR")
    return session
