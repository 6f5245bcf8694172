"""Members over HTTP: a program lets customers join, and asks where they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import Invalid, NotFound
from regulars.loyalty.actions import members as actions
from regulars.loyalty.queries import balances
from regulars.loyalty.queries import members as queries
from regulars.loyalty.queries.members import MemberRecord
from regulars.workspaces.records import WorkspaceRecord

router = Router(tags=["loyalty"])
VALUE_CHARS_MAX = 320


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
    found = queries.member(workspace.id, member)
    if found is None:
        raise NotFound("member_unknown", _("There is no such member."))
    return _told(workspace.id, found)


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
