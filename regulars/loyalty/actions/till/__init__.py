"""The till protocol: quotes, holds, sales, returns, and what happened offline."""

from regulars.loyalty.actions.till.burning import accept_code, refuse_wrong, send_code
from regulars.loyalty.actions.till.cancelling import cancel, expire
from regulars.loyalty.actions.till.confirming import confirm
from regulars.loyalty.actions.till.holding import hold
from regulars.loyalty.actions.till.returning import calculate_return, take_return
from regulars.loyalty.actions.till.syncing import (
    settle_waiting,
    sync_return,
    sync_sale,
)

__all__ = [
    "accept_code",
    "calculate_return",
    "cancel",
    "confirm",
    "expire",
    "hold",
    "refuse_wrong",
    "send_code",
    "settle_waiting",
    "sync_return",
    "sync_sale",
    "take_return",
]
