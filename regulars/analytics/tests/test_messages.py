from __future__ import annotations

from regulars.analytics.messages import MessageCounts
from regulars.analytics.ratios import Ratio

MAILING = MessageCounts(
    sent=10_000,
    bounced=200,
    opened=2_450,
    clicked=245,
    ordered=20,
    orders=22,
    revenue_minor=98_000,
    unsubscribed=15,
    complained=4,
)


def test_the_worked_example_of_a_mailing():
    assert MAILING.delivered == 9_800
    assert MAILING.delivery_rate == Ratio(9_800, 10_000)
    assert MAILING.delivery_rate.value == 0.98
    assert MAILING.open_rate.value == 0.25
    assert MAILING.click_rate_sent.value == 0.0245
    assert MAILING.click_rate_delivered.value == 0.025
    assert MAILING.click_to_open_rate.value == 0.1
    assert round(MAILING.conversion_of_clicks.value, 4) == 0.0816
    assert round(MAILING.conversion_of_delivered.value, 5) == 0.00204
    assert round(MAILING.unsubscribe_rate.value, 5) == 0.00153
    assert round(MAILING.complaint_rate.value, 5) == 0.00041
    assert MAILING.revenue_per_delivered.value == 10.0


def test_machine_openers_leave_both_sides_of_the_confirmed_rate():
    counts = MessageCounts(sent=1_000, bounced=0, opened=600, opened_by_machine=400)

    assert counts.opened_confirmed == 200
    assert counts.open_rate == Ratio(600, 1_000)
    assert counts.confirmed_open_rate == Ratio(200, 600)


def test_nothing_over_nothing_is_unknown():
    nothing = MessageCounts()

    assert nothing.delivery_rate.value is None
    assert nothing.confirmed_open_rate.value is None
    assert nothing.click_to_open_rate.value is None
    assert nothing.revenue_per_delivered == Ratio(0, 0)


def test_rates_of_two_mailings_add_up_by_their_parts():
    assert (Ratio(1, 10) + Ratio(3, 10)).value == 0.2
