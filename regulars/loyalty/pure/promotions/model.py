"""A promotion as frozen data, as design and editor share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from regulars.loyalty.pure.promotions.conditions import ALWAYS, Condition

Lane = Literal["price", "line", "cart", "code"]
Trigger = Literal["cart", "code"]
State = Literal["draft", "live", "paused", "ended"]
Pick = Literal["all", "cheapest", "dearest", "every_nth"]
Side = Literal["buy", "get"]
EffectType = Literal[
    "percent_off", "amount_off", "fixed_price", "set_price", "free_units", "gift", "earn",
    "earn_multiplier", "issue_code", "message", "tier_set",
]  # fmt: skip
Spread = Literal["proportional", "each_line"]
Per = Literal["total", "unit", "set"]
GroupMode = Literal["all", "first", "best_for_customer", "lowest"]
LANES: tuple[Lane, ...] = ("price", "line", "cart", "code")


@dataclass(frozen=True, slots=True)
class Hours:
    """Days of the week (1 Monday … 7 Sunday) and local minutes [start, end) of a happy hour.

    An end at or before the start goes on past midnight.
    """

    days: tuple[int, ...]
    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a promotion is on: from, to (exclusive), and weekly hours; no hours means always.

    zone   "shop": the shop's own, else the workspace's; or the name of a zone
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str = "shop"
    weekly: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class SetPart:
    """So many units of these goods; the buy side is only asked for, the get side is changed."""

    where: Condition
    quantity: int
    side: Side = "get"


@dataclass(frozen=True, slots=True)
class Target:
    """What effects act on.

    pick      all; cheapest or dearest of every n units (n 0: one of all); every_nth unit
    max_units most units in one purchase, 0: no cap
    sets      whole sets only, at most `repeat` times (0: as many as fit)
    """

    where: Condition = ALWAYS
    pick: Pick = "all"
    n: int = 0
    max_units: int = 0
    sets: tuple[SetPart, ...] = ()
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing a promotion does.

    value     percent_off, earn_multiplier: basis points; money: minor units; earn: points;
              gift, free_units, issue_code: units or codes
    per_minor earn: points for every so much paid on the target; 0: once
    """

    type: EffectType
    value: int = 0
    base: Literal["remaining", "initial"] = "remaining"
    spread: Spread = "proportional"
    per: Per = "total"
    cap_minor: int = 0
    per_minor: int = 0
    currency: str = ""
    terms: str = ""
    skus: tuple[str, ...] = ()
    from_promotion: str = ""
    tier: str = ""
    days: int = 0
    to: Literal["cashier", "receipt"] = "cashier"
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many uses, so much discount or so many points, for whom and in what period."""

    what: Literal["uses", "discount", "points"]
    per: Literal["total", "member", "code", "shop", "identifier"]
    period: Literal["all", "day", "week", "month", "year"]
    value: int
    on_exceed: Literal["cut", "reject"] = "cut"

    @property
    def name(self) -> str:
        return f"{self.what}/{self.per}/{self.period}"


@dataclass(frozen=True, slots=True)
class Stack:
    """How a promotion stands beside others."""

    group_mode: GroupMode = "all"
    exclusive: bool = False
    not_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """One promotion; `id` is its slug, unique in the workspace."""

    id: str
    name: str = ""
    version: int = 1
    lane: Lane = "cart"
    group: str = ""
    priority: int = 100
    trigger: Trigger = "cart"
    shops: tuple[str, ...] = ()
    schedule: Schedule = Schedule()
    when: Condition = ALWAYS
    target: Target = Target()
    effects: tuple[Effect, ...] = ()
    limits: tuple[Limit, ...] = ()
    stack: Stack = Stack()
    on_return: Literal["keep", "reevaluate"] = "keep"
