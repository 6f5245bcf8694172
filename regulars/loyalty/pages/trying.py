"""Try a cart: any goods, any member, any moment, drafts too; every rule says why or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused, RegularsError
from regulars.loyalty import promotion_words as words
from regulars.loyalty.actions.till.quoting import Quote, quote
from regulars.loyalty.pages.promotions import language
from regulars.loyalty.pure.answers import Answer, AnswerLine
from regulars.loyalty.pure.cart import Cart, GiftCardAsk, Line, PointsAsk, base_of
from regulars.loyalty.pure.promotions.phrases import quantity
from regulars.loyalty.pure.promotions.sentences import points as points_said
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries import promotions as queries
from regulars.loyalty.queries import replaying
from regulars.loyalty.till_records import Ask, Counter, Named
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

ROWS = 4
ROWS_MAX = 50
TEXT_CHARS_MAX = 200
LOCAL = "%Y-%m-%dT%H:%M"
KINDS = ("phone", "card", "email", "external_id", "customer", "member")
TAKES = ("none", "all")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form, as typed."""

    number: int
    sku: str
    category: str
    brand: str
    quantity: str
    price: str
    discount: str


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The form, and below it what the cart costs and why; the address holds the whole question."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    asked = request.GET
    rows = _rows(asked)
    drafts = queries.promotions(workspace.id, states=("draft", "paused"))
    context: dict[str, Any] = {
        "rows": rows,
        "rows_more": min(len(rows) + ROWS, ROWS_MAX),
        "asked": {name: asked.get(name, "") for name in _FIELDS},
        "kinds": _kinds(),
        "drafts": [(one.slug, one.name, one.slug in asked.getlist("draft")) for one in drafts],
        "is_open": programmes.programme(workspace.id).is_open,
    }
    if asked.get("try") == "1":
        try:
            context |= _shown(workspace, _quoted(workspace, asked, rows))
        except (Invalid, NotFound, Refused) as refused:
            context["fault"] = _fault(refused, rows)
    return render(request, "loyalty/try_cart.html", context)


_FIELDS = (
    "kind", "member", "at", "shop", "payment", "channel", "codes", "cards", "points", "delivery",
)  # fmt: skip


def _kinds() -> list[tuple[str, str]]:
    said = (_("phone"), _("card"), _("e-mail"), _("number at the shop"), _("customer"), _("member"))
    return list(zip(KINDS, said, strict=True))


