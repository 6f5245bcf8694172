from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from regulars.kernel.errors import Conflict
from regulars.lake import feeder, fold, layout, manifest, sweep, views
from regulars.lake.rebuild import content_hash, rebuild
from regulars.lake.tests.conftest import BAKERY, RELATIONS, Shop


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake in which a handful of rows is a million."""
    monkeypatch.setattr(layout, "FILE_ROWS_MAX", 10)
    monkeypatch.setattr(layout, "MONTH_ROWS_MIN", 3)
    monkeypatch.setattr(layout, "MONTH_ROWS_ENOUGH", 4)


def _trade(shop: Shop, seed: int, *, rounds: int = 5, events: int = 15) -> None:
    """A few ticks of events of a year, and of customers who change, go and merge."""
    draw = random.Random(seed)
    for _ in range(rounds):
        for _ in range(draw.randrange(events)):
            time = f"2025-{draw.randrange(1, 13):02d}-03" if draw.random() < 0.9 else None
            shop.event(
                draw.choice([None, *range(12)]), draw.choice(["paid", "seen"]), time or "infinity"
            )
        for _ in range(draw.randrange(4)):
            shop.customer(draw.randrange(12), draw.choice(["Mira", "Олег", "İ", None]))
        shop.connection.execute(
            "update shop_customer set is_erased = not is_erased where id = %s",
            [draw.randrange(12)],
        )
        shop.tick()


def _hashes(shop: Shop) -> list[str]:
    return [content_hash(shop.engine, BAKERY, relation.name) for relation in RELATIONS]


def _fold_all(shop: Shop) -> None:
    for relation in RELATIONS:
        fold.fold(shop.engine, shop.connection, BAKERY, relation.name, shop.now)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.usefixtures("small")
def test_folding_compacting_and_rebuilding_change_nothing(shop: Shop, seed: int) -> None:
    _trade(shop, seed)
    before = _hashes(shop)
    _fold_all(shop)
    folded = _hashes(shop)
    _trade(shop, seed + 100)
    grown = _hashes(shop)
    for relation in RELATIONS:
        fold.compact(shop.engine, shop.connection, BAKERY, relation.name, shop.now)
    compacted = _hashes(shop)
    _fold_all(shop)
    twice_folded = _hashes(shop)
    rebuild(shop.engine, shop.connection, BAKERY, shop.now)

    assert folded == before
    assert compacted == grown != before
    assert twice_folded == grown
    assert _hashes(shop) == grown
    assert {file.kind for file in shop.files()} == {"base"}


@pytest.mark.usefixtures("small")
def test_a_large_relation_is_cut_by_month_and_bucket_and_sorted(shop: Shop) -> None:
    for day in range(1, 29):
        shop.event(day % 5, ["b", "a"][day % 2], f"2025-03-{day:02d}")
    shop.event(1, "a", "2025-04-01")
    shop.tick()

    fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)

    assert [(f.period, f.bucket, f.rows) for f in shop.files()] == [
        ("2025-03", 0, 10),
        ("2025-03", 1, 6),
        ("2025-03", 2, 6),
        ("2025-03", 3, 6),
        ("2025-04", 0, 1),
    ]
    for file in shop.files():
        table = pq.read_table(shop.root / file.path, partitioning=None)
        rows = list(zip(*(table[n].to_pylist() for n in ("kind", "customer", "time")), strict=True))
        assert rows == sorted(rows) and len(rows) == file.rows
        buckets = 4 if file.period == "2025-03" else 1
        assert {customer % buckets for _, customer, _ in rows} == {file.bucket}
        assert file.path.startswith("1/events/2025-0")


@pytest.mark.usefixtures("small")
def test_a_question_opens_no_file_of_a_period_before_its_first_instant(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for customer, day in ((1, "2025-01-05"), (2, "2025-02-05"), (3, "2025-03-05")):
        shop.customer(customer, f"c{customer}")
        for _ in range(60):
            shop.event(customer, "paid", day)
    shop.merge(3, 1)
    shop.tick()
    _fold_all(shop)
    files = [one for one in shop.files() if one.relation == "events"]
    assert {one.period for one in files} == {"2025-01", "2025-02", "2025-03"}
    opened: list[str] = []
    compose = views.compose

    def watched(sql: str, relations: Any, given: Any, *rest: Any, **more: Any) -> str:
        opened.extend(one.period for one in given if one.relation == "events")
        return compose(sql, relations, given, *rest, **more)

    monkeypatch.setattr(views, "compose", watched)

    def customers(since: datetime) -> list[int]:
        opened.clear()
        sql = "select customer from events where time >= ?"
        at = since.replace(tzinfo=None)
        found = shop.engine.customer_set(BAKERY, sql, [at], since={"events": since})
        return found.to_pylist()

    assert customers(datetime(2025, 2, 10, tzinfo=UTC)) == [1]
    assert sorted(set(opened)) == ["2025-02", "2025-03"]
    assert customers(datetime(2025, 2, 1, tzinfo=UTC)) == [1, 2]
    # Every file is closed: nobody, and no fault.
    assert customers(datetime(2025, 4, 1, tzinfo=UTC)) == []
    assert opened == []


@pytest.mark.usefixtures("small")
def test_only_the_touched_period_of_an_append_relation_is_written_anew(shop: Shop) -> None:
    for month in (1, 2, 3):
        for day in range(1, 8):
            shop.event(day, "paid", f"2025-{month:02d}-{day:02d}")
    shop.tick()
    fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)
    before = {file.period: file.path for file in shop.files()}
    shop.event(1, "paid", "2025-02-20")
    shop.tick()

    fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)

    after = {file.period: file.path for file in shop.files()}
    assert {period for period in after if after[period] != before[period]} == {"2025-02"}
    assert sum(file.rows for file in shop.files()) == 22


def test_folding_is_due_by_rows_and_compacting_by_files(shop: Shop) -> None:
    def tails(count: int, rows: int) -> list[manifest.LakeFile]:
        return [manifest.LakeFile(n, "events", "tail", "", rows, "", 0) for n in range(count)]

    base = manifest.LakeFile(99, "events", "base", "", 1_000_000, "", 0)

    assert layout.due([]) == "nothing"
    assert layout.due(tails(30, 100)) == "nothing"
    assert layout.due(tails(31, 100)) == "compact"
    assert layout.due(tails(2, 30_000)) == "fold"
    assert layout.due([base, *tails(2, 30_000)]) == "nothing"
    assert layout.due([base, *tails(2, 100_001)]) == "fold"


def test_fold_due_puts_many_small_tails_together(shop: Shop) -> None:
    for number in range(32):
        shop.event(number, "paid", "2025-01-01")
        shop.customer(1, f"Mira {number}")
        shop.tick()

    changed = fold.fold_due(shop.engine, shop.connection, shop.now)

    assert changed == 2
    assert [(f.relation, f.kind, f.rows) for f in shop.files()] == [
        ("customers", "tail", 1),
        ("events", "tail", 32),
    ]
    assert shop.column("select name from customers") == ["Mira 31"]
    assert fold.fold_due(shop.engine, shop.connection, shop.now) == 0


@pytest.mark.parametrize("step", ["seal", "add_files"])
@pytest.mark.usefixtures("small")
def test_a_fold_killed_at_any_step_changes_nothing(
    shop: Shop, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _trade(shop, 7)
    before, files = _hashes(shop), shop.files()

    def die(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(fold.files if step == "seal" else fold.manifest, step, die)
        with pytest.raises(RuntimeError):
            _fold_all(shop)

    assert shop.files() == files
    assert _hashes(shop) == before
    _fold_all(shop)
    assert _hashes(shop) == before


def test_of_two_folds_at_once_the_second_gives_way(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.event(1, "paid", "2025-01-01")
    shop.tick()
    real = manifest.swap_files

    def late(*args: object, **options: object) -> None:
        with monkeypatch.context() as inner:
            inner.setattr(manifest, "swap_files", real)
            fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)
        real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(manifest, "swap_files", late)
    with pytest.raises(Conflict):
        fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)

    assert [file.kind for file in shop.files()] == ["base"]
    assert shop.column("select count(*) from events") == [1]


def test_rows_that_arrive_during_a_rebuild_stay(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.event(1, "paid", "2025-01-01")
    shop.customer(1, "Mira")
    shop.tick()
    real = manifest.swap_files

    def late(*args: object, **options: object) -> None:
        with monkeypatch.context() as inner:
            inner.setattr(manifest, "swap_files", real)
            shop.event(2, "paid", "2025-01-01")
            shop.customer(1, "Mira K.")
            shop.tick()
        real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(manifest, "swap_files", late)
    rebuild(shop.engine, shop.connection, BAKERY, shop.now)

    # One came in before each of the three relations was swapped.
    assert shop.column("select customer from events order by 1") == [1, 2, 2, 2]
    assert shop.column("select name from customers") == ["Mira K."]


def test_a_rebuild_brings_back_what_was_lost(shop: Shop) -> None:
    _trade(shop, 3)
    before = _hashes(shop)
    shop.connection.execute("update lake_file set is_live = false, replaced_at = now()")
    lost = _hashes(shop)

    rebuild(shop.engine, shop.connection, BAKERY, shop.now)

    assert lost == ["0:0000000000000000"] * 3
    assert _hashes(shop) == before


def test_replaced_files_go_after_ten_minutes_and_orphans_too(shop: Shop) -> None:
    shop.event(1, "paid", "2025-01-01")
    shop.tick()
    (old,) = shop.files()
    fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)
    (live,) = shop.files()
    orphan, young = shop.root / "1/events/orphan.parquet", shop.root / "1/events/young.parquet"
    for path in (orphan, young):
        path.touch()
    long_ago = (shop.now - timedelta(minutes=11)).timestamp()
    for path in (orphan, shop.root / live.path):
        os.utime(path, (long_ago, long_ago))

    early = sweep.sweep(shop.connection, shop.root, shop.now)
    assert early == 1 and not orphan.exists() and (shop.root / old.path).exists()
    late = sweep.sweep(shop.connection, shop.root, shop.now + timedelta(minutes=11))

    assert late >= 1 and not (shop.root / old.path).exists()
    assert (shop.root / live.path).exists()
    assert shop.connection.execute("select count(*) from lake_file").fetchone() == (1,)


def test_orphans_of_a_killed_tick_are_the_only_trace(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.event(1, "paid", "2025-01-01")
    shop.settle()
    with monkeypatch.context() as patched:
        patched.setattr(feeder.manifest, "move_cursor", None)
        with pytest.raises(TypeError):
            feeder.tick(shop.connection, shop.root, RELATIONS, shop.now)
    left = list(Path(shop.root).rglob("*.parquet"))
    shop.tick()

    swept = sweep.sweep(shop.connection, shop.root, shop.now + timedelta(hours=1))

    assert len(left) == 1 and swept == 1 and not left[0].exists()
    assert shop.column("select count(*) from events") == [1]
