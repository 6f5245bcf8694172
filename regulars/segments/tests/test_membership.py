"""Members follow what happens and the clock."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from regulars.customers import actions as customers
from regulars.customers import queries as persons
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.lake import erasing
from regulars.segments import actions, erasure, queries, registry, tasks
from regulars.segments.keeping import asking, filling, following, sources, staging
from regulars.segments.tests.keeping import members, passages, settle, work
from regulars.segments.tests.shop import Shop, open_shop
from regulars.store.scope import cursor, scope


@pytest.fixture
def shop(as_engine, feed, monkeypatch) -> Shop:
    monkeypatch.setattr(following, "REFRESH_LEASE", timedelta(0))
    monkeypatch.setattr(following, "CLOCK_EVERY_S", 0.0)
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
        viewed = queries.segment_by_slug(shop.id, "viewed")
        # What happened before a slug was changed is still the history of the same segment.
        actions.rename_slug(shop.id, viewed.public_id, "seen")
        told = queries.history_of(shop.id, shop.town.oleg, viewed.id)
        everything = queries.history_of(shop.id, shop.town.oleg)
    assert [(one.is_entry, one.reason) for one in told] == [(False, "time"), (True, "first")]
    assert told == everything


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


def test_many_who_are_due_at_once_are_left_to_a_pass_over_everybody(shop, feed, monkeypatch):
    make(shop, "viewed", VIEWED)
    settle(feed)
    monkeypatch.setattr(following, "ANYWAY_MAX", 0)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert following.follow_clock() == 0
    assert members(shop.id, "viewed") == [shop.town.oleg]
    settle(feed)

    assert members(shop.id, "viewed") == []
    assert passages(shop.id, "viewed")[-1] == (shop.town.oleg, "segment.left", "time", "live")


def test_history_that_comes_in_bulk_is_left_to_a_pass_and_sets_nothing_off(shop, feed, monkeypatch):
    make(shop, "viewed", VIEWED)
    settle(feed)
    monkeypatch.setattr(following, "ANYWAY_MAX", 0)

    view(shop, shop.town.mira, origin="import", key="bulk")
    while following.follow_changes():
        pass
    assert members(shop.id, "viewed") == [shop.town.oleg]
    monkeypatch.setattr(following, "ANYWAY_MAX", 10_000)
    settle(feed)

    assert members(shop.id, "viewed") == sorted([shop.town.mira, shop.town.oleg])
    assert passages(shop.id, "viewed")[-1] == (
        shop.town.mira, "segment.entered", "event", "import",
    )  # fmt: skip


def test_more_than_one_statement_holds_wait_in_line_and_keep_their_origin(shop, feed, monkeypatch):
    make(shop, "viewed", VIEWED)
    settle(feed)
    monkeypatch.setattr(following, "CUSTOMERS_AT_ONCE", 1)

    view(shop, shop.town.mira, origin="import", key="line-1")
    view(shop, shop.town.oleg, key="line-2")
    settle(feed)

    assert members(shop.id, "viewed") == sorted([shop.town.mira, shop.town.oleg])
    assert passages(shop.id, "viewed")[-1] == (
        shop.town.mira, "segment.entered", "event", "import",
    )  # fmt: skip


def test_a_pass_that_died_is_gone_on_with(shop, feed, monkeypatch):
    make(shop, "everybody", rule({"all": []}))
    feed()
    following.follow()
    monkeypatch.setattr(filling, "CUSTOMERS_AT_ONCE", 1)
    died = []

    def die(*_: object, **__: object) -> None:
        died.append(1)
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(staging, "swap", die)
        assert work()
    assert died
    assert members(shop.id, "everybody") == []

    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    settle(feed)

    assert members(shop.id, "everybody") == sorted([shop.town.mira, shop.town.oleg])
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT count(*), count(DISTINCT generation) FROM segments_member"
            " WHERE workspace_id = %s", [shop.id],
        )  # fmt: skip
        assert raw.fetchone() == (2, 1)


def test_an_older_result_does_not_overwrite_an_edited_segment(shop, feed, monkeypatch):
    made = make(shop, "some", TWICE)
    feed()
    following.follow()
    swap = staging.swap

    def edit_first(*given: object, **more: object) -> bool:
        actions.change_segment(shop.id, made.public_id, name="some", rule=rule({"all": []}))
        return swap(*given, **more)

    with monkeypatch.context() as hurried:
        hurried.setattr(staging, "swap", edit_first)
        assert work()

    assert members(shop.id, "some") == []
    assert passages(shop.id, "some") == []
    settle(feed)
    assert members(shop.id, "some") == sorted([shop.town.mira, shop.town.oleg])


def test_a_rule_that_cannot_be_asked_any_more_spoils_no_other(shop, feed, monkeypatch):
    make(shop, "viewed", VIEWED)
    make(shop, "odd", rule({"fact": "customer.city", "op": "eq", "value": "Lviv"}))
    settle(feed)
    facts = {name: fact for name, fact in registry.facts().items() if name != "customer.city"}
    monkeypatch.setattr(registry, "_facts", facts)

    view(shop, shop.town.mira, key="odd-1")
    with scope(shop.id):
        customers.identify_many(shop.id, [Identity(external_id="mira", traits={"city": "Lviv"})])
    while following.follow_changes():
        pass

    assert members(shop.id, "viewed") == sorted([shop.town.mira, shop.town.oleg])
    with scope(shop.id):
        assert queries.segment_by_slug(shop.id, "odd").problem == "rule_invalid"


def test_who_is_being_erased_is_in_nothing_and_comes_into_nothing(shop, feed):
    make(shop, "everybody", rule({"all": []}))
    with scope(shop.id):
        guests = actions.create_list(shop.id, name="Guests")
        actions.add_to_list(shop.id, guests.public_id, [shop.town.mira])
    settle(feed)
    with scope(shop.id):
        person = persons.whole_person(shop.id, shop.town.mira)
        assert erasure.leave(person) == {"segments": 1, "lists": 1}
        assert erasure.leave(person) == {"segments": 0, "lists": 0}
        erasing.hide(cursor(), shop.id, [shop.town.mira], clock.now())
        assert queries.list_of(shop.id, guests.public_id).size == 0

    view(shop, shop.town.mira, key="erased")
    settle(feed)

    assert members(shop.id, "everybody") == [shop.town.oleg]
    with scope(shop.id):
        assert queries.segment_by_slug(shop.id, "everybody").size == 1


def test_another_workspace_sees_and_changes_nothing(shop, feed):
    made = make(shop, "everybody", rule({"all": []}))
    settle(feed)
    other = shop.town.other.id

    with scope(other):
        assert queries.memberships_of(other, shop.town.mira) == []
        assert not queries.is_member(other, "everybody", shop.town.mira)
        assert queries.sizes_of_many(other, [made.id]) == {}
        with pytest.raises(NotFound):
            queries.members(other, made.public_id)
    assert shop.town.zoe not in members(shop.id, "everybody")


def test_sizes_are_thinned_to_one_a_day_when_they_are_old(shop, feed):
    made = make(shop, "everybody", rule({"all": []}))
    settle(feed)
    now = clock.now()
    with scope(shop.id):
        raw = cursor()
        for days, hour, count in ((40, 3, 1), (40, 9, 2), (41, 1, 3), (5, 1, 4), (3_000, 1, 5)):
            at = (now - timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)
            raw.execute(
                "INSERT INTO segments_size VALUES (%s, %s, %s, %s, %s)",
                [shop.id, made.id, at, at, count],
            )

    tasks.thin_sizes()

    with scope(shop.id):
        assert [one.count for one in queries.sizes(shop.id, made.public_id)] == [3, 2, 4, 2]


def test_a_row_whose_origin_nobody_knows_sets_nothing_off():
    changes = sources.Changes()

    changes.add(7, "orders", "smoke signals")
    assert changes.origins() == {7: "import"}

    changes.add(7, "orders", "live")
    assert changes.origins() == {7: "live"}


def test_customers_who_were_touched_and_who_are_due_are_asked_about_in_one_statement(
    shop, feed, monkeypatch
):
    make(shop, "viewed", VIEWED)
    settle(feed)
    later = clock.now() + timedelta(days=6, hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    asked = []
    ask = asking.ask

    def asks(workspace_id, roots, *given):
        if workspace_id == shop.id:
            asked.append(sorted(roots))
        return ask(workspace_id, roots, *given)

    monkeypatch.setattr(asking, "ask", asks)

    view(shop, shop.town.mira, key="with-due")
    while following.follow():
        pass

    assert asked == [sorted([shop.town.mira, shop.town.oleg])]
    assert members(shop.id, "viewed") == [shop.town.mira]
    assert sorted(passages(shop.id, "viewed")[-2:]) == sorted([
        (shop.town.mira, "segment.entered", "event", "live"),
        (shop.town.oleg, "segment.left", "time", "live"),
    ])  # fmt: skip


def test_who_was_touched_under_many_names_enters_live_when_one_of_them_did(shop, feed, monkeypatch):
    mira, oleg = shop.town.mira, shop.town.oleg
    make(shop, "viewed", rule({"did": "Product Viewed", "count": {"gte": 3}}))
    settle(feed)
    with scope(shop.id):
        customers.merge(shop.id, oleg, mira)
        for loser, origin in ((mira, "import"), (oleg, "live")):
            following.queue(shop.id, {loser: origin}, clock.now())
    view(shop, mira, origin="import", key="many-names")
    asked = []
    root_of = asking.root_of

    def looks_up(workspace_id, customer_ids):
        if workspace_id == shop.id:
            asked.append(len(customer_ids))
        return root_of(workspace_id, customer_ids)

    monkeypatch.setattr(asking, "root_of", looks_up)

    while following.follow():
        pass

    assert members(shop.id, "viewed") == [mira]
    assert passages(shop.id, "viewed") == [(mira, "segment.entered", "event", "live")]
    assert asked == [2]


def test_a_fault_of_the_clock_is_kept_to_its_workspace_whose_customers_wait(
    shop, feed, monkeypatch
):
    make(shop, "viewed", VIEWED)
    other = shop.town.other.id
    with scope(other):
        actions.create_segment(other, name="Buyers", slug="buyers", rule=TWICE)
    settle(feed)
    with scope(shop.id):
        following.queue(shop.id, {shop.town.oleg: "live"}, clock.now())
    with scope(other):
        following.queue(other, {shop.town.zoe: "live"}, clock.now())
    evaluate, asked = following.evaluate, []

    def fails(workspace_id, *given, **more):
        asked.append(workspace_id)
        if workspace_id == shop.id:
            raise ValueError("an odd row")
        return evaluate(workspace_id, *given, **more)

    monkeypatch.setattr(following, "evaluate", fails)
    assert following.follow_clock() == 1
    assert sorted(asked) == sorted([shop.id, other])

    asked.clear()
    assert following.follow_clock() == 0
    assert asked == []
    monkeypatch.setattr(following, "evaluate", evaluate)
    later = clock.now() + following.RETRY + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert following.follow_clock() == 1


def test_what_passes_by_itself_stops_the_clock_and_loses_nobody(shop, feed, monkeypatch):
    make(shop, "viewed", VIEWED)
    settle(feed)
    with scope(shop.id):
        following.queue(shop.id, {shop.town.oleg: "live"}, clock.now())
    evaluate = following.evaluate

    def fails(*given, **more):
        raise psycopg.errors.DeadlockDetected

    monkeypatch.setattr(following, "evaluate", fails)
    with pytest.raises(psycopg.errors.DeadlockDetected):
        following.follow_clock()

    monkeypatch.setattr(following, "evaluate", evaluate)
    assert following.follow_clock() == 1


def test_a_statement_takes_as_many_customers_as_their_events_allow(monkeypatch):
    monkeypatch.setattr(following, "_at_once", {})
    ids = list(range(20_000))

    assert len(following.fitting(1, ids)) == following.CUSTOMERS_AT_FIRST
    following._learn(1, 2_500, 2_500 * 60)
    assert len(following.fitting(1, ids)) == following.EVENTS_AT_ONCE // 60
    following._learn(1, 2_500, 0)
    assert len(following.fitting(1, ids)) == following.CUSTOMERS_AT_ONCE
    following._learn(1, 2_500, 2_500 * 100_000)
    assert len(following.fitting(1, ids)) == following.CUSTOMERS_ANYWAY
    assert len(following.fitting(2, ids)) == following.CUSTOMERS_AT_FIRST
