"""Finding or making the customer of each row of a batch, with a few statements for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from regulars.customers.actions import merge, owners, profiles
from regulars.customers.actions.contested import settle
from regulars.customers.actions.profiles import RacedError, Told
from regulars.customers.pure.precedence import Source
from regulars.customers.pure.resolve import (
    Joined,
    Known,
    Owner,
    Resolution,
    Row,
    doubtful,
    resolve,
    row_of,
)
from regulars.customers.pure.traits import split
from regulars.customers.queries import duplicates, standing
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

RACES_MAX = 8
OWN_COLUMNS = {IdentifierKind.EMAIL: "email", IdentifierKind.PHONE: "phone"}
BY_IDENTITY = "identity"
NEW_IDS = """
SELECT nextval(pg_get_serial_sequence('customers_customer', 'id')) FROM generate_series(1, %s)
"""


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one call was given, and what was decided about it."""

    rows: Sequence[Identity]
    named: Sequence[Row]
    found: Resolution
    ids: Sequence[int]

    def real(self, customer_id: int) -> int:
        """The stored id of a customer of the resolution."""
        return self.ids[-customer_id - 1] if customer_id < 0 else customer_id


def identify_many(
    workspace_id: int,
    rows: Sequence[Identity],
    *,
    origin: str = "live",
    only_missing: bool = False,
    as_named: bool = False,
    source: str = "",
) -> list[int]:
    """The customer of each row, made when nobody is known by any of its identifiers.

    The rules of who is who are those of pure/resolve.py; identifiers that cannot be read are
    left out. Contacts that go to another customer are recorded as events.
    only_missing  traits fill what is unknown and change nothing that is known
    as_named      of merged customers the one whose identifier the row named, not the root: for
                  events and orders, which then go along when the merge is undone
    source        who tells it: a word of pure/precedence.py, else import or api by origin; what the
                  site tells takes no contact from anybody
    raises  Invalid(identity_missing) when a row names nobody; ask `is_named` beforehand
    """
    return identify_and_count(
        workspace_id, rows, origin=origin, only_missing=only_missing, as_named=as_named,
        source=source,
    )[0]  # fmt: skip


def identify_and_count(
    workspace_id: int,
    rows: Sequence[Identity],
    *,
    origin: str = "live",
    only_missing: bool = False,
    as_named: bool = False,
    source: str = "",
) -> tuple[list[int], int]:
    """What `identify_many` gives, and how many customers were made for it."""
    if not rows:
        return [], 0
    region = workspaces.workspace(workspace_id).region
    now = clock.now()
    is_live = origin == "live"
    teller = Source(source or (Source.IMPORT if origin == "import" else Source.API))
    named = [
        row_of(row, region, row.seen_at or now if is_live else None,
               is_unproved=teller is Source.SITE)
        for row in rows
    ]  # fmt: skip
    if not all(row.identifiers for row in named):
        raise Invalid("identity_missing", "Give an id, an e-mail, a phone or an anonymous id.")
    for _ in range(RACES_MAX):
        try:
            with transaction.atomic():
                return _identify(workspace_id, rows, named, origin, only_missing, as_named, teller)
        except RacedError:
            continue
    raise Conflict("identity_race", "Other writers keep taking the same identifiers; try again.")


def alias(workspace_id: int, previous: str, user: str, *, origin: str = "live") -> int:
    """Let two ids mean one person, as Segment's alias says; gives the customer.

    `previous` may be an anonymous id or an older user id. Where different ids are different
    people, two customers who both have an external id stay two, and the event
    customer.conflict tells.
    raises  Invalid(identity_missing) when `user` is no id
    """
    identity = Identity(external_id=user, previous_id=previous)
    return identify_many(workspace_id, [identity], origin=origin)[0]


