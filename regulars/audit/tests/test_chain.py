"""A line that is altered, deleted, inserted or moved is found and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from regulars.audit import actions, queries
from regulars.audit.records import Actor, Chosen, Head, Verdict
from regulars.kernel import clock
from regulars.store import place
from regulars.store import trail as trail_
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.workspaces.middleware import WorkspaceMiddleware
from tests.town import workspace

Owner = psycopg.Connection


@pytest.fixture
def owner(as_engine: None) -> Iterator[Owner]:
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as connection:
        yield connection


def trail(lines: int = 5) -> tuple[int, list[int]]:
    """A workspace with so many sealed lines, and their ids."""
    made = workspace()
    with scope(made.id):
        for number in range(lines):
            actions.note(made.id, "customer.viewed", "customer", f"c{number}")
    seal()
    with scope(made.id):
        rows = queries.page(made.id, Chosen()).rows
    return made.id, [row.id for row in reversed(rows)]


def seal() -> None:
    while actions.seal_waiting():
        pass


def look(workspace_id: int) -> Verdict:
    with scope(workspace_id):
        return queries.verify(workspace_id)


def faults(workspace_id: int) -> list[tuple[object, object]]:
    return [(fault["fault"], fault["entry"]) for fault in look(workspace_id).faults]


def against(workspace_id: int, anchor: Head) -> list[object]:
    with scope(workspace_id):
        return [fault["fault"] for fault in queries.verify(workspace_id, anchor).faults]


def test_an_untouched_trail_is_whole(owner: Owner) -> None:
    workspace_id, ids = trail()

    assert look(workspace_id) == Verdict(entries=5, waiting=0, faults=())
    assert len(ids) == 5


@pytest.mark.parametrize(
    "column",
    ["at = at + interval '1 s'", "actor = 'x'", "act = 'x'", "object_id = 'x'", "door = 'x'",
     "object_kind = 'x'", "fields = '[\"x\"]'", "number = 7", "actor_kind = 'user'"],
)  # fmt: skip
def test_an_altered_line_is_named(owner: Owner, column: str) -> None:
    workspace_id, ids = trail()

    owner.execute(f"UPDATE audit_entry SET {column} WHERE id = %s", [ids[2]])

    assert faults(workspace_id) == [("altered", ids[2])]


@pytest.mark.parametrize("place_", [0, 2, 4])
def test_a_deleted_line_is_named(owner: Owner, place_: int) -> None:
    workspace_id, ids = trail()

    owner.execute("DELETE FROM audit_entry WHERE id = %s", [ids[place_]])

    assert faults(workspace_id) == [("deleted", ids[place_])]


def test_a_line_deleted_together_with_its_seal_is_missed(owner: Owner) -> None:
    workspace_id, ids = trail()

    owner.execute("DELETE FROM audit_entry WHERE id = %s", [ids[2]])
    owner.execute("DELETE FROM audit_link WHERE entry_id = %s", [ids[2]])

    assert [fault for fault, _ in faults(workspace_id)] == ["deleted"]
    assert look(workspace_id).faults[0]["place"] == 3


def test_an_end_cut_off_with_its_seals_is_missed(owner: Owner) -> None:
    workspace_id, ids = trail()

    owner.execute("DELETE FROM audit_entry WHERE id = ANY(%s)", [ids[3:]])
    owner.execute("DELETE FROM audit_link WHERE entry_id = ANY(%s)", [ids[3:]])

    assert [(f["fault"], f["place"]) for f in look(workspace_id).faults] == [("cut", 4), ("cut", 5)]


def test_an_inserted_line_is_named(owner: Owner) -> None:
    workspace_id, _ids = trail()

    row = owner.execute(
        "INSERT INTO audit_entry (workspace_id, at, actor_kind, actor, door, act, object_kind,"
        " object_id, fields) VALUES (%s, now(), 'user', '1', 'page', 'x', 'y', 'z', '[]')"
        " RETURNING id",
        [workspace_id],
    ).fetchone()

    assert row is not None
    assert faults(workspace_id) == [("inserted", row[0])]


def test_lines_that_changed_places_are_named(owner: Owner) -> None:
    workspace_id, ids = trail()

    owner.execute(
        "UPDATE audit_link SET entry_id = CASE entry_id WHEN %(a)s THEN %(b)s::bigint"
        " ELSE %(a)s END WHERE entry_id IN (%(a)s, %(b)s)",
        {"a": ids[1], "b": ids[3]},
    )

    assert {fault for fault, _ in faults(workspace_id)} == {"reordered"}
    assert {entry for _, entry in faults(workspace_id)} == {ids[1], ids[3]}


def test_seals_that_changed_places_with_their_lines_are_named(owner: Owner) -> None:
    workspace_id, ids = trail()

    owner.execute("UPDATE audit_link SET place = place + 1000 WHERE entry_id = %s", [ids[1]])
    owner.execute("UPDATE audit_link SET place = 2 WHERE entry_id = %s", [ids[2]])
    owner.execute("UPDATE audit_link SET place = 3 WHERE entry_id = %s", [ids[1]])

    assert ("reordered", ids[2]) in faults(workspace_id)


def test_a_line_removed_before_it_was_sealed_is_named(owner: Owner) -> None:
    made = workspace()
    with scope(made.id):
        actions.note(made.id, "customer.viewed", "customer", "c")
        (entry,) = queries.page(made.id, Chosen()).rows

    owner.execute("DELETE FROM audit_entry WHERE id = %s", [entry.id])

    assert faults(made.id) == [("deleted", entry.id)]


def test_a_forged_head_is_named(owner: Owner) -> None:
    workspace_id, _ids = trail()

    owner.execute("UPDATE audit_head SET place = 4 WHERE workspace_id = %s", [workspace_id])

    assert [fault for fault, _ in faults(workspace_id)] == ["forged"]


def test_pruning_leaves_a_chain_that_can_be_verified(owner: Owner) -> None:
    workspace_id, ids = trail()
    with scope(workspace_id):
        limit = queries.page(workspace_id, Chosen()).rows[1].at
        assert actions.prune(workspace_id, limit) == 3
        assert actions.prune(workspace_id, limit) == 0
        actions.note(workspace_id, "customer.viewed", "customer", "later")
    seal()

    assert look(workspace_id) == Verdict(entries=3, waiting=0, faults=())
    owner.execute("UPDATE audit_checkpoint SET place = 2 WHERE workspace_id = %s", [workspace_id])
    assert "forged" in {fault for fault, _ in faults(workspace_id)}
    owner.execute("UPDATE audit_checkpoint SET place = 3 WHERE workspace_id = %s", [workspace_id])
    owner.execute("UPDATE audit_entry SET act = 'x' WHERE id = %s", [ids[4]])
    assert faults(workspace_id) == [("altered", ids[4])]


def test_what_is_sealed_and_pruned_meanwhile_is_no_fault(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id, _ids = trail()
    real = queries._end
    sealed: list[int] = []

    def meanwhile() -> None:
        with scope(workspace_id):
            actions.note(workspace_id, "customer.viewed", "customer", "meanwhile")
        sealed.append(actions.seal_waiting())
        connection.close()

    def end(*args: object) -> object:
        other = Thread(target=meanwhile)
        other.start()
        other.join()
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "_end", end)

    assert look(workspace_id).faults == ()
    assert sealed == [0]
    with scope(workspace_id):
        queries.verify(workspace_id)
        owner.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            owner.execute("SELECT pg_advisory_xact_lock(%s, 0)", [queries.LOCK_CLASS])


def test_a_trail_is_still_the_one_an_anchor_was_taken_of(owner: Owner) -> None:
    workspace_id, _ids = trail()
    with scope(workspace_id):
        anchor = queries.head(workspace_id)
        assert anchor is not None
        actions.note(workspace_id, "customer.viewed", "customer", "later")
    seal()

    assert against(workspace_id, anchor) == []
    with scope(workspace_id):
        newest = queries.page(workspace_id, Chosen()).rows[0].at
        assert actions.prune(workspace_id, newest) == 5
    assert against(workspace_id, anchor) == []


def test_a_trail_that_was_wiped_or_begun_anew_is_noticed_by_its_anchor(owner: Owner) -> None:
    workspace_id, _ids = trail()
    with scope(workspace_id):
        anchor = queries.head(workspace_id)
    assert anchor is not None

    for table in ("link", "waiting", "head", "checkpoint", "entry"):
        owner.execute(f"DELETE FROM audit_{table} WHERE workspace_id = %s", [workspace_id])

    assert faults(workspace_id) == []
    assert against(workspace_id, anchor) == ["set_back"]
    with scope(workspace_id):
        for number in range(6):
            actions.note(workspace_id, "customer.viewed", "customer", f"n{number}")
    seal()
    assert faults(workspace_id) == []
    assert against(workspace_id, anchor) == ["replaced"]


def test_young_lines_are_not_pruned(owner: Owner) -> None:
    workspace_id, ids = trail()

    with scope(workspace_id):
        removed = actions.prune(workspace_id, clock.now() - timedelta(days=1))

    assert removed == 0
    assert look(workspace_id).entries == len(ids)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry",
     "DELETE FROM audit_waiting", "UPDATE audit_link SET place = 1", "DELETE FROM audit_head",
     "INSERT INTO audit_link (workspace_id, place, entry_id, content, seal)"
     " VALUES (1, 1, 1, '', '')"],
)  # fmt: skip
def test_the_app_may_only_add_and_read(db: None, statement: str) -> None:
    app = psycopg.connect(place.conninfo_for(Role.APP))
    with app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


def test_the_engine_changes_no_line(as_engine: None) -> None:
    engine = psycopg.connect(place.conninfo_for(Role.ENGINE))
    with engine, pytest.raises(psycopg.errors.InsufficientPrivilege):
        engine.execute("UPDATE audit_entry SET act = 'x'")


def test_a_line_tells_who_acts_and_through_which_door(db: None) -> None:
    made, other = workspace(), workspace()
    with scope(made.id), actions.acting(Actor("key", "12", "api")):
        actions.note(made.id, "customer.changed", "customer", "abc", fields=["email"], number=1)

    with scope(made.id):
        (line,) = queries.page(made.id, Chosen(actor="key:12", object_id="abc")).rows
        nobody = queries.page(made.id, Chosen(actor="key:13")).rows
    with scope(other.id):
        strangers = queries.page(other.id, Chosen()).rows

    assert (line.actor_kind, line.actor, line.door) == ("key", "12", "api")
    assert (line.act, line.fields, line.number) == ("customer.changed", ("email",), 1)
    assert nobody == ()
    assert strangers == ()


def test_a_line_falls_with_the_transaction_of_its_act(db: None) -> None:
    made = workspace()

    def act() -> None:
        with scope(made.id):
            actions.note(made.id, "key.created", "key", "1")
            raise ValueError("undone")

    _swallow(act)

    with scope(made.id):
        assert queries.page(made.id, Chosen()).rows == ()


def _swallow(act: Callable[[], None]) -> None:
    with pytest.raises(ValueError, match="undone"):
        act()


def test_a_page_without_a_sign_in_is_opened_by_a_customer() -> None:
    seen = []

    def page(_request: object) -> HttpResponse:
        seen.append(trail_.actor())
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    WorkspaceMiddleware(page)(request)

    assert seen == [Actor("customer", "", "public")]
    assert trail_.actor() == Actor("system", "", "worker")
