"""Which of two customers stays when they are one, or when both claim a contact.

The order is total, so that any number of customers give one winner however they are paired:
1 the contact opens their account, 2 they proved the contact to be theirs, 3 anything opens an
account of theirs, 4 they have orders, promo codes or points, 5 they proved any contact, 6 they
acted last, 7 they are known longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from regulars.customers.records import Identifier, IdentifierKind

RULES = (
    "access_by_contact", "contact_confirmed", "access", "purchases", "confirmed", "latest_action",
    "known_longer",
)  # fmt: skip
ANONYMOUS_RULE = "anonymous"
# Kinds that tell a browser or a telephone from others, and nobody who holds it.
BROWSER_KINDS = frozenset(
    {IdentifierKind.ANONYMOUS, IdentifierKind.DEVICE, IdentifierKind.PUSH}
)  # fmt: skip
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts when two customers are weighed; ids below zero are not stored yet.

    counts     how many identifiers of each kind they have
    access     their identifiers that open an account; confirmed, those proved to be theirs
    acted_at   when they last did something themselves
    """

    customer_id: int
    counts: Mapping[IdentifierKind, int] = field(default_factory=dict)
    access: frozenset[Identifier] = frozenset()
    confirmed: frozenset[Identifier] = frozenset()
    has_purchases: bool = False
    acted_at: datetime | None = None

    @property
    def kinds(self) -> frozenset[IdentifierKind]:
        """What kinds of identifiers they are known by."""
        return frozenset(kind for kind, count in self.counts.items() if count > 0)

    @property
    def is_anonymous(self) -> bool:
        """Whether only browsers and devices are known of them."""
        return self.kinds <= BROWSER_KINDS

    def joined(self, other: Standing) -> Standing:
        """The standing of both together, under this one's id."""
        acts = [at for at in (self.acted_at, other.acted_at) if at is not None]
        return Standing(
            self.customer_id,
            plus(self.counts, other.counts),
            self.access | other.access,
            self.confirmed | other.confirmed,
            self.has_purchases or other.has_purchases,
            max(acts, default=None),
        )


def plus(
    counts: Mapping[IdentifierKind, int], more: Mapping[IdentifierKind, int]
) -> dict[IdentifierKind, int]:
    """Both counts together."""
    return {kind: counts.get(kind, 0) + more.get(kind, 0) for kind in (*counts, *more)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who stays, who goes, and the line of the order that said so."""

    winner: int
    loser: int
    rule: str


def weigh(one: Standing, other: Standing, contact: Identifier | None = None) -> Verdict:
    """Who of two different customers stays.

    contact  what they met by; without one the first two lines decide nothing
    An anonymous customer always follows one who is identified.
    """
    assert one.customer_id != other.customer_id
    if one.is_anonymous != other.is_anonymous:
        first, last = (other, one) if one.is_anonymous else (one, other)
        return Verdict(first.customer_id, last.customer_id, ANONYMOUS_RULE)
    ranks = _ranks(one, contact), _ranks(other, contact)
    place = next(n for n, (a, b) in enumerate(zip(*ranks, strict=True)) if a != b)
    first, last = (one, other) if ranks[0] > ranks[1] else (other, one)
    return Verdict(first.customer_id, last.customer_id, RULES[place])


def _ranks(who: Standing, contact: Identifier | None) -> tuple[object, ...]:
    return (
        contact in who.access,
        contact in who.confirmed,
        bool(who.access),
        who.has_purchases,
        bool(who.confirmed),
        who.acted_at or NEVER,
        _seniority(who.customer_id),
    )


def _seniority(customer_id: int) -> tuple[bool, int]:
    # Not stored yet is younger than anybody stored; -1 was met before -2.
    return customer_id > 0, -abs(customer_id)
