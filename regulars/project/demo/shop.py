"""Two years of purchases: when people come, what they take, what comes back."""

from __future__ import annotations

import numpy as np

from regulars.project.demo.catalogue import CATEGORIES, CATEGORY_WEIGHTS, GIFTS, PRODUCTS
from regulars.project.demo.records import (
    GUEST,
    HISTORY_DAYS,
    Floats,
    Ints,
    Orders,
    Plan,
    Returns,
    Rhythm,
)

# New customers a day at the end against the beginning.
GROWTH = 2.1
PROSPECT_SHARE = 0.13
GUEST_SHARE = 0.05
CANCELLED_SHARE = 0.018
RETURN_SHARE = 0.024
PRICE_RISE_A_YEAR = 0.09
# Sales by month against the average: quiet summer, busy weeks before the New Year.
MONTHS = (0.88, 0.96, 1.04, 0.95, 0.92, 0.82, 0.78, 0.82, 0.98, 1.08, 1.30, 1.56)
WEEKDAYS = (0.98, 0.94, 0.96, 1.00, 1.10, 1.08, 0.94)
# Local hours when people buy; the till sleeps at night.
HOURS = (1, 0, 0, 0, 0, 1, 2, 5, 9, 12, 14, 14, 13, 12, 11, 11, 12, 13, 15, 16, 15, 12, 8, 4)
OWN_CATEGORY_SHARE = 0.66
GIFT_MONTHS = (11, 12)
DAYS_A_WEEK = 7.0


def seasons(plan: Plan) -> Floats:
    """How busy each day of the history is; 1 on average."""
    first = np.datetime64(plan.start_local.date())
    days = first + np.arange(HISTORY_DAYS + 1)
    months = days.astype("datetime64[M]").astype(int) % 12
    # The epoch was a Thursday.
    weekdays = (days.astype(int) + 3) % 7
    busy = np.array(MONTHS)[months] * np.array(WEEKDAYS)[weekdays]
    return np.asarray(busy / busy.mean(), dtype=np.float64)


def first_days(plan: Plan, busy: Floats) -> Floats:
    """When each customer is first seen, the oldest first."""
    chance = plan.generator("first days")
    days = np.arange(len(busy))
    weights = busy * GROWTH ** (days / HISTORY_DAYS)
    # The last day has only just begun.
    weights[-1] *= plan.horizon - HISTORY_DAYS
    picked = chance.choice(days, plan.customers, p=weights / weights.sum())
    shown = np.minimum(at_hours(picked + chance.random(plan.customers)), plan.horizon)
    return np.sort(shown)


def at_hours(day: Floats) -> Floats:
    """The same days, moved within the day to hours when people shop; order is kept."""
    share = np.concatenate([[0.0], np.cumsum(HOURS) / sum(HOURS)])
    whole = np.floor(day)
    return np.asarray(whole + np.interp(day - whole, share, np.arange(25) / 24), dtype=np.float64)


def purchases(plan: Plan, busy: Floats, seen_day: Floats) -> tuple[Ints, Floats]:
    """Who buys on which day: the first purchase at first sight, then by the plan's rhythm."""
    chance = plan.generator("purchases")
    is_buyer = chance.random(len(seen_day)) >= PROSPECT_SHARE
    person = np.flatnonzero(is_buyer)
    clock = np.concatenate([[0.0], np.cumsum(busy)])
    days = np.arange(len(clock), dtype=np.float64)
    rate, stop = draw_rhythm(plan.rhythm, chance, len(person))
    moment = np.interp(seen_day[person], days, clock)
    found_person, found_day = [person], [seen_day[person]]
    while len(person):
        moment = moment + chance.exponential(1.0, len(person)) / rate
        day = at_hours(np.interp(moment, clock, days))
        is_inside = (moment < clock[-1]) & (day < plan.horizon)
        found_person.append(person[is_inside])
        found_day.append(day[is_inside])
        goes_on = is_inside & (chance.random(len(person)) >= stop)
        person, rate, stop, moment = (c[goes_on] for c in (person, rate, stop, moment))
    everyone, when = np.concatenate(found_person), np.concatenate(found_day)
    in_time = np.argsort(when, kind="stable")
    return everyone[in_time], when[in_time]


