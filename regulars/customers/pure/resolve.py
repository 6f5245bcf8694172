"""Who is who in a batch: which customer each row means, and who gets the new identifiers.

Rows are taken one after another, so a batch means the same as its rows sent one by one. The
most trusted identifier that is known decides; the others follow it, except those that another
customer already has: they stay where they are and the conflict is told. A customer who has an
external id is never taken for one with another external id: shops give one person one id, while
a family may share a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars.customers.pure import normalise
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows beforehand.

    owner_of     the customer of each identifier asked for
    external_of  the external id of those customers who have one
    """

    owner_of: Mapping[Identifier, int]
    external_of: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Clash:
    """An identifier a row gave to one customer while another one has it."""

    row: int
    customer_id: int
    owner_id: int
    identifier: Identifier


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer for a batch; new customers have negative ids, -1 for the first.

    customers  the customer of each row
    gained     identifiers that now belong to a customer, in the order they were met
    external   external ids given to customers, new and old
    """

    customers: tuple[int, ...]
    gained: Mapping[Identifier, int]
    external: Mapping[int, str]
    conflicts: tuple[Clash, ...]
    created: int


def identifiers_of(row: Identity, region: str) -> tuple[Identifier, ...]:
    """What the row names its customer by, from the most trusted down; bad ones are left out."""
    kinds = IdentifierKind
    found: list[Identifier] = []
    for kind, text in (
        (kinds.EXTERNAL, row.external_id),
        (kinds.EMAIL, row.email),
        (kinds.PHONE, row.phone),
        (kinds.ANONYMOUS, row.anonymous_id),
    ):
        if text:
            try:
                found.append(Identifier(kind, _normal(kind, text, region)))
            except Invalid:
                continue
    return tuple(found)


def _normal(kind: IdentifierKind, text: str, region: str) -> str:
    if kind is IdentifierKind.EMAIL:
        return normalise.email(text)
    if kind is IdentifierKind.PHONE:
        return normalise.phone(text, region)
    return normalise.identifier(text)


def resolve(rows: Sequence[Sequence[Identifier]], known: Known) -> Resolution:
    """Decide for every row whom it means; each row has at least one identifier.

    Splitting a batch at any place and resolving the parts in order gives the same customers.
    Where no identifier is shared by rows of two external ids and every row carries one, the
    order of rows does not matter either.
    """
    owner_of = dict(known.owner_of)
    external_of = dict(known.external_of)
    gained: dict[Identifier, int] = {}
    external: dict[int, str] = {}
    customers: list[int] = []
    conflicts: list[Clash] = []
    created = 0
    for index, identifiers in enumerate(rows):
        customer_id = _decide(identifiers, owner_of, external_of)
        if customer_id is None:
            created += 1
            customer_id = -created
        customers.append(customer_id)
        for identifier in identifiers:
            owner_id = owner_of.setdefault(identifier, customer_id)
            if owner_id != customer_id:
                conflicts.append(Clash(index, customer_id, owner_id, identifier))
            elif identifier not in known.owner_of and identifier not in gained:
                gained[identifier] = customer_id
                if identifier.kind is IdentifierKind.EXTERNAL:
                    external_of[customer_id] = external[customer_id] = identifier.value
    return Resolution(tuple(customers), gained, external, tuple(conflicts), created)


def _decide(
    identifiers: Sequence[Identifier],
    owner_of: Mapping[Identifier, int],
    external_of: Mapping[int, str],
) -> int | None:
    """The customer of the strongest known identifier, or None for somebody new."""
    first = identifiers[0]
    needs_free = first.kind is IdentifierKind.EXTERNAL and first not in owner_of
    for identifier in identifiers:
        owner_id = owner_of.get(identifier)
        if owner_id is not None and not (needs_free and owner_id in external_of):
            return owner_id
    return None
