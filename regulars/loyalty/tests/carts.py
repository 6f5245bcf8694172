"""Short ways to write carts, programmes and promotions in tests; money as people write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import (
    Balance,
    Cart,
    CodeState,
    GiftCardState,
    LimitKey,
    Line,
    Member,
    base_of,
)
from regulars.loyalty.pure.programme_reading import read_programme
from regulars.loyalty.pure.promotions.book import compile_book
from regulars.loyalty.pure.promotions.reading import read_promotion

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday, 14:00 in Kyiv
KYIV = ZoneInfo("Europe/Kyiv")


def line(
    line_id: str, price: str, quantity: str = "1", *, sku: str = "", currency: str = "UAH",
    **fields: Any,
) -> Line:  # fmt: skip
    """One line: line("A", "19.99", "2", category="tea")."""
    milli = int(Decimal(quantity).scaleb(3))
    unit = Decimal(price)
    return Line(line_id, sku or line_id, milli, unit, base_of(milli, unit, currency), **fields)


def cart(*lines: Line, **fields: Any) -> Cart:
    """A cart of these lines, now."""
    return Cart(**{"currency": "UAH", "occurred_at": NOW, **fields, "lines": tuple(lines)})


def promotion(slug: str, *effects: Mapping[str, Any], **definition: Any) -> tuple[str, Any]:
    """A promotion as JSON, beside its slug."""
    return slug, {**definition, "effects": list(effects)}


def live(
    *promotions: tuple[str, Any], programme: Mapping[str, Any] | None = None, version: int = 1
) -> Live:
    """The rules of a workspace in Kyiv that sells in hryvnias."""
    return Live(
        version=version,
        currency="UAH",
        zone=KYIV,
        programme=read_programme(
            {"currencies": [{"slug": "points", "name": "Points", "is_main": True}],
             **(programme or {})}
        ),
        promotions=compile_book(
            read_promotion(definition, slug=slug, name=slug) for slug, definition in promotions
        ),
    )  # fmt: skip


def member(points: int = 0, **fields: Any) -> Member:
    """Mira, with so many whole points."""
    return Member(
        **{
            "member_id": 7,
            "customer_id": 70,
            "balances": {"points": Balance(points * 100)},
            **fields,
        }
    )


def codes(**opened: str) -> list[CodeState]:
    """Usable codes: codes(SPRING="spring-promotion")."""
    return [CodeState(code, "usable", slug) for code, slug in opened.items()]


def ask(
    asked: Live,
    of: Cart,
    *,
    by: Member | None = None,
    typed: Sequence[CodeState] = (),
    cards: Sequence[GiftCardState] = (),
    usage: Mapping[LimitKey, int] | None = None,
    now: datetime = NOW,
    explain: bool = False,
) -> Answer:
    """The answer."""
    return calculate(asked, of, by, typed, cards, usage or {}, now, explain=explain)


def off(answer: Answer, line_id: str = "") -> int:
    """What was taken off, of one line or of all."""
    return sum(
        one.amount_minor
        for found in answer.lines
        if not line_id or found.line_id == line_id
        for one in found.discounts
    )


def offs(answer: Answer) -> list[int]:
    """What was taken off line by line."""
    return [off(answer, found.line_id) for found in answer.lines]


def why(answer: Answer, slug: str) -> str:
    """The machine reason why a promotion was not applied."""
    return next(one.reason for one in answer.not_applied if one.promotion_id == slug)