def _rows(asked: Mapping[str, Any]) -> list[Row]:
    """Rows as typed; as many as asked for, at least a few."""
    given = str(asked.get("rows", ""))
    count = min(max(int(given) if given.isdecimal() and len(given) < 4 else ROWS, ROWS), ROWS_MAX)

    def typed(name: str, number: int) -> str:
        return str(asked.get(f"{name}{number}", ""))[:TEXT_CHARS_MAX].strip()

    return [
        Row(
            number,
            *(typed(name, number) for name in
              ("sku", "category", "brand", "qty", "price", "off")),
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


def _quoted(workspace: WorkspaceRecord, asked: Any, rows: list[Row]) -> Quote:
    now = clock.now()
    at = _moment(asked.get("at", ""), ZoneInfo(workspace.time_zone)) or now
    slugs = asked.getlist("draft")
    live = replaying.with_drafts(workspace.id, slugs) if slugs else None
    value = asked.get("member", "").strip()
    return quote(
        workspace.id,
        Ask(
            counter=Counter(shop=asked.get("shop", "")),
            cart=_cart(workspace, asked, rows, at),
            member=Named(_kind(asked.get("kind", "")), value) if value else None,
        ),
        at,
        is_simulated=True,
        live=live,
        explain=True,
    )


def _kind(text: str) -> str:
    return text if text in KINDS else KINDS[0]


def _cart(workspace: WorkspaceRecord, asked: Any, rows: list[Row], at: datetime) -> Cart:
    currency = workspace.currency
    return Cart(
        currency=currency,
        lines=tuple(_line(row, currency) for row in rows if row.sku or row.price),
        occurred_at=at,
        delivery_minor=_minor(asked.get("delivery", ""), currency, "delivery"),
        codes=_items(asked.get("codes", "")),
        gift_cards=tuple(GiftCardAsk(code) for code in _items(asked.get("cards", ""))),
        points=_points(asked.get("points", "")),
        shop=asked.get("shop", "").strip(),
        channel=asked.get("channel", "").strip() or "till",
        payment_kind=asked.get("payment", "").strip(),
    )


def _line(row: Row, currency: str) -> Line:
    price = _decimal(row.price or "0", f"price{row.number}")
    milli = int(_decimal(row.quantity or "1", f"qty{row.number}").scaleb(3))
    return Line(
        line_id=str(row.number),
        sku=row.sku or f"#{row.number}",
        quantity_milli=milli,
        unit_price=price,
        base_minor=base_of(milli, price, currency) if milli > 0 and price >= 0 else 0,
        external_discount_minor=_minor(row.discount, currency, f"off{row.number}"),
        name=row.sku or f"#{row.number}",
        category=row.category,
        brand=row.brand,
    )


def _points(text: str) -> PointsAsk:
    if text in ("", "none"):
        return PointsAsk(None, 0)
    if text == "all":
        return PointsAsk(None, None)
    return PointsAsk(None, int(_decimal(text, "points").scaleb(2)))


def _decimal(text: str, name: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", ".").replace(" ", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > 10**9:
        raise Invalid(
            "number_invalid", _("This is no number: %(text)s") % {"text": text}, path=name
        )
    return found


def _minor(text: str, currency: str, name: str) -> int:
    if not text.strip():
        return 0
    found = _decimal(text, name)
    if found < 0:
        raise Invalid("amount_out_of_range", _("A sum is 0 or more."), path=name)
    return base_of(1000, found, currency)


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.strptime(text, LOCAL).replace(tzinfo=zone)
    except ValueError:
        return None


def _items(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for part in text.split(",") if (one := part.strip())))


def _fault(refused: RegularsError, rows: list[Row]) -> str:
    """What is wrong, and in which row when it is one."""
    number = refused.details.get("line")
    typed = [row.number for row in rows if row.sku or row.price]
    if isinstance(number, int) and number < len(typed):
        return _("Row %(number)s: %(text)s") % {
            "number": typed[number],
            "text": words.error(refused),
        }
    return words.error(refused)


def _shown(workspace: WorkspaceRecord, found: Quote) -> dict[str, Any]:
    answer = found.answer
    titles = {one.id: one.name or one.id for one in found.live.promotions.promotions}
    tiers = {one.slug: one.name for one in found.live.programme.tiers.tiers}
    return {
        "answer": answer,
        "member": found.member,
        "tier": tiers.get(answer.member_tier, answer.member_tier),
        "lines": [
            _line_shown(line, asked.sku, titles, tiers)
            for line, asked in zip(answer.lines, found.cart.lines, strict=True)
        ],
        "points": _points_shown(answer),
        "applied": [
            {"one": one, "why_cut": words.CUTS.get(one.why_cut, ""),
             "points": points_said(one.points) if one.points else ""}
            for one in answer.applied
        ],
        "not_applied": [
            {
                "one": one,
                "reason": words.reason(one.reason),
                "missing": one.missing.text.get(language(), "") if one.missing else "",
                "by": titles.get(one.by, one.by),
            }
            for one in answer.not_applied
        ],
        "codes": [(one, words.code(one)) for one in (*answer.codes, *answer.gift_cards)],
        "said": [
            one.text.get(language(), "")
            for one in (*answer.messages.cashier, *answer.messages.receipt)
        ],
    }  # fmt: skip


def _line_shown(
    line: AnswerLine, sku: str, titles: Mapping[str, str], tiers: Mapping[str, str]
) -> dict[str, Any]:
    kinds = {"manual": _("at the till"), "rounding": _("rounding")}
    return {
        "one": line,
        "sku": sku,
        "discounts": [
            (kinds.get(one.kind) or titles.get(one.promotion_id) or tiers.get(one.promotion_id)
             or _("tier or card"), one.amount_minor)
            for one in line.discounts
        ],
        "units": [(quantity(one.quantity_milli), one.unit_price_minor) for one in line.units],
        "earn": points_said(line.earn) if line.earn else "",
    }  # fmt: skip


def _points_shown(answer: Answer) -> dict[str, Any] | None:
    found = answer.points
    if found is None:
        return None
    return {
        "available": points_said(found.available),
        "most": points_said(found.max_applicable),
        "applied": points_said(found.applied),
        "why": [words.LIMITED.get(one, one) for one in found.why_limited],
    }
