"""Money for orders: rows with a key each, the state that they come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.orders.actions.stages import write_status
from regulars.orders.actions.stock import keep, let_run_out, release
from regulars.orders.pure.meaning import check_time
from regulars.orders.pure.payments import check_payment, state_of
from regulars.orders.pure.stages import GONE_RANK, RANK, books_status
from regulars.orders.queries.books import order_by_id
from regulars.orders.records import OrderKind, OrderRecord, PaymentState
from regulars.store.scope import cursor

KEY_LENGTH_MAX = 100
METHOD_LENGTH_MAX = 60
URL_LENGTH_MAX = 2_000
OPENING_KEY = "opening"
INSERT = """
INSERT INTO orders_payment (workspace_id, order_id, key, amount_minor, method, at, actor_id)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (workspace_id, order_id, key) DO NOTHING
"""


def record_payment(
    workspace_id: int,
    order_id: int,
    *,
    key: str,
    amount_minor: int,
    method: str = "",
    at: datetime | None = None,
    actor_id: int | None = None,
) -> bool:
    """Write money down, once for a key; false for a repeat. Below zero it went back.

    raises  NotFound, Invalid(payment_key | payment_amount | payment_method | order_time),
            Refused(order_not_sale | payment_exceeds | refund_exceeds),
            Conflict(idempotency_mismatch)
    """
    if not 0 < len(key) <= KEY_LENGTH_MAX or not key.isprintable() or key == OPENING_KEY:
        raise Invalid("payment_key", f"Give the payment a key of 1 to {KEY_LENGTH_MAX} characters.")
    if at is not None:
        check_time(at)
    if len(method) > METHOD_LENGTH_MAX or "\x00" in method:
        raise Invalid("payment_method", f"A method has at most {METHOD_LENGTH_MAX} characters.")
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if order.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "Only a sale is paid.")
    if _is_repeat(workspace_id, order_id, key, amount_minor):
        return False
    paid, refunded = _open_account(workspace_id, order)
    check_payment(order.total_minor, paid, refunded, amount_minor)
    now = clock.now()
    raw = cursor()
    raw.execute(
        INSERT, [workspace_id, order_id, key, amount_minor, method.strip(), at or now, actor_id]
    )
    assert raw.rowcount == 1, "the order is locked, so no twin can have come between"
    paid, refunded = paid + max(amount_minor, 0), refunded + max(-amount_minor, 0)
    _write(workspace_id, order, paid, refunded, order.payment_url, at or now)
    _tell(workspace_id, order, key, amount_minor, at or now)
    return True


def pay_rest(
    workspace_id: int, order: OrderRecord, *, at: datetime | None, actor_id: int | None
) -> bool:
    """Write down that all that was open is paid; false when nothing was."""
    rest = order.total_minor - (order.paid_minor - order.refunded_minor)
    if rest <= 0 or order.refunded_minor:
        return False
    return record_payment(
        workspace_id, order.id, key="rest", amount_minor=rest, at=at, actor_id=actor_id
    )


def set_pays_on_delivery(workspace_id: int, order_id: int, is_on: bool) -> None:
    """Say whether the money comes with the parcel: then the goods wait for it without an end.

    raises  NotFound(order_unknown), Refused(order_not_sale)
    """
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if order.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "Only a sale is paid.")
    cursor().execute(
        "UPDATE orders_order SET pays_on_delivery = %s, updated_at = %s"
        " WHERE workspace_id = %s AND id = %s",
        [is_on, clock.now(), workspace_id, order_id],
    )
    if is_on:
        keep(workspace_id, order_id)
    elif order.pays_on_delivery:
        let_run_out(workspace_id, replace(order, pays_on_delivery=False))


def settle_total(workspace_id: int, order: OrderRecord, *, at: datetime) -> None:
    """Say anew what was paid of an order that comes to another sum now."""
    if order.payment is not None:
        _write(
            workspace_id, order, order.paid_minor, order.refunded_minor, order.payment_url, at,
            is_asked=order.payment == PaymentState.PENDING,
        )  # fmt: skip


def ask_for_payment(workspace_id: int, order_id: int, url: str | None, *, is_asked: bool) -> None:
    """Say that the order waits for its payment, with the link of the shop's provider or none.

    raises  NotFound, Invalid(payment_url), Refused(order_not_sale)
    """
    if url and (len(url) > URL_LENGTH_MAX or not is_web_address(url)):
        raise Invalid("payment_url", "A payment link begins with https:// and names a host.")
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if order.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "Only a sale is paid.")
    paid, refunded = _open_account(workspace_id, order)
    _write(
        workspace_id,
        order,
        paid,
        refunded,
        url or None,
        clock.now(),
        is_asked=is_asked or bool(url),
    )


def is_web_address(url: str) -> bool:
    """Whether the text is an https address that a customer may be led to."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https"
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and url.isprintable()
            and not any(c in url for c in ' "<>\\')
        )
    except ValueError:
        return False


def _is_repeat(workspace_id: int, order_id: int, key: str, amount_minor: int) -> bool:
    raw = cursor()
    raw.execute(
        "SELECT amount_minor FROM orders_payment WHERE workspace_id = %s AND order_id = %s"
        " AND key = %s",
        [workspace_id, order_id, key],
    )
    row = raw.fetchone()
    if row is not None and row[0] != amount_minor:
        raise Conflict("idempotency_mismatch", "This key came before with another amount.")
    return row is not None


def _open_account(workspace_id: int, order: OrderRecord) -> tuple[int, int]:
    """The sums so far; what only the status told becomes a row of its own first."""
    if order.payment is not None:
        return order.paid_minor, order.refunded_minor
    was_paid = order.payment_now is PaymentState.PAID and order.total_minor > 0
    if not was_paid:
        return 0, 0
    cursor().execute(
        INSERT,
        [workspace_id, order.id, OPENING_KEY, order.total_minor, "", order.placed_at, None],
    )
    return order.total_minor, 0


def _write(
    workspace_id: int,
    order: OrderRecord,
    paid_minor: int,
    refunded_minor: int,
    url: str | None,
    at: datetime,
    *,
    is_asked: bool = False,
) -> None:
    state = state_of(
        order.total_minor, paid_minor, refunded_minor, is_asked=is_asked or url is not None
    )
    raw = cursor()
    # From now on payment is told apart: where the goods are is written down beside it.
    raw.execute(
        "UPDATE orders_order SET payment = %s, paid_minor = %s, refunded_minor = %s,"
        " payment_url = %s, stage = %s, updated_at = %s WHERE workspace_id = %s AND id = %s",
        [
            state, paid_minor, refunded_minor, url, order.stage_now, clock.now(), workspace_id,
            order.id,
        ],
    )  # fmt: skip
    if paid_minor > 0:
        keep(workspace_id, order.id)
    if state is PaymentState.REFUNDED and RANK[order.stage_now] < GONE_RANK:
        # Nobody waits for goods whose money went back.
        release(workspace_id, order.id)
    write_status(workspace_id, order, books_status(order.stage_now, state), at=at, origin="live")


def _tell(workspace_id: int, order: OrderRecord, key: str, amount_minor: int, at: datetime) -> None:
    kind = "order.payment_received" if amount_minor > 0 else "order.payment_refunded"
    event = NewEvent(
        kind=kind,
        time=at,
        key=f"order:{order.id}:payment:{key}",
        customer_id=order.customer_id,
        subject_id=order.id,
        props={
            "number": order.number, "amount": abs(amount_minor), "currency": order.currency,
            "source": order.source,
        },
        source="orders",
    )  # fmt: skip
    events.record(workspace_id, event)
