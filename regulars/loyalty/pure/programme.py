"""A programme's settings as frozen data: currencies, earning, burning, terms, returns, tiers.

Everything is data; `pure/terms.py` turns terms into instants and `pure/calculation` reads the
rest. `read_programme` takes the stored JSON; `DEFAULT` is what a new workspace begins with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from regulars.loyalty.pure.promotions.conditions import ALWAYS, Condition

FULL = 10_000  # basis points of a whole
Rounded = Literal["none", "day_start", "day_end", "week_start", "week_end", "month_start",
                  "month_end", "year_end"]  # fmt: skip
PendingKind = Literal["immediate", "period", "dates", "event"]
ExpiryKind = Literal["never", "rolling", "calendar", "inactivity"]
OncePer = Literal["ever", "year", "month", "day", "event"]
Unit = Literal["d", "w", "mo", "y"]


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar length such as 14 d or 12 mo, in the workspace's zone."""

    number: int
    unit: Unit = "d"


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of every year; 29 February is 28 February in common years."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Pending:
    """When earned points may be spent.

    immediate at once · period after `span`, moved to `rounded` · dates on the next of `dates`
    event     when the kind of event named arrives about the same purchase; if it has not within
              `cancel_after`, the points are withdrawn
    """

    kind: PendingKind = "immediate"
    span: Span = Span(0)
    rounded: Rounded = "none"
    dates: tuple[MonthDay, ...] = ()
    event: str = ""
    cancel_after: Span | None = None


@dataclass(frozen=True, slots=True)
class Expiry:
    """When points that may be spent burn down.

    never · rolling `span` after they became spendable, moved to `rounded` ·
    calendar  on the next of `dates` (at most 20) at least `at_least` after becoming spendable
    inactivity `span` after the member's last activity of one of `activities`
    """

    kind: ExpiryKind = "never"
    span: Span = Span(0)
    rounded: Rounded = "none"
    dates: tuple[MonthDay, ...] = ()
    at_least: Span = Span(0)
    activities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """How long points wait and how long they live."""

    pending: Pending = Pending()
    expiry: Expiry = Expiry()


@dataclass(frozen=True, slots=True)
class Currency:
    """A kind of points.

    minor_per_point   money one whole point stands for when burnt; 0: cannot pay
    earn_step         earned points are whole multiples of this many hundredths
    terms             name of the terms points of this kind have unless a rule says otherwise
    balance_max       most a member may have available and pending; earning is cut to it, 0: no cap
    """

    slug: str
    name: str
    is_main: bool = False
    minor_per_point: int = 100
    earn_step: int = 1
    terms: str = ""
    balance_max: int = 0


@dataclass(frozen=True, slots=True)
class Multiplier:
    """Times factor (basis points, 20000 = ×2) for these tiers, segments and times; all must hold.

    An empty tuple or a missing moment asks nothing. `weekdays` are 1 (Monday) to 7.
    """

    factor: int
    tiers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    weekdays: tuple[int, ...] = ()
    name: str = ""


