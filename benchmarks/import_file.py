"""Import of Online Retail, from the file to the answer of a report, with its memory.

Then the same shop ten times over, whose memory must not grow. The folder of the data sets is
REGULARS_DATASETS; without it the benchmark says so and stops.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.common import Report

SECONDS_MAX = 60
MEMORY_MB_MAX = 600
# Flat: ten times the rows may cost the noise of a measurement, not more.
MEMORY_RATIO_MAX = 1.25
TIMES = 10
SAMPLE_S = 0.1
CLEAN_LINES = 397_884
REVENUE = "8911407.90"


@dataclass(frozen=True, slots=True)
class Run:
    """One import: how long until a query answers, and the peak of the importing process."""

    seconds: float
    memory_mb: float
    rows: int


def data_file() -> Path | None:
    """The file of the data set, or None."""
    root = Path(os.environ.get("REGULARS_DATASETS") or Path(__file__).parents[2] / "shared/data")
    found = sorted((root / "online_retail").glob("*.parquet"))
    return found[0] if found else None


def enlarged(source: Path, times: int, folder: Path) -> Path:
    """The same shop `times` over: other invoice numbers, other customers."""
    table = pq.read_table(source)
    invoice = next(n for n in table.column_names if n.lower().startswith("invoiceno"))
    customer = next(n for n in table.column_names if n.lower().startswith("customer"))
    texts = _texts(table, invoice, customer)
    path = folder / "enlarged.parquet"
    with pq.ParquetWriter(path, texts.schema) as writer:
        for copy in range(times):
            part = texts
            for name in (invoice, customer):
                column = pc.binary_join_element_wise(part[name], str(copy), "")
                part = part.set_column(part.column_names.index(name), name, column)
            writer.write_table(part)
    return path


def _texts(table: pa.Table, *names: str) -> pa.Table:
    for name in names:
        column = table[name]
        if not pa.types.is_string(column.type):
            column = pc.cast(pc.cast(column, pa.int64()), pa.string())
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def run(path: Path, folder: Path, times: int) -> Run:
    """Import into a new data folder; the command ends when the lake has everything."""
    environment = {**os.environ, "REGULARS_DATA": str(folder)}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "regulars.project.cli"]
    subprocess.run([*command, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "import", "orders", str(path), "--workspace", "shop"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = _peak_mb(process)
    took = time.perf_counter() - start
    assert process.returncode == 0 and process.stdout is not None
    outcome = json.loads(process.stdout.read())
    answered = subprocess.run(
        [*command, "report", "base", "--workspace", "shop"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    _check(json.loads(answered.stdout), times)
    return Run(took, peak, outcome["rows"])


def _peak_mb(process: subprocess.Popen[str]) -> float:
    """The largest resident size of the process; PostgreSQL, which others share, is not counted."""
    watched = psutil.Process(process.pid)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(SAMPLE_S)
    process.wait()
    return peak / (1 << 20)


def _check(told: dict[str, Any], times: int) -> None:
    assert int(told["clean_lines"]) == CLEAN_LINES * times, told
    if times == 1:
        assert str(told["revenue"]) == REVENUE, told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=TIMES, help="1 leaves the larger file out")
    options = parser.parse_args()
    source = data_file()
    report = Report("import_file")
    if source is None:
        print("No data set: set REGULARS_DATASETS to the folder that holds online_retail.")
        return
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name)
        one = run(source, folder / "one", 1)
        report.add("seconds", one.seconds, bar=SECONDS_MAX, is_at_most=True)
        report.add("memory_mb", one.memory_mb, bar=MEMORY_MB_MAX, is_at_most=True)
        if options.times > 1:
            many = enlarged(source, options.times, folder)
            large = run(many, folder / "many", options.times)
            note = f"{large.rows:,} rows"
            report.add("larger_seconds", large.seconds, note=note)
            report.add(
                "larger_memory_mb", large.memory_mb, bar=MEMORY_MB_MAX, is_at_most=True, note=note
            )
            report.add(
                "larger_memory_ratio",
                large.memory_mb / one.memory_mb,
                bar=MEMORY_RATIO_MAX,
                is_at_most=True,
            )
    report.print()


if __name__ == "__main__":
    main()
