"""Reasons: what each condition answered, and what it found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from regulars.rules import explaining, language, memory, text
from regulars.rules.explaining import NOTHING, Found
from regulars.rules.memory import ConsentNow, History, ListEntry, PastEvent, PastOrder
from regulars.rules.tests import strategies

NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
WHERE = {
    "facts": strategies.FACTS,
    "now": NOW,
    "zone": ZoneInfo("Europe/Kyiv"),
    "segments": {"vip": text.read("order.count >= 2"), "city": text.read("customer.city set")},
}


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


MIRA = History(
    7,
    columns={"city": "Kyiv", "email": "mira@example.com", "latitude": 50.45, "longitude": 30.52},
    events=[
        PastEvent("order.paid", ago(40), {"total": 100, "channel": "shop"}, id=1),
        PastEvent("order.paid", ago(30), {"total": 250.5, "channel": "site"}, id=2),
        PastEvent("order.paid", ago(3), {"total": "many", "channel": "site"}, id=3),
        PastEvent("Product Viewed", ago(4), {}, id=4),
    ],
    orders=[PastOrder(1, ago(40), 100), PastOrder(2, ago(30), 250)],
    consents=[ConsentNow("email", "marketing", "withdrawn", ago(9))],
    lists=[ListEntry("guests", ago(2))],
)


@pytest.mark.parametrize(
    ("written", "holds", "found"),
    [
        ('customer.city = "Lviv"', False, Found("value", "Kyiv")),
        ("customer.birth_on anniversary_today", False, NOTHING),
        ("order.count >= 3", False, Found("value", 2)),
        ("did order.paid count >= 3 within last 30d", False, Found("times", 1)),
        ("did order.paid sum of total > 350", True, Found("figure", 350.5)),
        ("did order.paid avg of total > 200", False, Found("figure", 175.25)),
        ("did order.paid min of total <= 100", True, Found("figure", 100.0)),
        ("did order.paid distinct of channel = 2", True, Found("figure", 2)),
        ("did order.returned avg of total > 0", False, NOTHING),
        ('channel of last order.paid = "shop"', False, Found("value", "site")),
        ('channel of first order.paid = "shop"', True, Found("value", "shop")),
        ("channel of last order.returned set", False, NOTHING),
        ("since last order.paid >= 60d", False, Found("last", ago(3))),
        ("since first order.paid >= 40d", True, Found("last", ago(40))),
        ("overdue order.paid by 1.5", False, Found("last", ago(3))),
        ("funnel (did order.paid, did order.returned) in 7d", False, Found("times", 1)),
        ("consent email marketing given", False, Found("state", ("withdrawn", ago(9)))),
        ("consent sms marketing never", True, NOTHING),
        ("reachable email", False, Found("state", ("withdrawn", ago(9)))),
        ("reachable sms", False, Found("state", ("no_address", None))),
        ("list guests", True, Found("last", ago(2))),
        ("list others", False, NOTHING),
        ('share 1 salt "x"', True, None),
    ],
)
def test_a_condition_tells_what_it_found(written, holds, found):
    reason = explaining.explain(text.read(written), MIRA, **WHERE)

    assert (reason.path, reason.holds, reason.found) == ("$.where", holds, found)


def test_a_distance_is_told_in_kilometres():
    reason = explaining.explain(text.read("near 49.84 24.03 km 5"), MIRA, **WHERE)

    assert not reason.holds
    assert reason.found is not None and reason.found.kind == "km"
    assert round(reason.found.value) == 467  # Kyiv to Lviv, on a sphere of 6,371 km


def test_groups_and_segments_tell_the_reasons_below_them():
    rule = text.read('customer.city = "Kyiv" and (segment vip or not segment city)')

    reason = explaining.explain(rule, MIRA, **WHERE)

    city, either = reason.parts
    vip, negated = either.parts
    assert [one.path for one in (reason, city, either, vip, negated)] == [
        "$.where", "$.where.all[0]", "$.where.all[1]", "$.where.all[1].any[0]",
        "$.where.all[1].any[1]",
    ]  # fmt: skip
    assert (reason.holds, vip.holds, negated.holds) == (True, True, False)
    assert [one.found for one in vip.parts] == [Found("value", 2)]
    assert [one.holds for one in negated.parts] == [True]


@settings(max_examples=100, deadline=None)
@given(strategies.rules(NOW), strategies.histories(NOW, 1))
def test_the_reason_of_the_whole_is_the_answer(document, history):
    rule = language.parse(document)

    reason = explaining.explain(rule, history, **WHERE)

    assert reason.holds == memory.matches(rule, history, **WHERE)
