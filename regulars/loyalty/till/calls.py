"""The calls of the protocol: each reads its shape, does its work in one scope, and answers."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import msgspec
from msgspec import UNSET

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Outside, Refused, RegularsError
from regulars.loyalty.actions import till as actions
from regulars.loyalty.actions.till import telling
from regulars.loyalty.actions.till.holding import told_of
from regulars.loyalty.actions.till.identifying import identify
from regulars.loyalty.actions.till.quoting import quote
from regulars.loyalty.actions.till.simulating import simulate
from regulars.loyalty.pure import states
from regulars.loyalty.queries import purchases
from regulars.loyalty.till import http, reading, shapes
from regulars.loyalty.till.hands import Hands
from regulars.loyalty.till.keys import Opened
from regulars.loyalty.till_records import Ask
from regulars.store.scope import scope

# What a key opens is looked up in the same thread as the work.
Open = Callable[[], Opened]
Work = Callable[[Opened, bytes], bytes]
PURCHASE_ID = re.compile(r"[!-~]{1,90}")
FAULT = {"code": "server_fault", "message": "The server failed at this item.", "details": {}}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: what it does in a thread."""

    answer: Callable[[Hands, Open, bytes], Awaitable[bytes]]


def name_of(path: str) -> str:
    """The name of the call, without what may name a purchase."""
    return path.removeprefix("/api/v1/pos/").partition("/")[0][:40]


def find(method: str, path: str) -> Call:
    """The call of this path. raises NotFound(call_unknown), Malformed(method_not_allowed)"""
    if path.startswith("purchases/") and method == "GET":
        purchase_id = path.removeprefix("purchases/")
        return _in_one(lambda opened, _: _purchase(opened, purchase_id))
    found = CALLS.get(path.strip("/"))
    if found is None:
        raise NotFound("call_unknown", "There is no such call.", calls=sorted(CALLS))
    if method != "POST":
        raise http.Malformed("method_not_allowed", "Use POST.")
    return found


def _in_one(work: Work, *, counts: bool = False) -> Call:
    """The work in one of the till's threads; `counts` for what calculates a cart."""

    async def answer(hands: Hands, open_key: Open, body: bytes) -> bytes:
        return await hands.run(lambda: work(open_key(), body), counts=counts)

    return Call(answer)


def _cart_ask(opened: Opened, body: bytes, shape: type[shapes.CartCall]) -> Ask:
    call = cast("shapes.CartCall", reading.decode(body, shape))
    currency = opened.workspace.currency
    return reading.ask_of(opened.counter, call, currency, reading.hash_of(call))


def _calculate(opened: Opened, body: bytes) -> bytes:
    ask = _cart_ask(opened, body, shapes.CartCall)
    now = clock.now()
    with scope(opened.workspace.id):
        found = quote(opened.workspace.id, ask, now)
    told = telling.quoted(found.answer, ask.purchase_id, opened.workspace.language, now)
    return telling.encode(told)


def _hold(opened: Opened, body: bytes) -> bytes:
    ask = _cart_ask(opened, body, shapes.HoldCall)
    _open_burn(opened, ask)
    with scope(opened.workspace.id):
        return actions.hold(opened.workspace.id, ask)


def _open_burn(opened: Opened, ask: Ask) -> None:
    """A burn code is tried in a transaction of its own, so that a wrong one costs its try."""
    if not ask.burn_code:
        return
    with scope(opened.workspace.id):
        is_right = actions.accept_code(
            opened.workspace.id, ask.member, ask.purchase_id, ask.burn_code
        )
    if not is_right:
        raise actions.refuse_wrong()


def _confirm(opened: Opened, body: bytes) -> bytes:
    call = cast("shapes.ConfirmCall", reading.decode(body, shapes.ConfirmCall))
    asked = reading.confirmation_of(opened.counter, call, opened.workspace.currency)
    with scope(opened.workspace.id):
        return actions.confirm(opened.workspace.id, asked)


def _cancel(opened: Opened, body: bytes) -> bytes:
    call = cast("shapes.CancelCall", reading.decode(body, shapes.CancelCall))
    reading.counter_of(opened.counter, call)
    with scope(opened.workspace.id):
        return actions.cancel(opened.workspace.id, call.purchase_id)


def _calculate_return(opened: Opened, body: bytes) -> bytes:
    call = cast("shapes.ReturnQuery", reading.decode(body, shapes.ReturnQuery))
    with scope(opened.workspace.id):
        asked = reading.return_of(opened.counter, call)
        return telling.encode(actions.calculate_return(opened.workspace.id, asked))


def _return(opened: Opened, body: bytes) -> bytes:
    call = cast("shapes.ReturnCall", reading.decode(body, shapes.ReturnCall))
    with scope(opened.workspace.id):
        return actions.take_return(opened.workspace.id, reading.return_of(opened.counter, call))


