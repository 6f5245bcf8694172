"""The whole shop from a plan: first what needs no database, then what its mailings added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regulars.project.demo import mailings, shop, visits
from regulars.project.demo.people import make_people
from regulars.project.demo.records import (
    GUEST,
    Ints,
    Letters,
    Mailing,
    MailingTruth,
    Orders,
    Person,
    Plan,
    Returns,
    Truth,
    Visits,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A mailing with its letters, the orders they brought, and how many were held back."""

    mailing: Mailing
    letters: Letters
    extra: Orders
    control: int

    def truth(self) -> MailingTruth:
        """Its counts."""
        return mailings.truth_of(self.mailing, self.letters, self.control, self.extra)


@dataclass(frozen=True, slots=True)
class Shop:
    """What happened by itself, without any mailing."""

    plan: Plan
    people: Sequence[Person]
    orders: Orders

    def audience(self, mailing: Mailing, earlier: Sequence[Sent]) -> Ints:
        """Places of the people a mailing was meant for, after the mailings before it."""
        letters = [sent.letters for sent in earlier]
        return mailings.audience(self.plan, mailing, self.people, self.orders, letters)

    def send(self, mailing: Mailing, contacted: Ints, control: int) -> Sent:
        """What the contacted did, and what they bought because of it."""
        letters = mailings.respond(self.plan, mailing, contacted)
        brought = np.flatnonzero(~np.isnan(letters.ordered_day))
        in_time = brought[np.argsort(letters.ordered_day[brought], kind="stable")]
        extra = shop.fill_baskets(
            self.plan, mailing.key, contacted[in_time], letters.ordered_day[in_time]
        )
        return Sent(mailing, letters, extra, control)


@dataclass(frozen=True, slots=True)
class History:
    """Everything that happened, sorted by time, and the truth about it."""

    orders: Orders
    returns: Returns
    visits: Visits
    truth: Truth


def open_shop(plan: Plan) -> Shop:
    """The people and their purchases."""
    busy = shop.seasons(plan)
    seen_day = shop.first_days(plan, busy)
    buyer, day = shop.purchases(plan, busy, seen_day)
    return Shop(plan, make_people(plan, seen_day), shop.fill_baskets(plan, "shop", buyer, day))


def tell(opened: Shop, sent: Sequence[Sent]) -> History:
    """The history with the orders its mailings brought."""
    plan = opened.plan
    orders = merge([opened.orders, *(one.extra for one in sent)])
    returns = shop.take_back(plan, orders)
    seen_day = np.array([person.seen_day for person in opened.people])
    seen = visits.make_visits(plan, seen_day, orders)
    counted = orders.counted()
    truth = Truth(
        customers=len(opened.people),
        buyers=len(np.unique(orders.buyer[counted])),
        orders=int(counted.sum()),
        revenue_minor=int(orders.totals_minor()[counted].sum()),
        lines=int(counted[orders.owner].sum()),
        guest_orders=int((orders.buyer == GUEST).sum()),
        cancelled_orders=orders.status.count("cancelled"),
        returns=len(returns.order),
        visits=len(seen.day),
        rhythm=plan.rhythm,
        mailings=tuple(one.truth() for one in sent),
    )
    return History(orders, returns, seen, truth)


def merge(parts: Sequence[Orders]) -> Orders:
    """All orders in one sequence by time, lines beside their orders."""
    day = np.concatenate([part.day for part in parts])
    in_time = np.argsort(day, kind="stable")
    place = np.empty(len(day), dtype=np.int64)
    place[in_time] = np.arange(len(day))
    before = np.cumsum([0, *(len(part.day) for part in parts)])[:-1]
    owner = place[np.concatenate([p.owner + n for p, n in zip(parts, before, strict=True)])]
    lines = np.argsort(owner, kind="stable")
    status = [word for part in parts for word in part.status]
    return Orders(
        buyer=np.concatenate([part.buyer for part in parts])[in_time],
        day=day[in_time],
        status=tuple(status[number] for number in in_time),
        owner=owner[lines],
        product=np.concatenate([part.product for part in parts])[lines],
        quantity=np.concatenate([part.quantity for part in parts])[lines],
        cents=np.concatenate([part.cents for part in parts])[lines],
    )
