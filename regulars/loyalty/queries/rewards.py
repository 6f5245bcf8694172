"""Reads of the catalogue of rewards and of orders."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.loyalty.models.rewards import Reward, RewardOrder
from regulars.loyalty.reward_records import PAGE_ROWS, REWARDS_MAX, OrderRecord, RewardRecord


def rewards(workspace_id: int, *, with_hidden: bool = True) -> list[RewardRecord]:
    """Rewards, cheapest first."""
    rows = Reward.objects.filter(workspace_id=workspace_id)
    if not with_hidden:
        rows = rows.filter(state="active")
    return [record_of(row) for row in rows.order_by("points", "id")[:REWARDS_MAX]]


def reward(workspace_id: int, public_id: str) -> RewardRecord:
    """The reward of this public id. raises NotFound(reward_unknown)"""
    row = Reward.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("reward_unknown", "There is no such reward.")
    return record_of(row)


def order(workspace_id: int, public_id: str) -> OrderRecord:
    """The order of this public id. raises NotFound(reward_order_unknown)"""
    row = RewardOrder.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("reward_order_unknown", "There is no such order of a reward.")
    return order_record_of(row)


def orders(
    workspace_id: int, *, state: str = "", before: int = 0, limit: int = PAGE_ROWS
) -> list[OrderRecord]:
    """Orders of rewards, newest first; `before` is the last id of the page before."""
    rows = RewardOrder.objects.filter(workspace_id=workspace_id)
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(id__lt=before)
    return [order_record_of(row) for row in rows.order_by("-id")[:limit]]


def orders_of_member(workspace_id: int, member_id: int) -> list[OrderRecord]:
    """What a member ordered, newest first."""
    rows = RewardOrder.objects.filter(workspace_id=workspace_id, member_id=member_id)
    return [order_record_of(row) for row in rows.order_by("-id")[:PAGE_ROWS]]


def names_of(workspace_id: int, reward_ids: set[int]) -> dict[int, str]:
    """Names of rewards."""
    rows = Reward.objects.filter(workspace_id=workspace_id, id__in=reward_ids)
    return dict(rows.values_list("id", "name"))


def record_of(row: Reward) -> RewardRecord:
    """The reward as others see it."""
    return RewardRecord(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        description=row.description,
        currency=row.currency,
        points=row.points,
        stock=row.stock,
        per_member_max=row.per_member_max,
        promotion_slug=row.promotion_slug,
        state=row.state,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def order_record_of(row: RewardOrder) -> OrderRecord:
    """The order as others see it."""
    return OrderRecord(
        id=row.id,
        public_id=row.public_id,
        reward_id=row.reward_id,
        member_id=row.member_id,
        quantity=row.quantity,
        currency=row.currency,
        points=row.points,
        state=row.state,
        code=row.code,
        reason=row.reason,
        at=row.at,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )
