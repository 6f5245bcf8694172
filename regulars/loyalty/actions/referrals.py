"""Referrals: inviting, a friend's first purchase, waiting out returns, rewarding both sides.

A friend is invited once in the life of a workspace. What speaks against a referral is kept with
it, so that whoever asks why nothing came is told.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from regulars.audit import actions as audit
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.loyalty.actions import members as member_actions
from regulars.loyalty.actions import points
from regulars.loyalty.code_records import PERIODS
from regulars.loyalty.models.rewards import Referral, ReferralCode, ReferralTerms
from regulars.loyalty.point_records import Grant
from regulars.loyalty.pure import codes as signs
from regulars.loyalty.pure import referrals as pure
from regulars.loyalty.pure.periods import period_start
from regulars.loyalty.queries import members
from regulars.loyalty.queries import referrals as queries
from regulars.loyalty.reward_records import (
    LIMIT_MAX,
    POINTS_MAX,
    REASON_CHARS_MAX,
    ReferralRecord,
    ReferralTermsRecord,
)
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

CODE_SIGNS = 7
TRIES_MAX = 5
WAIT_DAYS_MAX = 365
DUE_AT_ONCE_MAX = 500
# How names of purchases by other doors than the till begin.
ANY_ORDER = "order:"


def save_terms(workspace_id: int, given: ReferralTermsRecord) -> ReferralTermsRecord:
    """What both sides get from now on; referrals that wait get what is promised when they are
    due. raises Invalid(referral_terms)
    """
    for value, most in (
        (given.inviter_points, POINTS_MAX), (given.friend_points, POINTS_MAX),
        (given.cheque_minor_min, LIMIT_MAX), (given.wait_days, WAIT_DAYS_MAX),
        (given.invited_max, LIMIT_MAX),
    ):  # fmt: skip
        if not 0 <= value <= most:
            raise Invalid("referral_terms", "Give whole numbers, 0 or more.")
    if given.period not in PERIODS or (given.is_open and not given.currency):
        raise Invalid("referral_terms", "Choose a period and a currency of points.")
    ReferralTerms.objects.update_or_create(
        workspace_id=workspace_id,
        defaults={
            "is_open": given.is_open,
            "currency": given.currency,
            "inviter_points": given.inviter_points,
            "friend_points": given.friend_points,
            "cheque_minor_min": given.cheque_minor_min,
            "wait_days": given.wait_days,
            "invited_max": given.invited_max,
            "period": given.period,
            "updated_at": clock.now(),
        },
    )
    audit.note(workspace_id, "referrals.changed", "referrals", "terms")
    return queries.terms(workspace_id)


def invite_code(workspace_id: int, member_id: int) -> str:
    """The code the member invites with, made the first time it is asked for."""
    for _ in range(TRIES_MAX):
        found = queries.code_of(workspace_id, member_id)
        if found:
            return found
        chance = secrets.token_bytes(signs.bytes_needed(1, CODE_SIGNS))
        ReferralCode.objects.bulk_create(
            [
                ReferralCode(
                    workspace_id=workspace_id, member_id=member_id,
                    code=signs.codes_of(chance, 1, CODE_SIGNS)[0], created_at=clock.now(),
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
    raise AssertionError("random codes repeat")


def invite(
    workspace_id: int, code: str, friend_customer_id: int, *, device: str = ""
) -> ReferralRecord:
    """The friend came by somebody's code; the same friend again is the same referral.

    Who is refused is told no more than that: the reasons are for the shop.
    raises  NotFound(referral_code_unknown), Refused(referrals_closed)
    """
    inviter_id = queries.inviter_of(workspace_id, code)
    kept = queries.terms(workspace_id)
    if not kept.is_open:
        raise Refused("referrals_closed", "Nobody is invited just now.")
    _lock(workspace_id, f"friend:{friend_customer_id}")
    # The limit of the inviter is judged over all their friends: one at a time.
    _lock(workspace_id, f"inviter:{inviter_id}")
    before = Referral.objects.filter(
        workspace_id=workspace_id, friend_id=friend_customer_id
    ).first()
    if before is not None:
        return queries.record_of(before)
    now = clock.now()
    secret = workspaces.workspace(workspace_id).secret
    hashed = pure.device_hash(secret, device)
    reasons = _reasons(workspace_id, inviter_id, friend_customer_id, hashed)
    if queries.has_bought(workspace_id, friend_customer_id):
        reasons.append("already_customer")
    if _invited(workspace_id, inviter_id, kept, now) >= kept.invited_max:
        reasons.append("too_many")
    row = Referral.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), inviter_id=inviter_id,
        friend_id=friend_customer_id, state="refused" if reasons else "invited", reasons=reasons,
        device_hash=hashed, at=now, changed_at=now,
    )  # fmt: skip
    return queries.record_of(row)


def take_purchase(
    workspace_id: int, friend_customer_id: int, purchase: str, amount_minor: int, at: datetime
) -> ReferralRecord | None:
    """The friend's first confirmed purchase: too small or suspicious, or waiting for its time.

    None when this customer is nobody's friend or bought before.
    """
    row = _locked(workspace_id, friend_customer_id, ("invited",))
    if row is None:
        return None
    kept = queries.terms(workspace_id)
    row.purchase, row.amount_minor, row.bought_at = purchase, amount_minor, at
    reasons = _reasons(workspace_id, row.inviter_id, row.friend_id, row.device_hash)
    if amount_minor < kept.cheque_minor_min:
        reasons.append("cheque_small")
    if reasons:
        return _refused(row, reasons)
    row.state, row.changed_at = "waiting", clock.now()
    row.due_at = max(at, row.at) + timedelta(days=kept.wait_days)
    row.save()
    return queries.record_of(row)


def take_return(workspace_id: int, friend_customer_id: int, purchase: str) -> bool:
    """The purchase that counted came back while its referral waited: nothing is given.

    purchase  its name as `take_purchase` was given it; ANY_ORDER where a return does not say of
              which order it is: then every return of an order within the wait ends the referral
    """
    row = _locked(workspace_id, friend_customer_id, ("waiting",))
    if row is None:
        return False
    is_same = row.purchase == purchase
    if not is_same and not (purchase == ANY_ORDER and row.purchase.startswith(ANY_ORDER)):
        return False
    _refused(row, ["returned"])
    return True


def reward_due(workspace_id: int, now: datetime) -> int:
    """Give both sides of every referral whose time has come; how many were settled."""
    due = Referral.objects.filter(workspace_id=workspace_id, state="waiting", due_at__lte=now)
    found = list(due.order_by("id").values_list("friend_id", flat=True)[:DUE_AT_ONCE_MAX])
    for friend_id in found:
        row = _locked(workspace_id, friend_id, ("waiting",))
        if row is not None and row.due_at is not None and row.due_at <= now:
            _complete(workspace_id, row)
    return len(found)


def refuse(workspace_id: int, public_id: str, *, reason: str, actor: str) -> ReferralRecord:
    """A person stops a referral that has not been rewarded; the same again changes nothing.

    raises  NotFound(referral_unknown), Conflict(referral_completed)
    """
    one = queries.referral(workspace_id, public_id)
    row = Referral.objects.select_for_update().get(workspace_id=workspace_id, id=one.id)
    if row.state == "completed":
        raise Conflict("referral_completed", "Both sides have their points already.")
    row.decided_by = actor
    audit.note(workspace_id, "referral.refused", "referral", public_id)
    return _refused(row, [*row.reasons, f"by_hand: {reason[:REASON_CHARS_MAX]}"])


def _complete(workspace_id: int, row: Referral) -> None:
    kept = queries.terms(workspace_id)
    reasons = _reasons(workspace_id, row.inviter_id, row.friend_id, row.device_hash)
    inviter = members.by_id(workspace_id, row.inviter_id)
    if inviter is None or inviter.is_blocked:
        reasons.append("inviter_blocked")
    if reasons:
        _refused(row, reasons)
        return
    (friend_member,) = member_actions.enrol(workspace_id, [row.friend_id])
    for member_id, given, side in (
        (row.inviter_id, kept.inviter_points, "inviter"),
        (friend_member, kept.friend_points, "friend"),
    ):
        if given:
            points.grant(
                workspace_id,
                Grant(
                    member_id=member_id, currency=kept.currency, points=given,
                    key=f"referral:{row.public_id}:{side}", reason="referral", kind="bonus",
                ),
            )  # fmt: skip
    row.inviter_points, row.friend_points = kept.inviter_points, kept.friend_points
    row.state, row.changed_at = "completed", clock.now()
    row.save()
    _tell(workspace_id, row, members.customers_of(workspace_id, [row.inviter_id]))


def _tell(workspace_id: int, row: Referral, customers: dict[int, int]) -> None:
    events.record(
        workspace_id,
        NewEvent(
            kind="referral.completed",
            time=row.changed_at,
            key=f"referral:{row.public_id}",
            customer_id=customers.get(row.inviter_id),
            props={
                "referral": row.public_id, "inviter_points": row.inviter_points,
                "friend_points": row.friend_points,
            },
            source="loyalty",
        ),
    )  # fmt: skip


def _reasons(
    workspace_id: int, inviter_id: int, friend_customer_id: int, device_hash: str
) -> list[str]:
    """What the two sides share, now."""
    inviter = members.by_id(workspace_id, inviter_id)
    if inviter is None:
        raise NotFound("member_unknown", "There is no such member.")
    known = queries.people(workspace_id, [inviter.customer_id, friend_customer_id])
    mine, friend = known.get(inviter.customer_id), known.get(friend_customer_id)
    if mine is None or friend is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    found = pure.shared(mine, friend)
    secret = workspaces.workspace(workspace_id).secret
    own = {pure.device_hash(secret, device) for device in mine.devices}
    others = Referral.objects.filter(workspace_id=workspace_id, device_hash=device_hash).exclude(
        friend_id=friend_customer_id
    )
    if device_hash and (device_hash in own or others.exists()) and "same_device" not in found:
        found.append("same_device")
    return found


def _invited(workspace_id: int, inviter_id: int, kept: ReferralTermsRecord, now: datetime) -> int:
    zone = workspaces.workspace(workspace_id).zone
    day = period_start(kept.period, now, zone)
    since = datetime(day.year, day.month, day.day, tzinfo=zone)
    rows = Referral.objects.filter(workspace_id=workspace_id, inviter_id=inviter_id, at__gte=since)
    return rows.exclude(state="refused").count()


def _locked(workspace_id: int, friend_customer_id: int, states: Sequence[str]) -> Referral | None:
    rows = Referral.objects.select_for_update().filter(
        workspace_id=workspace_id, friend_id=friend_customer_id, state__in=states
    )
    return rows.first()


def _refused(row: Referral, reasons: list[str]) -> ReferralRecord:
    row.state, row.reasons, row.changed_at = "refused", reasons, clock.now()
    row.due_at = None
    row.save()
    return queries.record_of(row)


def _lock(workspace_id: int, what: str) -> None:
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('referral:' || %s || ':' || %s, 0))",
        [workspace_id, what],
    )
