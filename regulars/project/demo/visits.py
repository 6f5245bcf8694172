"""What people looked at on the site, before buying and without buying."""

from __future__ import annotations

import numpy as np

from regulars.project.demo.catalogue import PRODUCTS
from regulars.project.demo.records import GUEST, Floats, Ints, Orders, Plan, Visits

KINDS = ("Product Viewed", "Product Added")
VIEWED, ADDED = range(len(KINDS))

ONLINE_SHARE = 0.55
MINUTE = 1 / 1440


def make_visits(plan: Plan, seen_day: Floats, orders: Orders) -> Visits:
    """Visits that led to an order, and visits that led nowhere, sorted by time."""
    chance = plan.generator("visits")
    parts = [_before_orders(chance, orders), _idle(plan, chance, seen_day, orders)]
    person, day, kind, product = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    is_inside = (day >= 0) & (day < plan.horizon)
    in_time = np.flatnonzero(is_inside)[np.argsort(day[is_inside], kind="stable")]
    return Visits(person[in_time], day[in_time], kind[in_time], product[in_time])


Columns = tuple[Ints, Floats, Ints, Ints]


def _before_orders(chance: np.random.Generator, orders: Orders) -> Columns:
    """Some orders are placed on the site: what was bought had been seen and put into the cart."""
    place = np.flatnonzero(
        (orders.buyer != GUEST) & (chance.random(len(orders.buyer)) < ONLINE_SHARE)
    )
    first = orders.product[np.searchsorted(orders.owner, place)]
    begun = orders.day[place] - (6 + chance.exponential(14, len(place))) * MINUTE
    views = chance.poisson(1.2, len(place))
    person, day, product = _looks(chance, orders.buyer[place], begun, views)
    seen = begun + 2 * MINUTE
    added = orders.day[place] - 3 * MINUTE
    buyer = orders.buyer[place]
    return (
        np.concatenate([person, buyer, buyer]),
        np.concatenate([day, seen, added]),
        np.concatenate([np.full(len(person) + len(buyer), VIEWED), np.full(len(buyer), ADDED)]),
        np.concatenate([product, first, first]),
    )


def _idle(plan: Plan, chance: np.random.Generator, seen_day: Floats, orders: Orders) -> Columns:
    """Visits without an order, the more the more somebody buys; some leave a full cart."""
    known = orders.buyer[orders.buyer != GUEST]
    bought = np.bincount(known, minlength=len(seen_day))
    last = seen_day.copy()
    np.maximum.at(last, orders.buyer[orders.buyer != GUEST], orders.day[orders.buyer != GUEST])
    visits = chance.poisson(0.6 + 0.7 * bought)
    person = np.repeat(np.arange(len(seen_day)), visits)
    until = np.minimum(last[person] + 45, plan.horizon)
    begun = seen_day[person] + (until - seen_day[person]) * chance.random(len(person))
    looker, day, product = _looks(chance, person, begun, 1 + chance.poisson(1.1, len(person)))
    kind = np.where(chance.random(len(looker)) < 0.12, ADDED, VIEWED)
    return looker, day, kind, product


def _looks(
    chance: np.random.Generator, person: Ints, begun: Floats, views: Ints
) -> tuple[Ints, Floats, Ints]:
    who, start = np.repeat(person, views), np.repeat(begun, views)
    weights = np.array([1.0 / (1 + number % 8) for number in range(len(PRODUCTS))])
    product = chance.choice(len(PRODUCTS), len(who), p=weights / weights.sum())
    return who, start + chance.random(len(who)) * 5 * MINUTE, product.astype(np.int64)
