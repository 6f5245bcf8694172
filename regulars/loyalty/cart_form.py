"""The cashier's form: everything typed so far, so that the form itself is the state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.kernel.money import decimal_string, minor_digits
from regulars.loyalty.actions.till.quoting import member_of
from regulars.loyalty.pure.cart import Cart, GiftCardAsk, Line, PointsAsk, base_of, plain_article
from regulars.loyalty.queries.members import MemberRecord
from regulars.loyalty.till.reading import hash_of
from regulars.loyalty.till_records import Ask, Counter, Named
from regulars.orders import queries as orders
from regulars.orders.records import ProductRecord

ROWS_MAX = 200
TEXT_CHARS_MAX = 200
NUMBER_CHARS_MAX = 20
QR_MARK = "RC1."
# No exponents: a few signs would stand for a number without end.
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Row:
    """A line as typed."""

    sku: str
    name: str
    quantity: str
    price: str


@dataclass(frozen=True, slots=True)
class CartForm:
    """What the cashier has typed."""

    purchase_id: str
    shop: str = ""
    member: str = ""
    rows: tuple[Row, ...] = ()
    codes: str = ""
    gift_card: str = ""
    pays_points: bool = False
    points: str = ""
    burn_code: str = ""

    @property
    def code_list(self) -> tuple[str, ...]:
        """Codes apart, however they were divided."""
        return tuple(dict.fromkeys(self.codes.replace(",", " ").split()))


def read_form(posted: QueryDict) -> CartForm:
    """The form as it was sent; a new purchase when nothing was."""
    columns = [posted.getlist(name)[:ROWS_MAX] for name in ("sku", "name", "quantity", "price")]
    rows = tuple(
        Row(plain_article(sku)[:TEXT_CHARS_MAX], *(cell.strip()[:TEXT_CHARS_MAX] for cell in cells))
        for sku, *cells in zip(*columns, strict=False)
    )

    def text(name: str) -> str:
        return posted.get(name, "").strip()[:TEXT_CHARS_MAX]

    return CartForm(
        purchase_id=text("purchase_id") or f"page-{new_public_id()}",
        shop=text("shop"),
        member=text("member"),
        rows=rows,
        codes=text("codes"),
        gift_card=text("gift_card"),
        pays_points=bool(posted.get("pays_points")),
        points=text("points"),
        burn_code=text("burn_code"),
    )


def with_goods(workspace_id: int, form: CartForm, typed: str, currency: str) -> CartForm:
    """One more of what was scanned or typed; nothing when that names several goods.

    raises  Invalid(number_invalid | cart_too_long)
    """
    sku = plain_article(typed)[:TEXT_CHARS_MAX]
    if not sku:
        return form
    for number, row in enumerate(form.rows):
        if row.sku == sku:
            more = _number(row.quantity, _("quantity")) + 1
            rows = [*form.rows]
            rows[number] = replace(row, quantity=_plain(more))
            return replace(form, rows=tuple(rows))
    if len(form.rows) >= ROWS_MAX:
        raise Invalid("cart_too_long", _("A receipt has at most 200 lines here."))
    found = _goods(workspace_id, sku)
    if len(found) > 1:
        return form
    if not found:
        return replace(form, rows=(*form.rows, Row(sku, "", "1", "")))
    known = found[0]
    price = known.asked_price
    text = "" if price is None else _plain(round(price, minor_digits(currency)))
    return replace(form, rows=(*form.rows, Row(known.sku, known.name or "", "1", text)))


def goods_to_choose(workspace_id: int, form: CartForm, typed: str) -> list[ProductRecord]:
    """The goods that what was typed may mean, when they are several."""
    sku = plain_article(typed)[:TEXT_CHARS_MAX]
    if not sku or any(row.sku == sku for row in form.rows):
        return []
    found = _goods(workspace_id, sku)
    return found if len(found) > 1 else []


def _goods(workspace_id: int, sku: str) -> list[ProductRecord]:
    """The goods of this very code, or those whose name or code holds it."""
    known = orders.products_by_sku(workspace_id, [sku]).get(sku)
    return [known] if known else orders.search_products(workspace_id, sku)


def without_row(form: CartForm, number: int) -> CartForm:
    """The form with a line less."""
    return replace(form, rows=tuple(row for n, row in enumerate(form.rows) if n != number))


def find_member(workspace_id: int, typed: str) -> MemberRecord:
    """Who was typed or scanned: a card, a changing code, a phone, an e-mail, a shop's own id.

    raises  NotFound(member_unknown), Refused for a card that may not be used
    """
    kinds: tuple[str, ...] = ("card", "phone", "external_id", "member")
    if typed.startswith(QR_MARK):
        kinds = ("token",)
    elif "@" in typed:
        kinds = ("email",)
    refusal: Refused | None = None
    for kind in kinds:
        try:
            found = member_of(workspace_id, Named(kind, typed))
        except NotFound:
            continue
        except Refused as error:
            # A phone may look like a mistyped card: what follows may still find somebody.
            refusal = error
            continue
        except Invalid:
            continue
        if found is not None:
            return found
    if refusal is not None:
        raise refusal
    raise NotFound("member_unknown", _("No member is known by this."))


def ask_of(form: CartForm, counter: Counter, currency: str) -> Ask:
    """The form as a till would ask. raises Invalid naming what cannot be read"""
    lines = tuple(_line(row, n, currency) for n, row in enumerate(form.rows, 1))
    codes = form.code_list
    gifts = (GiftCardAsk(form.gift_card),) if form.gift_card else ()
    points: int | None = 0
    if form.pays_points:
        points = int(_number(form.points, _("points")) * 100) if form.points else None
    cart = Cart(
        currency=currency,
        lines=lines,
        occurred_at=clock.now(),
        codes=codes,
        gift_cards=gifts,
        points=PointsAsk(None, points),
        shop=form.shop,
        till=counter.till,
        cashier=counter.cashier,
        channel=counter.channel,
    )
    said: Mapping[str, Any] = {
        "lines": [[row.sku, row.quantity, row.price] for row in form.rows],
        "member": form.member, "codes": codes, "gift": form.gift_card, "points": points,
        "shop": form.shop,
    }  # fmt: skip
    return Ask(
        counter=replace(counter, shop=form.shop),
        cart=cart,
        purchase_id=form.purchase_id,
        member=Named("member", form.member) if form.member else None,
        body_hash=hash_of(said),
        burn_code=form.burn_code,
    )


def _line(row: Row, number: int, currency: str) -> Line:
    quantity = _number(row.quantity, _("quantity"))
    if not row.price:
        raise Invalid(
            "price_missing", _("Write the price: %(goods)s.") % {"goods": row.name or row.sku}
        )
    price = _number(row.price, _("price"))
    milli = quantity.scaleb(3)
    if milli != milli.to_integral_value():
        raise Invalid("quantity_invalid", _("A quantity has at most three decimals."))
    return Line(
        line_id=str(number),
        sku=row.sku,
        quantity_milli=int(milli),
        unit_price=price,
        base_minor=base_of(int(milli), price, currency),
        name=row.name or row.sku,
    )


def _number(text: str, what: str) -> Decimal:
    plain = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")[:NUMBER_CHARS_MAX]
    if NUMBER.fullmatch(plain):
        return Decimal(plain)
    raise Invalid("number_invalid", _("This is no number: %(what)s.") % {"what": what})


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def money_text(minor: int, currency: str) -> str:
    """Minor units as they are typed."""
    return decimal_string(minor, currency)
