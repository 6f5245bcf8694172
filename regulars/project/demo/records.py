"""What the demo shop is asked to be, and what is true about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

HISTORY_DAYS = 730
ZONE = "Europe/Kyiv"
CURRENCY = "UAH"
GUEST = -1
# Half past ten, as a part of the day.
MORNING = 10.5 / 24


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How people buy: BG/NBD (Fader, Hardie, Lee 2005), the unit of time is a week.

    Rates are Gamma(r, alpha), the chance to stop after each repeat purchase is Beta(a, b).
    The clock runs faster in busy seasons; on average over the history it runs true.
    """

    r: float = 0.62
    alpha: float = 7.5
    a: float = 0.75
    b: float = 3.6


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make; the same plan makes the same shop.

    end  the last instant of the history
    """

    seed: int
    customers: int
    end: datetime
    rhythm: Rhythm = field(default_factory=Rhythm)

    @property
    def start_local(self) -> datetime:
        """Midnight of the first day, as clocks in the shop show it."""
        last = self.end.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
        return datetime.combine(last.date(), datetime.min.time()) - timedelta(days=HISTORY_DAYS)

    @property
    def horizon(self) -> float:
        """The end, in days since the start."""
        last = self.end.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
        return (last - self.start_local) / timedelta(days=1)

    def instant(self, day: float) -> datetime:
        """The UTC instant of a time given in days since the start, to the second."""
        local = self.start_local + timedelta(seconds=round(day * 86_400))
        return local.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def generator(self, subject: str) -> np.random.Generator:
        """A source of chance of its own for each subject: a change in one leaves the others."""
        return np.random.default_rng([self.seed, *subject.encode()])


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the shop's till and site know them; days since the start."""

    external_id: str
    email: str
    phone: str | None
    traits: Mapping[str, str]
    seen_day: float
    email_consent_day: float | None
    sms_consent_day: float | None
    withdrawn_day: float | None


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders sorted by time, and their lines; `buyer` is a person's place or GUEST.

    status  paid, processing, shipped, delivered or cancelled
    owner   of each line: the place of its order
    cents   of each line: the price of one piece in hundredths
    """

    buyer: Ints
    day: Floats
    status: tuple[str, ...]
    owner: Ints
    product: Ints
    quantity: Ints
    cents: Ints

    def totals_minor(self) -> Ints:
        """What each order comes to."""
        sums = np.zeros(len(self.buyer), dtype=np.int64)
        np.add.at(sums, self.owner, self.quantity * self.cents)
        return sums

    def counted(self) -> Flags:
        """Orders that count as purchases of a known customer."""
        is_standing = np.array([word != "cancelled" for word in self.status], dtype=bool)
        return np.asarray(is_standing & (self.buyer != GUEST), dtype=bool)


@dataclass(frozen=True, slots=True)
class Returns:
    """Lines that came back: place of the order, of the line, and the day."""

    order: Ints
    line: Ints
    day: Floats


@dataclass(frozen=True, slots=True)
class Visits:
    """What people did on the site; `kind` is the place in KINDS of the module `visits`."""

    person: Ints
    day: Floats
    kind: Ints
    product: Ints


@dataclass(frozen=True, slots=True)
class Mailing:
    """A campaign of the past, sent in the morning.

    segment  what its author called the audience
    lift     chance that a letter brings its reader an order they would not have placed
    """

    key: str
    name: str
    segment: str
    subject: str
    days_ago: int
    silent_days_min: int
    control_share: float
    lift: float
    window_days: int = 30
    bounce_rate: float = 0.015
    open_rate: float = 0.36
    machine_rate: float = 0.08
    click_rate: float = 0.2
    unsubscribe_rate: float = 0.006

    def day(self, plan: Plan) -> float:
        """When it went out, in days since the start."""
        return int(plan.horizon) - self.days_ago + MORNING


@dataclass(frozen=True, slots=True)
class Letters:
    """What became of one mailing's letters; one place a contacted person, NaN for never.

    person   the person's place
    """

    person: Ints
    bounced_day: Floats
    opened_day: Floats
    is_machine: Flags
    clicked_day: Floats
    unsubscribed_day: Floats
    ordered_day: Floats


@dataclass(frozen=True, slots=True)
class MailingTruth:
    """The counts of a mailing as they are; `extra_*` would not have been without it."""

    key: str
    contacted: int
    control: int
    bounced: int
    opened: int
    opened_by_machine: int
    clicked: int
    unsubscribed: int
    extra_orders: int
    extra_minor: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What reports must find; buyers, orders and revenue are of known customers.

    rhythm  the parameters purchases were drawn from, extra orders of mailings left out
    """

    customers: int
    buyers: int
    orders: int
    revenue_minor: int
    lines: int
    guest_orders: int
    cancelled_orders: int
    returns: int
    visits: int
    rhythm: Rhythm
    mailings: tuple[MailingTruth, ...]
