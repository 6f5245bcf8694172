"""Import of Online Retail, from the file to the answer of a query, with its memory.

The folder of the data set is REGULARS_DATASETS; without it the benchmark says so and stops.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.common import Report

SECONDS_MAX = 60
MEMORY_MB_MAX = 600
SAMPLE_S = 0.1


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
    path = folder / "enlarged.parquet"
    with pq.ParquetWriter(path, _texts(table, invoice, customer).schema) as writer:
        for copy in range(times):
            part = _texts(table, invoice, customer)
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


def run(path: Path, folder: Path) -> tuple[float, float, dict[str, object]]:
    """Seconds, peak memory in MB of the importing process, and what it printed."""
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
    watched = psutil.Process(process.pid)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(SAMPLE_S)
    took = time.perf_counter() - start
    assert process.returncode == 0 and process.stdout is not None
    return took, peak / (1 << 20), json.loads(process.stdout.read())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1, help="also a file so many times as large")
    options = parser.parse_args()
    source = data_file()
    report = Report("import")
    if source is None:
        print("No data set: set REGULARS_DATASETS to the folder that holds online_retail.")
        return
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name)
        took, peak, _ = run(source, folder / "one")
        report.add("seconds", took, bar=SECONDS_MAX, is_at_most=True)
        report.add("memory_mb", peak, bar=MEMORY_MB_MAX, is_at_most=True)
        if options.times > 1:
            many = enlarged(source, options.times, folder)
            longer, larger, _ = run(many, folder / "many")
            report.add(f"seconds_of_{options.times}_times", longer)
            report.add(
                f"memory_mb_of_{options.times}_times", larger, bar=MEMORY_MB_MAX, is_at_most=True
            )
    report.print()


if __name__ == "__main__":
    main()