def _identify(opened: Opened, body: bytes) -> bytes:
    call = cast("shapes.IdentifyCall", reading.decode(body, shapes.IdentifyCall))
    named = reading.member_of(call.member)
    assert named is not None
    with scope(opened.workspace.id):
        told = identify(opened.workspace.id, named, sends_code=call.send_code, joins=call.join)
        return telling.encode(told)


def _simulate(opened: Opened, body: bytes) -> bytes:
    if opened.is_till:
        # It tells of every promotion, of those that wait for a code too, and at any moment.
        raise Refused("key_scope", "A till may not try carts out: use a key of scope api.")
    call = cast("shapes.SimulateCall", reading.decode(body, shapes.SimulateCall))
    ask = reading.ask_of(opened.counter, call, opened.workspace.currency, "")
    with scope(opened.workspace.id):
        told = simulate(
            opened.workspace.id,
            ask,
            opened.workspace.language,
            now=None if call.now is None else reading.moment_of(call.now),
            drafts=call.draft_rules,
        )
    return telling.encode(told)


def _purchase(opened: Opened, purchase_id: str) -> bytes:
    """The state of a purchase and the last thing that was said of it."""
    if not PURCHASE_ID.fullmatch(purchase_id):
        raise states.unknown()
    workspace_id = opened.workspace.id
    with scope(workspace_id):
        there = purchases.purchase(workspace_id, purchase_id)
        if there is None:
            raise states.unknown()
        kept = purchases.last_answer(workspace_id, purchase_id)
        returned = purchases.returns_of(workspace_id, purchase_id)
        answer: Any = msgspec.Raw(kept) if kept else told_of(workspace_id, there)
    state = there.state
    if state is states.State.HELD and there.is_due(clock.now()):
        state = states.State.EXPIRED
    told = {
        "purchase_id": purchase_id,
        "state": state.value,
        "flags": there.flags,
        "expires_at": there.expires_at,
        "confirmed_at": there.confirmed_at,
        "returns": [
            {"return_id": one.return_id, "refund": one.result.get("refund", 0)} for one in returned
        ],
        "answer": answer,
    }
    return telling.encode(told)


async def _sync(hands: Hands, open_key: Open, body: bytes) -> bytes:
    """Each item in a transaction of its own, in order; after a fault the rest is not tried."""
    opened = await hands.run(open_key)
    call = cast("shapes.SyncCall", reading.decode(body, shapes.SyncCall))
    told: list[dict[str, Any]] = []
    is_down = False
    for raw in call.items:
        if is_down:
            told.append({"status": 0, "code": "not_tried"})
            continue
        try:
            told.append(await hands.run(partial(_sync_one, opened, bytes(raw))))
        except RegularsError as error:
            is_down = isinstance(error, Outside)
            told.append(
                {"status": http.status_of(error), "error": msgspec.Raw(http.body_of(error))}
            )
        except Exception:
            # One item the server stumbles over must not hold up the queue behind it.
            log.exception("an item of a sync failed")
            told.append({"status": 500, "error": FAULT})
    return telling.encode({"items": told})


def _sync_one(opened: Opened, raw: bytes) -> dict[str, Any]:
    item = cast("shapes.SyncItem", reading.decode(raw, shapes.SyncItem))
    workspace_id = opened.workspace.id
    if (item.sale is UNSET) == (item.return_ is UNSET):
        raise Invalid("sync_item", 'Each item is one of "sale" and "return".')
    if isinstance(item.sale, shapes.ConfirmCall):
        sale = reading.confirmation_of(
            opened.counter, item.sale, opened.workspace.currency, is_offline=True
        )
        with scope(workspace_id):
            body = actions.sync_sale(workspace_id, sale)
            actions.settle_waiting(workspace_id, sale.purchase_id)
        return {"status": 200, "purchase_id": sale.purchase_id, "result": msgspec.Raw(body)}
    assert isinstance(item.return_, shapes.ReturnCall)
    asked = reading.return_of(opened.counter, item.return_)
    with scope(workspace_id):
        body = actions.sync_return(workspace_id, asked)
    return {"status": 200, "return_id": asked.return_id, "result": msgspec.Raw(body)}


CALLS: dict[str, Call] = {
    "calculate": _in_one(_calculate, counts=True),
    "hold": _in_one(_hold, counts=True),
    "confirm": _in_one(_confirm),
    "cancel": _in_one(_cancel),
    "returns/calculate": _in_one(_calculate_return),
    "returns": _in_one(_return),
    "sync": Call(_sync),
    "identify": _in_one(_identify),
    "simulate": _in_one(_simulate, counts=True),
}
