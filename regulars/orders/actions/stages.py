"""Moving orders along: the place where each is, its history, its goods, and what the books say."""

from __future__ import annotations

from datetime import datetime

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.orders.actions import sql
from regulars.orders.actions.books import order_event
from regulars.orders.actions.stock import keep, release, take
from regulars.orders.actions.tokens import new_token
from regulars.orders.pure.meaning import check_time, event_of, is_purchase
from regulars.orders.pure.stages import (
    CLOSED,
    GONE_RANK,
    RANK,
    Progress,
    advance,
    books_status,
    check_step,
)
from regulars.orders.queries.books import order_by_id, returns_of
from regulars.orders.queries.desk import delivery
from regulars.orders.records import (
    PAID_STATUSES,
    OrderKind,
    OrderRecord,
    OrderStatus,
    PaymentState,
    Stage,
)
from regulars.store.scope import cursor

# What the books say of an order whose payment is told by its status too.
TOLD_TOGETHER = {
    Stage.PROCESSING: OrderStatus.PROCESSING,
    Stage.PICKING: OrderStatus.PROCESSING,
    Stage.PACKED: OrderStatus.PROCESSING,
    Stage.SHIPPED: OrderStatus.SHIPPED,
    Stage.IN_TRANSIT: OrderStatus.SHIPPED,
    Stage.ARRIVED: OrderStatus.SHIPPED,
    Stage.DELIVERED: OrderStatus.DELIVERED,
    Stage.CANCELLED: OrderStatus.CANCELLED,
    Stage.RETURNED: OrderStatus.RETURNED,
}
REASON_LENGTH_MAX = 500
INSERT_CHANGE = """
INSERT INTO orders_statuschange
  (workspace_id, order_id, status, at, written_at, actor_id, source, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, order_id, status) DO NOTHING
"""
UPDATE = """
UPDATE orders_order SET stage = %s, delayed_at = %s, token = coalesce(token, %s), updated_at = %s
WHERE workspace_id = %s AND id = %s
"""


def progress_of(order: OrderRecord) -> Progress:
    """Where the order is, for the decisions of pure/stages."""
    return Progress(order.stage_now, order.delayed_at is not None)


def move(
    workspace_id: int,
    order_id: int,
    told: Stage,
    *,
    at: datetime | None = None,
    actor_id: int | None = None,
    source: str = "desk",
    reason: str = "",
    is_asked: bool = False,
    origin: str = "live",
) -> bool:
    """Take news about where the order is; false when they change nothing.

    at        when it happened; now when not told
    is_asked  a person asks: what cannot be is refused with its reason, not passed over
    raises    NotFound(order_unknown), Refused(order_not_sale | order_status_final |
              order_status_same | order_status_back | order_part_returned), Invalid(order_time)
    """
    if at is not None:
        check_time(at)
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if order.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "A return or a correction does not travel.")
    present = progress_of(order)
    if is_asked:
        check_step(present, told)
    after = advance(present, told)
    if after is None or not _may_close(workspace_id, order, told, is_asked=is_asked):
        return False
    now = clock.now()
    delayed_at = (order.delayed_at or at or now) if after.is_delayed else None
    cursor().execute(
        UPDATE,
        [after.stage, delayed_at, new_token(workspace_id), now, workspace_id, order_id],
    )
    _follow_goods(workspace_id, order_id, present, after)
    _settle(workspace_id, order, after.stage, at or now, origin)
    cursor().execute(
        INSERT_CHANGE,
        [
            workspace_id, order_id, told, at or now, now, actor_id, source,
            reason[:REASON_LENGTH_MAX],
        ],
    )  # fmt: skip
    _announce(workspace_id, order, told, at or now, reason, origin)
    return True


def _may_close(
    workspace_id: int, order: OrderRecord, told: Stage, *, is_asked: bool = False
) -> bool:
    """Whether the order may be undone as a whole: what came back in parts is undone already.

    raises  Refused(order_part_returned) when a person asks
    """
    if told not in CLOSED or not returns_of(workspace_id, order):
        return True
    if is_asked:
        raise Refused(
            "order_part_returned", "Part of the order came back; take back the rest of it."
        )
    return False


def _follow_goods(workspace_id: int, order_id: int, before: Progress, after: Progress) -> None:
    was_gone = GONE_RANK <= RANK[before.stage] < RANK[Stage.CANCELLED]
    if after.stage in (Stage.CANCELLED, Stage.RETURNED):
        release(workspace_id, order_id)
    elif RANK[after.stage] >= GONE_RANK and not was_gone:
        take(workspace_id, order_id)


def _settle(workspace_id: int, order: OrderRecord, stage: Stage, at: datetime, origin: str) -> None:
    if order.payment is not None:
        status = books_status(stage, PaymentState(order.payment))
    else:
        status = TOLD_TOGETHER.get(stage, OrderStatus(order.status))
    write_status(workspace_id, order, status, at=at, origin=origin)


def write_status(
    workspace_id: int, order: OrderRecord, status: OrderStatus, *, at: datetime, origin: str
) -> None:
    """What the books say from now on, with the event when that changes what was bought."""
    if status == order.status:
        return
    cursor().execute(
        "UPDATE orders_order SET status = %s, updated_at = %s WHERE workspace_id = %s AND id = %s",
        [status.value, clock.now(), workspace_id, order.id],
    )
    if order.kind == OrderKind.SALE and status in PAID_STATUSES:
        keep(workspace_id, order.id)
    total = order.total_minor
    before, after = (is_purchase(order.kind, s, total) for s in (order.status, status))
    if before == after:
        return
    recount_values(workspace_id, [order.customer_id] if order.customer_id else [])
    event = order_event(
        event_of(order.kind, status, total), order.id, order.customer_id, at, order.number, total,
        order.currency, order.lines_count, order.source, origin,
    )  # fmt: skip
    events.record(workspace_id, event)


def recount_values(workspace_id: int, customer_ids: list[int]) -> None:
    """Count again, from their orders, what these customers bought."""
    if customer_ids:
        cursor().execute(
            sql.RECOUNT_VALUES, {"workspace": workspace_id, "customers": list(customer_ids)}
        )


def _announce(
    workspace_id: int, order: OrderRecord, told: Stage, at: datetime, reason: str, origin: str
) -> None:
    sent = delivery(workspace_id, order.id)
    event = NewEvent(
        kind="order.status_changed",
        time=at,
        key=f"order:{order.id}:status:{told.value}",
        customer_id=order.customer_id,
        subject_id=order.id,
        props={
            "number": order.number,
            "status": told.value,
            "tracking_number": sent.tracking_number,
            "carrier": sent.carrier,
            "eta": order.eta_at.isoformat() if order.eta_at else None,
            "reason": reason[:REASON_LENGTH_MAX],
            "source": order.source,
        },
        origin=origin,
        source="orders",
    )
    events.record(workspace_id, event)
