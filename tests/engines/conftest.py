"""One small Spark cluster for the whole run: a master and two workers on the loopback."""

from __future__ import annotations

import pytest

from regulars.lake.spark import session, standalone


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    options = {
        # For rows by the dozen, planning and compiling is what takes time.
        "spark.sql.shuffle.partitions": "1",
        "spark.default.parallelism": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.executor.memory": "600m",
        "spark.driver.memory": "2g",
        "spark.driver.host": standalone.HOST,
        "spark.driver.bindAddress": standalone.HOST,
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    with standalone.cluster(folder) as address:
        opened = session.open_session(address, options)
        yield opened
        opened.stop()
