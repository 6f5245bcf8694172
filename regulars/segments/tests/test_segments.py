"""Saved rules: what they find, what is refused, who sees them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.segments import actions, queries
from regulars.segments.actions import hooks
from regulars.segments.models import Segment
from regulars.segments.tests.shop import order
from regulars.store.scope import scope
from tests.town import workspace


def rule(*parts):
    return {"version": 1, "where": {"all": list(parts)}}


EVERYBODY = rule()
TWICE = rule({"fact": "order.count", "op": "gte", "value": 2})
TEA_TWICE = rule(
    {
        "did": "order.paid",
        "where": [{"line": [{"prop": "category", "op": "eq", "value": "Tea"}]}],
        "count": {"gte": 2},
        "within": {"last": "90d"},
    }
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"all": []}, ("mira", "oleg")),
        ({"any": []}, ()),
        ({"fact": "order.count", "op": "gte", "value": 2}, ("mira",)),
        ({"fact": "order.total", "op": "between", "value": [37_050, 37_050]}, ("mira",)),
        ({"fact": "customer.city", "op": "in", "value": ["LVIV", "Odesa"]}, ("oleg",)),
        ({"fact": "customer.attr.visits", "op": "gt", "value": 6}, ("oleg",)),
        ({"not": {"fact": "customer.attr.visits", "op": "gt", "value": 6}}, ("mira",)),
        (TEA_TWICE["where"], ("mira",)),
        ({"did": "order.paid", "within": {"last": "30d"}}, ("mira",)),
        ({"did": "order.paid", "count": {"eq": 0}, "within": {"last": "30d"}}, ("oleg",)),
        (
            {"did": "Product Viewed", "sum": {"of": "price", "gte": 9}, "within": {"last": "7d"}},
            ("oleg",),
        ),
        ({"consent": {"channel": "email", "purpose": "marketing"}, "is": "given"}, ("mira",)),
        ({"consent": {"channel": "email", "purpose": "marketing"}, "is": "never"}, ("oleg",)),
        ({"reachable": "email"}, ("mira",)),
        ({"reachable": "sms"}, ()),
        ({"share": {"of": 1, "salt": "all"}}, ("mira", "oleg")),
    ],
)
def test_a_rule_finds_exactly_its_customers(shop, where, expected):
    with scope(shop.id):
        found = queries.audience(shop.id, {"version": 1, "where": where}, shop.now)

    assert found == sorted(getattr(shop.town, name) for name in expected)


def test_a_count_tells_the_reach_and_who_for_example(shop):
    with scope(shop.id):
        found = queries.count(shop.id, EVERYBODY, shop.now)

    assert (found.total, found.customers, found.share) == (2, 2, 1.0)
    assert [(one.channel, one.customers) for one in found.reach] == [("email", 1), ("sms", 0)]
    assert [(one.name, one.city, one.orders, one.spent_minor) for one in found.sample] == [
        ("Mira", "Kyiv", 3, 37_050),
        ("Oleg", "Lviv", 1, 8_000),
    ]


def test_the_reach_is_what_the_rule_reachable_finds(shop):
    with scope(shop.id):
        found = queries.count(shop.id, EVERYBODY, shop.now)

        for one in found.reach:
            asked = rule({"reachable": one.channel})
            assert queries.total(shop.id, asked, shop.now) == one.customers


def test_an_instant_before_an_order_does_not_know_it(shop):
    with scope(shop.id):
        early = queries.count(shop.id, EVERYBODY, shop.now - timedelta(days=150))

    assert {one.name: one.orders for one in early.sample} == {"Mira": 1, "Oleg": 0}


def test_a_new_order_changes_the_answer_at_the_next_question(shop, feed):
    with scope(shop.id):
        assert queries.total(shop.id, TWICE, shop.now) == 1
        order(shop.id, shop.town.oleg, "O2", shop.now, "tea", "1")
    feed()

    with scope(shop.id):
        assert queries.total(shop.id, TWICE, shop.now) == 2


def test_nobody_of_another_workspace_is_in_an_audience(shop):
    with scope(shop.town.other.id):
        found = queries.count(shop.town.other.id, EVERYBODY, shop.now)
        ids = queries.audience(shop.town.other.id, EVERYBODY, shop.now)

    assert ids == [shop.town.zoe]
    assert [one.name for one in found.sample] == ["Zoe"]


def test_a_segment_is_not_seen_from_another_workspace(shop):
    other = shop.town.other.id
    with scope(shop.id):
        made = actions.create_segment(shop.id, name="Twice", rule=TWICE)

    with scope(other):
        assert queries.segments(other) == []
        for name in (made.public_id, made.id):
            with pytest.raises(NotFound):
                queries.segment(other, name)
        with pytest.raises(NotFound):
            actions.rename_segment(other, made.public_id, "Mine")
        with pytest.raises(Invalid, match="is not known: 'twice'"):
            queries.check(other, rule({"segment": "twice"}))


def test_the_same_key_makes_one_segment_and_another_content_is_a_conflict(db):
    place = workspace()
    with scope(place.id):
        first = actions.create_segment(place.id, name="Twice", rule=TWICE, key="k1")
        again = actions.create_segment(place.id, name="Twice", rule=TWICE, key="k1")

        with pytest.raises(Conflict) as caught:
            actions.create_segment(place.id, name="Twice", rule=EVERYBODY, key="k1")

        assert again == first
        assert caught.value.code == "idempotency_mismatch"
        assert [one.name for one in queries.segments(place.id)] == ["Twice"]


def test_a_slug_is_taken_once_and_made_free_from_a_name(db):
    place = workspace()
    with scope(place.id):
        first = actions.create_segment(place.id, name="Любителі чаю", rule=TWICE)
        second = actions.create_segment(place.id, name="Любителі чаю", rule=EVERYBODY)
        named = actions.create_segment(place.id, name="Mine", rule=TWICE, slug="mine")
        again = actions.create_segment(place.id, name="Mine", rule=TWICE, slug="mine")

        with pytest.raises(Conflict, match="already"):
            actions.create_segment(place.id, name="Other", rule=TWICE, slug="mine")

        assert (first.slug, second.slug) == ("любителі-чаю", "любителі-чаю-2")
        assert again == named
        assert len(queries.segments(place.id)) == 3


def test_saving_by_slug_makes_and_then_changes(db):
    place = workspace()
    with scope(place.id):
        made = actions.save_segment(place.id, slug="vip", name="VIP", rule=TWICE)
        actions.record_count(place.id, made.id, 7, made.created_at)
        same = actions.save_segment(place.id, slug="vip", name="VIP", rule=TWICE)
        changed = actions.save_segment(place.id, slug="vip", name="Guests", rule=EVERYBODY)

    assert (same.public_id, same.counted) == (made.public_id, 7)
    assert (changed.public_id, changed.name, changed.counted) == (made.public_id, "Guests", None)


def test_an_older_count_does_not_replace_a_newer_one(db):
    place = workspace()
    with scope(place.id):
        made = actions.create_segment(place.id, name="VIP", rule=TWICE)
        actions.record_count(place.id, made.id, 7, made.created_at)
        actions.record_count(place.id, made.id, 5, made.created_at - timedelta(hours=1))

        assert queries.segment(place.id, made.id).counted == 7


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"version": 2, "where": {"all": []}}, "$.version"),
        (rule({"fact": "customer.shoe", "op": "eq", "value": "1"}), "$.where.all[0].fact"),
        (rule({"fact": "order.count", "op": "eq", "value": "two"}), "$.where.all[0]"),
        (rule({"segment": "nobody"}), "$.where.all[0].segment"),
        (rule({"did": "Product Viewed", "where": [{"line": []}]}), "$.where.all[0].where[0].line"),
        (rule({"reachable": "pigeon"}), "$.where.all[0].reachable"),
        (
            rule({"consent": {"channel": "email", "purpose": "marketting"}, "is": "never"}),
            "$.where.all[0].consent.purpose",
        ),
        ("everyone", "$"),
        (None, "$"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused_with_its_path_and_nothing_is_saved(
    db, document, path
):
    place = workspace()
    with scope(place.id):
        with pytest.raises(Invalid) as caught:
            actions.create_segment(place.id, name="Bad", rule=document)

        assert (caught.value.code, caught.value.details["path"]) == ("rule_invalid", path)
        assert not Segment.objects.filter(workspace_id=place.id).exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b"])
def test_a_segment_needs_a_plain_name(db, name):
    place = workspace()
    with scope(place.id), pytest.raises(Invalid) as caught:
        actions.create_segment(place.id, name=name, rule=TWICE)

    assert caught.value.code == "segment_name"


def test_segments_refer_to_each_other_but_never_in_a_circle(shop):
    with scope(shop.id):
        twice = actions.create_segment(shop.id, name="Twice", rule=TWICE)
        tea = actions.create_segment(
            shop.id, name="Tea", rule=rule({"segment": "twice"}, TEA_TWICE["where"]["all"][0])
        )
        assert queries.audience(shop.id, tea.rule, shop.now) == [shop.town.mira]

        with pytest.raises(Invalid, match="leads back to itself: tea → twice → tea"):
            actions.change_segment(
                shop.id, twice.public_id, name="Twice", rule=rule({"segment": "tea"})
            )
        with pytest.raises(Invalid, match="leads back to itself: twice → twice"):
            actions.change_segment(
                shop.id, twice.public_id, name="Twice", rule=rule({"segment": "twice"})
            )

        assert queries.segment(shop.id, twice.id).rule == TWICE
        assert [one.name for one in queries.uses(shop.id, "twice")] == ["Tea"]


def test_segments_that_refer_to_each_other_do_not_grow_without_end(shop):
    with scope(shop.id):
        actions.create_segment(shop.id, name="0", slug="n0", rule=rule({"reachable": "email"}))
        for level in (1, 2):
            many = rule(*[{"segment": f"n{level - 1}"}] * 30)
            actions.create_segment(shop.id, name=str(level), slug=f"n{level}", rule=many)

        with pytest.raises(Invalid, match="over 1000 conditions: 'n2' → 'n1' → 'n0'"):
            actions.create_segment(shop.id, name="3", rule=rule(*[{"segment": "n2"}] * 30))

        first = queries.segment_by_slug(shop.id, "n0")
        with pytest.raises(Invalid, match=r"breaks “n2”.* over 1000") as broken:
            actions.change_segment(
                shop.id, first.public_id, name="0", rule=rule(*[{"reachable": "sms"}] * 2)
            )

        assert broken.value.details == {"path": "$.where", "user": "n2"}
        assert queries.segment(shop.id, first.id).rule == rule({"reachable": "email"})
        assert len(queries.segments(shop.id)) == 3


def test_a_segment_that_another_refers_to_is_not_archived(db):
    place = workspace()
    with scope(place.id):
        twice = actions.create_segment(place.id, name="Twice", rule=TWICE)
        user = actions.create_segment(place.id, name="User", rule=rule({"segment": "twice"}))

        with pytest.raises(Refused, match="“User”") as refused:
            actions.archive_segment(place.id, twice.public_id)
        assert refused.value.details["users"] == [
            {"kind": "segment", "id": user.public_id, "name": "User"}
        ]
        assert not queries.segment(place.id, twice.id).is_archived

        actions.archive_segment(place.id, user.public_id)
        actions.archive_segment(place.id, twice.public_id)
        assert queries.segments(place.id) == []
        assert {one.name for one in queries.archived(place.id)} == {"Twice", "User"}

        actions.restore_segment(place.id, twice.public_id)
        assert [one.name for one in queries.segments(place.id)] == ["Twice"]


def test_a_segment_that_a_webhook_waits_for_is_not_archived(db):
    place = workspace()
    with scope(place.id):
        twice = actions.create_segment(place.id, name="Twice", rule=TWICE)
        hook, _secret = hooks.create_hook(place.id, twice.id, url="https://shop.example/in")

        with pytest.raises(Refused) as refused:
            actions.archive_segment(place.id, twice.public_id)
        assert refused.value.code == "segment_used"
        assert [one["kind"] for one in refused.value.details["users"]] == ["webhook"]
        assert not queries.segment(place.id, twice.id).is_archived

        hooks.delete_hook(place.id, hook.public_id)
        assert actions.archive_segment(place.id, twice.public_id).is_archived


def test_what_a_change_does_not_name_stays_as_it_is_by_then(db):
    place = workspace()
    with scope(place.id):
        one = actions.create_segment(place.id, name="Twice", rule=TWICE, description="Bought twice")
        actions.change_segment(place.id, one.public_id, rule=EVERYBODY)
        changed = actions.change_segment(place.id, one.public_id, name="All")

    assert (changed.name, changed.rule, changed.description) == ("All", EVERYBODY, "Bought twice")


def test_a_segment_renamed_keeps_its_slug_and_what_refers_to_it(shop):
    with scope(shop.id):
        made = actions.create_segment(shop.id, name="Twice", rule=TWICE)
        renamed = actions.rename_segment(shop.id, made.public_id, "Regular guests")

        said = queries.sentence(shop.id, rule({"segment": "twice"}), "uk")

    assert (renamed.slug, renamed.name) == ("twice", "Regular guests")
    assert said == "Клієнти, для яких справджується: у сегменті «Regular guests»."


def test_a_file_with_a_rule_is_counted_and_a_bad_one_names_itself(shop, tmp_path):
    good, bad = tmp_path / "twice.json", tmp_path / "sales.csv"
    good.write_text(json.dumps(TWICE))
    bad.write_text("a;b\n1;2")
    with scope(shop.id):
        assert queries.count_file(shop.id, good, "duckdb") == 1

        for path, engine in ((bad, "duckdb"), (tmp_path / "absent.json", "duckdb")):
            with pytest.raises(Invalid, match=path.name):
                queries.count_file(shop.id, path, engine)
        with pytest.raises(Invalid, match="duckdb"):
            queries.count_file(shop.id, good, "abacus")
