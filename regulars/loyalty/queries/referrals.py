"""Reads of referrals: terms, codes, figures, and what is known of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.kernel.errors import NotFound
from regulars.loyalty.models.rewards import Referral, ReferralCode, ReferralTerms
from regulars.loyalty.pure import codes as signs
from regulars.loyalty.pure.referrals import Person
from regulars.loyalty.queries import members
from regulars.loyalty.reward_records import PAGE_ROWS, ReferralRecord, ReferralTermsRecord
from regulars.store.scope import cursor

_PEOPLE = """
SELECT c.id, coalesce(c.merged_into, c.id), c.email, c.phone, c.attrs,
  array(SELECT i.kind || ':' || i.value FROM customers_identifier AS i
        WHERE i.workspace_id = c.workspace_id AND i.customer_id = c.id)
FROM customers_customer AS c WHERE c.workspace_id = %s AND c.id = ANY(%s)"""
_FIGURES = """
SELECT state, count(*), coalesce(sum(inviter_points + friend_points), 0)::bigint
FROM loyalty_referral WHERE workspace_id = %s GROUP BY 1"""
_REASONS = """
SELECT reason, count(*) FROM loyalty_referral AS r, jsonb_array_elements_text(r.reasons) AS reason
WHERE r.workspace_id = %s GROUP BY 1 ORDER BY 2 DESC, 1"""
_BUSIEST = """
SELECT inviter_id, count(*), count(*) FILTER (WHERE state = 'refused'),
  count(DISTINCT nullif(device_hash, ''))
FROM loyalty_referral WHERE workspace_id = %s
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s"""
_INVITED = """
SELECT count(*) FILTER (WHERE state <> 'refused'), count(*) FILTER (WHERE state = 'completed'),
  coalesce(sum(inviter_points) FILTER (WHERE state = 'completed'), 0)::bigint
