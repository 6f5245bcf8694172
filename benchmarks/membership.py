"""Two hundred segments kept: computed in full, and brought up to date after a change.

In full: one shared pass over the lake against the sum of two hundred single counts over the same
files. After one customer in a hundred did something: the follower against one SQL per segment in
which every customer is looked at again, as builders of segments in SQL do it, on the same rows of
PostgreSQL. Data are generated once into `--folder`: a lake by the lake's own writer, and a database
that the product feeds its lake from.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import segment_count, varied
from benchmarks.common import Report, once_s

CUSTOMERS = 1_000_000
EVENTS = 50_000_000
DATABASE_CUSTOMERS = 1_000_000
DATABASE_EVENTS = 10_000_000
CHANGED_SHARE = 0.01
MEMORY_MB = 3_000
# As a pass of the product takes them.
RANGE_CUSTOMERS = 262_144
# The rival is asked for so many segments, evenly chosen, and the rest is reckoned from them.
RIVAL_SEGMENTS = 14
PARTS = ("full", "change")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keeps the generated data between runs")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--database-customers", type=int, default=DATABASE_CUSTOMERS)
    parser.add_argument("--database-events", type=int, default=DATABASE_EVENTS)
    parser.add_argument("--segments", type=int, default=varied.SEGMENTS)
    parser.add_argument("--rival-segments", type=int, default=RIVAL_SEGMENTS)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        folder = (chosen.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for part in chosen.part or PARTS:
            # A process each: memory is told apart, and Django is set up for one data folder.
            words = [sys.executable, "-m", "benchmarks.membership_parts", part, str(folder)]
            words.append(json.dumps({k: v for k, v in vars(chosen).items() if k != "folder"}))
            environment = {**os.environ, "REGULARS_DATA": str(folder / "data")}
            environment.pop("DATABASE_URL", None)
            code = subprocess.run(words, check=False, env=environment).returncode
            if code:
                raise SystemExit(code)


def full(folder: Path, chosen: dict[str, Any]) -> None:
    """The shared pass and the single counts, and that both find the same."""
    from regulars.customers.facts import FACTS
    from regulars.lake.engine import Engine
    from regulars.lake.manifest import LakeFile
    from regulars.lake.pinned import Pinned
    from regulars.rules import duck, language, shared

    segment_count.CUSTOMERS, segment_count.EVENTS = chosen["customers"], chosen["events"]
    segment_count.CHUNK = min(segment_count.CHUNK, chosen["events"])
    # Merged customers are asked about apart, from the database.
    segment_count.MERGES = 0
    lake = folder / f"lake-{chosen['customers']}-{chosen['events']}"
    lake.mkdir(exist_ok=True)
    if not (lake / "manifest.json").exists():
        print(f"lake in {once_s(lambda: segment_count.generate(lake)):.0f} s", flush=True)
    live = [LakeFile(*row) for row in json.loads((lake / "manifest.json").read_text())]
    relations = (
        segment_count.CUSTOMERS_RELATION,
        segment_count.EVENTS_RELATION,
        segment_count.MERGES_RELATION,
    )
    engine = Engine(lake, relations, lambda _: live, memory_mb=MEMORY_MB)
    rules = {n: language.parse(one) for n, one in enumerate(varied.rules(chosen["segments"]))}
    asked = {"facts": FACTS, "now": segment_count.END, "zone": ZoneInfo("UTC"), "segments": {}}

    def together() -> list[int]:
        many = shared.compile_many(rules, **asked)
        pinned = Pinned(engine, segment_count.WORKSPACE)
        totals = [0] * len(rules)
        for within in pinned.cuts(RANGE_CUSTOMERS):
            columns = pinned.query(many.sql, many.params, within)
            for number in rules:
                totals[number] += int(columns[many.columns[number].holds].sum())
        return totals

    def single(number: int) -> int:
        one = duck.compile(rules[number], **asked)
        return engine.count_customers(segment_count.WORKSPACE, one.sql, one.params, since=one.since)

    single(0)
    found, shared_s = _timed(together)
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_048_576
    expected, single_s = _timed(lambda: [single(number) for number in rules])
    assert found == expected, "the shared pass and the single counts disagree"

    report = Report("membership_full")
    sizes = f"{chosen['customers']:,} customers, {chosen['events']:,} events"
    report.add("all segments in one pass, s", shared_s, note=sizes)
    report.add("as single counts, s", single_s, note=f"{len(rules)} segments")
    report.add("share of the single counts", shared_s / single_s, 0.5, is_at_most=True)
    report.add("memory of the pass, GB", memory_gb, 4.0, is_at_most=True)
    report.print()


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    kept: list[Any] = []
    seconds = once_s(lambda: kept.append(call()))
    return kept[0], seconds


def change(folder: Path, chosen: dict[str, Any]) -> None:
    """One customer in a hundred does something; the follower, then the rival."""
    from benchmarks.membership_rival import look_at_everybody
    from benchmarks.membership_shop import Shop

    shop = Shop(chosen["database_customers"], chosen["database_events"])
    shop.open()
    report = Report("membership_change")
    report.add("filled for the first time, rows written, s", shop.fill(chosen["segments"]))
    customers = chosen["database_customers"]
    changed = max(1, int(customers * CHANGED_SHARE))
    # Customers are numbered by how much they do: an even choice is one of all kinds.
    evenly = customers // changed
    cold_s = _followed(shop, changed, evenly)
    report.add("the first time, pages still on disk, s", cold_s)
    follower_s = _followed(shop, changed, evenly)
    report.add(
        f"{chosen['segments']} segments up to date, s", follower_s, 6.0, is_at_most=True,
        note=f"{changed:,} of {customers:,} customers changed",
    )  # fmt: skip
    _followed(shop, changed, 1)
    report.add(
        "the same for those who do most, s", _followed(shop, changed, 1),
        note="a tenth of all events is theirs",
    )  # fmt: skip
    rules = varied.rules(chosen["segments"])
    step = max(1, len(rules) // chosen["rival_segments"])
    asked = list(itertools.islice(enumerate(rules), 0, None, step))
    # Its pages too are read once before.
    look_at_everybody(shop, len(rules), rules[0])
    seconds = [look_at_everybody(shop, number, rule) for number, rule in asked]
    rival_s = sum(seconds) / len(seconds) * len(rules)
    report.add("one SQL per segment, everybody anew, s", rival_s, note=f"from {len(asked)} of them")
    report.add("times quicker", rival_s / follower_s, 20)
    report.print()
    shop.close()


def _followed(shop: Any, changed: int, every: int) -> float:
    shop.touch(changed, every)
    return once_s(shop.follow)


if __name__ == "__main__":
    main()
