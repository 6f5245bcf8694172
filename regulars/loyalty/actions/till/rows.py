"""Rows of purchases and stored answers: claimed and written under the purchase's own lock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from regulars.loyalty.pure.cart import Cart
from regulars.loyalty.pure.states import State
from regulars.loyalty.queries.purchases import COLUMNS, record_of
from regulars.loyalty.till_records import Ask, Counter, PurchaseRecord
from regulars.store.scope import cursor

_INSERT = """
INSERT INTO loyalty_purchase (workspace_id, purchase_id, state, shop, till, cashier, channel,
  currency, to_pay_minor, rules_version, occurred_at, created_at, updated_at, hold_hash,
  confirm_hash, cart_hash, cart, result, flags)
VALUES (%(workspace)s, %(purchase)s, %(state)s, %(shop)s, %(till)s, %(cashier)s, %(channel)s,
  %(currency)s, 0, 0, %(occurred)s, %(now)s, %(now)s, '', '', '', '{}', '{}', '[]')
ON CONFLICT (workspace_id, purchase_id) DO NOTHING RETURNING id"""
_WRITE = """
UPDATE loyalty_purchase SET state = %(state)s, member_id = %(member)s, customer_id = %(customer)s,
  currency = %(currency)s, to_pay_minor = %(to_pay)s, rules_version = %(rules)s,
  occurred_at = %(occurred)s, updated_at = %(now)s, confirmed_at = %(confirmed)s,
  expires_at = %(expires)s, hold_hash = %(hold_hash)s, confirm_hash = %(confirm_hash)s,
  cart_hash = %(cart_hash)s, cart = %(cart)s, result = %(result)s, flags = %(flags)s
WHERE workspace_id = %(workspace)s AND id = %(id)s"""
_MOVE = """
UPDATE loyalty_purchase SET state = %(state)s, updated_at = %(now)s,
  confirmed_at = coalesce(%(confirmed)s, confirmed_at),
  confirm_hash = coalesce(%(confirm_hash)s, confirm_hash),
  occurred_at = coalesce(%(occurred)s, occurred_at),
  flags = coalesce(%(flags)s, flags), result = coalesce(%(result)s, result),
  to_pay_minor = coalesce(%(to_pay)s, to_pay_minor)
WHERE workspace_id = %(workspace)s AND id = %(id)s"""
_KEEP = """
INSERT INTO loyalty_answer (workspace_id, operation, natural_key, body_hash, body, created_at)
VALUES (%(workspace)s, %(operation)s, %(key)s, %(said)s, %(body)s, %(now)s)
ON CONFLICT (workspace_id, operation, natural_key) DO NOTHING"""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered, kept for a repeat of the call."""

    operation: str
    key: str
    body_hash: str
    body: bytes

    @property
    def values(self) -> dict[str, str]:
        return {
            "operation": self.operation, "key": self.key, "said": self.body_hash,
            "body": self.body.decode(),
        }  # fmt: skip


def lock(workspace_id: int, purchase_id: str) -> PurchaseRecord | None:
    """The purchase, locked until the transaction ends; a twin waits here."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_purchase"
        " WHERE workspace_id = %s AND purchase_id = %s FOR UPDATE",
        [workspace_id, purchase_id],
    )
    row = raw.fetchone()
    return None if row is None else record_of(row)


def begin(
    workspace_id: int,
    purchase_id: str,
    state: State,
    counter: Counter,
    *,
    currency: str,
    occurred_at: datetime,
    now: datetime,
) -> int | PurchaseRecord:
    """The id of a new row that is ours until the end, or the purchase that is there already."""
    raw = cursor()
    given = {
        "workspace": workspace_id, "purchase": purchase_id, "state": state.value,
        "shop": counter.shop, "till": counter.till, "cashier": counter.cashier,
        "channel": counter.channel, "currency": currency, "occurred": occurred_at, "now": now,
    }  # fmt: skip
    raw.execute(_INSERT, given)
    row = raw.fetchone()
    if row is not None:
        return int(row[0])
    found = lock(workspace_id, purchase_id)
    assert found is not None, "purchases are never removed"
    return found


def write(workspace_id: int, row_id: int, said: Said, **given: Any) -> None:
    """Everything a hold or a sale knows of the purchase, and what was answered."""
    given["cart"] = _encode(given["cart"]).decode()
    given["result"] = _encode(given["result"]).decode()
    given["flags"] = _encode(given["flags"]).decode()
    _run(_WRITE, {"workspace": workspace_id, "id": row_id, **given}, said)


def move(
    workspace_id: int,
    row_id: int,
    state: State,
    now: datetime,
    said: Said | None = None,
    *,
    confirmed_at: datetime | None = None,
    confirm_hash: str | None = None,
    occurred_at: datetime | None = None,
    flags: tuple[str, ...] | None = None,
    result: object | None = None,
    to_pay_minor: int | None = None,
) -> None:
    """The purchase in another state, and what was answered."""
    given = {
        "workspace": workspace_id, "id": row_id, "state": state.value, "now": now,
        "confirmed": confirmed_at, "confirm_hash": confirm_hash, "occurred": occurred_at,
        "flags": None if flags is None else _encode(flags).decode(),
        "result": None if result is None else _encode(result).decode(),
        "to_pay": to_pay_minor,
    }  # fmt: skip
    _run(_MOVE, given, said)


def _run(statement: str, given: dict[str, Any], said: Said | None) -> None:
    """The purchase and the answer in one round trip."""
    if said is not None:
        statement = f"WITH written AS ({statement}){_KEEP}"
        given |= said.values
    cursor().execute(statement, given)


def keep_answer(workspace_id: int, said: Said, now: datetime) -> None:
    """Keep what was answered, for a repeat."""
    cursor().execute(_KEEP, {"workspace": workspace_id, "now": now, **said.values})


def kept_cart(cart: Cart) -> Mapping[str, Any]:
    """The cart as it is kept: goods and money, and nothing of the person."""
    return {
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "qty_milli": line.quantity_milli,
                "price": str(line.unit_price),
                "base": line.base_minor,
                "external_discount": line.external_discount_minor,
                "name": line.name,
                "category": line.category,
                "brand": line.brand,
                "no_earn": not line.earns,
                "no_burn": not line.burns,
                "no_promo": not line.takes_promotions,
                "min_price": line.min_price_minor,
                "attrs": dict(line.attrs),
            }
            for line in cart.lines
        ],
        "delivery": cart.delivery_minor,
        "codes": list(cart.codes),
        "payment_kind": cart.payment_kind,
    }


def hash_of_cart(ask: Ask) -> str:
    """What stands for the goods, who buys and how, so that another purchase is seen."""
    cart = ask.cart
    told = (
        cart.currency,
        [
            (line.line_id, line.sku, line.quantity_milli, line.base_minor,
             line.external_discount_minor)
            for line in cart.lines
        ],
        cart.delivery_minor,
        sorted(cart.codes),
        ask.member,
        cart.points,
        cart.gift_cards,
    )  # fmt: skip
    return hashlib.sha256(_encode(told)).hexdigest()