FROM loyalty_referral WHERE workspace_id = %s AND inviter_id = ANY(%s)"""
BUSIEST_SHOWN = 20
ADDRESS_PARTS = ("postal_code", "city", "address")


@dataclass(frozen=True, slots=True)
class Figures:
    """How referrals go. points: given so far to both sides, hundredths."""

    by_state: dict[str, int]
    points: int
    reasons: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Invited:
    """Friends of one member: how many count, for how many points came, and those points."""

    friends: int
    rewarded: int
    points: int


@dataclass(frozen=True, slots=True)
class Inviter:
    """A member who invited, how many, how many of them were refused, from how many devices."""

    member_id: int
    invited: int
    refused: int
    devices: int


def terms(workspace_id: int) -> ReferralTermsRecord:
    """What both sides get now."""
    row = ReferralTerms.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        return ReferralTermsRecord()
    return ReferralTermsRecord(
        is_open=row.is_open,
        currency=row.currency,
        inviter_points=row.inviter_points,
        friend_points=row.friend_points,
        cheque_minor_min=row.cheque_minor_min,
        wait_days=row.wait_days,
        invited_max=row.invited_max,
        period=row.period,
    )


def code_of(workspace_id: int, member_id: int) -> str:
    """The code the member invites with; empty when there is none yet."""
    row = ReferralCode.objects.filter(workspace_id=workspace_id, member_id=member_id).first()
    return "" if row is None else row.code


def inviter_of(workspace_id: int, text: str) -> int:
    """The member whose code it is. raises NotFound(referral_code_unknown)"""
    row = ReferralCode.objects.filter(
        workspace_id=workspace_id, code=signs.normalised(text)
    ).first()
    if row is None:
        raise NotFound("referral_code_unknown", "There is no such invitation.")
    return row.member_id


def referral(workspace_id: int, public_id: str) -> ReferralRecord:
    """One referral. raises NotFound(referral_unknown)"""
    row = Referral.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("referral_unknown", "There is no such referral.")
    return record_of(row)


def referrals(
    workspace_id: int, *, state: str = "", before: int = 0, limit: int = PAGE_ROWS
) -> list[ReferralRecord]:
    """Referrals, newest first; `before` is the last id of the page before."""
    rows = Referral.objects.filter(workspace_id=workspace_id)
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(id__lt=before)
    return [record_of(row) for row in rows.order_by("-id")[:limit]]


def of_inviter(
    workspace_id: int, member_id: int, *, before: int = 0, limit: int = PAGE_ROWS
) -> list[ReferralRecord]:
    """Whom the member invited, newest first; `before` is the last id of the page before."""
    own = members.with_merged(workspace_id, member_id)
    rows = Referral.objects.filter(workspace_id=workspace_id, inviter_id__in=own)
    if before:
        rows = rows.filter(id__lt=before)
    return [record_of(row) for row in rows.order_by("-id")[:limit]]


def of_friend(workspace_id: int, customer_ids: Sequence[int]) -> ReferralRecord | None:
    """By which invitation the customer came, under any of their ids; None when by none."""
    rows = Referral.objects.filter(workspace_id=workspace_id, friend_id__in=customer_ids)
    row = rows.order_by("id").first()
    return None if row is None else record_of(row)


def invited(workspace_id: int, member_id: int) -> Invited:
    """How the invitations of one member went."""
    raw = cursor()
    raw.execute(_INVITED, [workspace_id, members.with_merged(workspace_id, member_id)])
    row = raw.fetchone()
    assert row is not None
    return Invited(*row)


def figures(workspace_id: int) -> Figures:
    """How many referrals are in each state, points given, and why friends were refused."""
    raw = cursor()
    raw.execute(_FIGURES, [workspace_id])
    rows = raw.fetchall()
    raw.execute(_REASONS, [workspace_id])
    return Figures(
        by_state={row[0]: row[1] for row in rows},
        points=sum(row[2] for row in rows if row[0] == "completed"),
        reasons=[(row[0], row[1]) for row in raw.fetchall()],
    )


def busiest(workspace_id: int) -> list[Inviter]:
    """Members who invited most, with what speaks for or against them."""
    raw = cursor()
    raw.execute(_BUSIEST, [workspace_id, BUSIEST_SHOWN])
    return [Inviter(*row) for row in raw.fetchall()]


def people(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, Person]:
    """What is known of these customers, as far as two sides are compared by it."""
    raw = cursor()
    raw.execute(_PEOPLE, [workspace_id, list(customer_ids)])
    found = {}
    for own_id, root_id, email, phone, attrs, identifiers in raw.fetchall():
        kinds: dict[str, list[str]] = {}
        for text in identifiers:
            kind, _, value = text.partition(":")
            kinds.setdefault(kind, []).append(value)
        found[own_id] = Person(
            customer_id=root_id,
            emails=[*kinds.get("email", []), *([email] if email else [])],
            phones=[*kinds.get("phone", []), *([phone] if phone else [])],
            cards=frozenset(kinds.get("card", [])),
            devices=frozenset(kinds.get("device", [])),
            address=_address(attrs or {}),
        )
    return found


def has_bought(workspace_id: int, customer_id: int) -> bool:
    """Whether the customer has a sale of any door."""
    raw = cursor()
    raw.execute(
        "SELECT EXISTS (SELECT FROM orders_order WHERE workspace_id = %(w)s"
        " AND customer_id = %(c)s AND kind = 'sale' AND status <> 'cancelled')"
        " OR EXISTS (SELECT FROM loyalty_purchase WHERE workspace_id = %(w)s"
        " AND customer_id = %(c)s AND confirmed_at IS NOT NULL)",
        {"w": workspace_id, "c": customer_id},
    )
    row = raw.fetchone()
    assert row is not None
    return bool(row[0])


def device_inviters(workspace_id: int, device_hash: str) -> set[int]:
    """Members by whose invitation friends came with this device."""
    rows = Referral.objects.filter(workspace_id=workspace_id, device_hash=device_hash)
    return set(rows.values_list("inviter_id", flat=True)) if device_hash else set()


def record_of(row: Referral) -> ReferralRecord:
    """The referral as others see it."""
    return ReferralRecord(
        id=row.id,
        public_id=row.public_id,
        inviter_id=row.inviter_id,
        friend_id=row.friend_id,
        state=row.state,
        reasons=tuple(row.reasons),
        purchase=row.purchase,
        amount_minor=row.amount_minor,
        bought_at=row.bought_at,
        due_at=row.due_at,
        inviter_points=row.inviter_points,
        friend_points=row.friend_points,
        at=row.at,
        changed_at=row.changed_at,
    )


def _address(attrs: dict[str, object]) -> str:
    if not attrs.get("address"):
        return ""
    return " ".join(str(attrs[name]) for name in ADDRESS_PARTS if attrs.get(name))
