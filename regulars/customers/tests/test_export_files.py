"""Files of exports: none outlives its day or the erasure of whom it holds, finished or not."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from regulars.customers import actions, batches
from regulars.customers.erasure import forget_lists
from regulars.customers.records import BatchRecord
from regulars.jobs import actions as jobs
from regulars.jobs import runner
from regulars.kernel import clock
from regulars.store.persons import Person
from regulars.store.scope import scope
from tests.town import Town, town

HANDLERS = {"customers.batch": "regulars.customers.batches:run_job"}
OLEG = "oleg@example.com"


@pytest.fixture
def place(db: None) -> Town:
    return town()


def export(place: Town) -> BatchRecord:
    with scope(place.bakery.id):
        batch = actions.begin_batch(
            place.bakery.id, act="export", owner_id=1, owner="Anna", query="", chosen=[],
            given={"format": "csv"}, key="a",
        )  # fmt: skip
        jobs.enqueue(place.bakery.id, "customers.batch", {"batch": batch.id}, f"b:{batch.id}")
    return batch


def left_by_a_killed_worker(batch: BatchRecord) -> Path:
    batches.folder().mkdir(parents=True, exist_ok=True)
    path = batches.folder() / f"{batch.public_id}.partial"
    path.write_text(OLEG)
    return path


def run() -> None:
    while runner.run_once(HANDLERS):
        pass


def test_an_unfinished_file_goes_with_its_export(
    place: Town, as_engine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = left_by_a_killed_worker(export(place))
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)

    batches.expire_exports()

    assert not path.exists()


def test_what_lies_longer_than_a_day_goes_whatever_its_row_says(
    place: Town, as_engine: None
) -> None:
    path = left_by_a_killed_worker(export(place))
    batches.expire_exports()
    assert path.exists()
    connection.cursor().execute("UPDATE customers_batch SET state = 'gone'")
    old = (clock.now() - timedelta(hours=25)).timestamp()
    os.utime(path, (old, old))

    batches.expire_exports()

    assert not path.exists()


def test_an_erasure_finds_every_file_of_the_workspace_and_no_other(
    place: Town, as_engine: None
) -> None:
    batch = export(place)
    run()
    unfinished = left_by_a_killed_worker(batch)
    theirs = batches.folder() / "of-another-shop.partial"
    theirs.write_text("zoe@example.com")
    connection.cursor().execute("UPDATE customers_batch SET state = 'gone'")

    with scope(place.bakery.id):
        told = forget_lists(Person(place.bakery.id, (place.oleg,), ("x",), (("email", OLEG),)))

    assert told == {"list_files": 2}
    assert not unfinished.exists()
    assert not batches.path_of(batch).exists()
    assert theirs.exists()
    theirs.unlink()


@pytest.mark.parametrize("way", ["lost", "failed"])
def test_no_way_out_of_an_export_leaves_its_unfinished_file(
    place: Town, as_engine: None, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    batch = export(place)

    def interrupted(*_args: object) -> bool:
        assert [p.suffix for p in batches.files_of({batch.public_id})] == [".partial"]
        if way == "failed":
            raise OSError("the disk is full")
        return False

    monkeypatch.setattr(jobs, "report_progress", interrupted)

    run()

    assert batches.files_of({batch.public_id}) == []
