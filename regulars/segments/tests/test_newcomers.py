"""Rules without a condition hold for whoever comes."""

from __future__ import annotations

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.segments import actions
from regulars.segments.keeping import following
from regulars.segments.tests.keeping import members, passages, settle
from regulars.store.scope import scope


def test_a_newcomer_is_in_what_holds_for_everybody_at_once(shop, feed, as_engine):
    with scope(shop.id):
        for slug, where in (("everybody", {"all": []}), ("not-nobody", {"not": {"any": []}})):
            actions.create_segment(
                shop.id, name=slug, slug=slug, rule={"version": 1, "where": where}
            )
    settle(feed)

    with scope(shop.id):
        (newcomer,) = customers.identify_many(shop.id, [Identity(external_id="new")])
    while following.follow_changes():
        pass

    for slug in ("everybody", "not-nobody"):
        assert members(shop.id, slug) == sorted([shop.town.mira, shop.town.oleg, newcomer])
        assert passages(shop.id, slug)[-1] == (newcomer, "segment.entered", "event", "live")
