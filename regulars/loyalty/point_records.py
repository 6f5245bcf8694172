"""Shapes of points as the rest of the room sees them. Points are integer hundredths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars.kernel.errors import Refused
from regulars.loyalty.pure.programme import Terms


class PointsInsufficient(Refused):
    """There are fewer available points than asked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """Points of one origin in a grant: each part becomes a lot.

    terms       when they become active and end; or the dates themselves
    activates_at  None: at once
    waits_for   the event it waits for, as "kind:subject"; then there is no date yet
    """

    currency: str
    points: int
    terms: Terms | None = None
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    waits_for: str | None = None
    line_id: str | None = None
    partner_id: int | None = None
    cost_minor: int = 0


@dataclass(frozen=True, slots=True)
class Earn:
    """Points given in one transaction, in parts.

    kind  earn, bonus, referral … : with the key it names the transaction for ever
    """

    member_id: int
    key: str
    parts: tuple[Part, ...]
    reason: str = ""
    kind: str = "earn"
    purchase_id: str | None = None
    occurred_at: datetime | None = None
    rules_version: int = 0
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """Points given in one lot."""

    member_id: int
    currency: str
    points: int
    key: str
    reason: str = ""
    kind: str = "earn"
    terms: Terms | None = None
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    waits_for: str | None = None
    partner_id: int | None = None
    purchase_id: str | None = None
    cost_minor: int = 0
    occurred_at: datetime | None = None
    rules_version: int = 0
    actor: str = ""

    def as_earn(self) -> Earn:
        """The same as a grant of one part."""
        part = Part(
            currency=self.currency,
            points=self.points,
            terms=self.terms,
            activates_at=self.activates_at,
            expires_at=self.expires_at,
            waits_for=self.waits_for,
            partner_id=self.partner_id,
            cost_minor=self.cost_minor,
        )
        return Earn(
            member_id=self.member_id,
            key=self.key,
            parts=(part,),
            reason=self.reason,
            kind=self.kind,
            purchase_id=self.purchase_id,
            occurred_at=self.occurred_at,
            rules_version=self.rules_version,
            actor=self.actor,
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """What became of a grant. is_new is false when the key had come before."""

    txn_id: int | None
    points: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """Points to be kept for a purchase until it is settled."""

    member_id: int
    currency: str
    points: int
    key: str
    purchase_id: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold in the books: how much of which lot."""

    txn_id: int
    member_id: int
    currency: str
    allocations: Mapping[int, int]
    purchase_id: str | None = None
    is_new: bool = True

    @property
    def points(self) -> int:
        return sum(self.allocations.values())


@dataclass(frozen=True, slots=True)
class Settled:
    """A hold that came to its end: what was spent and what went back."""

    txn_id: int
    captured: int
    released: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Burnt points that returned to their lots."""

    txn_id: int | None
    points: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Earned points that a return took, and what could not be taken.

    taken  by currency, with what became a debt left out
    debt   by currency: owed from now on
    missed by currency: neither taken nor owed, for the policy forbids it
    """

    txn_id: int | None
    taken: Mapping[str, int]
    debt: Mapping[str, int]
    missed: Mapping[str, int]
    is_new: bool


@dataclass(frozen=True, slots=True)
class AdjustmentRecord:
    """A change by hand.

    points  below zero they are taken
    state   waiting for a second person, posted, or refused by one
    """

    public_id: str
    member_id: int
    currency: str
    points: int
    reason: str
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    txn_id: int | None
    expires_at: datetime | None = None