def draw_rhythm(rhythm: Rhythm, chance: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Each customer's purchases a day, and chance to stop after a repeat purchase."""
    rate = chance.gamma(rhythm.r, 1.0 / rhythm.alpha, count) / DAYS_A_WEEK
    # Nobody's rate is so small that the waiting time overflows.
    return np.maximum(rate, 1e-9), chance.beta(rhythm.a, rhythm.b, count)


def fill_baskets(plan: Plan, subject: str, buyer: Ints, day: Floats) -> Orders:
    """Orders with lines for these buyers and days, which must be sorted by day."""
    chance = plan.generator(f"baskets {subject}")
    is_guest = chance.random(len(buyer)) < (GUEST_SHARE if subject == "shop" else 0.0)
    lines = 1 + chance.poisson(_appetite(plan)[buyer])
    owner = np.repeat(np.arange(len(buyer)), lines)
    product = _choose(plan, chance, buyer[owner], day[owner])
    years_ago = (plan.horizon - day[owner]) / 365.25
    prices = np.array([p.price for p in PRODUCTS])[product] * (1 - PRICE_RISE_A_YEAR) ** years_ago
    return Orders(
        buyer=np.where(is_guest, GUEST, buyer),
        day=day,
        status=_statuses(plan, chance, day),
        owner=owner,
        product=product,
        quantity=chance.choice([1, 2, 3], len(owner), p=[0.79, 0.16, 0.05]).astype(np.int64),
        cents=(np.round(prices) * 100).astype(np.int64),
    )


def _appetite(plan: Plan) -> Floats:
    """Lines beyond the first, on average, by person."""
    return np.asarray(plan.generator("appetite").gamma(2.2, 0.55, plan.customers))


def _choose(plan: Plan, chance: np.random.Generator, person: Ints, day: Floats) -> Ints:
    """A product for each line: mostly of the person's own category, gifts before the New Year."""
    tastes = plan.generator("tastes").choice(len(CATEGORIES), plan.customers, p=CATEGORY_WEIGHTS)
    own = chance.random(len(person)) < OWN_CATEGORY_SHARE
    category = np.where(
        own, tastes[person], chance.choice(len(CATEGORIES), len(person), p=CATEGORY_WEIGHTS)
    )
    dates = np.datetime64(plan.start_local.date()) + np.floor(day).astype(int)
    month = dates.astype("datetime64[M]").astype(int) % 12 + 1
    is_gift = np.isin(month, GIFT_MONTHS) & (chance.random(len(person)) < 0.09)
    category = np.where(is_gift, CATEGORIES.index(GIFTS), category)
    product = np.zeros(len(person), dtype=np.int64)
    for number, name in enumerate(CATEGORIES):
        shelf = np.array([i for i, p in enumerate(PRODUCTS) if p.category == name])
        weights = 1.0 / np.arange(1, len(shelf) + 1) ** 0.8
        here = category == number
        product[here] = chance.choice(shelf, int(here.sum()), p=weights / weights.sum())
    return product


def _statuses(plan: Plan, chance: np.random.Generator, day: Floats) -> tuple[str, ...]:
    age = plan.horizon - day
    words = np.select([age < 1, age < 2, age < 4], ["paid", "processing", "shipped"], "delivered")
    is_cancelled = chance.random(len(day)) < CANCELLED_SHARE
    return tuple(np.where(is_cancelled, "cancelled", words).tolist())


def take_back(plan: Plan, orders: Orders) -> Returns:
    """One line of some delivered orders comes back within two weeks."""
    chance = plan.generator("returns")
    delivered = np.array([word == "delivered" for word in orders.status], dtype=bool)
    when = orders.day + 3 + 11 * chance.random(len(orders.day))
    picked = delivered & (chance.random(len(orders.day)) < RETURN_SHARE) & (when < plan.horizon)
    place = np.flatnonzero(picked)
    first_line = np.searchsorted(orders.owner, place)
    return Returns(order=place, line=first_line, day=when[place])
