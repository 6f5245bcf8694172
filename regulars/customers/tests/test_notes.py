"""Notes and tasks of the team: whose they are, and what the log hears of them."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from regulars.customers import actions, queries
from regulars.events import queries as events
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import Town, town

_numbers = itertools.count(1)
TODAY = date(2026, 5, 4)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def colleague(shop: WorkspaceRecord) -> int:
    user_id = workspaces.ensure_user(f"note-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, Role.SUPPORT)
    return user_id


def wrote(place: Town, text: str, author_id: int = 7, key: str | None = None) -> str:
    with scope(place.bakery.id):
        return actions.add_note(
            place.bakery.id, place.mira, text=text, author_id=author_id, author="anna", key=key
        )


def texts(place: Town, *customer_ids: int) -> list[str]:
    with scope(place.bakery.id):
        return [note.text for note in queries.notes_of(place.bakery.id, customer_ids)]


def test_a_note_is_kept_as_plain_text_and_the_log_hears_only_that_it_is_there(place: Town) -> None:
    public_id = wrote(place, "  <b>Likes</b>\r\nrye & wheat ")

    assert texts(place, place.mira) == ["<b>Likes</b>\nrye & wheat"]
    with scope(place.bakery.id):
        (event,) = events.timeline(place.bakery.id, place.mira, kinds=["note.added"])
    assert event.props == {"note": public_id, "actor": "anna"}


def test_the_same_key_writes_one_note(place: Town) -> None:
    assert wrote(place, "Once", key="k1") == wrote(place, "Once", key="k1")

    assert texts(place, place.mira) == ["Once"]


def test_a_pinned_note_stands_above_newer_ones(place: Town) -> None:
    first = wrote(place, "First")
    wrote(place, "Second")
    with scope(place.bakery.id):
        actions.pin_note(place.bakery.id, first, is_pinned=True)

    assert texts(place, place.mira) == ["First", "Second"]


def test_only_its_author_changes_or_removes_a_note(place: Town) -> None:
    note = wrote(place, "Mine", author_id=7)

    with scope(place.bakery.id):
        with pytest.raises(Refused, match="author"):
            actions.change_note(place.bakery.id, note, text="Theirs", author_id=8)
        with pytest.raises(Refused, match="author"):
            actions.delete_note(place.bakery.id, note, author_id=8)
        actions.change_note(place.bakery.id, note, text="Mine still", author_id=7)
    assert texts(place, place.mira) == ["Mine still"]
    with scope(place.bakery.id):
        actions.delete_note(place.bakery.id, note, author_id=7)
    assert texts(place, place.mira) == []


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4001])
def test_a_note_that_says_nothing_or_too_much_is_refused(place: Town, text: str) -> None:
    with pytest.raises(Invalid):
        wrote(place, text)

    assert texts(place, place.mira) == []


def test_notes_of_another_workspace_are_unknown(place: Town) -> None:
    note = wrote(place, "Ours")

    with scope(place.other.id):
        for call in (
            lambda: queries.note(place.other.id, note),
            lambda: actions.pin_note(place.other.id, note, is_pinned=True),
            lambda: actions.delete_note(place.other.id, note, author_id=7),
            lambda: actions.add_note(
                place.other.id, place.mira, text="x", author_id=1, author="zed"
            ),
        ):
            with pytest.raises(NotFound):
                call()
        assert queries.notes_of(place.other.id, [place.mira]) == []
    assert texts(place, place.mira) == ["Ours"]


def test_notes_follow_a_merge(place: Town) -> None:
    wrote(place, "About Mira")
    with scope(place.bakery.id):
        actions.merge(place.bakery.id, place.mira, place.oleg)
        card = queries.card(place.bakery.id, place.oleg)

    assert texts(place, place.oleg, *card.merged_ids) == ["About Mira"]


def gave(place: Town, assignee_id: int, title: str, due_on: date | None) -> str:
    with scope(place.bakery.id):
        return actions.give_task(
            place.bakery.id, customer_id=place.mira, title=title, due_on=due_on,
            assignee_id=assignee_id, author="anna",
        )  # fmt: skip


def test_tasks_come_by_day_the_overdue_first_and_those_without_a_day_last(place: Town) -> None:
    anna, boris = colleague(place.bakery), colleague(place.bakery)
    gave(place, anna, "Some day", None)
    gave(place, anna, "Tomorrow", date(2026, 5, 5))
    gave(place, anna, "Overdue", date(2026, 5, 1))
    gave(place, anna, "Today", TODAY)
    gave(place, boris, "His own", TODAY)

    with scope(place.bakery.id):
        titles = [one.title for one in queries.open_tasks(place.bakery.id, anna)]
        due = queries.due_count(place.bakery.id, anna, TODAY)
        (row, *_) = queries.open_tasks(place.bakery.id, anna)
    assert titles == ["Overdue", "Today", "Tomorrow", "Some day"]
    assert due == 2
    assert row.customer_name == "Mira"


def test_a_task_is_done_once_and_may_be_opened_again(place: Town) -> None:
    task = gave(place, colleague(place.bakery), "Call", TODAY)

    with scope(place.bakery.id):
        assert actions.finish_task(place.bakery.id, task, actor="anna") is True
        assert actions.finish_task(place.bakery.id, task, actor="anna") is False
        (event,) = events.timeline(place.bakery.id, place.mira, kinds=["task.done"])
        assert actions.reopen_task(place.bakery.id, task) is True
        assert actions.finish_task(place.bakery.id, task, actor="anna") is True
        done = queries.task(place.bakery.id, task)
    assert event.props == {"task": task, "actor": "anna"}
    assert done.done_by == "anna"


def test_a_task_is_given_to_somebody_of_the_team_only(place: Town) -> None:
    stranger = colleague(place.other)

    with pytest.raises(Invalid, match="team"):
        gave(place, stranger, "Call", None)
    with pytest.raises(Invalid):
        gave(place, colleague(place.bakery), "   ", None)

    with scope(place.bakery.id):
        assert queries.tasks_of(place.bakery.id, [place.mira]) == []


def test_tasks_of_another_workspace_are_unknown(place: Town) -> None:
    task = gave(place, colleague(place.bakery), "Call", TODAY)

    with scope(place.other.id):
        with pytest.raises(NotFound):
            queries.task(place.other.id, task)
        with pytest.raises(NotFound):
            actions.finish_task(place.other.id, task, actor="zed")
        with pytest.raises(NotFound):
            actions.reopen_task(place.other.id, task)
