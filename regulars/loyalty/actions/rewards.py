"""Rewards: the catalogue, ordering for points, and what becomes of an order.

An order keeps its points by a hold: they are spent when the reward is handed over, and a
cancelled order lets the very same points go back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.audit import actions as audit
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.loyalty.actions import codes, points
from regulars.loyalty.models.members import Member
from regulars.loyalty.models.rewards import Reward, RewardOrder
from regulars.loyalty.point_records import Hold
from regulars.loyalty.queries import rewards as queries
from regulars.loyalty.reward_records import (
    KEY_CHARS_MAX,
    NAME_CHARS_MAX,
    POINTS_MAX,
    QUANTITY_MAX,
    REASON_CHARS_MAX,
    REWARD_STEPS,
    REWARDS_MAX,
    STOCK_MAX,
    TEXT_CHARS_MAX,
    LimitReached,
    OrderRecord,
    RewardGone,
    RewardRecord,
)
from regulars.store.scope import cursor

_TAKE = """
UPDATE loyalty_reward SET stock = stock - %(count)s
WHERE workspace_id = %(workspace)s AND id = %(reward)s AND state = 'active'
  AND (stock IS NULL OR stock >= %(count)s)
RETURNING 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardTerms:
    """What is said of a reward."""

    name: str
    points: int
    currency: str
    description: str = ""
    stock: int | None = None
    per_member_max: int | None = None
    promotion_slug: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def create_reward(
    workspace_id: int, terms: RewardTerms, *, key: str | None = None, actor: str = ""
) -> RewardRecord:
    """A new reward; asked again with the same key and content, the one there is.

    raises  Invalid(reward_…), Conflict(idempotency_mismatch), Refused(rewards_too_many)
    """
    _check(terms)
    _lock(workspace_id, "rewards")
    digest = hashlib.sha256(repr(terms).encode()).hexdigest()
    mine = Reward.objects.filter(workspace_id=workspace_id)
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another reward.")
        return queries.record_of(before)
    if mine.count() >= REWARDS_MAX:
        raise Refused("rewards_too_many", f"A workspace has at most {REWARDS_MAX} rewards.")
    now = clock.now()
    row = Reward.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), create_key=key,
        create_hash=digest, created_by=actor, created_at=now, updated_at=now, **_said(terms),
    )  # fmt: skip
    audit.note(workspace_id, "reward.made", "reward", row.public_id)
    return queries.record_of(row)


def change_reward(
    workspace_id: int, public_id: str, terms: RewardTerms, *, stock_before: int | None
) -> RewardRecord:
    """The reward on other terms; orders there are keep theirs.

    stock_before  what the editor saw: when others took some meanwhile, the stock is changed by
                  the difference, not set
    raises        NotFound(reward_unknown), Invalid(reward_…)
    """
    _check(terms)
    one = queries.reward(workspace_id, public_id)
    said = _said(terms)
    stock = said.pop("stock")
    Reward.objects.filter(workspace_id=workspace_id, id=one.id).update(
        updated_at=clock.now(), **said
    )
    raw = cursor()
    if stock is None or stock_before is None:
        raw.execute(
            "UPDATE loyalty_reward SET stock = %s WHERE workspace_id = %s AND id = %s",
            [stock, workspace_id, one.id],
        )
    else:
        raw.execute(
            "UPDATE loyalty_reward SET stock = greatest(coalesce(stock, %s) + %s, 0)"
            " WHERE workspace_id = %s AND id = %s",
            [stock_before, stock - stock_before, workspace_id, one.id],
        )
    audit.note(workspace_id, "reward.changed", "reward", public_id)
    return queries.reward(workspace_id, public_id)


def show_reward(workspace_id: int, public_id: str, *, is_shown: bool) -> RewardRecord:
    """The reward is in the catalogue, or not. raises NotFound(reward_unknown)"""
    one = queries.reward(workspace_id, public_id)
    Reward.objects.filter(workspace_id=workspace_id, id=one.id).update(
        state="active" if is_shown else "hidden", updated_at=clock.now()
    )
    return queries.reward(workspace_id, public_id)


def order_reward(
    workspace_id: int, member_id: int, reward_public_id: str, *, key: str, quantity: int = 1
) -> OrderRecord:
    """The member orders a reward; the same key is one order. All or nothing.

    A code is issued at once and is handed over with it; goods wait until somebody has them ready.
    raises  NotFound(reward_unknown), PointsInsufficient, RewardGone(reward_out), Conflict,
            LimitReached(reward_limit), Refused(reward_hidden | reward_not_now | member_blocked)
    """
    if not 1 <= quantity <= QUANTITY_MAX or not 0 < len(key) <= KEY_CHARS_MAX:
        raise Invalid("reward_quantity", f"Order 1 to {QUANTITY_MAX} at a time.")
    _lock(workspace_id, f"member:{member_id}")
    digest = hashlib.sha256(repr((member_id, reward_public_id, quantity)).encode()).hexdigest()
    before = RewardOrder.objects.filter(workspace_id=workspace_id, key=key).first()
    if before is not None:
        if before.body_hash != digest:
            raise Conflict("idempotency_mismatch", "This key ordered something else.")
        return queries.order_record_of(before)
    one = queries.reward(workspace_id, reward_public_id)
    now = clock.now()
    _check_open(workspace_id, one, member_id, quantity, now)
    _take(workspace_id, one, quantity)
    row = RewardOrder.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), reward_id=one.id,
        member_id=member_id, quantity=quantity, currency=one.currency,
        points=one.points * quantity, key=key, body_hash=digest, at=now, changed_at=now,
    )  # fmt: skip
    points.hold(
        workspace_id, Hold(member_id, one.currency, row.points, _hold_key(row.public_id)), now
    )
    _tell(workspace_id, row, one)
    if one.promotion_slug:
        return _hand_code(workspace_id, row, one)
    return queries.order_record_of(row)


