"""Two campaigns of the past: whom they went to and what they truly brought."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regulars.project.demo.records import (
    GUEST,
    Flags,
    Floats,
    Ints,
    Letters,
    Mailing,
    MailingTruth,
    Orders,
    Person,
    Plan,
)

MAILINGS = (
    Mailing(
        key="win-back",
        name="We miss you: 15% on the next order",
        segment="Silent for eleven weeks",
        subject="{{ customer.first_name | default: 'Hello' }}, your coffee is waiting",
        days_ago=118,
        silent_days_min=77,
        control_share=0.2,
        lift=0.06,
    ),
    Mailing(
        key="new-harvest",
        name="New harvest from Ethiopia",
        segment="Buyers who read e-mail",
        subject="Fresh from Yirgacheffe",
        days_ago=47,
        silent_days_min=0,
        control_share=0.1,
        lift=0.045,
    ),
)

READING_DAYS = 1.4
ORDER_AFTER_CLICK_DAYS = 3.0


def audience(
    plan: Plan,
    mailing: Mailing,
    people: Sequence[Person],
    orders: Orders,
    earlier: Sequence[Letters] = (),
) -> Ints:
    """Places of people who had bought, agreed to e-mail, and been silent long enough by then.

    earlier  letters of mailings before this one: who left or whose address failed is left out
    """
    at = mailing.day(plan)
    last = np.full(len(people), np.nan)
    past = (orders.day < at) & orders.counted()
    np.fmax.at(last, orders.buyer[past], orders.day[past])
    agreed = np.array([_agreed(person, at) for person in people], dtype=bool)
    for letters in earlier:
        agreed[letters.person[_happened_before(letters.unsubscribed_day, at)]] = False
        agreed[letters.person[_happened_before(letters.bounced_day, at)]] = False
    # NaN compares as false: whoever never bought is left out.
    return np.flatnonzero(agreed & (at - last >= mailing.silent_days_min))


def _happened_before(day: Floats, at: float) -> Flags:
    return np.asarray(np.nan_to_num(day, nan=np.inf) < at, dtype=bool)


def _agreed(person: Person, at: float) -> bool:
    given, withdrawn = person.email_consent_day, person.withdrawn_day
    return given is not None and given < at and (withdrawn is None or withdrawn > at)


def respond(plan: Plan, mailing: Mailing, contacted: Ints) -> Letters:
    """What each contacted person did; who orders because of the letter opens and clicks it."""
    chance = plan.generator(f"letters {mailing.key}")
    count = len(contacted)
    sent = mailing.day(plan)
    is_bounced = chance.random(count) < mailing.bounce_rate
    orders = (chance.random(count) < mailing.lift) & ~is_bounced
    by_machine = (chance.random(count) < mailing.machine_rate) & ~orders & ~is_bounced
    opens = orders | by_machine | ((chance.random(count) < mailing.open_rate) & ~is_bounced)
    reads = opens & ~by_machine
    clicks = orders | (reads & (chance.random(count) < mailing.click_rate))
    leaves = reads & ~orders & (chance.random(count) < mailing.unsubscribe_rate)
    opened = sent + 0.01 + chance.exponential(READING_DAYS, count)
    clicked = opened + chance.exponential(0.01, count)
    ordered = clicked + np.minimum(chance.exponential(ORDER_AFTER_CLICK_DAYS, count), 18.0)
    ordered = np.minimum(ordered, sent + mailing.window_days - 1)
    return Letters(
        person=contacted,
        bounced_day=_where(is_bounced, np.full(count, sent + 0.02)),
        opened_day=_where(opens, np.where(by_machine, sent + 0.005, opened)),
        is_machine=by_machine,
        clicked_day=_where(clicks, np.minimum(clicked, ordered)),
        unsubscribed_day=_where(leaves, opened + 0.002),
        ordered_day=_where(orders, ordered),
    )


def _where(is_so: Flags, day: Floats) -> Floats:
    return np.where(is_so, day, np.nan)


def truth_of(mailing: Mailing, letters: Letters, control: int, extra: Orders) -> MailingTruth:
    """The counts that the report must show."""
    counted = extra.counted()
    assert not (extra.buyer == GUEST).any()
    return MailingTruth(
        key=mailing.key,
        contacted=len(letters.person),
        control=control,
        bounced=_count(letters.bounced_day),
        opened=_count(letters.opened_day),
        opened_by_machine=int(letters.is_machine.sum()),
        clicked=_count(letters.clicked_day),
        unsubscribed=_count(letters.unsubscribed_day),
        extra_orders=int(counted.sum()),
        extra_minor=int(extra.totals_minor()[counted].sum()),
    )


def _count(day: Floats) -> int:
    return int((~np.isnan(day)).sum())
