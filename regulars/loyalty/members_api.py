"""Members over HTTP: a program lets customers join, asks where they stand, and changes points."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Field, Router, Schema
from pydantic import AwareDatetime, ConfigDict

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import Invalid, NotFound
from regulars.loyalty.actions import adjustments
from regulars.loyalty.actions import members as actions
from regulars.loyalty.actions.adjustments import REASON_LENGTH_MAX, Adjust
from regulars.loyalty.queries import balances, history, programme
from regulars.loyalty.queries import members as queries
from regulars.loyalty.queries.history import Moved
from regulars.loyalty.queries.members import MemberRecord
from regulars.workspaces.records import WorkspaceRecord

router = Router(tags=["loyalty"])
VALUE_CHARS_MAX = 320
KEY_CHARS_MAX = 200
ACTOR = "api"


class MemberIn(Schema):
    """Whom it is about: exactly one of these; `customer` is the public id."""

    model_config = ConfigDict(extra="forbid")

    customer: str = Field("", max_length=VALUE_CHARS_MAX)
    external_id: str = Field("", max_length=VALUE_CHARS_MAX)
    email: str = Field("", max_length=VALUE_CHARS_MAX)
    phone: str = Field("", max_length=VALUE_CHARS_MAX)


class BalanceOut(Schema):
    """Hundredths of a point."""

    currency: str
    available: int
    pending: int
    reserved: int
    debt: int
    next_expiry_at: datetime | None
    next_expiry_points: int


class LoyaltyMemberOut(Schema):
    member: str
    state: Literal["active", "blocked"]
    joined_at: datetime
    tier: str
    tier_until: datetime | None
    balances: list[BalanceOut]


class PointsIn(Schema):
    """Points to give, or below zero to take, with a reason that stands in the ledger for ever.

    points    hundredths of a point
    currency  absent: the main one of the programme
    key       names the change for ever: the same again changes nothing
    """

    model_config = ConfigDict(extra="forbid")

    points: int
    reason: str = Field(min_length=1, max_length=REASON_LENGTH_MAX)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)
    currency: str = Field("", max_length=VALUE_CHARS_MAX)
    expires_at: AwareDatetime | None = None


class PointsOut(Schema):
    """posted, or waiting for a person above the programme's limit, or refused by one."""

    adjustment: str
    state: str
    points: int
    currency: str


class PointsChangeOut(Schema):
    """What one transaction of the ledger did to the member's points, in hundredths."""

    transaction: int
    kind: str
    at: datetime
    currency: str
    available: int
    pending: int
    reserved: int
    debt: int
    reason: str
    purchase: str | None


class PointsHistoryOut(Schema):
    """The newest first; `next` goes into `before` for earlier ones, null at the end."""

    changes: list[PointsChangeOut]
    next: int | None


@router.post("/members", response=LoyaltyMemberOut, summary="Let a customer join")
def join(request: HttpRequest, body: MemberIn) -> LoyaltyMemberOut:
    """The customer takes part from now on; who does already is answered as they are."""
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    (member_id,) = actions.enrol(workspace.id, [_customer(workspace.id, body)])
    found = queries.by_id(workspace.id, member_id)
    assert found is not None
    return _told(workspace.id, found)


@router.get("/members/{member}", response=LoyaltyMemberOut, summary="Where a member stands")
def member(request: HttpRequest, member: str) -> LoyaltyMemberOut:
    """The member of this public id."""
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return _told(workspace.id, _known(workspace.id, member))


@router.post("/members/{member}/points", response=PointsOut, summary="Give points or take them")
def change_points(request: HttpRequest, member: str, body: PointsIn) -> PointsOut:
    """A change by hand, once for a key. Above the programme's limit it waits for a person."""
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    found = _known(workspace.id, member)
    rules = programme.programme(workspace.id).programme
    made = adjustments.adjust(
        workspace.id,
        Adjust(
            member_id=found.id,
            currency=body.currency or rules.main.slug,
            points=body.points,
            reason=body.reason,
            key=f"{ACTOR}:{body.key}",
            actor=ACTOR,
            expires_at=body.expires_at,
        ),
        limit=rules.holding.approval_points,
    )
    return PointsOut(
        adjustment=made.public_id, state=made.state, points=made.points, currency=made.currency
    )


@router.get("/members/{member}/points", response=PointsHistoryOut, summary="What became of points")
def points_history(request: HttpRequest, member: str, before: int = 0) -> PointsHistoryOut:
    """What happened to the member's points, transaction by transaction."""
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    found = _known(workspace.id, member)
    upto = before if before > 0 else history.NEWEST
    rows = history.of_member(
        workspace.id, found.id, before=upto, limit=history.PAGE_ROWS + 1, but=()
    )
    has_more = len(rows) > history.PAGE_ROWS
    # A transaction has a row for each currency it moves; what is cut off comes whole on the next.
    shown = [one for one in rows if not has_more or one.txn_id != rows[-1].txn_id]
    return PointsHistoryOut(
        changes=[_change(one) for one in shown], next=shown[-1].txn_id if has_more else None
    )


def _change(one: Moved) -> PointsChangeOut:
    return PointsChangeOut(
        transaction=one.txn_id,
        kind=one.kind,
        at=one.recorded_at,
        currency=one.currency,
        available=one.available,
        pending=one.pending,
        reserved=one.held,
        debt=one.debt,
        reason=one.reason,
        purchase=one.purchase_id,
    )


def _known(workspace_id: int, public_id: str) -> MemberRecord:
    found = queries.member(workspace_id, public_id)
    if found is None:
        raise NotFound("member_unknown", _("There is no such member."))
    return found


def _customer(workspace_id: int, body: MemberIn) -> int:
    named = {name: value for name, value in body.dict().items() if value}
    if len(named) != 1:
        raise Invalid("member_key", _("Name the customer by exactly one identifier."))
    if body.customer:
        return customers.customer_id_of(workspace_id, body.customer)
    found = customers.find(workspace_id, Identity(**named))
    if found is None:
        raise NotFound("customer_unknown", _("There is no such customer."))
    return found


def _told(workspace_id: int, found: MemberRecord) -> LoyaltyMemberOut:
    own = balances.balances(workspace_id, [found.id])[found.id]
    return LoyaltyMemberOut(
        member=found.public_id,
        state="blocked" if found.is_blocked else "active",
        joined_at=found.joined_at,
        tier=found.tier_slug,
        tier_until=found.tier_until,
        balances=[
            BalanceOut(
                currency=slug,
                available=one.available,
                pending=one.pending,
                reserved=one.reserved,
                debt=one.debt,
                next_expiry_at=one.next_expiry_at,
                next_expiry_points=one.next_expiry_points,
            )
            for slug, one in sorted(own.items())
        ],
    )
