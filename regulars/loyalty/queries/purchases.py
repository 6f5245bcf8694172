"""Reads of purchases, their returns, and what tills were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from regulars.loyalty.pure import answers
from regulars.loyalty.pure.states import State
from regulars.loyalty.till_records import PurchaseRecord, ReturnRecord
from regulars.store.scope import cursor

COLUMNS = (
    "id, purchase_id, state, member_id, customer_id, shop, till, cashier, channel, currency,"
    " to_pay_minor, rules_version, occurred_at, created_at, confirmed_at, expires_at, hold_hash,"
    " confirm_hash, cart_hash, cart::text, result::text, flags"
)
RETURN_COLUMNS = "return_id, purchase_id, state, occurred_at, created_at, result"
PURCHASES_SHOWN_MAX = 200


def record_of(row: Sequence[Any]) -> PurchaseRecord:
    """The record of a row of COLUMNS."""
    result = row[20]
    return PurchaseRecord(
        id=row[0],
        purchase_id=row[1],
        state=State(row[2]),
        member_id=row[3],
        customer_id=row[4],
        shop=row[5],
        till=row[6],
        cashier=row[7],
        channel=row[8],
        currency=row[9],
        to_pay_minor=row[10],
        rules_version=row[11],
        occurred_at=row[12],
        created_at=row[13],
        confirmed_at=row[14],
        expires_at=row[15],
        hold_hash=row[16],
        confirm_hash=row[17],
        cart_hash=row[18],
        cart=msgspec.json.decode(row[19]),
        answer=None if result == "{}" else answers.from_bytes(result),
        flags=tuple(row[21]),
    )


def purchase(workspace_id: int, purchase_id: str) -> PurchaseRecord | None:
    """The purchase of this id, else None."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_purchase WHERE workspace_id = %s AND purchase_id = %s",
        [workspace_id, purchase_id],
    )
    row = raw.fetchone()
    return None if row is None else record_of(row)


def purchases_by_row(workspace_id: int, row_ids: Sequence[int]) -> dict[int, PurchaseRecord]:
    """Purchases by the ids of their rows."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_purchase WHERE workspace_id = %s AND id = ANY(%s)",
        [workspace_id, list(row_ids)],
    )
    return {row[0]: record_of(row) for row in raw.fetchall()}


def latest(
    workspace_id: int, *, shop: str = "", till: str = "", limit: int = 20
) -> list[PurchaseRecord]:
    """The newest purchases, of one shop or till when it is named."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_purchase WHERE workspace_id = %s"
        " AND (%s = '' OR shop = %s) AND (%s = '' OR till = %s)"
        " ORDER BY created_at DESC, id DESC LIMIT %s",
        [workspace_id, shop, shop, till, till, min(limit, PURCHASES_SHOWN_MAX)],
    )
    return [record_of(row) for row in raw.fetchall()]


def returns_of(workspace_id: int, purchase_id: str) -> list[ReturnRecord]:
    """Returns of the purchase that were done, oldest first."""
    raw = cursor()
    raw.execute(
        f"SELECT {RETURN_COLUMNS} FROM loyalty_return"
        " WHERE workspace_id = %s AND purchase_id = %s AND state = 'done' ORDER BY id",
        [workspace_id, purchase_id],
    )
    return [return_of(row) for row in raw.fetchall()]


def return_of(row: Sequence[Any]) -> ReturnRecord:
    """The record of a row of RETURN_COLUMNS."""
    result = row[5] or {}
    return ReturnRecord(
        return_id=row[0],
        purchase_id=row[1],
        state=row[2],
        occurred_at=row[3],
        created_at=row[4],
        lines=result.get("lines", {}),
        result=result,
    )


def stored_answer(workspace_id: int, operation: str, key: str) -> tuple[str, bytes] | None:
    """The hash of what was asked and the answer given, while it is kept."""
    raw = cursor()
    raw.execute(
        "SELECT body_hash, body FROM loyalty_answer"
        " WHERE workspace_id = %s AND operation = %s AND natural_key = %s",
        [workspace_id, operation, key],
    )
    row = raw.fetchone()
    return None if row is None else (row[0], row[1].encode())


def last_answer(workspace_id: int, purchase_id: str) -> bytes | None:
    """The newest answer about the purchase itself, while it is kept."""
    raw = cursor()
    raw.execute(
        "SELECT body FROM loyalty_answer WHERE workspace_id = %s AND natural_key = %s"
        " AND operation = ANY(%s) ORDER BY id DESC LIMIT 1",
        [workspace_id, purchase_id, ["hold", "confirm", "cancel"]],
    )
    row = raw.fetchone()
    return None if row is None else row[0].encode()


def due_holds(workspace_id: int, now: datetime, limit: int) -> list[str]:
    """Ids of purchases whose hold ran out, the oldest first."""
    raw = cursor()
    raw.execute(
        "SELECT purchase_id FROM loyalty_purchase WHERE workspace_id = %s AND state = 'held'"
        " AND expires_at <= %s ORDER BY expires_at LIMIT %s",
        [workspace_id, now, limit],
    )
    return [row[0] for row in raw.fetchall()]
