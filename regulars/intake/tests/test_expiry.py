"""Files that nobody went on with are not kept for ever."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from regulars.intake import actions, queries, tasks, uploads
from regulars.intake.models import Import
from regulars.intake.tests.test_import_pages import member_of
from regulars.kernel import clock
from regulars.store import place
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def upload(shop: WorkspaceRecord, state: str, days: int) -> int:
    """An import in this state whose last step was so many days ago."""
    name = uploads.keep(shop.public_id, [b"Name\nMira\n"])
    with scope(shop.id):
        import_id = actions.begin_import(
            shop.id, "customers", "people.csv", stored_as=name, state=state
        )
        Import.objects.filter(workspace_id=shop.id, id=import_id).update(
            created_at=clock.now() - timedelta(days=days)
        )
    return import_id


def state_of(shop: WorkspaceRecord, import_id: int) -> tuple[str, bool]:
    """The state, and whether its file is there."""
    with scope(shop.id):
        record = queries.import_by_id(shop.id, import_id)
    return record.state, bool(record.stored_as) and uploads.path_of(record.stored_as).exists()


def files_of(shop: WorkspaceRecord) -> int:
    return len(list(uploads.path_of(shop.public_id).glob("*")))


@pytest.mark.parametrize("state", ["mapping", "tried", "failed"])
def test_a_file_that_nobody_went_on_with_for_a_week_is_removed(
    shop: WorkspaceRecord, state: str
) -> None:
    old, recent = upload(shop, state, days=8), upload(shop, state, days=6)

    assert tasks.expire_uploads() == 1
    assert tasks.expire_uploads() == 0
    assert state_of(shop, old) == ("expired", False)
    assert state_of(shop, recent) == (state, True)
    assert files_of(shop) == 1


@pytest.mark.parametrize("state", ["trying", "waiting", "running"])
def test_a_file_that_a_worker_has_is_left_alone(shop: WorkspaceRecord, state: str) -> None:
    moving = upload(shop, state, days=30)

    assert tasks.expire_uploads() == 0
    assert state_of(shop, moving) == (state, True)


def test_a_file_checked_lately_is_kept_though_it_came_long_ago(shop: WorkspaceRecord) -> None:
    checked = upload(shop, "tried", days=8)
    with scope(shop.id):
        Import.objects.filter(workspace_id=shop.id, id=checked).update(finished_at=clock.now())

    assert tasks.expire_uploads() == 0
    assert state_of(shop, checked) == ("tried", True)


def test_a_file_whose_import_was_never_written_goes_after_a_week(shop: WorkspaceRecord) -> None:
    kept = upload(shop, "waiting", days=8)
    lost, recent = (uploads.keep(shop.public_id, [b"Name\nMira\n"]) for _ in range(2))
    week_ago = (clock.now() - timedelta(days=8)).timestamp()
    with scope(shop.id):
        for name in (lost, queries.import_by_id(shop.id, kept).stored_as):
            os.utime(uploads.path_of(name), (week_ago, week_ago))

    assert tasks.expire_uploads() == 1
    assert not uploads.path_of(lost).exists()
    assert uploads.path_of(recent).exists()
    assert state_of(shop, kept) == ("waiting", True)


def test_the_page_says_that_the_file_is_gone_and_starts_nothing(shop: WorkspaceRecord) -> None:
    old = upload(shop, "tried", days=8)
    tasks.expire_uploads()
    with scope(shop.id):
        public_id = queries.import_by_id(shop.id, old).public_id
    client: Client = member_of(shop)

    page = client.get(reverse("intake:import", args=[public_id])).content.decode()
    assert "The file is gone" in page
    client.post(reverse("intake:run", args=[public_id]))
    assert state_of(shop, old) == ("expired", False)


def test_what_a_killed_worker_left_is_removed_and_work_under_way_is_not(
    shop: WorkspaceRecord,
) -> None:
    old, young = (place.data_folder() / "pulls" / name for name in ("pull-old", "pull-young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "file").write_text("canary@example.com")
    day_ago = (clock.now() - timedelta(days=1)).timestamp()
    for path in (old / "file", old, young):
        os.utime(path, (day_ago, day_ago))

    assert uploads.forget_leavings(clock.now() - timedelta(hours=6)) == 1

    assert not old.exists()
    assert (young / "file").exists()
