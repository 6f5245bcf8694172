"""The books' own statuses, as programs and events of a site say them."""

from __future__ import annotations

from datetime import datetime

from regulars.kernel import clock
from regulars.orders.actions.payments import pay_rest
from regulars.orders.actions.stages import move, recount_values, write_status
from regulars.orders.pure.meaning import check_time, next_status
from regulars.orders.queries.books import order_by_id
from regulars.orders.records import STAGE_OF, OrderKind, OrderStatus

__all__ = ["recount_values", "set_status"]


def set_status(
    workspace_id: int,
    order_id: int,
    status: OrderStatus,
    *,
    at: datetime | None = None,
    origin: str = "live",
    source: str = "api",
    actor_id: int | None = None,
    reason: str = "",
) -> bool:
    """Move the order on; false when it is already there or further.

    While nobody has spoken of payment apart, a status from paid on says that the order is paid.
    raises  NotFound(order_unknown), Refused(order_status_final), Invalid(order_time)
    """
    if at is not None:
        check_time(at)
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if status is OrderStatus.PAID and order.payment is not None:
        next_status(OrderStatus(order.status), status)
        return pay_rest(workspace_id, order, at=at, actor_id=actor_id)
    apart = order.payment is not None and order.kind == OrderKind.SALE
    present = OrderStatus(order.status)
    if apart and present is OrderStatus.NEW:
        # The books wait for the money; where the goods are is asked of the stage below.
        return move(
            workspace_id, order_id, STAGE_OF[status], at=at, origin=origin, source=source,
            actor_id=actor_id, reason=reason,
        )  # fmt: skip
    after = next_status(present, status)
    if after is None:
        return False
    if after is OrderStatus.PAID or order.kind != OrderKind.SALE:
        write_status(workspace_id, order, after, at=at or clock.now(), origin=origin)
        return True
    return move(
        workspace_id, order_id, STAGE_OF[after], at=at, origin=origin, source=source,
        actor_id=actor_id, reason=reason,
    )  # fmt: skip
