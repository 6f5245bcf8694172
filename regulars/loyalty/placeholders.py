"""What letters say about where a customer stands: asked of the books when the letter is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext_noop as _

from regulars.kernel import clock
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.queries import balances, members, own_codes
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries.members import MemberRecord
from regulars.loyalty.queries.own_codes import OwnCode
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

# (name, what it is called, an example)
NAMES: tuple[tuple[str, str, str], ...] = (
    ("loyalty.balance", _("Points to spend"), "1240"),
    ("loyalty.pending", _("Points not active yet"), "80"),
    ("loyalty.next_expiry_on", _("Day on which the next points burn"), "2026-12-31"),
    ("loyalty.next_expiry_points", _("Points that burn next"), "300"),
    ("loyalty.tier", _("Tier"), "Silver"),
    ("loyalty.joined_on", _("Day of joining the programme"), "2025-03-08"),
    (
        "loyalty.code",
        _("The code that the campaign gives, or else the newest personal one that can be used"),
        "SPRING-4F7K",
    ),
    ("loyalty.codes", _("Personal codes by promotion: loyalty.codes.promotion"), ""),
    ("loyalty.points_name", _("What the points are called"), "points"),
)


class Asked(Protocol):
    """Whose values a letter asks for; the key of a letter is empty where there is none."""

    @property
    def customer_id(self) -> int: ...

    @property
    def letter_key(self) -> str: ...


def values(workspace_id: int, asked: Sequence[Asked]) -> list[Mapping[str, object]]:
    """For each asked, plain values by name; a name that says nothing of a customer is left out."""
    customer_ids = sorted({one.customer_id for one in asked})
    now, workspace = clock.now(), workspaces.workspace(workspace_id)
    programme = programmes.programme(workspace_id).programme
    joined = members.of_customers(workspace_id, customer_ids)
    held = balances.balances(workspace_id, [one.id for one in joined.values()], now)
    codes = own_codes.usable(workspace_id, customer_ids, now)
    found = {}
    for customer_id in customer_ids:
        member = joined.get(customer_id)
        told = dict(_of_member(member, held, programme, workspace)) if member else {}
        own = codes.get(customer_id, [])
        if own:
            told["code"] = own[0].shown
            told["codes"] = {one.promotion_slug or one.series_slug: one.shown for one in own[::-1]}
        found[customer_id] = told | {"points_name": programme.main.name}
    letters = own_codes.given(workspace_id, [one.letter_key for one in asked if one.letter_key])
    return [_with_code(found[one.customer_id], letters.get(one.letter_key)) for one in asked]


def _with_code(told: Mapping[str, object], given: OwnCode | None) -> Mapping[str, object]:
    """With the code that was given out for this very letter, in the place of any other."""
    if given is None:
        return told
    codes = told.get("codes")
    others = codes if isinstance(codes, Mapping) else {}
    name = given.promotion_slug or given.series_slug
    return {**told, "code": given.shown, "codes": {**others, name: given.shown}}


def _of_member(
    member: MemberRecord,
    held: Mapping[int, Mapping[str, Balance]],
    programme: Programme,
    workspace: WorkspaceRecord,
) -> Mapping[str, object]:
    own = held[member.id].get(programme.main.slug) or Balance()
    tier = programme.tier(member.tier_slug)

    def day(at: datetime | None) -> object:
        return at.astimezone(workspace.zone).date() if at else None

    told = {
        "balance": _whole(own.available),
        "pending": _whole(own.pending),
        "next_expiry_on": day(own.next_expiry_at),
        "next_expiry_points": _whole(own.next_expiry_points) if own.next_expiry_points else None,
        "tier": tier.name if tier else None,
        "joined_on": day(member.joined_at),
    }
    return {name: value for name, value in told.items() if value is not None}


def _whole(hundredths: int) -> int | Decimal:
    """Points as people say them: 12, or 12.50 where a part is left."""
    whole, rest = divmod(hundredths, 100)
    return Decimal(hundredths).scaleb(-2) if rest else whole
