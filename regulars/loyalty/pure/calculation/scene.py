"""A cart laid out for asking: what stays the same during a calculation, and what changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from regulars.kernel.money import minor_digits
from regulars.loyalty.pure.answers import (
    Applied,
    Discount,
    DiscountKind,
    GiftChoice,
    IssuedCode,
    Message,
    NotApplied,
    TierSet,
    Use,
)
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import AttrValue, Cart, LimitKey, Line, Member, Usage, floor_of
from regulars.loyalty.pure.promotions.conditions import LINE_ATTR, fold
from regulars.loyalty.pure.promotions.model import Effect, Limit, Promotion


class Scene:
    """The cart, the member and the moment; sets of lines are bit masks.

    initial  what a line costs before the programme: its base less the till's own discount
    pieces   whole units of a line; goods sold by weight are one piece
    """

    __slots__ = (
        "_bits", "_indexes", "_prices", "cart", "every", "floors", "initial", "leaf_masks",
        "live", "local", "member", "now", "open_lines", "pieces", "total", "usage", "zone",
    )  # fmt: skip

    def __init__(
        self, live: Live, cart: Cart, member: Member | None, usage: Usage, now: datetime
    ) -> None:
        self.live, self.cart, self.member, self.usage, self.now = live, cart, member, usage, now
        named = live.programme.shop_zones.get(cart.shop)
        self.zone = ZoneInfo(named) if named else live.zone
        self.local = cart.occurred_at.astimezone(self.zone)
        floor_minor = live.programme.pricing.floor_minor
        lines = cart.lines
        self.initial = [line.base_minor - line.external_discount_minor for line in lines]
        self.floors = [floor_of(line, floor_minor) for line in lines]
        self.pieces = [pieces_of(line) for line in lines]
        self.total = sum(self.initial)
        self.every = (1 << len(lines)) - 1
        self.open_lines = sum(
            1 << at for at, line in enumerate(lines) if line.takes_promotions and self.initial[at]
        )
        self.leaf_masks: dict[int, int] = {}
        self._indexes: dict[str, dict[str | int, int]] = {}
        self._bits: dict[int, list[int]] = {}
        self._prices: list[Decimal] | None = None

    def index(self, name: str) -> dict[str | int, int]:
        """Value of a text field → the lines that have it."""
        found = self._indexes.get(name)
        if found is None:
            found = self._indexes[name] = {}
            for at, line in enumerate(self.cart.lines):
                value = text_of(line, name)
                if value is not None:
                    key = fold(value)
                    found[key] = found.get(key, 0) | 1 << at
        return found

    def lines_of(self, lines: int) -> list[int]:
        """The lines of a mask, in order; the list is shared, so it is not to be changed."""
        found = self._bits.get(lines)
        if found is None:
            found = self._bits[lines] = [at for at in range(len(self.initial)) if lines >> at & 1]
        return found

    @property
    def prices(self) -> list[Decimal]:
        """Prices of a unit in minor units, which may be finer than a coin."""
        if self._prices is None:
            digits = minor_digits(self.cart.currency)
            self._prices = [line.unit_price.scaleb(digits) for line in self.cart.lines]
        return self._prices

    @property
    def today(self) -> date:
        """The shop's day by the till's clock, for birthdays and the like."""
        return self.local.date()

    @property
    def server_day(self) -> date:
        """The shop's day by the server's clock: a till's clock moves no budget."""
        return self.now.astimezone(self.zone).date()


def pieces_of(line: Line) -> int:
    """How many units may be picked one by one."""
    whole, part = divmod(line.quantity_milli, 1000)
    return 1 if part else whole


def text_of(line: Line, name: str) -> AttrValue | None:
    """A line's text field or attribute; absent and empty are None."""
    if name.startswith(LINE_ATTR):
        return line.attrs.get(name[len(LINE_ATTR) :])
    found: str = getattr(line, name.removeprefix("line."))
    return found or None


@dataclass(slots=True)
class Earner:
    """An effect that gives points once everything is paid."""

    promotion: Promotion
    effect: Effect
    lines: int
    code: str
    keys: Sequence[tuple[Limit, LimitKey]]


class State:
    """What a calculation has done so far."""

    __slots__ = (
        "applied", "blocked", "discounts", "earners", "exclusive", "gifts", "issued", "messages",
        "not_applied", "remaining", "tiers", "total", "uses",
    )  # fmt: skip

    def __init__(self, scene: Scene) -> None:
        self.remaining = list(scene.initial)
        self.total = scene.total
        self.discounts: list[list[Discount]] = [[] for _ in scene.initial]
        for at, line in enumerate(scene.cart.lines):
            if line.external_discount_minor:
                self.discounts[at].append(Discount("", "manual", line.external_discount_minor))
        self.applied: dict[str, Applied] = {}
        self.not_applied: dict[str, NotApplied] = {}
        self.blocked: dict[str, str] = {}
        self.exclusive = ""
        self.earners: list[Earner] = []
        self.gifts: list[GiftChoice] = []
        self.issued: list[IssuedCode] = []
        self.tiers: list[TierSet] = []
        self.messages: list[tuple[str, Message]] = []
        self.uses: list[Use] = []

    def take_off(
        self, amounts: Sequence[tuple[int, int]], promotion_id: str, kind: DiscountKind, code: str
    ) -> None:
        """Take discounts off their lines."""
        for at, amount in amounts:
            if amount:
                self.remaining[at] -= amount
                self.total -= amount
                self.discounts[at].append(Discount(promotion_id, kind, amount, code))

    @property
    def discount_minor(self) -> int:
        return sum(one.discount_minor for one in self.applied.values())
