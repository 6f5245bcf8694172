"""What a code or a certificate is worth at this moment, asked by what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from regulars.customers import queries as customers
from regulars.loyalty.code_records import CODES_ASKED_MAX
from regulars.loyalty.pure import codes as pure
from regulars.loyalty.pure.cart import CodeState, CodeStatus, GiftCardState
from regulars.loyalty.pure.periods import period_start
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

_FOUND = """
SELECT c.id, c.code, c.series_id, c.state, c.customer_id, c.uses_max, c.reserved, c.used,
       least(c.ends_at, s.ends_at), s.starts_at, s.state, s.promotion_slug, s.slug,
       s.uses_per_member, s.uses_total, s.period, s.kind, c.issued_at
FROM loyalty_code AS c JOIN loyalty_codeseries AS s ON s.id = c.series_id
WHERE c.workspace_id = %s AND c.code = ANY(%s) ORDER BY c.id"""
_HOLDS = """
SELECT code_id, min(until) FILTER (WHERE purchase_id <> %(purchase)s),
       bool_or(purchase_id = %(purchase)s)
FROM loyalty_codeuse
WHERE workspace_id = %(workspace)s AND code_id = ANY(%(codes)s) AND state = 'reserved'
  AND (until > %(now)s OR purchase_id = %(purchase)s) GROUP BY 1"""
_LAPSED = """
SELECT code_id, count(*) FROM loyalty_codeuse WHERE workspace_id = %s AND code_id = ANY(%s)
  AND state = 'reserved' AND until <= %s AND purchase_id <> %s GROUP BY 1"""
# Of all together (member 0) and of the member, with those who were merged into them.
_COUNTS = """
SELECT series_id, CASE member_id WHEN 0 THEN 0 ELSE %(member)s END, period_on, sum(taken)::int
FROM loyalty_codecount
WHERE workspace_id = %(workspace)s AND series_id = ANY(%(series)s) AND period_on = ANY(%(days)s)
  AND (member_id IN (0, %(member)s) OR member_id IN (
    SELECT id FROM loyalty_member WHERE workspace_id = %(workspace)s AND merged_into = %(member)s))
GROUP BY 1, 2, 3"""
_GIFTS = """
SELECT code, state, available_minor, starts_at, ends_at,
       (SELECT coalesce(sum(u.amount_minor), 0) FROM loyalty_giftuse AS u
        WHERE u.card_id = g.id AND u.state = 'reserved'
          AND (u.until <= %(now)s OR u.purchase_id = %(purchase)s))
