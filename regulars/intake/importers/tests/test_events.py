"""Events of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulars.intake.importers.tests.files import bring, contents, csv_file, reasons
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

HEAD = "event,time,user id,message id,price,code"
VIEW = "Product Viewed,2026-01-05T10:00:00Z,u1,m1,12.5,007"


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def seen(shop: WorkspaceRecord) -> list[tuple[str, str, dict[str, object]]]:
    return [(e[0], e[2], json.loads(e[3])) for e in contents(shop)["events"]]


def test_rows_become_events_with_their_properties(shop: WorkspaceRecord, tmp_path: Path) -> None:
    outcome = bring(shop, csv_file(tmp_path, VIEW, head=HEAD), "events")

    assert (outcome.taken, dict(outcome.counts)) == (1, {"events": 1, "customers": 1})
    assert seen(shop) == [("Product Viewed", "import", {"price": 12.5, "code": "007"})]


def test_the_same_file_twice_changes_nothing_with_or_without_ids(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    bare = VIEW.replace(",m1,", ",,")
    path = csv_file(tmp_path, VIEW, bare, bare, head=HEAD)
    first = bring(shop, path, "events")
    before = contents(shop)

    again = bring(shop, path, "events")

    assert (first.taken, again.taken, again.repeated) == (3, 0, 3)
    assert contents(shop) == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",2026-01-05,u1,m2,1,x", "event_name"),
        ("Tea,yesterday,u1,m2,1,x", "event_time"),
        ("Tea,2999-01-01,u1,m2,1,x", "event_time"),
        ("Tea,2026-01-05,,m2,1,x", "identity_missing"),
        (f"{'T' * 300},2026-01-05,u1,m2,1,x", "event_name"),
        (f"Tea,2026-01-05,u1,m2,1,{'x' * 9000}", "row_length"),
    ],
)
def test_a_bad_row_is_told_and_its_neighbours_come_in(
    shop: WorkspaceRecord, tmp_path: Path, line: str, reason: str
) -> None:
    outcome = bring(shop, csv_file(tmp_path, VIEW, line, head=HEAD), "events")

    assert reasons(shop, outcome) == [(2, reason)]
    assert len(seen(shop)) == 1
