"""The books are kept: nothing is changed, whoever tries, and changes would be noticed."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import transaction

from regulars.kernel import clock
from regulars.loyalty.actions import members, points, seals
from regulars.loyalty.point_records import Grant, Hold
from regulars.loyalty.queries import replay, sealed
from regulars.loyalty.queries.sealed import Head
from regulars.store import place as server
from regulars.store.roles import Role
from regulars.store.scope import cursor, scope
from tests.town import Town, town


@pytest.fixture
def place(as_engine: None) -> Town:
    return town()


def _history(place: Town) -> int:
    bakery = place.bakery.id
    with scope(bakery):
        (member_id,) = members.enrol(bakery, [place.mira])
    for number in range(3):
        with scope(bakery):
            points.grant(bakery, Grant(member_id, "points", 100 + number, f"g{number}"))
    with scope(bakery):
        points.hold(bakery, Hold(member_id, "points", 150, "h", "p1"))
        points.capture(bakery, "h", "p1")
    return member_id


def _verify(place: Town, anchor: Head | None = None) -> sealed.Verdict:
    with scope(place.bakery.id):
        return sealed.verify(place.bakery.id, anchor)


def _seal() -> None:
    while seals.seal_waiting():
        pass


def _tamper(statement: str, *values: object) -> None:
    """As somebody who owns the database and switches its triggers off."""
    with psycopg.connect(server.conninfo_for(Role.OWNER)) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("SET regulars.role = 'engine'")
        owner.execute(statement, values)


def test_what_was_posted_is_sealed_and_whole(place: Town) -> None:
    _history(place)
    assert _verify(place).waiting == 5

    _seal()

    found = _verify(place)
    assert (found.transactions, found.waiting, found.faults) == (5, 0, ())
    assert found.head is not None and found.head.place == 5
    assert _verify(place, found.head).faults == ()
    assert [f.kind for f in _verify(place, Head(5, "00")).faults] == ["set_back"]


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("UPDATE loyalty_entry SET amount = amount * 2 WHERE workspace_id = %s",
         {"altered", "balance_differs", "lot_differs"}),
        ("UPDATE loyalty_txn SET reason = 'x' WHERE workspace_id = %s", {"altered"}),
        ("DELETE FROM loyalty_entry WHERE amount = 100 AND workspace_id = %s",
         {"altered", "unbalanced", "balance_differs", "lot_differs"}),
        ("DELETE FROM loyalty_txn WHERE natural_key = 'g1' AND workspace_id = %s",
         {"deleted", "stray_entry"}),
        ("DELETE FROM loyalty_seal WHERE place = 5 AND workspace_id = %s", {"cut", "inserted"}),
        ("DELETE FROM loyalty_seal WHERE place = 2 AND workspace_id = %s",
         {"deleted", "inserted"}),
        ("UPDATE loyalty_sealhead SET place = 4 WHERE workspace_id = %s", {"forged"}),
        ("UPDATE loyalty_balance SET available = 9 WHERE workspace_id = %s", {"balance_differs"}),
        ("UPDATE loyalty_lot SET available = 0 WHERE workspace_id = %s",
         {"balance_differs", "lot_differs"}),
    ],
)  # fmt: skip
def test_every_change_is_noticed(place: Town, statement: str, kinds: set[str]) -> None:
    _history(place)
    _seal()

    _tamper(statement, place.bakery.id)

    assert {fault.kind for fault in _verify(place).faults} == kinds


@pytest.mark.parametrize("role", [Role.APP, Role.ENGINE, Role.OWNER])
@pytest.mark.parametrize("table", ["loyalty_txn", "loyalty_entry"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET id = id + 1000000 WHERE workspace_id = %s",
     "DELETE FROM {} WHERE workspace_id = %s"],
)  # fmt: skip
def test_nobody_changes_a_line(place: Town, role: Role, table: str, statement: str) -> None:
    _history(place)

    with psycopg.connect(server.conninfo_for(role)) as connection:
        connection.execute(
            "SELECT set_config('regulars.workspace', %s, true)", [str(place.bakery.id)]
        )
        if role is Role.OWNER:
            connection.execute("SET LOCAL regulars.role = 'engine'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(table), [place.bakery.id])


def test_a_restored_database_may_give_lines_new_versions(place: Town) -> None:
    _history(place)

    with transaction.atomic():
        cursor().execute(
            "UPDATE loyalty_entry SET id = id WHERE workspace_id = %s", [place.bakery.id]
        )


def test_the_log_tells_any_moment(place: Town) -> None:
    bakery = place.bakery.id
    start = clock.now()
    with scope(bakery):
        (member_id,) = members.enrol(bakery, [place.mira])
        told = []
        for day in range(5):
            now = start + timedelta(days=day)
            points.grant(
                bakery,
                Grant(member_id, "points", 100, f"g{day}", expires_at=now + timedelta(days=3)),
                now,
            )
            told.append((now, replay.stored(bakery).digest()))

        for now, digest in told:
            assert replay.replay(bakery, now).digest() == digest
        assert replay.replay(bakery).digest() == replay.stored(bakery).digest()
        balance = replay.replay(bakery, start).balance(member_id, "points:points")
        assert balance["member:available"] == 100
        assert replay.replay(bakery, start - timedelta(seconds=1)).transactions == 0


def test_another_workspace_has_books_of_its_own(place: Town) -> None:
    _history(place)
    _seal()

    with scope(place.other.id):
        found = sealed.verify(place.other.id)

    assert (found.transactions, found.head, found.faults) == (0, None, ())