def _identify(
    workspace_id: int,
    rows: Sequence[Identity],
    named: Sequence[Row],
    origin: str,
    only_missing: bool,
    as_named: bool,
    teller: Source,
) -> tuple[list[int], int]:
    known = _known(workspace_id, named)
    found = resolve(named, known)
    batch = _Batch(rows, named, found, _new_ids(found.created))
    now = clock.now()
    told = _gather(batch)
    _hold(workspace_id, batch, told)
    owners.take(workspace_id, _stored(batch, found.gained))
    owners.move(workspace_id, _stored(batch, found.moved), known.owner_of)
    _flag(workspace_id, batch, known)
    changed = profiles.insert(workspace_id, {new: told.pop(new) for new in batch.ids}, now,
                              source=teller)  # fmt: skip
    changed |= profiles.update(workspace_id, told, now, only_missing=only_missing, source=teller)
    news = [_changed_event(customer_id, what, now, origin) for customer_id, what in changed.items()]
    if found.clashes or found.moves:
        news += settle(workspace_id, found, batch.real, now, origin)
    joined = [
        Joined(batch.real(j.loser), batch.real(j.winner), j.reason, j.rule) for j in found.merges
    ]
    merge.apply(workspace_id, joined, BY_IDENTITY, now, origin=origin)
    events.record_many(workspace_id, news)
    if as_named:
        return [batch.real(customer_id) for customer_id in found.named], len(batch.ids)
    into = {j.loser: j.winner for j in joined}
    return [_root(batch.real(customer_id), into) for customer_id in found.told], len(batch.ids)


def _known(workspace_id: int, named: Sequence[Row]) -> Known:
    owner_of = owners.read(workspace_id, named)
    unsure = sorted(doubtful(named, owner_of))
    return Known(
        owner_of,
        standing.standings(workspace_id, unsure),
        standing.are_ids_people(workspace_id),
        duplicates.all_told_apart(workspace_id, unsure),
    )


def _root(customer_id: int, into: Mapping[int, int]) -> int:
    while customer_id in into:
        customer_id = into[customer_id]
    return customer_id


def _new_ids(count: int) -> list[int]:
    if not count:
        return []
    raw = cursor()
    raw.execute(NEW_IDS, [count])
    return [row[0] for row in raw.fetchall()]


def _stored(batch: _Batch, given: Mapping[Identifier, Owner]) -> dict[Identifier, Owner]:
    return {
        identifier: Owner(batch.real(owner.customer_id), batch.real(owner.held_by))
        for identifier, owner in given.items()
    }


def _hold(workspace_id: int, batch: _Batch, told: Mapping[int, Told]) -> None:
    """Keep customers who are given something from being merged away until the transaction ends."""
    found = batch.found
    owned = (*found.gained.values(), *found.moved.values())
    involved = {owner.customer_id for owner in owned if owner.customer_id > 0}
    if found.moves or found.merges:
        involved |= {move.loser_id for move in found.moves}
        involved |= {one for j in found.merges for one in (j.loser, j.winner)}
        involved |= {c for c, what in told.items() if what.columns or what.attrs}
    stored = sorted(involved - {*batch.ids} - {c for c in involved if c < 0})
    if stored and any(into is not None for into in merge.lock(workspace_id, stored).values()):
        raise RacedError


def _flag(workspace_id: int, batch: _Batch, known: Known) -> None:
    """Remember what rows say of contacts, where the contact is the row's customer's."""
    found = batch.found
    into = {joined.loser: joined.winner for joined in found.merges}
    confirmed: set[Identifier] = set()
    access: set[Identifier] = set()
    for row, told in zip(batch.named, found.told, strict=True):
        if not (row.confirmed or row.access):
            continue
        for i in row.identifiers:
            owner = found.gained.get(i) or found.moved.get(i) or known.owner_of[i]
            if _root(owner.customer_id, into) == _root(told, into):
                confirmed |= {i} if i.kind in row.confirmed else set()
                access |= {i} if i.kind in row.access else set()
    owners.flag(workspace_id, confirmed, access)


def _gather(batch: _Batch) -> dict[int, Told]:
    """What the batch tells about each customer; an identifier only to the one who has it."""
    found = batch.found
    foreign = {(clash.row, clash.identifier) for clash in found.clashes}
    told: defaultdict[int, Told] = defaultdict(Told)
    for index, row in enumerate(batch.rows):
        columns, attrs = split(row.traits) if row.traits else ({}, {})
        for identifier in batch.named[index].identifiers:
            column = OWN_COLUMNS.get(identifier.kind)
            if column and (not foreign or (index, identifier) not in foreign):
                columns[column] = identifier.value
        told[batch.real(found.told[index])].add(columns, attrs, row.seen_at)
    for customer_id, external_id in found.external.items():
        told[batch.real(customer_id)].columns.setdefault("external_id", external_id)
    return dict(told)


def _changed_event(
    customer_id: int, what: Mapping[str, tuple[Any, Any]], now: datetime, origin: str
) -> NewEvent:
    return NewEvent(
        kind="customer.changed",
        time=now,
        key=None,
        customer_id=customer_id,
        props={"changes": {name: {"old": old, "new": new} for name, (old, new) in what.items()}},
        origin=origin,
    )
