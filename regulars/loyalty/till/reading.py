"""From what a till sent to what the actions take."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import UNSET

from regulars.kernel.errors import Invalid
from regulars.kernel.money import minor_digits
from regulars.loyalty.pure.cart import Cart, GiftCardAsk, Line, PointsAsk, base_of, plain_article
from regulars.loyalty.till import shapes
from regulars.loyalty.till.http import Malformed
from regulars.loyalty.till_records import Ask, Confirmation, Counter, Named, ReturnAsk

# Wide enough for every clock that is only wrong.
YEAR_MIN, YEAR_MAX = 2000, 2200

_canonical = msgspec.json.Encoder(order="sorted")
# Made before any thread asks: of a shape that two threads meet at the same moment for the first
# time, msgspec shows the second one a half-made plan and the process dies.
_decoders: dict[type[shapes.Strict], msgspec.json.Decoder[Any]] = {
    shape: msgspec.json.Decoder(shape) for shape in shapes.CALLS
}


def decode(body: bytes, shape: type[shapes.Strict]) -> shapes.Strict:
    """The body as this shape. raises Malformed(json_malformed), Invalid(call_invalid)"""
    try:
        return cast("shapes.Strict", _decoders[shape].decode(body or b"{}"))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise Invalid("call_invalid", message, path=path.rstrip("`").lstrip(".")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("json_malformed", f"The body is not JSON: {error}") from None


def hash_of(call: object) -> str:
    """What stands for a call: the same however it was written."""
    return hashlib.sha256(_canonical.encode(call)).hexdigest()


def moment_of(given: datetime) -> datetime:
    """A moment that clocks may show. raises Invalid(moment_impossible)"""
    if not YEAR_MIN <= given.year <= YEAR_MAX:
        raise Invalid("moment_impossible", "No clock shows this moment.", path="occurred_at")
    return given


def counter_of(key: Counter, call: object) -> Counter:
    """Where the call comes from: a till's own key wins. raises Invalid(till_mismatch)"""
    shop, till = getattr(call, "shop", ""), getattr(call, "till", "")
    for own, given, name in ((key.shop, shop, "shop"), (key.till, till, "till")):
        if own and given and own != given:
            raise Invalid("till_mismatch", f"This key is of another {name}.", field=name)
    return replace(
        key,
        shop=key.shop or shop,
        till=key.till or till,
        cashier=getattr(call, "cashier", "") or key.cashier,
    )


def member_of(member: shapes.Member | None) -> Named | None:
    """The one way the member is named. raises Invalid(member_named)"""
    if member is None:
        return None
    given = [
        Named(name, value)
        for name in member.__struct_fields__
        if (value := getattr(member, name)) is not UNSET
    ]
    if len(given) != 1:
        raise Invalid("member_named", "Name the member in exactly one way.", path="member")
    return given[0]


def ask_of(
    key: Counter, call: shapes.CartCall | shapes.ConfirmCall, currency: str, body_hash: str
) -> Ask:
    """A cart call as an ask; currency is the workspace's, for a cart that names none."""
    counter = counter_of(key, call)
    expect = call.expect
    if expect is not None and not (expect.quote_hash or expect.quote_id):
        raise Invalid("expect_empty", "Say which quote: quote_hash, quote_id.", path="expect")
    return Ask(
        counter=counter,
        cart=_cart(call, counter, call.currency or currency),
        purchase_id=call.purchase_id,
        member=member_of(call.member),
        body_hash=body_hash,
        quote_hash=expect.quote_hash if expect else "",
        quote_id=expect.quote_id if expect else "",
        hold_s=getattr(call, "hold_s", None),
        burn_code=getattr(call, "burn_code", ""),
    )


def _cart(call: shapes.CartCall | shapes.ConfirmCall, counter: Counter, currency: str) -> Cart:
    auto = call.points.amount == "auto"
    return Cart(
        currency=currency,
        lines=tuple(_line(line, currency, n) for n, line in enumerate(call.lines or [])),
        occurred_at=moment_of(call.occurred_at),
        delivery_minor=call.delivery,
        codes=tuple(call.codes),
        gift_cards=tuple(
            GiftCardAsk(one.code, None if one.amount == "auto" else int(one.amount))
            for one in call.gift_cards
        ),
        points=PointsAsk(call.points.currency or None, None if auto else int(call.points.amount)),
        total_round_step_minor=call.total_round_step or None,
        shop=counter.shop,
        till=counter.till,
        cashier=counter.cashier,
        channel=counter.channel,
        payment_kind=call.payment_kind,
        identifier=call.identifier,
    )


def milli_of(text: str) -> int:
    """Thousandths of a decimal string."""
    return int(Decimal(text).scaleb(3))


def _line(line: shapes.Line, currency: str, number: int) -> Line:
    quantity = milli_of(line.qty)
    price = Decimal(line.price).scaleb(-minor_digits(currency))
    _check_whole_price(line, number)
    return Line(
        line_id=line.line_id,
        sku=_article(line.sku, number),
        quantity_milli=quantity,
        unit_price=price,
        base_minor=base_of(quantity, price, currency),
        external_discount_minor=line.external_discount,
        earns=not line.no_earn,
        burns=not line.no_burn,
        takes_promotions=not line.no_promo,
        min_price_minor=line.min_price,
        name=line.name,
        category=line.category,
        brand=line.brand,
        attrs=line.attrs,
    )


def _article(sku: str, number: int) -> str:
    found = plain_article(sku)
    if not found:
        message = "The article number has no sign that can be read."
        raise Invalid("line_invalid", message, path=f"lines[{number}].sku", line=number)
    return found


def _check_whole_price(line: shapes.Line, number: int) -> None:
    # Beyond this a product of price and quantity would have no meaning to anybody.
    if abs(line.price) > PRICE_MINOR_MAX:
        raise Invalid(
            "price_too_large", "The price is too large.", path=f"lines[{number}].price", line=number
        )


PRICE_MINOR_MAX = 10**12


def _as_asked(call: shapes.ReturnCall | shapes.ReturnQuery) -> object:
    """A return without what a queue adds to it: asked before and after it is the same return."""
    if isinstance(call, shapes.ReturnCall):
        return msgspec.structs.replace(call, accept_orphan=False)
    return call


def confirmation_of(
    key: Counter, call: shapes.ConfirmCall, currency: str, *, is_offline: bool = False
) -> Confirmation:
    """A confirmation with its cart when it brings one."""
    body_hash = hash_of(call)
    ask = None if call.lines is None else ask_of(key, call, currency, body_hash)
    return Confirmation(
        counter=counter_of(key, call),
        purchase_id=call.purchase_id,
        occurred_at=moment_of(call.occurred_at),
        ask=ask,
        body_hash=body_hash,
        is_offline=is_offline,
    )


def return_of(key: Counter, call: shapes.ReturnCall | shapes.ReturnQuery) -> ReturnAsk:
    """A return. raises Invalid(line_twice)"""
    lines = None
    if call.lines is not None:
        lines = {line.line_id: milli_of(line.qty) for line in call.lines}
        if len(lines) != len(call.lines):
            raise Invalid("line_twice", "A line is named twice.", path="lines")
    return ReturnAsk(
        counter=counter_of(key, call),
        purchase_id=call.purchase_id,
        return_id=call.return_id,
        occurred_at=None if call.occurred_at is None else moment_of(call.occurred_at),
        lines=lines,
        with_delivery=call.delivery,
        takes_orphan=getattr(call, "accept_orphan", False),
        body_hash=hash_of(_as_asked(call)),
    )
