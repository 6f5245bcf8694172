"""A rule that cannot be asked is left out, harms no other, and is tried again."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.lake.pinned import Pinned
from regulars.segments import actions, queries, registry
from regulars.segments.keeping import asking, following
from regulars.segments.tests.keeping import members, settle
from regulars.store.scope import scope

LVIV = {"version": 1, "where": {"fact": "customer.city", "op": "eq", "value": "Lviv"}}
TWICE = {"version": 1, "where": {"fact": "order.count", "op": "gte", "value": 2}}


@pytest.fixture
def kept(shop, feed, as_engine, monkeypatch):
    """A shop with two segments, and a world in which one of them has lost its fact."""
    monkeypatch.setattr(following, "REFRESH_LEASE", timedelta(0))
    monkeypatch.setattr(following, "CLOCK_EVERY_S", 0.0)
    monkeypatch.setattr(following, "_is_new", False)
    with scope(shop.id):
        actions.create_segment(shop.id, name="Lviv", slug="lviv", rule=LVIV)
        actions.create_segment(shop.id, name="Twice", slug="twice", rule=TWICE)
    settle(feed)
    assert members(shop.id, "lviv") == [shop.town.oleg]
    return shop


def forget_city(monkeypatch):
    facts = {name: fact for name, fact in registry.facts().items() if name != "customer.city"}
    monkeypatch.setattr(registry, "_facts", facts)


def problem_of(shop, slug):
    with scope(shop.id):
        return queries.segment_by_slug(shop.id, slug).problem


def test_a_pass_leaves_out_what_cannot_be_asked_and_tries_it_again(kept, feed, monkeypatch):
    facts = registry.facts()
    forget_city(monkeypatch)
    with scope(kept.id):
        following.mark_stale(kept.id, "import")

    settle(feed)

    assert (problem_of(kept, "lviv"), problem_of(kept, "twice")) == ("rule_invalid", "")
    assert members(kept.id, "twice") == [kept.town.mira]

    monkeypatch.setattr(registry, "_facts", facts)
    with scope(kept.id):
        customers.identify_many(kept.id, [Identity(external_id="mira", traits={"city": "Lviv"})])
    settle(feed)
    assert problem_of(kept, "lviv") == "rule_invalid"
    later = clock.now() + following.REFRESH_EVERY + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    settle(feed)
    assert problem_of(kept, "lviv") == ""
    assert members(kept.id, "lviv") == sorted([kept.town.mira, kept.town.oleg])


def test_a_worker_that_starts_tries_broken_rules_at_once(kept, feed, monkeypatch):
    with scope(kept.id):
        lviv = queries.segment_by_slug(kept.id, "lviv")
        following.mark_broken(kept.id, {lviv.id: "rule_failed"})
    settle(feed)
    assert problem_of(kept, "lviv") == "rule_failed"

    monkeypatch.setattr(following, "_is_new", True)
    settle(feed)

    assert problem_of(kept, "lviv") == ""
    assert members(kept.id, "lviv") == [kept.town.oleg]


def test_a_machine_without_memory_breaks_no_rule(kept, feed, monkeypatch):
    monkeypatch.setattr(following, "_at_once", {})
    run = asking._run

    def fails(*given):
        raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr(asking, "_run", fails)
    with scope(kept.id):
        customers.identify_many(kept.id, [Identity(external_id="mira", traits={"city": "Lviv"})])
    while following.follow_changes():
        pass

    assert len(following.fitting(kept.id, list(range(5_000)))) == following.CUSTOMERS_AT_FIRST // 2
    assert (problem_of(kept, "lviv"), problem_of(kept, "twice")) == ("", "")
    assert members(kept.id, "lviv") == [kept.town.oleg]

    monkeypatch.setattr(asking, "_run", run)
    later = clock.now() + following.RETRY + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    while following.follow_clock():
        pass
    assert members(kept.id, "lviv") == sorted([kept.town.mira, kept.town.oleg])


def test_a_rule_that_spoils_a_pass_is_left_out_of_it_at_once(kept, feed, monkeypatch):
    query = Pinned.query

    def fails(self, sql, *given):
        if "city_l" in sql:
            raise duckdb.ConversionException("a value nobody expected")
        return query(self, sql, *given)

    monkeypatch.setattr(Pinned, "query", fails)
    with scope(kept.id):
        actions.create_segment(kept.id, name="Odd", slug="odd", rule=LVIV)
        actions.create_segment(
            kept.id, name="All", slug="all", rule={"version": 1, "where": {"all": []}}
        )

    settle(feed)

    assert (problem_of(kept, "odd"), problem_of(kept, "all")) == ("rule_failed", "")
    assert members(kept.id, "all") == sorted([kept.town.mira, kept.town.oleg])


def test_a_machine_that_failed_is_asked_about_fewer_and_then_about_more(monkeypatch):
    monkeypatch.setattr(following, "_at_once", {7: 40})
    ids = list(range(1_000))

    following._learn(7, 40, 10)
    assert len(following.fitting(7, ids)) == 80
    following._learn(7, 12, 10)
    assert len(following.fitting(7, ids)) == 80
    for _ in range(9):
        following._learn(7, len(following.fitting(7, ids)), 10)
    assert len(following.fitting(7, ids)) == 1_000