RuleTrigger = Literal["cart", "event", "birthday", "first_purchase", "joined", "review", "survey",
                      "referral", "referred", "receipt"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class EarnRule:
    """One way to earn.

    trigger      cart: by what a cart's lines are paid with. The others give `points` once:
                 event (kind in `event`, filters in `event_where`), birthday, first_purchase, …
    points, per_minor   cart: so many hundredths of a point for every full per_minor paid …
    share        … or this share of the money paid (basis points), turned into points
    where        which lines (cart); `when` – cart, context and member conditions
    adds         True: on top of others; False: a line gives by its first such rule only
    payment_kinds  only carts paid so; empty: all
    once_per     how often one member may earn by it: ever, year, day, event (every time)
    points_max   most for one cart, 0: no cap
    """

    id: str
    trigger: RuleTrigger = "cart"
    name: str = ""
    currency: str = ""
    points: int = 0
    per_minor: int = 0
    share: int = 0
    where: Condition = ALWAYS
    when: Condition = ALWAYS
    payment_kinds: tuple[str, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    adds: bool = False
    terms: str = ""
    points_max: int = 0
    event: str = ""
    event_where: Mapping[str, str | int | bool] = field(default_factory=dict)
    once_per: OncePer = "event"
    days_before: int = 0
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Burning:
    """How points may pay.

    share        of the cart's goods after discounts (basis points)
    excluded     lines that points never pay, besides those flagged by the till
    least        fewest points in one purchase; step – only multiples of it (hundredths)
    earns_beside False: a cart that burns points earns none
    """

    is_on: bool = True
    share: int = FULL
    excluded: Condition | None = None
    least: int = 0
    step: int = 1
    cart_least_minor: int = 0
    earns_beside: bool = True
    asks_code: bool = False


@dataclass(frozen=True, slots=True)
class Returns:
    """What a return does to points.

    policy       only_pending | within_balance | negative (a shortfall becomes debt)
    debt_from_refund  take the shortfall's money out of the money refunded
    restored_days  burnt points whose date has passed come back for so many days
    release_grace_hours  points and gift money released by a hold after their date live so long
    """

    policy: Literal["only_pending", "within_balance", "negative"] = "within_balance"
    debt_from_refund: bool = False
    restored_days: int = 30
    release_grace_hours: int = 24


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier; `least` is what qualifies, in the basis's unit (minor units, hundredths, count).

    discount     on goods, basis points; earn – factor on every earning (10000 = ×1)
    burn_share   the tier's own share for burning, None: the programme's
    benefits     sentences shown to the customer
    """

    slug: str
    name: str
    least: int = 0
    discount: int = 0
    earn: int = FULL
    burn_share: int | None = None
    benefits: tuple[str, ...] = ()
    color: str = ""


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """How tiers are reached and lost.

    basis        spend (minor units), earned (points), orders, balance (points available)
    period       lifetime | rolling (last `span`) | year | half | quarter | month (calendar)
    starts       now, or at the next period
    keeps        a tier reached is kept to the end of this or of the next period, or for `span`
    downgrade    none | one_down | earned; after `grace_days`
    """

    basis: Literal["spend", "earned", "orders", "balance"] = "spend"
    period: Literal["lifetime", "rolling", "year", "half", "quarter", "month"] = "lifetime"
    span: Span = Span(12, "mo")
    starts: Literal["now", "next_period"] = "now"
    keeps: Literal["period", "next_period", "span"] = "next_period"
    downgrade: Literal["none", "one_down", "earned"] = "earned"
    grace_days: int = 0
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Cumulative:
    """A discount of a card that grows with all money spent so far."""

    least_minor: int
    discount: int


@dataclass(frozen=True, slots=True)
class Pricing:
    """Rules of the cart as a whole.

    floor_minor      no unit is paid below it (a line's own floor may be higher)
    round_step_minor the total is rounded down to it when the till names no step
    cumulative       discounts by lifetime spend; the best of tier, card and these is taken
    zero_prices      goods at price 0 may be sold without being marked as gifts
    unknown_goods    take goods the catalogue does not know, or refuse the cart
    """

    floor_minor: int = 0
    round_step_minor: int = 0
    cumulative: tuple[Cumulative, ...] = ()
    zero_prices: bool = False
    unknown_goods: Literal["take", "refuse"] = "take"


@dataclass(frozen=True, slots=True)
class Holding:
    """How long a hold lives, and from how many points an adjustment needs a second person."""

    minutes: int = 15
    order_days: int = 30
    approval_points: int = 1_000_00


EXPIRING_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Everything a workspace has settled; terms are looked up by name.

    expiring_days  so many days before points end, members are told that they will
    """

    name: str = ""
    currencies: tuple[Currency, ...]
    terms: Mapping[str, Terms] = field(default_factory=dict)
    earning: tuple[EarnRule, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    burning: Burning = Burning()
    returns: Returns = Returns()
    tiers: TierPolicy = TierPolicy()
    pricing: Pricing = Pricing()
    holding: Holding = Holding()
    shop_zones: Mapping[str, str] = field(default_factory=dict)
    expiring_days: int = EXPIRING_DAYS

    @property
    def main(self) -> Currency:
        """The currency that tills show and burn when none is named."""
        return next((one for one in self.currencies if one.is_main), self.currencies[0])

    def currency(self, slug: str) -> Currency | None:
        """The currency of this slug; "" is the main one."""
        if not slug:
            return self.main
        return next((one for one in self.currencies if one.slug == slug), None)

    def terms_of(self, name: str, currency: str = "") -> Terms:
        """Terms by name, else those of the currency, else at once and for ever."""
        found = self.terms.get(name) if name else None
        if found is None:
            own = self.currency(currency)
            found = self.terms.get(own.terms) if own and own.terms else None
        return found or Terms()

    def tier(self, slug: str) -> Tier | None:
        """The tier of this slug."""
        return next((one for one in self.tiers.tiers if one.slug == slug), None)


DEFAULT = Programme(currencies=(Currency(slug="points", name="Points", is_main=True),))
