"""Members follow what happens and the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.segments import actions, queries
from regulars.segments.keeping import following
from regulars.segments.tests.keeping import members, passages, settle
from regulars.segments.tests.shop import Shop, open_shop
from regulars.store.scope import scope


@pytest.fixture
def shop(as_engine, feed, monkeypatch) -> Shop:
    monkeypatch.setattr(following, "REFRESH_LEASE", timedelta(0))
    return open_shop()


def rule(where):
    return {"version": 1, "where": where}


VIEWED = rule({"did": "Product Viewed", "within": {"last": "7d"}})
TWICE = rule({"fact": "order.count", "op": "gte", "value": 2})
CONSENTED = rule({"consent": {"channel": "email", "purpose": "marketing"}, "is": "given"})


def make(shop, slug, document):
    with scope(shop.id):
        return actions.create_segment(shop.id, name=slug, slug=slug, rule=document)


def view(shop, customer_id, *, ago=timedelta(0), origin="live", key):
    with scope(shop.id):
        events.record(
            shop.id,
            NewEvent(
                kind="Product Viewed",
                time=clock.now() - ago,
                key=key,
                customer_id=customer_id,
                origin=origin,
            ),
        )


def test_a_new_segment_is_filled_and_says_so(shop, feed):
    make(shop, "twice", TWICE)

    settle(feed)

    assert members(shop.id, "twice") == [shop.town.mira]
    assert passages(shop.id, "twice") == [(shop.town.mira, "segment.entered", "first", "import")]
    with scope(shop.id):
        one = queries.segment_by_slug(shop.id, "twice")
        assert (one.size, one.is_filling, one.problem) == (1, False, "")
        assert [point.count for point in queries.sizes(shop.id, one.public_id)] == [1]
        assert queries.is_member(shop.id, "twice", shop.town.mira)
        assert not queries.is_member(shop.id, "twice", shop.town.oleg)
        assert [m.slug for m in queries.memberships_of(shop.id, shop.town.mira)] == ["twice"]
    with scope(shop.town.other.id):
        assert queries.memberships_of(shop.town.other.id, shop.town.zoe) == []


def test_an_event_lets_its_customer_in_and_the_clock_lets_them_out(shop, feed, monkeypatch):
    make(shop, "viewed", VIEWED)
    settle(feed)
    assert members(shop.id, "viewed") == [shop.town.oleg]

    view(shop, shop.town.mira, key="mira-1")
    while following.follow():
        pass

    assert members(shop.id, "viewed") == sorted([shop.town.mira, shop.town.oleg])
    assert passages(shop.id, "viewed")[-1] == (
        shop.town.mira, "segment.entered", "event", "live",
    )  # fmt: skip

    later = clock.now() + timedelta(days=6, hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    while following.follow_clock():
        pass

    assert members(shop.id, "viewed") == [shop.town.mira]
    assert passages(shop.id, "viewed")[-1] == (shop.town.oleg, "segment.left", "time", "live")
    with scope(shop.id):
        told = queries.history_of(shop.id, shop.town.oleg, "viewed")
    assert [(one.is_entry, one.reason) for one in told] == [(False, "time"), (True, "first")]


def test_history_that_is_imported_sets_nothing_off(shop, feed):
    make(shop, "viewed", VIEWED)
    settle(feed)

    view(shop, shop.town.mira, origin="import", key="mira-old")
    settle(feed)

    assert passages(shop.id, "viewed")[-1] == (
        shop.town.mira, "segment.entered", "event", "import",
    )  # fmt: skip


def test_attributes_consents_lists_and_merges_are_followed(shop, feed):
    mira, oleg = shop.town.mira, shop.town.oleg
    make(shop, "lviv", rule({"fact": "customer.city", "op": "eq", "value": "Lviv"}))
    make(shop, "consented", CONSENTED)
    with scope(shop.id):
        guests = actions.create_list(shop.id, name="Guests")
    make(shop, "guests", rule({"list": "guests"}))
    make(shop, "both", rule({"all": [{"segment": "lviv"}, {"segment": "consented"}]}))
    settle(feed)
    assert members(shop.id, "lviv") == [oleg]
    assert members(shop.id, "both") == []

    with scope(shop.id):
        customers.give_consent(shop.id, oleg, channel="email", purpose="marketing", source="test")
        assert actions.add_to_list(shop.id, guests.public_id, [oleg]) == 1
    while following.follow():
        pass
    assert members(shop.id, "both") == [oleg]
    assert members(shop.id, "guests") == [oleg]

    with scope(shop.id):
        customers.identify_many(shop.id, [Identity(external_id="oleg", traits={"city": "Odesa"})])
        actions.remove_from_list(shop.id, guests.public_id, [oleg])
    while following.follow():
        pass
    assert members(shop.id, "lviv") == members(shop.id, "both") == []
    assert members(shop.id, "guests") == []

    with scope(shop.id):
        customers.merge(shop.id, oleg, mira)
    while following.follow():
        pass
    assert members(shop.id, "consented") == [mira]
    settle(feed)
    assert members(shop.id, "consented") == [mira]


def test_a_changed_rule_swaps_the_members_of_all_who_refer_to_it(shop, feed):
    mira, oleg = shop.town.mira, shop.town.oleg
    made = make(shop, "some", TWICE)
    make(shop, "others", rule({"not": {"segment": "some"}}))
    settle(feed)
    assert (members(shop.id, "some"), members(shop.id, "others")) == ([mira], [oleg])

    with scope(shop.id):
        changed = actions.change_segment(
            shop.id, made.public_id, name="some", rule=rule({"all": []})
        )
        assert changed.is_filling
    while following.follow():
        pass
    assert members(shop.id, "some") == [mira]

    settle(feed)

    assert members(shop.id, "some") == sorted([mira, oleg])
    assert members(shop.id, "others") == []
    assert passages(shop.id, "others")[-1] == (oleg, "segment.left", "rule", "import")
