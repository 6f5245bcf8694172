"""The way from message to money, counted by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from regulars.analytics.campaigns import (
    NOBODY,
    Funnel,
    all_arms_of,
    all_arms_statement,
    arms_of,
    arms_statement,
    claimed_days_of,
    claimed_days_statement,
    funnel_statement,
    funnels_of,
)
from regulars.analytics.lift import Arm
from regulars.analytics.messages import MessageCounts
from regulars.analytics.readings import Moments
from regulars.analytics.statements import Scope
from regulars.analytics.tests.lake_shape import add_order, ask
from regulars.analytics.trends import last_days

SCOPE = Scope(datetime(2025, 7, 1, tzinfo=UTC), "Europe/Kyiv", "EUR")


def add_message(lake, message, customer, *, campaign=1, state="accepted", bounced=False):
    at = datetime.fromisoformat("2025-06-01 08:00")
    accepted = at if state == "accepted" else None
    lake.execute(
        "insert into messages values (?, ?, ?, 'email', ?, ?, ?, ?)",
        [message, campaign, customer, state, at, accepted, at if bounced else None],
    )


def add_mark(lake, message, customer, kind, time, **props):
    lake.execute(
        "insert into events values (0, ?, ?, ?, ?, ?, 'live')",
        [customer, datetime.fromisoformat(time), f"message.{kind}", json.dumps(props), message],
    )


def funnels(lake, windows):
    return funnels_of(ask(lake, funnel_statement(SCOPE, windows)))


def test_each_step_counts_recipients_once(lake):
    for message in range(1, 7):
        add_message(lake, message, message * 10, bounced=message == 6)
    add_message(lake, 7, 70, state="refused")
    add_message(lake, 8, 80, state="unknown")
    add_mark(lake, 1, 10, "opened", "2025-06-01 09:00", is_confirmed=True)
    add_mark(lake, 1, 10, "opened", "2025-06-01 09:05", is_confirmed=False)
    add_mark(lake, 2, 20, "opened", "2025-06-01 09:00", is_confirmed=False)
    add_mark(lake, 1, 10, "clicked", "2025-06-01 10:00")
    add_mark(lake, 1, 10, "clicked", "2025-06-01 11:00")
    add_mark(lake, 3, 30, "clicked", "2025-06-01 08:00", is_confirmed=False)
    add_mark(lake, 4, 40, "unsubscribed", "2025-06-02 10:00")
    add_mark(lake, 5, 50, "complained", "2025-06-02 10:00")
    add_order(lake, 1, 10, "2025-06-03 10:00", 700)
    add_order(lake, 2, 10, "2025-06-04 10:00", 300)
    add_order(lake, 3, 30, "2025-06-03 10:00", 900)

    found = funnels(lake, {1: 30})

    assert found == {
        1: Funnel(
            planned=8,
            refused=1,
            unknown=1,
            counts=MessageCounts(
                sent=6,
                bounced=1,
                opened=2,
                opened_by_machine=1,
                clicked=1,
                ordered=1,
                orders=2,
                revenue_minor=1_000,
                unsubscribed=1,
                complained=1,
            ),
        )
    }


def test_an_order_belongs_to_the_last_click_within_its_window(lake):
    add_message(lake, 1, 10, campaign=1)
    add_message(lake, 2, 10, campaign=2)
    add_mark(lake, 1, 10, "clicked", "2025-06-01 10:00")
    add_mark(lake, 2, 10, "clicked", "2025-06-05 10:00")
    add_order(lake, 1, 10, "2025-06-01 09:59", 1)
    add_order(lake, 2, 10, "2025-06-01 10:00", 10)
    add_order(lake, 3, 10, "2025-06-05 10:00", 100)
    add_order(lake, 4, 10, "2025-06-07 10:00", 1_000)
    add_order(lake, 5, 10, "2025-06-07 09:59", 10_000)

    found = funnels(lake, {1: 30, 2: 2})

    assert (found[1].counts.orders, found[1].counts.revenue_minor) == (2, 1_010)
    assert (found[2].counts.orders, found[2].counts.revenue_minor) == (2, 10_100)


def test_claimed_money_stands_in_its_day(lake):
    add_message(lake, 1, 10)
    add_mark(lake, 1, 10, "clicked", "2025-06-01 10:00")
    add_order(lake, 1, 10, "2025-06-20 10:00", 5)
    add_order(lake, 2, 10, "2025-06-29 21:00", 30)
    add_order(lake, 3, 11, "2025-06-30 10:00", 999)
    period = last_days(Scope(datetime(2025, 6, 30, 12, 0, tzinfo=UTC), "Europe/Kyiv", "EUR"), 3)

    rows = ask(lake, claimed_days_statement(period, {1: 30}))

    assert claimed_days_of(rows, period) == (0, 0, 30)


def test_a_campaign_that_was_not_asked_for_takes_no_orders(lake):
    add_message(lake, 1, 10, campaign=1)
    add_message(lake, 2, 10, campaign=2)
    add_mark(lake, 2, 10, "clicked", "2025-06-05 10:00")
    add_order(lake, 1, 10, "2025-06-06 10:00", 100)

    assert set(funnels(lake, {1: 30})) == {1}
    with pytest.raises(ValueError, match="at least one"):
        funnel_statement(SCOPE, {})


def test_arms_hold_everyone_with_their_orders_in_the_window(lake):
    rows = [(10, "contacted"), (11, "contacted"), (12, "control"), (13, "contacted")]
    for customer, arm in [*rows, (13, "control")]:
        lake.execute(
            "insert into assignments values (0, 'campaign:1', ?, ?, '2025-06-01 08:00')",
            [customer, arm],
        )
    add_order(lake, 1, 10, "2025-06-01 07:59", 1)
    add_order(lake, 2, 10, "2025-06-01 08:00", 200)
    add_order(lake, 3, 10, "2025-06-30 08:00", 400)
    add_order(lake, 4, 10, "2025-07-01 08:00", 1)
    add_order(lake, 5, 12, "2025-06-11 08:00", 50)
    add_order(lake, 6, 13, "2025-06-11 08:00", 9_999)

    rows = ask(lake, arms_statement(SCOPE, "campaign:1", window_days=30))

    contacted, control = arms_of(rows)
    assert contacted == Arm(customers=2, buyers=1, orders=2, revenue=Moments(2, 300.0, 180_000.0))
    assert control == Arm(customers=1, buyers=1, orders=1, revenue=Moments(1, 50.0, 0.0))


def test_an_unknown_experiment_has_empty_arms(lake):
    rows = ask(lake, arms_statement(SCOPE, "campaign:9", window_days=30))

    assert arms_of(rows) == (NOBODY, NOBODY)


def test_several_experiments_keep_their_own_windows_and_people(lake):
    for name, customer, arm in [
        ("campaign:1", 10, "contacted"),
        ("campaign:1", 11, "control"),
        ("campaign:2", 10, "control"),
        ("campaign:3", 10, "contacted"),
    ]:
        lake.execute(
            "insert into assignments values (0, ?, ?, ?, '2025-06-01 08:00')",
            [name, customer, arm],
        )
    add_order(lake, 1, 10, "2025-06-05 08:00", 200)
    add_order(lake, 2, 10, "2025-06-20 08:00", 400)

    rows = ask(lake, all_arms_statement(SCOPE, {"campaign:1": 7, "campaign:2": 30}))

    arms = all_arms_of(rows)
    nothing = Arm(customers=1, buyers=0, orders=0, revenue=Moments(1, 0.0, 0.0))
    assert arms == {
        "campaign:1": (
            Arm(customers=1, buyers=1, orders=1, revenue=Moments(1, 200.0, 0.0)),
            nothing,
        ),
        "campaign:2": (
            NOBODY,
            Arm(customers=1, buyers=1, orders=2, revenue=Moments(1, 600.0, 0.0)),
        ),
    }
    with pytest.raises(ValueError, match="at least one experiment"):
        all_arms_statement(SCOPE, {})
