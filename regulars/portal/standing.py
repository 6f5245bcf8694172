"""What a customer has in the programme, put together for the pages of the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from regulars.kernel import clock
from regulars.loyalty.actions import members as member_actions
from regulars.loyalty.queries import balances, history, ledger, members, own_codes
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries.members import MemberRecord
from regulars.loyalty.queries.own_codes import OwnCertificate, OwnCode

ENDS_SHOWN_MAX = 12
# What never ends has a date far off.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
UNITS = {"spend": "money", "earned": "points", "orders": "orders", "balance": "points"}


@dataclass(frozen=True, slots=True)
class Ending:
    """Points that burn at one moment."""

    at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Step:
    """The next tier and how far it is, in the unit that counts: money, points or orders."""

    name: str
    left: int
    share: float
    unit: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the member has now; points in hundredths of the main currency."""

    member: MemberRecord
    points_name: str
    available: int
    pending: int
    held: int
    debt: int
    endings: tuple[Ending, ...]
    tier: str
    benefits: tuple[str, ...]
    tier_until: datetime | None
    step: Step | None
    worth_minor: int


def is_open(workspace_id: int) -> bool:
    """Whether the shop has a programme that is running."""
    return programmes.programme(workspace_id).is_open


def member_of(workspace_id: int, customer_id: int) -> MemberRecord:
    """The member the customer is; who signs in to a running programme takes part in it."""
    found = members.of_customer(workspace_id, customer_id)
    if found is None:
        member_actions.enrol(workspace_id, [customer_id])
        found = members.of_customer(workspace_id, customer_id)
    assert found is not None
    return found


def currency_name(workspace_id: int, slug: str) -> str:
    """What points of this currency are called."""
    known = programmes.programme(workspace_id).programme.currencies
    return next((one.name for one in known if one.slug == slug), slug)


def to_spend(workspace_id: int, member_id: int) -> dict[str, int]:
    """What the member may spend now, by currency."""
    own = balances.balances(workspace_id, [member_id], clock.now())[member_id]
    return {slug: one.available for slug, one in own.items()}


def standing(workspace_id: int, member: MemberRecord) -> Standing:
    """Where the member stands now."""
    programme, now = programmes.programme(workspace_id).programme, clock.now()
    main = programme.main
    own = balances.balances(workspace_id, [member.id], now)[member.id].get(main.slug)
    tier = programme.tier(member.tier_slug)
    available = own.available if own else 0
    return Standing(
        member=member,
        points_name=main.name,
        available=available,
        pending=own.pending if own else 0,
        held=own.reserved if own else 0,
        debt=own.debt if own else 0,
        endings=_endings(workspace_id, member.id, main.slug, now),
        tier=tier.name if tier else "",
        benefits=tier.benefits if tier else (),
        tier_until=member.tier_until,
        step=_step(workspace_id, member),
        worth_minor=int(Decimal(available) * main.minor_per_point // 100),
    )


def _endings(workspace_id: int, member_id: int, currency: str, now: datetime) -> tuple[Ending, ...]:
    sums: dict[datetime, int] = {}
    for lot in ledger.open_lots(workspace_id, [member_id]):
        ends_at = lot.expires_at
        if lot.currency == currency and lot.available and ends_at and now < ends_at < NEVER:
            sums[ends_at] = sums.get(ends_at, 0) + lot.available
    return tuple(Ending(at, sums[at]) for at in sorted(sums)[:ENDS_SHOWN_MAX])


def _step(workspace_id: int, member: MemberRecord) -> Step | None:
    policy = programmes.programme(workspace_id).programme.tiers
    ladder = sorted(policy.tiers, key=lambda one: one.least)
    current = next((one.least for one in ladder if one.slug == member.tier_slug), 0)
    ahead = next((one for one in ladder if one.least > max(current, member.tier_counted)), None)
    if ahead is None:
        return None
    left = max(0, ahead.least - member.tier_counted)
    share = min(1.0, member.tier_counted / ahead.least) if ahead.least else 0.0
    return Step(ahead.name, left, share, UNITS[policy.basis])


def happened(
    workspace_id: int, member_id: int, *, before: int = history.NEWEST, limit: int
) -> list[history.Moved]:
    """What happened to the member's points of the main currency, the newest first."""
    main = programmes.programme(workspace_id).programme.main.slug
    rows = history.of_member(workspace_id, member_id, before=before, limit=limit)
    return [row for row in rows if row.currency == main and row.shown]


def codes(workspace_id: int, customer_id: int) -> Sequence[OwnCode]:
    """Personal codes the customer can use now, the newest first."""
    return own_codes.usable(workspace_id, [customer_id], clock.now()).get(customer_id, [])


def certificates(workspace_id: int, customer_id: int) -> Sequence[OwnCertificate]:
    """Gift certificates of the customer's, and what is left of each."""
    return own_codes.certificates(workspace_id, customer_id, clock.now())
