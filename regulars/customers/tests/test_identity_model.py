"""The database against plain dictionaries, over random lives of two workspaces."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.customers import actions
from regulars.customers.pure.resolve import Row
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.customers.tests.dumps import dump
from regulars.customers.tests.strategies import FEW, World, rows
from regulars.store.scope import cursor, scope
from tests.town import workspace

pytestmark = pytest.mark.usefixtures("db")
K = IdentifierKind
SOME = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PHONES = {name: f"+38067000000{place}" for place, name in enumerate(FEW)}


def readable(identifier: Identifier) -> Identifier:
    """An identifier of the strategies as the product would take it."""
    kind, value = identifier
    if kind is K.EMAIL:
        return Identifier(kind, f"{value}@example.com")
    return Identifier(kind, PHONES[value]) if kind is K.PHONE else identifier


def as_row(row: Row) -> Row:
    # A file that is brought in tells of no act, so that the log need not be modelled.
    return Row(tuple(readable(i) for i in row.identifiers), confirmed=row.confirmed)


def as_identity(row: Row, number: int) -> Identity:
    return Identity(
        others=row.identifiers, confirmed=row.confirmed, traits={f"trait{number % 3}": number}
    )


class Life:
    """One workspace and its model, told the same."""

    def __init__(self, *, are_ids_people: bool) -> None:
        self.id = workspace().id
        self.world = World(are_ids_people=are_ids_people)
        self.told = 0
        with scope(self.id):
            actions.change_identity_rules(self.id, are_ids_people=are_ids_people, actor="test")

    def identify(self, batch: list[Row]) -> None:
        self.told += 1
        expected = self.world.take(batch)
        found = actions.identify_many(
            self.id, [as_identity(row, self.told) for row in batch], origin="import"
        )
        assert [self.number(one) for one in found] == expected

    def merge(self, one: int, other: int) -> None:
        roots = [n for n in range(1, self.world.count + 1) if n not in self.world.into]
        loser, root = roots[one % len(roots)], roots[other % len(roots)]
        if loser != root:
            actions.merge(self.id, self.stored(loser), self.stored(root))
            self.world.merge(loser, root)

    def unmerge(self, one: int) -> None:
        losers = sorted(self.world.into)
        if losers:
            actions.unmerge(self.id, self.stored(losers[one % len(losers)]))
            self.world.unmerge(losers[one % len(losers)])

    def ids(self) -> list[int]:
        raw = cursor()
        raw.execute(
            "SELECT id FROM customers_customer WHERE workspace_id = %s ORDER BY 1", [self.id]
        )
        return [row[0] for row in raw.fetchall()]

    def number(self, customer_id: int) -> int:
        return self.ids().index(customer_id) + 1

    def stored(self, number: int) -> int:
        return self.ids()[number - 1]

    def check(self) -> None:
        ids = {customer_id: n for n, customer_id in enumerate(self.ids(), 1)}
        assert len(ids) == self.world.count
        raw = cursor()
        raw.execute(
            "SELECT kind, value, customer_id, coalesce(held_by, customer_id), is_confirmed"
            " FROM customers_identifier WHERE workspace_id = %s",
            [self.id],
        )
        found = {
            Identifier(K(kind), value): (ids[owner], ids[holder], sure)
            for kind, value, owner, holder, sure in raw.fetchall()
        }
        assert found == {
            i: (owner.customer_id, owner.held_by, i in self.world.confirmed)
            for i, owner in self.world.owner_of.items()
        }
        raw.execute(
            "SELECT id, coalesce(merged_into, id) FROM customers_customer WHERE workspace_id = %s",
            [self.id],
        )
        roots = {ids[one]: ids[root] for one, root in raw.fetchall()}
        assert roots == {n: self.world.root(n) for n in ids.values()}
        raw.execute(
            "SELECT loser_id, into_id, root_id FROM customers_merge"
            " WHERE workspace_id = %s AND NOT is_gone",
            [self.id],
        )
        tree = {ids[loser]: (ids[into], ids[root]) for loser, into, root in raw.fetchall()}
        assert tree == {
            loser: (into, self.world.root(loser)) for loser, into in self.world.into.items()
        }


STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(
            st.lists(rows(), min_size=1, max_size=4),
            st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9)),
            st.tuples(st.just("unmerge"), st.integers(0, 9)),
        ),
    ),
    min_size=1,
    max_size=9,
)


@SOME
@given(STEPS, st.booleans())
def test_two_workspaces_live_as_the_dictionaries_say_and_never_meet(
    steps: list[Any], lock: bool
) -> None:
    lives = [Life(are_ids_people=lock), Life(are_ids_people=lock)]

    for which, step in steps:
        life = lives[which]
        with scope(life.id):
            if isinstance(step, list):
                life.identify([as_row(row) for row in step])
            elif life.world.count:
                getattr(life, step[0])(*step[1:])

    for life in lives:
        with scope(life.id):
            life.check()


@SOME
@given(st.lists(rows(), min_size=2, max_size=8), st.lists(st.integers(0, 9), max_size=4), st.data())
def test_merging_any_two_and_splitting_them_changes_nothing(
    batch: list[Row], merged_before: list[int], data: st.DataObject
) -> None:
    life = Life(are_ids_people=data.draw(st.booleans()))
    with scope(life.id):
        for row in batch:
            life.identify([as_row(row)])
        for one in merged_before:
            life.merge(one, one + 1)
        roots = [n for n in range(1, life.world.count + 1) if n not in life.world.into]
        if len(roots) < 2:
            return
        loser, root = (life.stored(n) for n in data.draw(st.permutations(roots))[:2])
        before = dump(life.id)

        actions.merge(life.id, loser, root)
        actions.unmerge(life.id, loser)

        assert dump(life.id) == before
