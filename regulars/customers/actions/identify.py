"""Finding or making the customer of each row of a batch, with a few statements for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from regulars.customers.actions import profiles
from regulars.customers.actions.profiles import Told
from regulars.customers.pure.resolve import Clash, Known, Resolution, identifiers_of, resolve
from regulars.customers.pure.traits import split
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

RACES_MAX = 8
KINDS = {kind.value: kind for kind in IdentifierKind}
OWN_COLUMNS = {IdentifierKind.EMAIL: "email", IdentifierKind.PHONE: "phone"}

READ_OWNERS = """
SELECT i.kind, i.value, i.customer_id, c.external_id
FROM unnest(%s::text[], %s::text[]) AS asked (kind, value)
JOIN customers_identifier i
  ON i.workspace_id = %s AND i.kind = asked.kind AND i.value = asked.value
JOIN customers_customer c ON c.id = i.customer_id
"""
# In key order, so that two batches that give the same identifiers wait and do not deadlock.
TAKE_IDENTIFIERS = """
INSERT INTO customers_identifier (workspace_id, kind, value, customer_id)
SELECT %s, kind, value, customer_id
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS given (kind, value, customer_id)
ORDER BY kind, value
ON CONFLICT DO NOTHING
"""
NEW_IDS = """
SELECT nextval(pg_get_serial_sequence('customers_customer', 'id')) FROM generate_series(1, %s)
"""


class _RacedError(Exception):
    """Another transaction gave one of the identifiers to a customer of its own."""


def identify_many(
    workspace_id: int,
    rows: Sequence[Identity],
    *,
    origin: str = "live",
    only_missing: bool = False,
) -> list[int]:
    """The customer of each row, made when nobody is known by any of its identifiers.

    Trust goes external id, e-mail, phone, anonymous id. When identifiers point at different
    customers the strongest wins and the weaker ones stay with their owners; that is recorded
    as the event customer.conflict. Identifiers that cannot be read are left out.
    only_missing  traits fill what is unknown and change nothing that is known
    raises  Invalid(identity_missing) when a row names nobody; ask `is_named` beforehand
    """
    if not rows:
        return []
    region = workspaces.workspace(workspace_id).region
    named = [identifiers_of(row, region) for row in rows]
    if not all(named):
        raise Invalid("identity_missing", "Give an id, an e-mail, a phone or an anonymous id.")
    for _ in range(RACES_MAX):
        try:
            with transaction.atomic():
                return _identify(workspace_id, rows, named, origin, only_missing)
        except _RacedError:
            continue
    raise Conflict("identity_race", "Other writers keep taking the same identifiers; try again.")


def _identify(
    workspace_id: int,
    rows: Sequence[Identity],
    named: Sequence[tuple[Identifier, ...]],
    origin: str,
    only_missing: bool,
) -> list[int]:
    resolution = resolve(named, _read_owners(workspace_id, named))
    ids = _new_ids(resolution.created)
    customer_of = [_real(found, ids) for found in resolution.customers]
    _take(workspace_id, {i: _real(found, ids) for i, found in resolution.gained.items()})
    told = _gather(rows, named, customer_of, resolution, ids)
    now = clock.now()
    changed = profiles.insert(workspace_id, {new: told.pop(new) for new in ids}, now)
    changed |= profiles.update(workspace_id, told, now, only_missing=only_missing)
    news = [_changed_event(customer_id, what, now, origin) for customer_id, what in changed.items()]
    news += [_conflict_event(clash, ids, now, origin) for clash in resolution.conflicts]
    events.record_many(workspace_id, news)
    return customer_of


def _read_owners(workspace_id: int, named: Sequence[tuple[Identifier, ...]]) -> Known:
    asked = list({identifier for identifiers in named for identifier in identifiers})
    raw = cursor()
    raw.execute(
        READ_OWNERS, [[i.kind.value for i in asked], [i.value for i in asked], workspace_id]
    )
    owner_of: dict[Identifier, int] = {}
    external_of: dict[int, str] = {}
    for kind, value, customer_id, external_id in raw.fetchall():
        owner_of[Identifier(KINDS[kind], value)] = customer_id
        if external_id is not None:
            external_of[customer_id] = external_id
    return Known(owner_of, external_of)


def _real(found: int, ids: Sequence[int]) -> int:
    return ids[-found - 1] if found < 0 else found


def _new_ids(count: int) -> list[int]:
    if not count:
        return []
    raw = cursor()
    raw.execute(NEW_IDS, [count])
    return [row[0] for row in raw.fetchall()]


def _take(workspace_id: int, gained: Mapping[Identifier, int]) -> None:
    if not gained:
        return
    raw = cursor()
    raw.execute(
        TAKE_IDENTIFIERS,
        [
            workspace_id,
            [i.kind.value for i in gained],
            [i.value for i in gained],
            [*gained.values()],
        ],
    )
    if raw.rowcount != len(gained):
        raise _RacedError


def _gather(
    rows: Sequence[Identity],
    named: Sequence[tuple[Identifier, ...]],
    customer_of: Sequence[int],
    resolution: Resolution,
    ids: Sequence[int],
) -> dict[int, Told]:
    """What the batch tells about each customer; an identifier only to the one who has it."""
    foreign = {(clash.row, clash.identifier) for clash in resolution.conflicts}
    told: defaultdict[int, Told] = defaultdict(Told)
    for index, row in enumerate(rows):
        columns, attrs = split(row.traits) if row.traits else ({}, {})
        for identifier in named[index]:
            column = OWN_COLUMNS.get(identifier.kind)
            if column and (not foreign or (index, identifier) not in foreign):
                columns[column] = identifier.value
        told[customer_of[index]].add(columns, attrs, row.seen_at)
    for found, external_id in resolution.external.items():
        told[_real(found, ids)].columns["external_id"] = external_id
    return dict(told)


def _changed_event(
    customer_id: int, what: Mapping[str, tuple[Any, Any]], now: datetime, origin: str
) -> NewEvent:
    return NewEvent(
        kind="customer.changed",
        time=now,
        key=f"customer:{customer_id}:changed:{new_public_id()}",
        customer_id=customer_id,
        props={"changes": {name: {"old": old, "new": new} for name, (old, new) in what.items()}},
        origin=origin,
    )


def _conflict_event(clash: Clash, ids: Sequence[int], now: datetime, origin: str) -> NewEvent:
    customer_id = _real(clash.customer_id, ids)
    owner_id = _real(clash.owner_id, ids)
    kind, value = clash.identifier
    return NewEvent(
        kind="customer.conflict",
        time=now,
        # One customer and one identifier make one conflict, however often rows repeat it.
        key=f"customer:{customer_id}:conflict:{kind.value}:{value}",
        customer_id=customer_id,
        props={"identifier": kind.value, "owner_id": owner_id},
        origin=origin,
    )
