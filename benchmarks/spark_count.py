"""The same questions to Spark and to DuckDB over the same files: a master and two workers of one
core each on this machine, against DuckDB on two threads.

`--times-read` lists every file of events so often: twice the files of 50 million events are read as
100 million. Both must find the same customers, or the run stops.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks import segment_count
from benchmarks.common import Report, median_s, once_s
from regulars.customers.facts import FACTS
from regulars.customers.lake import CUSTOMERS, MERGES
from regulars.events.lake import EVENTS as EVENTS_RELATION
from regulars.lake.engine import Engine
from regulars.lake.manifest import LakeFile
from regulars.lake.spark import session, standalone
from regulars.lake.spark.engine import SparkEngine
from regulars.rules import duck, language, text
from regulars.rules.tree import Rule

QUESTIONS = {
    "two counts and a city": language.parse(segment_count.RULE),
    "whole base, overdue": text.read("overdue order.paid by 1.5"),
    "funnel of three steps": text.read(
        'funnel (did "Product Viewed", did "Product Added", did order.paid) in 7d'
    ),
}
TIMES = 3
MEMORY = "3g"
OPTIONS = {
    "spark.executor.memory": "2g",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "4",
}
# Without a folder: small enough to be made in a minute.
EVENTS = 10_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="a lake of segment_count")
    parser.add_argument("--times-read", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        folder = (chosen.folder or Path(scratch)).resolve()
        if not (folder / "manifest.json").exists():
            segment_count.EVENTS = EVENTS
            print(
                f"generated in {once_s(lambda: segment_count.generate(folder)):.0f} s", flush=True
            )
        once = [LakeFile(*row) for row in json.loads((folder / "manifest.json").read_text())]
        again = [file for file in once if file.relation == "events"] * (chosen.times_read - 1)
        measure(folder, [*once, *again])


def measure(folder: Path, live: list[LakeFile]) -> None:
    """Each question to both engines; compare, print."""
    relations = (
        CUSTOMERS,
        EVENTS_RELATION,
        MERGES,
    )
    on_duck = Engine(folder, relations, lambda _: live, memory_mb=3_000)
    events = sum(file.rows for file in live if file.relation == "events")
    report = Report("spark_count")
    report.add("events", events)
    with tempfile.TemporaryDirectory(prefix="regulars-spark-") as scratch:
        place = Path(scratch)
        with standalone.cluster(place, memory=MEMORY) as address:
            opened = session.open_session(address, {**OPTIONS, "spark.local.dir": str(place)})
            on_spark = SparkEngine(opened, folder.as_uri(), relations, lambda _: live)
            for name, rule in QUESTIONS.items():
                ask(name, rule, on_duck, on_spark, report)
            opened.stop()
    report.print()


def ask(name: str, rule: Rule, on_duck: Engine, on_spark: SparkEngine, report: Report) -> None:
    """One question: first and later answers of both, and that they are the same."""
    end, zone = segment_count.END, ZoneInfo("UTC")
    asked = duck.compile(rule, facts=FACTS, now=end, zone=zone, segments={})
    found: list[int] = []

    def count(engine: Engine | SparkEngine) -> None:
        found.append(engine.count_customers(segment_count.WORKSPACE, asked.sql, dict(asked.params)))

    report.add(f"{name}: Spark, first answer, s", once_s(lambda: count(on_spark)))
    report.add(f"{name}: Spark, s", median_s(lambda: count(on_spark), times=TIMES, warm=0))
    report.add(f"{name}: DuckDB, s", median_s(lambda: count(on_duck), times=TIMES))
    assert len(set(found)) == 1, f"the engines disagree about {name}: {set(found)}"
    report.add(f"{name}: customers", found[0])


if __name__ == "__main__":
    main()