def move_order(
    workspace_id: int, public_id: str, state: str, *, reason: str = "", actor: str = ""
) -> OrderRecord:
    """The order is ready, handed over, or cancelled with its points and its place on the shelf
    given back; the same step again changes nothing.

    raises  NotFound(reward_order_unknown), Conflict(reward_order_step)
    """
    queries.order(workspace_id, public_id)
    row = RewardOrder.objects.select_for_update().get(
        workspace_id=workspace_id, public_id=public_id
    )
    if row.state == state:
        return queries.order_record_of(row)
    if state not in REWARD_STEPS.get(row.state, frozenset()):
        raise Conflict("reward_order_step", "The order cannot go there from here.", state=row.state)
    if state == "handed_over":
        points.capture(workspace_id, _hold_key(public_id), f"reward:{public_id}")
    if state == "cancelled":
        points.release(workspace_id, _hold_key(public_id), f"reward:{public_id}:back")
        cursor().execute(
            "UPDATE loyalty_reward SET stock = stock + %s WHERE workspace_id = %s AND id = %s",
            [row.quantity, workspace_id, row.reward_id],
        )
    row.state, row.reason, row.changed_by = state, reason[:REASON_CHARS_MAX], actor
    row.changed_at = clock.now()
    row.save(update_fields=["state", "reason", "changed_by", "changed_at"])
    audit.note(workspace_id, f"reward_order.{state}", "reward_order", public_id)
    return queries.order_record_of(row)


def _check_open(
    workspace_id: int, one: RewardRecord, member_id: int, quantity: int, now: datetime
) -> None:
    if one.state != "active":
        raise Refused("reward_hidden", "This reward is not in the catalogue now.")
    if (one.starts_at and now < one.starts_at) or (one.ends_at and now >= one.ends_at):
        raise Refused("reward_not_now", "This reward is not to be had today.")
    if one.promotion_slug and quantity > 1:
        raise Invalid("reward_quantity", "A code is ordered one at a time.")
    if one.per_member_max is None:
        return
    raw = cursor()
    # The member is locked, so nothing is added while this counts.
    raw.execute(
        "SELECT coalesce(sum(quantity), 0) FROM loyalty_rewardorder WHERE workspace_id = %s"
        " AND reward_id = %s AND state <> 'cancelled' AND (member_id = %s OR member_id IN"
        " (SELECT id FROM loyalty_member WHERE workspace_id = %s AND merged_into = %s))",
        [workspace_id, one.id, member_id, workspace_id, member_id],
    )
    row = raw.fetchone()
    if row is not None and row[0] + quantity > one.per_member_max:
        raise LimitReached("reward_limit", "You had this reward as often as is allowed.")


def _take(workspace_id: int, one: RewardRecord, quantity: int) -> None:
    raw = cursor()
    raw.execute(_TAKE, {"workspace": workspace_id, "reward": one.id, "count": quantity})
    if raw.fetchone() is None:
        raise RewardGone("reward_out", "There are not so many left.")


def _hand_code(workspace_id: int, row: RewardOrder, one: RewardRecord) -> OrderRecord:
    member = Member.objects.get(workspace_id=workspace_id, id=row.member_id)
    row.code = codes.issue_code(
        workspace_id, one.promotion_slug, member.customer_id, f"reward:{row.public_id}"
    )
    row.save(update_fields=["code"])
    return move_order(workspace_id, row.public_id, "handed_over")


def _tell(workspace_id: int, row: RewardOrder, one: RewardRecord) -> None:
    member = Member.objects.filter(workspace_id=workspace_id, id=row.member_id).first()
    if member is None:
        raise NotFound("member_unknown", "There is no such member.")
    events.record(
        workspace_id,
        NewEvent(
            kind="reward.ordered",
            time=row.at,
            key=f"reward:{row.public_id}",
            customer_id=member.customer_id,
            props={
                "reward": one.public_id, "order": row.public_id, "points": row.points,
                "quantity": row.quantity,
            },
            source="loyalty",
        ),
    )  # fmt: skip


def _check(terms: RewardTerms) -> None:
    if not 1 <= len(terms.name.strip()) <= NAME_CHARS_MAX:
        raise Invalid("reward_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    if len(terms.description) > TEXT_CHARS_MAX:
        raise Invalid("reward_text", f"Describe it in at most {TEXT_CHARS_MAX} characters.")
    if not 1 <= terms.points <= POINTS_MAX or not terms.currency:
        raise Invalid("reward_points", "A reward costs points of one of the currencies.")
    if terms.stock is not None and not 0 <= terms.stock <= STOCK_MAX:
        raise Invalid("reward_stock", "The stock is 0 or more, or left open.")
    if terms.per_member_max is not None and not 1 <= terms.per_member_max <= STOCK_MAX:
        raise Invalid("reward_limit", "A limit is 1 or more, or none.")
    if terms.starts_at and terms.ends_at and terms.ends_at <= terms.starts_at:
        raise Invalid("reward_dates", "A reward ends after it starts.")


def _said(terms: RewardTerms) -> dict[str, Any]:
    return {
        "name": " ".join(terms.name.split()),
        "description": terms.description.strip(),
        "currency": terms.currency,
        "points": terms.points,
        "stock": terms.stock,
        "per_member_max": terms.per_member_max,
        "promotion_slug": terms.promotion_slug,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
    }


def _hold_key(order_public_id: str) -> str:
    return f"reward:{order_public_id}"


def _lock(workspace_id: int, what: str) -> None:
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('reward:' || %s || ':' || %s, 0))",
        [workspace_id, what],
    )
