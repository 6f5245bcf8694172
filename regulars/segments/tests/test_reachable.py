"""Reachable is what the dispatcher would decide now: it follows addresses and pauses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.actions import preferences
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.segments import actions, queries
from regulars.segments.keeping import following
from regulars.segments.tests.keeping import members, settle
from regulars.segments.tests.shop import Shop, open_shop
from regulars.store.scope import cursor, scope

EMAIL = "email"


@pytest.fixture
def shop(as_engine, feed, monkeypatch):
    monkeypatch.setattr(following, "REFRESH_LEASE", timedelta(0))
    monkeypatch.setattr(following, "CLOCK_EVERY_S", 0.0)
    found = open_shop()
    with scope(found.id):
        rule = {"version": 1, "where": {"reachable": EMAIL}}
        actions.create_segment(found.id, name="Reach", slug="reach", rule=rule)
    settle(feed)
    return found


def agree(shop: Shop) -> None:
    """Kept members, a new count and the hand-over say the same of everybody."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT id FROM customers_customer WHERE workspace_id = %s AND merged_into IS NULL",
            [shop.id],
        )
        ids = [row[0] for row in raw.fetchall()]
        decided = customer_queries.may_contact(shop.id, ids, EMAIL, "marketing")
        wanted = sorted(one for one, reason in decided.items() if reason is None)
        document = {"version": 1, "where": {"reachable": EMAIL}}
        assert queries.audience(shop.id, document, clock.now()) == wanted
        everybody = queries.count(shop.id, {"version": 1, "where": {"all": []}}, clock.now())
        assert {one.channel: one.customers for one in everybody.reach}[EMAIL] == len(wanted)
    assert sorted(members(shop.id, "reach")) == wanted


def test_a_pause_makes_unreachable_until_it_ends(shop, feed, monkeypatch):
    mira = shop.town.mira
    assert members(shop.id, "reach") == [mira]

    ends = clock.now() + timedelta(days=10)
    with scope(shop.id):
        preferences.pause_marketing(shop.id, mira, ends)
    settle(feed)

    assert members(shop.id, "reach") == []
    agree(shop)
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT next_change_at FROM segments_due WHERE workspace_id = %s AND customer_id = %s",
            [shop.id, mira],
        )
        assert raw.fetchone() == (ends,)

    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: ends)
        settle(feed)

        assert members(shop.id, "reach") == [mira]
        agree(shop)


def test_a_pause_ended_by_hand_lets_in_at_once(shop, feed):
    with scope(shop.id):
        preferences.pause_marketing(shop.id, shop.town.mira, clock.now() + timedelta(days=10))
    settle(feed)
    with scope(shop.id):
        preferences.wake_marketing(shop.id, shop.town.mira)
    settle(feed)

    assert members(shop.id, "reach") == [shop.town.mira]
    agree(shop)


def test_suppressions_belong_to_addresses(shop, feed):
    mira = shop.town.mira
    with scope(shop.id):
        customers.suppress(shop.id, channel=EMAIL, address="dead@x.example", reason="bounce")
        (taker,) = customers.identify_many(
            shop.id, [Identity(external_id="taker", email="dead@x.example")]
        )
        customers.give_consent(shop.id, taker, channel=EMAIL, purpose="marketing", source="test")
    settle(feed)
    assert members(shop.id, "reach") == [mira]
    agree(shop)

    with scope(shop.id):
        own = customer_queries.profiles(shop.id, [mira])[mira].email
        customers.suppress(shop.id, channel=EMAIL, address=own, reason="bounce", customer_id=mira)
    settle(feed)
    assert members(shop.id, "reach") == []
    agree(shop)

    with scope(shop.id):
        customers.identify_many(
            shop.id,
            [
                Identity(external_id="mira", email="mira.new@x.example"),
                Identity(external_id="taker", email="taker.new@x.example"),
            ],
        )
    settle(feed)
    assert sorted(members(shop.id, "reach")) == sorted([mira, taker])
    agree(shop)


def test_why_names_the_pause_and_its_end(shop, feed):
    ends = clock.now() + timedelta(days=3)
    with scope(shop.id):
        preferences.pause_marketing(shop.id, shop.town.mira, ends)
    settle(feed)

    with scope(shop.id):
        reason = queries.why(
            shop.id, {"version": 1, "where": {"reachable": EMAIL}}, shop.town.mira, clock.now()
        )

    assert reason is not None and not reason.holds
    assert reason.found is not None
    assert reason.found.value == ("paused", ends)
