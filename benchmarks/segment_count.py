"""Counting a segment: a million customers, fifty million events, two conditions on behaviour and
one attribute, with rows not yet folded and a thousand merges present.

Against: pandas, loading included. Both count the same customers, or the run stops. The data are
generated once into `--folder` through the lake's own writer and fold.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.common import Report, median_s, once_s
from regulars.customers.facts import FACTS
from regulars.customers.lake import CUSTOMERS as CUSTOMERS_RELATION
from regulars.customers.lake import MERGES as MERGES_RELATION
from regulars.events.lake import EVENTS as EVENTS_RELATION
from regulars.lake import files, fold
from regulars.lake.engine import Engine
from regulars.lake.manifest import LakeFile
from regulars.lake.relations import Relation
from regulars.lake.source import lower_exactly
from regulars.rules import duck, language

WORKSPACE = 1
CUSTOMERS = 1_000_000
EVENTS = 50_000_000
# Beyond this pandas does not hold every row's text in the memory of one machine.
PANDAS_WHOLE_MAX = 20_000_000
WARM_S_MAX = 0.4
CHUNK = 500_000
MERGES = 1_000
# What ticks of half a minute may leave unfolded at 8,000 events a second.
TAIL_FILES = 30
TAIL_EVENTS = 8_000
TAIL_CUSTOMERS = 100

END = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 730
KINDS = (
    "Page Viewed", "Product Viewed", "Product Added", "Searched",
    "order.paid", "message.sent", "message.opened", "message.clicked",
)  # fmt: skip
CITIES = ("Kyiv", "Lviv", "Odesa", "Dnipro", "Kharkiv", "Łódź", "İzmir", "Chișinău")
CATEGORIES = ("tea", "Coffee", "cake", "bread", "gift")

RULE = {
    "version": 1,
    "where": {
        "all": [
            {"fact": "customer.city", "op": "in", "value": ["kyiv", "İZMİR".lower()]},
            {
                "did": "Product Viewed",
                "where": [{"prop": "category", "op": "eq", "value": "coffee"}],
                "count": {"gte": 2},
                "within": {"last": "90d"},
            },
            {
                "did": "order.paid",
                "sum": {"of": "number", "gte": 5_000},
                "within": {"last": "365d"},
            },
        ]
    },
}


def events(draw: np.random.Generator, first_id: int, rows: int, *, last_days: float) -> pa.Table:
    """Some events; a few customers are far busier than most."""
    kinds = draw.integers(len(KINDS), size=rows)
    ago_us = (draw.random(rows) * last_days * 86_400e6).astype(np.int64)
    time = np.datetime64(END.replace(tzinfo=None), "us") - ago_us.astype("timedelta64[us]")
    category = draw.integers(len(CATEGORIES), size=rows)
    number, price = draw.integers(10_000, size=(2, rows))
    props = [
        f'{{"sku": "SKU-{n % 3000}", "category": "{CATEGORIES[c]}", "number": {n}, "price": {p}}}'
        for n, c, p in zip(number.tolist(), category.tolist(), price.tolist(), strict=True)
    ]
    customer = (CUSTOMERS * draw.random(rows) ** 2).astype(np.int64) + 1
    return pa.table(
        {
            "id": pa.array(np.arange(first_id, first_id + rows)),
            "customer": pa.array(customer),
            "time": pa.array(time, pa.timestamp("us")),
            "kind": pa.array(KINDS).take(pa.array(kinds)),
            "props": pa.array(props),
            "subject": pa.nulls(rows, pa.int64()),
            "origin": pa.repeat("live", rows),
        }
    ).sort_by([("kind", "ascending"), ("customer", "ascending"), ("time", "ascending")])


def customers(draw: np.random.Generator, ids: np.ndarray, xid: int) -> pa.Table:
    """Some customers, as their tail file has them."""
    rows = len(ids)
    city = pa.array(CITIES).take(pa.array(draw.integers(len(CITIES), size=rows)))
    email = pa.array([f"Customer{i}@example.com" for i in ids.tolist()])
    known = {"id": pa.array(ids), "city": city, "email": email, "attrs": pa.repeat("{}", rows)}
    known |= {"xid": pa.array(np.full(rows, xid, np.uint64)), "is_gone": pa.repeat(False, rows)}
    columns = []
    for field in CUSTOMERS_RELATION.tail_schema:
        source = known.get(field.name.removesuffix("_l"))
        if source is None:
            columns.append(pa.nulls(rows, field.type))
        elif field.name.endswith("_l"):
            columns.append(lower_exactly(pa.chunked_array([source])))
        else:
            columns.append(source)
    return pa.table(columns, schema=CUSTOMERS_RELATION.tail_schema)


def tails(folder: Path, relation: Relation, tables: Iterator[pa.Table]) -> list[LakeFile]:
    """Each table as a tail file."""
    found = []
    for table in tables:
        path = files.new_path(WORKSPACE, relation.name, "tail/t")
        written = files.write_table(folder, path, table.cast(relation.tail_schema))
        found.append(LakeFile(0, relation.name, "tail", written.path, written.rows, "", 0))
    return found


def folded(engine: Engine, relation: Relation, own: list[LakeFile]) -> list[LakeFile]:
    """The tails as base files."""
    _, added = fold.merge(engine, WORKSPACE, relation, own)
    for file in own:
        (engine.root / file.path).unlink()
    return [
        LakeFile(0, relation.name, "base", f.written.path, f.written.rows, f.period, f.bucket)
        for f in added
    ]


def generate(folder: Path) -> None:
    """The lake, and its manifest as a file beside it."""
    draw = np.random.default_rng(7)
    engine = Engine(folder, (), lambda _: ())
    old = (events(draw, n, CHUNK, last_days=DAYS) for n in range(1, EVENTS, CHUNK))
    live = folded(engine, EVENTS_RELATION, tails(folder, EVENTS_RELATION, old))
    ids = np.arange(1, CUSTOMERS + 1)
    everyone = tails(folder, CUSTOMERS_RELATION, iter([customers(draw, ids, 1)]))
    live += folded(engine, CUSTOMERS_RELATION, everyone)
    new = (
        events(draw, EVENTS + 1 + n * TAIL_EVENTS, TAIL_EVENTS, last_days=0.1)
        for n in range(TAIL_FILES)
    )
    live += tails(folder, EVENTS_RELATION, new)
    changed = (
        customers(draw, draw.choice(ids, TAIL_CUSTOMERS, replace=False), 2 + n)
        for n in range(TAIL_FILES)
    )
    live += tails(folder, CUSTOMERS_RELATION, changed)
    live += tails(folder, MERGES_RELATION, iter([merges(draw, ids)]))
    engine.close()
    manifest = [[getattr(file, name) for name in LakeFile.__slots__] for file in live]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def merges(draw: np.random.Generator, ids: np.ndarray) -> pa.Table:
    """Busy customers merged with others, as they would be."""
    chosen = draw.choice(ids[: CUSTOMERS // 10], 2 * MERGES, replace=False)
    return pa.table(
        {
            "id": np.arange(MERGES),
            "loser": chosen[:MERGES],
            "root": chosen[MERGES:],
            "xid": np.full(MERGES, 9, np.uint64),
            "is_gone": np.zeros(MERGES, bool),
        }
    )


def with_pandas(folder: Path, live: list[LakeFile], *, is_filtered: bool = False) -> int:
    """The same count by pandas, from files to number.

    is_filtered  let the reader leave out rows of other kinds, as few programs do
    """

    def read(relation: str, kind: str, columns: list[str], **options: object) -> pd.DataFrame:
        own = [str(folder / f.path) for f in live if f.relation == relation and f.kind == kind]
        return pd.concat(
            [pd.read_parquet(p, columns=columns, partitioning=None, **options) for p in own]
        )

    wanted = [("kind", "in", ["Product Viewed", "order.paid"])]
    options = {"filters": wanted} if is_filtered else {}
    fields = ["customer", "time", "kind", "props"]
    log = pd.concat([read("events", kind, fields, **options) for kind in ("base", "tail")])
    merged = read("merges", "tail", ["loser", "root"]).set_index("loser")["root"]
    base = read("customers", "base", ["id", "city_l"])
    newer = read("customers", "tail", ["id", "city_l", "xid"]).sort_values("xid")
    newest = newer.drop_duplicates("id", keep="last")
    people = pd.concat([base[~base["id"].isin(newest["id"])], newest])
    people = people[~people["id"].isin(merged.index)]
    people = people[people["city_l"].isin(["kyiv", "i̇zmi̇r"])]

    end = pd.Timestamp(END).tz_localize(None)
    viewed = log[(log["kind"] == "Product Viewed") & (log["time"] > end - timedelta(days=90))]
    viewed = viewed[[json.loads(text)["category"].lower() == "coffee" for text in viewed["props"]]]
    times = viewed["customer"].replace(merged).value_counts()
    paid = log[(log["kind"] == "order.paid") & (log["time"] > end - timedelta(days=365))]
    number = pd.Series([json.loads(text)["number"] for text in paid["props"]])
    sums = number.groupby(paid["customer"].replace(merged).to_numpy()).sum()
    both = set(times.index[times >= 2]) & set(sums.index[sums >= 5_000])
    return int(people["id"].isin(both).sum())


def rival(folder: Path, live: list[LakeFile], found: int, *, is_filtered: bool) -> float:
    """How long pandas takes; it must find as many."""
    start = time.perf_counter()
    expected = with_pandas(folder, live, is_filtered=is_filtered)
    seconds = time.perf_counter() - start
    assert found == expected, f"the engines disagree: {found} and {expected}"
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keeps the generated lake between runs")
    parser.add_argument("--times", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (chosen.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "manifest.json").exists():
            print(f"generated in {once_s(lambda: generate(folder)):.0f} s", flush=True)
        measure(folder, chosen.times)


def measure(folder: Path, times: int) -> None:
    """Count with both, compare, print."""
    live = [LakeFile(*row) for row in json.loads((folder / "manifest.json").read_text())]
    relations = (CUSTOMERS_RELATION, EVENTS_RELATION, MERGES_RELATION)
    rule = language.parse(RULE)

    def count(engine: Engine) -> int:
        asked = duck.compile(rule, facts=FACTS, now=END, zone=ZoneInfo("UTC"), segments={})
        return engine.count_customers(WORKSPACE, asked.sql, asked.params, since=asked.since)

    engine = Engine(folder, relations, lambda _: live)
    cold_s = once_s(lambda: count(engine))
    found = count(engine)
    warm_s = median_s(lambda: count(engine), times=times)
    folded_only = [file for file in live if file.kind == "base"]
    quiet = Engine(folder, relations, lambda _: folded_only)
    quiet_s = median_s(lambda: count(quiet), times=times)

    rival_s = {"pandas with a filtered reader": rival(folder, live, found, is_filtered=True)}
    if sum(file.rows for file in live if file.relation == "events") <= PANDAS_WHOLE_MAX:
        rival_s["pandas"] = rival(folder, live, found, is_filtered=False)

    report = Report("segment_count")
    report.add("warm, s", warm_s, WARM_S_MAX, is_at_most=True, note=f"{found} customers found")
    report.add("first question of a process, s", cold_s)
    report.add("without tails and merges, s", quiet_s)
    for name, seconds in rival_s.items():
        report.add(f"{name}, loading included, s", seconds)
        report.add("  times slower", seconds / warm_s, 20)
    report.print()


if __name__ == "__main__":
    main()
