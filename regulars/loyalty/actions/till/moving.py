"""What a purchase takes with it: points, codes, gift money, and its share of limits.

Always in this order of locks: the purchase, the member's balances, limits, codes, gift cards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from regulars.loyalty.actions import budgets, codes, gift_cards, points
from regulars.loyalty.point_records import Earn, Hold, Part
from regulars.loyalty.pure.answers import Answer, EarnPart
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.queries import programme


def hold_key(purchase_id: str) -> str:
    """The ledger's key of what the purchase holds."""
    return f"purchase:{purchase_id}"


def reserve(
    workspace_id: int,
    purchase_id: str,
    member_id: int | None,
    answer: Answer,
    *,
    now: datetime,
    until: datetime,
) -> None:
    """Keep everything the answer takes for this purchase, or nothing; the member is locked.

    raises  LimitReached, CodeInUse, CodeUsedUp, GiftCardShort, PointsInsufficient
    """
    budgets.reserve(workspace_id, answer.uses)
    hold_points(workspace_id, purchase_id, member_id, answer, now=now)
    used = codes_of(answer)
    if used:
        codes.reserve_codes(workspace_id, used, purchase_id, member_id, until)
    if answer.gifts:
        parts = [(one.code, one.amount_minor) for one in answer.gifts]
        gift_cards.reserve_gift(workspace_id, parts, purchase_id, until)


def hold_points(
    workspace_id: int,
    purchase_id: str,
    member_id: int | None,
    answer: Answer,
    *,
    now: datetime,
    suffix: str = "",
) -> None:
    """Pin the points the answer burns, of a member who is locked. raises PointsInsufficient"""
    if answer.burn is None or member_id is None or not answer.burn.points:
        return
    points.hold(
        workspace_id,
        Hold(
            member_id=member_id,
            currency=answer.burn.currency,
            points=answer.burn.points,
            key=hold_key(purchase_id) + suffix,
            purchase_id=purchase_id,
        ),
        now,
        is_locked=True,
    )


def codes_of(answer: Answer) -> list[str]:
    """The codes the answer uses."""
    return [one.code for one in answer.codes if one.status == "applied"]


def settle(workspace_id: int, purchase_id: str, answer: Answer) -> None:
    """What was kept, apart from points, is taken."""
    budgets.settle(workspace_id, answer.uses)
    if codes_of(answer):
        codes.settle_codes(workspace_id, purchase_id)
    if answer.gifts:
        gift_cards.settle_gift(workspace_id, purchase_id)


def release(workspace_id: int, purchase_id: str, answer: Answer) -> None:
    """Everything that was kept is free again; what is past its day lives as long as agreed."""
    burns = answer.burn is not None and bool(answer.burn.points)
    grace = _grace(workspace_id, answer) if burns or answer.gifts else timedelta(0)
    if burns:
        key = hold_key(purchase_id)
        points.release(workspace_id, key, f"{key}:release", grace=grace)
    budgets.release(workspace_id, answer.uses)
    if codes_of(answer):
        codes.release_codes(workspace_id, purchase_id)
    if answer.gifts:
        gift_cards.release_gift(workspace_id, purchase_id, grace)


def _grace(workspace_id: int, answer: Answer) -> timedelta:
    """How long what a hold lets go may be spent when its day has passed meanwhile."""
    rules = programme.live_version(workspace_id, answer.rules_version).programme
    return timedelta(hours=rules.returns.release_grace_hours)


def earned(
    purchase_id: str,
    member_id: int | None,
    answer: Answer,
    rules: Programme,
    occurred_at: datetime,
) -> Earn | None:
    """The points the purchase gives: one part, and so one lot, for each currency and terms.

    Which line earned what is in the purchase's own result; a lot for every line would make a
    member's lots a hundred times as many and every burn as slow.
    """
    if member_id is None:
        return None
    sums: dict[tuple[str, str], int] = {}
    for one in answer.earn:
        key = (one.currency, one.terms)
        sums[key] = sums.get(key, 0) + one.points
    parts = tuple(
        Part(currency=currency, points=points, terms=rules.terms_of(terms, currency))
        for (currency, terms), points in sorted(sums.items())
        if points > 0
    )
    if not parts:
        return None
    return Earn(
        member_id=member_id,
        key=f"{hold_key(purchase_id)}:earn",
        parts=parts,
        reason=_reason(answer.earn),
        purchase_id=purchase_id,
        occurred_at=occurred_at,
        rules_version=answer.rules_version,
    )


def _reason(parts: tuple[EarnPart, ...]) -> str:
    names: Mapping[str, None] = dict.fromkeys(one.rule or one.promotion_id for one in parts)
    return ", ".join(name for name in names if name)[:200]
