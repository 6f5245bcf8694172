"""Where an order is: news move it forward only, in whatever order and however often they come.

The final place is the furthest one told of, so it does not depend on the order of the news. Being
late is a mark beside the place: it is set once and goes when the order has arrived or is closed.
"""

from __future__ import annotations

from dataclasses import dataclass

from regulars.kernel.errors import Refused
from regulars.orders.records import OrderStatus, PaymentState, Stage

WAY = (
    Stage.RECEIVED, Stage.PROCESSING, Stage.PICKING, Stage.PACKED, Stage.SHIPPED,
    Stage.IN_TRANSIT, Stage.ARRIVED, Stage.DELIVERED,
)  # fmt: skip
RANK = {stage: place for place, stage in enumerate((*WAY, Stage.CANCELLED, Stage.RETURNED))}
CLOSED = frozenset({Stage.CANCELLED, Stage.RETURNED})
# Nobody waits any longer.
OVER = CLOSED | {Stage.DELIVERED}
GONE_RANK = RANK[Stage.SHIPPED]
PAID_STATES = frozenset({PaymentState.PAID, PaymentState.PART_REFUNDED})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order has come, and whether it is late."""

    stage: Stage = Stage.RECEIVED
    is_delayed: bool = False


def advance(present: Progress, told: Stage) -> Progress | None:
    """The progress after the news; None when they change nothing and nobody need be told."""
    if told is Stage.DELAYED:
        if present.is_delayed or present.stage in OVER:
            return None
        return Progress(present.stage, True)
    if RANK[told] <= RANK[present.stage]:
        return None
    return Progress(told, present.is_delayed and told not in OVER)


def check_step(present: Progress, asked: Stage) -> None:
    """Nothing when a person may move the order there.

    raises  Refused(order_status_final | order_status_same | order_status_back)
    """
    if present.stage in CLOSED:
        raise Refused(
            "order_status_final", f"The order is {present.stage.value}; nothing can follow that."
        )
    if advance(present, asked) is not None:
        return
    if asked is present.stage or (asked is Stage.DELAYED and present.is_delayed):
        raise Refused("order_status_same", f"The order is {asked.value} already.")
    raise Refused(
        "order_status_back", f"The order is {present.stage.value} already; it cannot go back."
    )


def ahead(present: Progress) -> list[Stage]:
    """Where a person may move the order; coming back has its own form."""
    if present.stage in CLOSED:
        return []
    return [s for s in Stage if s is not Stage.RETURNED and advance(present, s) is not None]


def books_status(stage: Stage, payment: PaymentState) -> OrderStatus:
    """What the books say of an order whose payment is told apart.

    An order counts as bought when it is paid in full: until then the books call it new, however
    far the goods have come. Money that went back in full undoes the sale.
    """
    if stage is Stage.CANCELLED:
        return OrderStatus.CANCELLED
    if stage is Stage.RETURNED or payment is PaymentState.REFUNDED:
        return OrderStatus.RETURNED
    if payment not in PAID_STATES:
        return OrderStatus.NEW
    if stage is Stage.RECEIVED:
        return OrderStatus.PAID
    if stage is Stage.DELIVERED:
        return OrderStatus.DELIVERED
    return OrderStatus.SHIPPED if RANK[stage] >= GONE_RANK else OrderStatus.PROCESSING
