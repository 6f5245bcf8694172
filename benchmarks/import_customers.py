"""Import of a million customers by the command, and of the same file once more.

The second import must find every row known, change nothing and take a third of the time at most.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.common import Report

CUSTOMERS = 1_000_000
SECONDS_MAX = 300
MEMORY_MB_MAX = 600
QUICKER_MIN = 3.0
SAMPLE_S = 0.1
CITIES = ("Kyiv", "Lviv", "Odesa", "Dnipro", "Kharkiv", "Poltava", "Lutsk", "Uzhhorod")
HEADINGS = (
    "external_id", "email", "phone", "first_name", "last_name", "city", "birth_on",
    "consent_email", "attr.shoe_size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One import: its time, the peak of the importing process, and what came of the rows."""

    seconds: float
    memory_mb: float
    outcome: dict[str, object]


def write_file(path: Path, customers: int) -> None:
    """So many people with an id, an e-mail, a phone, and a consent of half of them."""
    chance = random.Random(7)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADINGS)
        for number in range(customers):
            birth = f"{chance.randint(1950, 2005)}-{chance.randint(1, 12):02}-15"
            writer.writerow(
                (
                    f"c{number}", f"c{number}@people.example", f"+38067{number:07}",
                    f"Name{number % 5_000}", f"Family{number % 70_000}", chance.choice(CITIES),
                    birth, "yes" if number % 2 else "", chance.randint(35, 46),
                )
            )  # fmt: skip


def run(path: Path, environment: dict[str, str]) -> Run:
    """Import the file; the command ends when the lake has everything."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "regulars.project.cli", "import", "customers", str(path),
         "--workspace", "shop"],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(SAMPLE_S)
    output, _ = process.communicate()
    assert process.returncode == 0
    return Run(time.perf_counter() - start, peak / (1 << 20), json.loads(output))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    customers = parser.parse_args().customers
    report = Report("import_customers")
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        path = Path(name) / "people.csv"
        write_file(path, customers)
        environment = {**os.environ, "REGULARS_DATA": str(Path(name) / "data")}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "regulars.project.cli", "migrate"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        first, second = run(path, environment), run(path, environment)
    assert first.outcome["taken"] == customers, first.outcome
    assert second.outcome["repeated"] == customers, second.outcome
    note = f"{customers:,} rows"
    report.add("seconds", first.seconds, bar=SECONDS_MAX, is_at_most=True, note=note)
    report.add("memory_mb", first.memory_mb, bar=MEMORY_MB_MAX, is_at_most=True)
    report.add("second_seconds", second.seconds, note="nothing changed")
    report.add("second_memory_mb", second.memory_mb, bar=MEMORY_MB_MAX, is_at_most=True)
    report.add("second_is_quicker", first.seconds / second.seconds, bar=QUICKER_MIN)
    report.print()


if __name__ == "__main__":
    main()
