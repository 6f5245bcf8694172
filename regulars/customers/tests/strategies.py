"""Rows and batches for properties of identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from regulars.customers.pure.priority import Standing
from regulars.customers.pure.resolve import TRUST, Known, Owner, Resolution, Row, doubtful, resolve
from regulars.customers.records import Identifier, IdentifierKind

KINDS = IdentifierKind
START = datetime(2026, 1, 1, tzinfo=UTC)
FEW = ("a", "b", "c", "d")


def identifiers(kinds: tuple[IdentifierKind, ...]) -> st.SearchStrategy[Identifier]:
    """A few of them, so that rows meet."""
    return st.builds(Identifier, st.sampled_from(kinds), st.sampled_from(FEW))


def rows(kinds: tuple[IdentifierKind, ...] = tuple(KINDS)) -> st.SearchStrategy[Row]:
    """A row with one identifier of some kinds."""
    some = st.dictionaries(st.sampled_from(kinds), st.sampled_from(FEW), min_size=1, max_size=4)
    moments = st.none() | st.integers(0, 5).map(lambda n: START + timedelta(days=n))
    return st.builds(
        lambda found, at, proved: Row(
            tuple(Identifier(k, v) for k, v in sorted(found.items(), key=lambda p: TRUST[p[0]])),
            acted_at=at,
            confirmed=frozenset(proved),
        ),
        some,
        moments,
        st.sets(st.sampled_from((KINDS.EMAIL, KINDS.PHONE)), max_size=1),
    )


class World:
    """A workspace as plain dictionaries: what the database ought to say after the same calls.

    Customers are numbered from 1 in the order they are met.
    """

    def __init__(self, *, are_ids_people: bool = True) -> None:
        self.are_ids_people = are_ids_people
        self.owner_of: dict[Identifier, Owner] = {}
        self.confirmed: set[Identifier] = set()
        self.acted_at: dict[int, datetime] = {}
        self.into: dict[int, int] = {}
        self.count = 0

    def root(self, customer_id: int) -> int:
        while customer_id in self.into:
            customer_id = self.into[customer_id]
        return customer_id

    def take(self, batch: list[Row]) -> list[int]:
        """Resolve a batch and keep what it decides; the customers of the rows."""
        asked = {i for row in batch for i in row.identifiers}
        known = {i: self.owner_of[i] for i in asked if i in self.owner_of}
        standing = {one: self.standing(one) for one in doubtful(batch, known)}
        found = resolve(batch, Known(known, standing, self.are_ids_people))
        real = self._numbers(found)
        for identifier, owner in {**found.gained, **found.moved}.items():
            self.owner_of[identifier] = Owner(real(owner.customer_id), real(owner.held_by))
        for joined in found.merges:
            self.merge(real(joined.loser), real(joined.winner))
        for row, told in zip(batch, found.told, strict=True):
            self._note(real(told), row)
        return [self.root(real(told)) for told in found.told]

    def merge(self, loser: int, winner: int) -> None:
        """Make two roots one."""
        self.into[loser] = winner
        self._point()

    def unmerge(self, loser: int) -> None:
        """Cut the edge above a merged customer."""
        del self.into[loser]
        self._point()

    def _point(self) -> None:
        self.owner_of = {
            identifier: Owner(self.root(owner.held_by), owner.held_by)
            for identifier, owner in self.owner_of.items()
        }

    def _numbers(self, found: Resolution) -> Callable[[int], int]:
        first = self.count
        self.count += found.created
        return lambda one: first - one if one < 0 else one

    def _note(self, customer_id: int, row: Row) -> None:
        if row.acted_at is not None:
            before = self.acted_at.get(customer_id, row.acted_at)
            self.acted_at[customer_id] = max(before, row.acted_at)
        for i in row.identifiers:
            is_theirs = self.root(self.owner_of[i].customer_id) == self.root(customer_id)
            if i.kind in row.confirmed and is_theirs:
                self.confirmed.add(i)

    def standing(self, root: int) -> Standing:
        """What counts for a root and whoever is merged into it."""
        mine = {i for i, owner in self.owner_of.items() if owner.customer_id == root}
        acts = [at for one, at in self.acted_at.items() if self.root(one) == root]
        return Standing(
            root,
            Counter(identifier.kind for identifier in mine),
            confirmed=frozenset(mine & self.confirmed),
            acted_at=max(acts, default=None),
        )

    def groups(self) -> set[frozenset[Identifier]]:
        """Which identifiers are one person's."""
        found: dict[int, set[Identifier]] = {}
        for identifier, owner in self.owner_of.items():
            found.setdefault(self.root(owner.customer_id), set()).add(identifier)
        return {frozenset(group) for group in found.values()}
