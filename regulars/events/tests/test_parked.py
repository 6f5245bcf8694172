"""Parked events: seen by the owner, given up after so many tries, set going again by hand."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from regulars.events import actions, consumers, queries
from regulars.events.records import PARKED_TRIES_MAX, Consumer, Event, NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.store.scope import cursor, scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINE = Consumer(handler=f"{__name__}:take", kinds=("cake.eaten",))
taken: list[str] = []
is_broken = True


def take(_workspace_id: int, events: list[Event]) -> None:
    """The handler under test."""
    if is_broken:
        raise Invalid("test_refused", "no")
    taken.extend(event.props["cake"] for event in events)


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(f"{__name__}.is_broken", True)
    taken.clear()
    return "test.parked"


def park(shop: WorkspaceRecord, name: str, attempts: int) -> None:
    """Two events of customer 7 and one of customer 8, all parked."""
    with scope(shop.id):
        actions.record_many(
            shop.id,
            [
                NewEvent("cake.eaten", NOON, key, customer_id=customer, props={"cake": key})
                for key, customer in (("a", 7), ("b", 7), ("c", 8))
            ],
        )
        events = [event for one in (7, 8) for event in queries.timeline(shop.id, one)]
        consumers._park(name, shop.id, events, "test_refused")
        cursor().execute(
            "UPDATE events_parked SET attempts = %s, next_try_at = %s WHERE workspace_id = %s",
            [attempts, clock.now() - timedelta(seconds=1), shop.id],
        )


def owner_of(shop: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    user_id = workspaces.ensure_user(f"{role.value}-{shop.id}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def test_events_given_up_are_listed_by_customer_and_tried_again_together(
    shop: WorkspaceRecord, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    park(shop, name, PARKED_TRIES_MAX)
    assert consumers.retry_parked({name: LINE}) == 0
    with scope(shop.id):
        listed = queries.parked(shop.id)
        assert queries.parked_count(shop.id) == 3
    seven = next(row for row in listed if row.events == 2)
    assert [(row.kind, row.time, row.is_given_up) for row in listed] == [
        ("cake.eaten", NOON, True)
    ] * 2

    with scope(shop.id):
        assert actions.try_parked_again(shop.id, [seven.id]) == 2
        assert {(row.events, row.attempts) for row in queries.parked(shop.id)} == {
            (2, 0), (1, PARKED_TRIES_MAX),
        }  # fmt: skip
    monkeypatch.setattr(f"{__name__}.is_broken", False)
    assert consumers.retry_parked({name: LINE}) == 2
    assert taken == ["a", "b"]


def test_another_workspace_neither_sees_nor_moves_them(shop: WorkspaceRecord, name: str) -> None:
    park(shop, name, PARKED_TRIES_MAX)
    florist = workspace("florist")
    with scope(shop.id):
        ids = [row.id for row in queries.parked(shop.id)]

    with scope(florist.id):
        assert (queries.parked(florist.id), queries.parked_count(florist.id)) == ([], 0)
        with pytest.raises(NotFound):
            actions.try_parked_again(florist.id, ids)
    with scope(shop.id):
        assert {row.attempts for row in queries.parked(shop.id)} == {PARKED_TRIES_MAX}


def test_the_page_lists_them_and_sets_the_chosen_going(
    db: None, name: str, shop: WorkspaceRecord
) -> None:
    park(shop, name, PARKED_TRIES_MAX)
    client = owner_of(shop)
    page = html.unescape(client.get(reverse("events:failed")).content.decode())
    with scope(shop.id):
        ids = [row.id for row in queries.parked(shop.id)]

    assert "3 events are parked" in page
    assert page.count("When you say so") == 2
    assert "Nothing failed" not in page
    answer = client.post(reverse("events:again"), {"id": ids})
    assert (answer.status_code, answer["Location"]) == (302, reverse("events:failed"))
    assert "3 events are tried again." in client.get(reverse("events:failed")).content.decode()
    with scope(shop.id):
        assert {row.attempts for row in queries.parked(shop.id)} == {0}


def test_who_may_not_import_may_not_try_again(shop: WorkspaceRecord, name: str) -> None:
    park(shop, name, PARKED_TRIES_MAX)
    with scope(shop.id):
        ids = [row.id for row in queries.parked(shop.id)]

    assert (
        owner_of(shop, Role.CASHIER).post(reverse("events:again"), {"id": ids}).status_code == 403
    )
    with scope(shop.id):
        assert {row.attempts for row in queries.parked(shop.id)} == {PARKED_TRIES_MAX}