FROM loyalty_giftcard AS g
WHERE g.workspace_id = %(workspace)s AND g.code = ANY(%(codes)s)"""


@dataclass(frozen=True, slots=True)
class Found:
    """A code with what its series says of it."""

    id: int
    code: str
    series_id: int
    state: str
    customer_id: int | None
    uses_max: int | None
    reserved: int
    used: int
    ends_at: datetime | None
    starts_at: datetime | None
    series_state: str
    promotion_slug: str
    series_slug: str
    uses_per_member: int | None
    uses_total: int | None
    period: str
    kind: str
    issued_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Around:
    """What else is known when codes are judged."""

    customer_id: int | None
    owners: Mapping[int, int]
    # By code: until when others hold it, and whether this purchase does.
    holds: Mapping[int, tuple[datetime | None, bool]]
    # By code: holds whose time is over and that nobody has released yet.
    lapsed: Mapping[int, int]
    counts: Mapping[tuple[int, int, date], int]
    days: Mapping[str, date]
    member_id: int | None
    now: datetime


def look_up(
    workspace_id: int,
    codes: Sequence[str],
    member_id: int | None,
    now: datetime,
    *,
    purchase_id: str = "",
) -> list[CodeState]:
    """What each code is now, in the order asked, under the text it was asked by.

    purchase_id  what this purchase holds itself counts as usable
    """
    asked = codes[:CODES_ASKED_MAX]
    if not asked:
        return []
    plain = [pure.normalised(text) for text in asked]
    found = {one.code: one for one in found_codes(workspace_id, plain)}
    around = _around(workspace_id, list(found.values()), member_id, now, purchase_id)
    return [
        _judged(text, found[code], around) if code in found else _unknown(text, code)
        for text, code in zip(asked, plain, strict=True)
    ]


def gift_card_states(
    workspace_id: int, codes: Sequence[str], now: datetime, *, purchase_id: str = ""
) -> list[GiftCardState]:
    """What each certificate has to spend now, in the order asked."""
    asked = codes[:CODES_ASKED_MAX]
    if not asked:
        return []
    plain = [pure.normalised(text) for text in asked]
    raw = cursor()
    raw.execute(
        _GIFTS,
        {"workspace": workspace_id, "codes": plain, "now": now, "purchase": purchase_id},
    )
    found = {row[0]: row[1:] for row in raw.fetchall()}
    return [_gift(text, found.get(code), now) for text, code in zip(asked, plain, strict=True)]


def found_codes(workspace_id: int, plain: Sequence[str]) -> list[Found]:
    """The codes there are among normalised ones, by id."""
    raw = cursor()
    raw.execute(_FOUND, [workspace_id, list(plain)])
    return [Found(*row) for row in raw.fetchall()]


def fault_of(one: Found, *, is_theirs: bool, now: datetime) -> str:
    """Why the code is of no use apart from its limits; empty when it is."""
    if one.state != "active" or one.series_state != "active":
        return "blocked"
    if one.kind == "personal" and one.issued_at is None:
        return "blocked"
    if one.starts_at is not None and now < one.starts_at:
        return "not_yet"
    if one.ends_at is not None and now >= one.ends_at:
        return "expired"
    return "" if is_theirs else "not_yours"


def customer_of_member(workspace_id: int, member_id: int | None) -> int | None:
    """The customer who is this member."""
    if member_id is None:
        return None
    raw = cursor()
    raw.execute(
        "SELECT customer_id FROM loyalty_member WHERE workspace_id = %s AND id = %s",
        [workspace_id, member_id],
    )
    row = raw.fetchone()
    return None if row is None else int(row[0])


def owners_now(
    workspace_id: int, found: Sequence[Found], customer_id: int | None
) -> dict[int, int]:
    """Who owners of codes, and the customer, are after merges: own id → id now."""
    ids = {one.customer_id for one in found if one.customer_id is not None}
    if not ids:
        return {}
    return customers.roots_of(workspace_id, [*ids, *([customer_id] if customer_id else [])])


def is_theirs(one: Found, customer_id: int | None, owners: Mapping[int, int]) -> bool:
    """Whether the code is nobody's own or this customer's; others are for whoever has them."""
    if one.kind != "personal" or one.customer_id is None:
        return True
    if customer_id is None:
        return False
    return owners.get(one.customer_id) == owners.get(customer_id, customer_id)


def _around(
    workspace_id: int,
    found: Sequence[Found],
    member_id: int | None,
    now: datetime,
    purchase_id: str,
) -> _Around:
    has_owner = any(one.customer_id is not None for one in found)
    customer_id = customer_of_member(workspace_id, member_id) if has_owner else None
    full = [one.id for one in found if one.uses_max is not None and one.reserved > 0]
    counted = [one for one in found if one.uses_per_member or one.uses_total]
    zone = workspaces.workspace(workspace_id).zone if counted else None
    days = {one.period: period_start(one.period, now, zone) for one in counted if zone}
    return _Around(
        customer_id=customer_id,
        owners=owners_now(workspace_id, found, customer_id),
        holds=_holds(workspace_id, full, now, purchase_id),
        lapsed=_lapsed(workspace_id, full, now, purchase_id),
        counts=_counts(workspace_id, counted, member_id, days),
        days=days,
        member_id=member_id,
        now=now,
    )


def _holds(
    workspace_id: int, code_ids: Sequence[int], now: datetime, purchase_id: str
) -> dict[int, tuple[datetime | None, bool]]:
    if not code_ids:
        return {}
    raw = cursor()
    raw.execute(
        _HOLDS,
        {"workspace": workspace_id, "codes": list(code_ids), "now": now, "purchase": purchase_id},
    )
    return {row[0]: (row[1], row[2]) for row in raw.fetchall()}


def _lapsed(
    workspace_id: int, code_ids: Sequence[int], now: datetime, purchase_id: str
) -> dict[int, int]:
    if not code_ids:
        return {}
    raw = cursor()
    raw.execute(_LAPSED, [workspace_id, list(code_ids), now, purchase_id])
    return {row[0]: row[1] for row in raw.fetchall()}


def _counts(
    workspace_id: int, counted: Sequence[Found], member_id: int | None, days: Mapping[str, date]
) -> dict[tuple[int, int, date], int]:
    if not counted:
        return {}
    raw = cursor()
    raw.execute(
        _COUNTS,
        {
            "workspace": workspace_id, "series": [one.series_id for one in counted],
            "member": member_id or 0, "days": list(days.values()),
        },
    )  # fmt: skip
    return {(row[0], row[1], row[2]): row[3] for row in raw.fetchall()}


def _judged(text: str, one: Found, around: _Around) -> CodeState:
    mine = is_theirs(one, around.customer_id, around.owners)
    fault = fault_of(one, is_theirs=mine, now=around.now)
    held_until, is_held_here = around.holds.get(one.id, (None, False))
    reason, until = f"code_{fault}" if fault else "", None
    if not fault and not is_held_here:
        fault, reason, until = _limit_fault(one, around, held_until)
    return CodeState(
        code=text,
        status=cast(CodeStatus, fault or "usable"),
        promotion_id=one.promotion_slug,
        reason=reason,
        in_use_until=until,
    )


def _limit_fault(
    one: Found, around: _Around, held_until: datetime | None
) -> tuple[str, str, datetime | None]:
    if one.uses_max is not None:
        taken = one.used + one.reserved - around.lapsed.get(one.id, 0)
        if taken >= one.uses_max:
            if one.used < one.uses_max and held_until is not None:
                return "in_use", "code_in_use", held_until
            return "used_up", "code_used_up", None
    day = around.days.get(one.period)
    if day is None:
        return "", "", None
    if one.uses_total and around.counts.get((one.series_id, 0, day), 0) >= one.uses_total:
        return "used_up", "code_total_used_up", None
    if one.uses_per_member and around.member_id is None:
        return "not_yours", "code_needs_member", None
    mine = around.counts.get((one.series_id, around.member_id or 0, day), 0)
    if one.uses_per_member and mine >= one.uses_per_member:
        return "used_up", "code_member_used_up", None
    return "", "", None


def _unknown(text: str, code: str) -> CodeState:
    is_slip = pure.looks_generated(code) and not pure.is_well_formed(code)
    return CodeState(
        code=text,
        status="unknown",
        promotion_id="",
        reason="code_mistyped" if is_slip else "code_unknown",
        in_use_until=None,
    )


def _gift(text: str, row: tuple[Any, ...] | None, now: datetime) -> GiftCardState:
    if row is None:
        return GiftCardState(code=text, status="unknown", available_minor=0)
    state, available, starts_at, ends_at, back = row
    status: CodeStatus = "usable"
    if state != "active":
        status = "blocked"
    elif starts_at is not None and now < starts_at:
        status = "not_yet"
    elif ends_at is not None and now >= ends_at:
        status = "expired"
    elif available + back <= 0:
        status = "used_up"
    usable = int(available + back) if status == "usable" else 0
    return GiftCardState(code=text, status=status, available_minor=usable)
