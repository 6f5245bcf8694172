"""Accounts with carriers, and what carriers say of parcels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.orders.actions.desk import wake_poll
from regulars.orders.actions.stages import move
from regulars.orders.adapters.shapes import Account, News
from regulars.orders.pure.asking import next_ask
from regulars.orders.queries.books import order_by_id
from regulars.outside.vault import open_secret, seal_secret
from regulars.store.scope import cursor

NAMES = frozenset({"nova_poshta", "cdek", "generic"})
SECRET_LENGTH_MAX = 200
FAULT_LENGTH_MAX = 200
ASK_LATER = timedelta(minutes=30)
SAVE = """
INSERT INTO orders_carrier AS c
  (workspace_id, name, public_id, account, sealed, is_on, is_test, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, name) DO UPDATE SET account = excluded.account,
    sealed = CASE WHEN excluded.sealed = '' THEN c.sealed ELSE excluded.sealed END,
    is_on = excluded.is_on, is_test = excluded.is_test
"""
DUE = """
SELECT d.order_id, d.tracking_number FROM orders_delivery AS d
WHERE d.workspace_id = %s AND d.carrier = %s AND d.poll_at <= %s AND d.tracking_number <> ''
ORDER BY d.poll_at, d.order_id LIMIT %s
"""


class Due(NamedTuple):
    """A parcel whose carrier is to be asked."""

    order_id: int
    number: str


def save_carrier(
    workspace_id: int, name: str, *, account: str, secret: str, is_on: bool, is_test: bool = False
) -> None:
    """Enter or change an account; an empty secret leaves the one that is there.

    raises  Invalid(carrier_unknown | carrier_secret)
    """
    if name not in NAMES:
        raise Invalid("carrier_unknown", "There is no such carrier.")
    for text in (account, secret):
        if len(text) > SECRET_LENGTH_MAX or not text.isprintable():
            raise Invalid("carrier_secret", "An account or key has at most 200 plain characters.")
    cursor().execute(
        SAVE,
        [
            workspace_id, name, new_public_id(), account.strip(), seal_secret(secret.strip()),
            is_on, is_test, clock.now(),
        ],
    )  # fmt: skip


def account_of(workspace_id: int, name: str) -> Account:
    """The account with its secret opened. raises NotFound(carrier_unknown), Refused(carrier_off)"""
    raw = cursor()
    raw.execute(
        "SELECT account, sealed, is_test, is_on FROM orders_carrier"
        " WHERE workspace_id = %s AND name = %s",
        [workspace_id, name],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("carrier_unknown", "There is no account with this carrier.")
    if not row[3] or not row[1]:
        raise Refused("carrier_off", "The account with this carrier is off or has no key.")
    return Account(row[0], open_secret(row[1]), row[2])


def carrier_of(workspace_id: int, public_id: str) -> tuple[str, Account]:
    """The carrier behind the address of a webhook. raises NotFound(carrier_unknown)"""
    raw = cursor()
    raw.execute(
        "SELECT name FROM orders_carrier WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("carrier_unknown", "There is no such address.")
    return row[0], account_of(workspace_id, row[0])


def due_parcels(workspace_id: int, carrier: str, limit: int) -> list[Due]:
    """Parcels to ask about now, those that wait longest first."""
    raw = cursor()
    raw.execute(DUE, [workspace_id, carrier, clock.now(), limit])
    return [Due(*row) for row in raw.fetchall()]


def next_due(workspace_id: int, carrier: str) -> datetime | None:
    """When the next parcel of the carrier is to be asked about."""
    raw = cursor()
    raw.execute(
        "SELECT min(poll_at) FROM orders_delivery WHERE workspace_id = %s AND carrier = %s",
        [workspace_id, carrier],
    )
    row = raw.fetchone()
    return row[0] if row else None


def take_news(workspace_id: int, carrier: str, told: Sequence[News]) -> int:
    """Let what a carrier says move its orders; how many moved. Repeats and old news do nothing."""
    raw = cursor()
    raw.execute(
        "SELECT order_id, tracking_number FROM orders_delivery WHERE workspace_id = %s"
        " AND carrier = %s AND tracking_number = ANY(%s) ORDER BY order_id",
        [workspace_id, carrier, [news.number for news in told]],
    )
    # Orders are locked first and by their ids, as the desk does it: else the two would each hold
    # what the other waits for.
    moved = 0
    for order_id, number in raw.fetchall():
        order_by_id(workspace_id, order_id, is_locked=True)
        for news in told:
            if news.number == number and _is_still(workspace_id, order_id, carrier, news):
                moved += _apply(workspace_id, order_id, news)
    return moved


def _is_still(workspace_id: int, order_id: int, carrier: str, news: News) -> bool:
    """Write down the carrier's word; false when the order travels otherwise by now."""
    raw = cursor()
    raw.execute(
        "UPDATE orders_delivery SET carrier_code = %s, is_code_unknown = %s, fault = ''"
        " WHERE workspace_id = %s AND order_id = %s AND carrier = %s AND tracking_number = %s",
        [news.code, not news.is_known, workspace_id, order_id, carrier, news.number],
    )
    return bool(raw.rowcount)


def _apply(workspace_id: int, order_id: int, news: News) -> bool:
    if news.eta_at is not None:
        cursor().execute(
            "UPDATE orders_order SET eta_at = %s WHERE workspace_id = %s AND id = %s"
            " AND eta_at IS DISTINCT FROM %s",
            [news.eta_at, workspace_id, order_id, news.eta_at],
        )
    if news.stage is None:
        return False
    return move(workspace_id, order_id, news.stage, at=news.at, source="carrier")


def plan_next(workspace_id: int, due: Sequence[Due], *, fault: str = "") -> None:
    """Say when each of these parcels is asked about again."""
    now = clock.now()
    for parcel in due:
        order = order_by_id(workspace_id, parcel.order_id)
        raw = cursor()
        raw.execute(
            "SELECT poll_until FROM orders_delivery WHERE workspace_id = %s AND order_id = %s",
            [workspace_id, parcel.order_id],
        )
        row = raw.fetchone()
        until = row[0] if row and row[0] else now
        at = next_ask(order.stage_now, now, until=until, eta_at=order.eta_at)
        if fault and at is not None:
            at = min(now + ASK_LATER, until)
        raw.execute(
            "UPDATE orders_delivery SET poll_at = %s, polled_at = %s, fault = %s"
            " WHERE workspace_id = %s AND order_id = %s AND tracking_number = %s",
            [at, now, fault[:FAULT_LENGTH_MAX], workspace_id, parcel.order_id, parcel.number],
        )


def ask_now(workspace_id: int, carrier: str, number: str) -> bool:
    """Have the carrier asked about a parcel at once; false when no order has it."""
    raw = cursor()
    raw.execute(
        "UPDATE orders_delivery SET poll_at = %s WHERE workspace_id = %s AND carrier = %s"
        " AND tracking_number = %s AND poll_until > %s",
        [clock.now(), workspace_id, carrier, number, clock.now()],
    )
    if not raw.rowcount:
        return False
    wake_poll(workspace_id, carrier)
    return True
