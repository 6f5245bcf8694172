"""What happened while a till was offline, one thing at a time and each once."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from regulars.kernel.errors import Conflict, RegularsError
from regulars.loyalty.actions.till.confirming import confirm
from regulars.loyalty.actions.till.returning import take_return, waiting_returns
from regulars.loyalty.pure.states import SOLD
from regulars.loyalty.queries import purchases
from regulars.loyalty.till_records import Confirmation, PurchaseRecord, ReturnAsk
from regulars.store.scope import cursor

BEFORE = "confirmed_before"


def sync_sale(workspace_id: int, asked: Confirmation) -> bytes:
    """An offline sale is in the books; one that was confirmed online before stays as it is.

    raises  what a confirmation raises
    """
    try:
        return confirm(workspace_id, asked)
    except Conflict as error:
        there = purchases.purchase(workspace_id, asked.purchase_id)
        if error.code != "idempotency_mismatch" or there is None or there.state not in SOLD:
            raise
        if not _is_same_sale(there, asked):
            raise
        told: dict[str, Any] = {
            "purchase_id": there.purchase_id,
            "state": there.state.value,
            "flags": [*there.flags, BEFORE],
        }
        return msgspec.json.encode(told)


def _is_same_sale(there: PurchaseRecord, asked: Confirmation) -> bool:
    """Whether the till tells of the same goods; a confirmation of a hold names none."""
    if asked.ask is None:
        return True
    kept = [(line["line_id"], line["sku"], line["qty_milli"]) for line in there.cart["lines"]]
    told = [(line.line_id, line.sku, line.quantity_milli) for line in asked.ask.cart.lines]
    return kept == told


def sync_return(workspace_id: int, asked: ReturnAsk) -> bytes:
    """An offline return is in the books, or waits for its sale. raises what a return raises"""
    return take_return(workspace_id, asked, is_offline=True)


def settle_waiting(workspace_id: int, purchase_id: str) -> int:
    """Do the returns that came before their purchase; how many could be done.

    One of more than was sold, or of goods that were not, is left undone with its reason: nothing
    will change that, and neither its sale nor its neighbours wait for it.
    """
    done = 0
    for asked in waiting_returns(workspace_id, purchase_id):
        try:
            with transaction.atomic():
                take_return(workspace_id, asked, is_offline=True, is_waiting=True)
        except RegularsError as error:
            _refuse(workspace_id, asked.return_id, error.code)
        else:
            done += 1
    return done


def _refuse(workspace_id: int, return_id: str, reason: str) -> None:
    cursor().execute(
        "UPDATE loyalty_return SET state = 'refused',"
        " result = jsonb_build_object('reason', %s::text)"
        " WHERE workspace_id = %s AND return_id = %s AND state = 'waiting'",
        [reason, workspace_id, return_id],
    )
