"""What the builder does besides controls: undo, paste, faults at their place, the strictest."""

from __future__ import annotations

import html as markup

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.rules import language
from regulars.segments import faults, queries
from regulars.segments.pure import past
from regulars.segments.pure.drafts import RawDraft
from regulars.segments.pure.opening import open_rule
from regulars.segments.pure.strictness import parts_of
from regulars.segments.tests.forms import fields_of
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_builder import WORDS
from regulars.segments.tests.test_pages import HTMX, opened, text_of
from regulars.segments.tests.test_segments import rule
from regulars.store.scope import scope

# One condition of every kind that the language knows.
EVERY_KIND = (
    {"fact": "customer.city", "op": "eq", "value": "Kyiv"},
    *(
        {"did": "order.paid", function: {"of": "total", "gte": 1050}}
        for function in ("sum", "avg", "min", "max", "distinct")
    ),
    {"did": "order.paid", "count": {"between": [1, 3]}, "within": {"between_ago": ["60d", "30d"]}},
    {"last": "order.paid", "prop": "source", "op": "eq", "value": "shop",
     "where": [{"line": [{"prop": "sku", "op": "eq", "value": "a"}]}], "within": {"this": "year"}},
    {"first": "order.paid", "prop": "total", "op": "gte", "value": 5000},
    {"since_last": "order.paid", "gte": "60d"},
    {"since_first": "Product Viewed", "lt": "2mo"},
    {"overdue": {"of": "order.paid", "times_own_gap": 1.5}},
    {"funnel": [{"did": "Product Viewed", "where": [{"prop": "price", "op": "gt", "value": 3}]},
                {"did": "order.paid"}], "in": "7d", "within": {"last": "90d"}, "reached": 1},
    {"consent": {"channel": "email", "purpose": "marketing"}, "is": "given",
     "within": {"from": "2026-01-01", "to": "2026-02-01"}},
    {"reachable": "email"},
    {"segment": "vip"},
    {"list": "guests-2026", "within": {"last": "30d"}},
    {"near": {"lat": 50.45, "lon": -30.5, "km": 5}},
    {"share": {"from": 0.1, "to": 0.2, "salt": "spring"}},
)  # fmt: skip


@pytest.mark.parametrize("leaf", EVERY_KIND, ids=lambda leaf: next(iter(leaf)))
def test_every_kind_of_condition_has_controls(leaf):
    draft = open_rule(language.parse(rule(leaf)), WORDS)

    assert not isinstance(draft.parts[0], RawDraft)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=100, deadline=None)
def test_whatever_is_sent_as_the_past_is_steps_or_nothing(text):
    assert past.unpacked(text) == []


def test_the_past_comes_back_as_it_was_packed_and_forgets_the_oldest():
    steps = [{"g": "all", "0": {"k": "fact", "a": str(number)}} for number in range(40)]

    assert past.unpacked(past.packed(steps)) == steps[-past.STEPS_KEPT_MAX :]


def test_undo_takes_back_what_was_typed_and_then_what_was_added(shop):
    client = member_of(shop.workspace)
    sent = fields_of(client.get(reverse("segments:new")).content.decode())

    def press(fields, action):
        page = client.post(reverse("segments:new"), {**fields, "do": action})
        return fields_of(page.content.decode())

    sent = press(sent, "add:fact:n")
    typed = press({**sent, "n.0.a": "Kyiv"}, "add:did:n")
    assert (typed["n.0.a"], typed["n.1.event"]) == ("Kyiv", "order.paid")

    once = press({**typed, "n.1.a": "7"}, "undo")
    assert once["n.1.a"] == "1"
    twice = press(once, "undo")
    assert twice["n.0.a"] == "Kyiv" and "n.1.event" not in twice
    thrice = press(twice, "undo")
    assert thrice["n.0.a"] == ""
    nothing = press(press(thrice, "undo"), "undo")
    assert not [name for name in nothing if name.startswith("n.0")]


def test_a_text_is_pasted_and_shown_and_taken_back(shop):
    client = member_of(shop.workspace)
    sent = fields_of(opened(client, rule({"reachable": "email"})).content.decode())
    text = 'customer.city = "Kyiv" and did order.paid count >= 2 within last 90d'

    shown = client.post(reverse("segments:new"), {**sent, "text": text, "do": "text"})

    found = fields_of(shown.content.decode())
    assert (found["n.0.a"], found["n.1.a"], found["n.1.in.a"]) == ("Kyiv", "2", "90")
    assert found["text"] == text
    back = client.post(reverse("segments:new"), {**found, "do": "undo"})
    assert fields_of(back.content.decode())["n.0.channel"] == "email"


def test_a_pasted_text_that_cannot_be_read_says_line_and_column_and_stays(shop):
    client = member_of(shop.workspace)
    sent = fields_of(client.get(reverse("segments:new")).content.decode())
    text = 'customer.city = "Kyiv"\nand did'

    response = client.post(reverse("segments:new"), {**sent, "text": text, "do": "text"})

    page = text_of(response)
    assert "Line 2, column 8:" in page
    assert fields_of(response.content.decode())["text"] == text.replace("\n", "\r\n")


def test_an_unknown_event_is_told_at_its_condition_while_building(shop):
    client = member_of(shop.workspace)
    document = rule({"reachable": "email"}, {"did": "order.paid"})
    sent = fields_of(opened(client, document).content.decode())

    page = client.post(
        reverse("segments:draft"), {**sent, "n.1.event": "Order Payd"}, headers=HTMX
    ).content.decode()

    told = page[page.index('id="n-1-problem"') :]
    assert "No event is called “Order Payd” here." in markup.unescape(told)


def test_a_type_conflict_is_told_at_its_condition(shop):
    client = member_of(shop.workspace)
    document = rule({"did": "order.paid", "where": [{"prop": "total", "op": "gte", "value": 1}]})
    sent = fields_of(opened(client, document).content.decode())
    raw = {"n.1.k": "raw", "n.1.json": 'order.count = "many"'}

    page = client.post(reverse("segments:draft"), {**sent, **raw}, headers=HTMX).content.decode()

    told = markup.unescape(page[page.index('id="n-1-problem"') :])
    assert "“order.count” holds number, and the comparison is for text." in told


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("$.where.did is no event of this workspace: '\\u041f\\u043e\\u043a\\u0443\\u043f'",
         "No event is called “Покуп” here."),
        ("$.where.all[0].segment leads back to itself: a → b → a",
         "The segments refer to each other in a circle: a → b → a."),
        ("$.where.list is not known: 'x'", "There is no list “x”."),
        ("$ has a fault of a rare kind", "$ has a fault of a rare kind"),
    ],
)  # fmt: skip
def test_faults_are_told_in_words(message, told):
    from regulars.kernel.errors import Invalid

    assert faults.told(Invalid("rule_invalid", message)).startswith(told)


def test_the_strictest_condition_is_named_when_nobody_matches(shop):
    client = member_of(shop.workspace)
    document = rule(
        {"fact": "order.count", "op": "gte", "value": 1},
        {"fact": "order.count", "op": "gte", "value": 99},
    )
    sent = fields_of(opened(client, document).content.decode())

    page = text_of(client.post(reverse("segments:count"), sent, headers=HTMX))

    strictest = " ".join(page[page.index('id="strictest"') :].split())
    assert (
        "Strictest: “Number of orders is at least 99”. Without it 2 customers would match."
        in strictest
    )
    assert 'href="#n-1"' in strictest


def test_each_condition_is_counted_alone_and_left_out_in_one_question(shop, monkeypatch):
    asked = []
    document = rule(
        {"fact": "order.count", "op": "gte", "value": 2},
        {"fact": "customer.city", "op": "eq", "value": "Lviv"},
        {"not": {"reachable": "email"}},
    )
    real = queries.across.engine.query
    monkeypatch.setattr(
        queries.across.engine, "query", lambda *given: asked.append(1) or real(*given)
    )

    with scope(shop.id):
        found = queries.strictest(shop.id, document, shop.now)

    assert len(asked) == 1
    with scope(shop.id):
        for at, part in enumerate(found):
            others = [one for place, one in enumerate(document["where"]["all"]) if place != at]
            assert part.alone == queries.total(
                shop.id, rule(document["where"]["all"][at]), shop.now
            )
            assert part.without == queries.total(shop.id, rule(*others), shop.now)


def test_a_rule_of_one_condition_or_of_any_has_no_strictest():
    leaf = {"reachable": "email"}

    assert parts_of(language.parse(rule({"any": [leaf, leaf]}))) == []
    assert len(parts_of(language.parse(rule({"all": [leaf, leaf]})))) == 2


def test_as_many_conditions_as_a_rule_may_have_are_looked_at(shop):
    never = {"fact": "customer.city", "op": "eq", "value": "Odesa"}
    ever = [{"not": {"fact": "customer.city", "op": "eq", "value": f"{n}"}} for n in range(99)]

    with scope(shop.id):
        found = queries.strictest(shop.id, rule(*ever, never), shop.now)

    # Mira and Oleg would match if not for the last condition.
    assert [(one.alone, one.without) for one in found] == [(2, 0)] * 99 + [(0, 2)]


def test_a_text_of_few_words_is_chosen_from_them_in_the_reader_s_language(shop):
    client = member_of(shop.workspace)
    sent = fields_of(client.get(reverse("segments:new")).content.decode())
    asked = {**sent, "n.0.k": "fact", "n.0.fact": "value.stage", "n.0.op": "text.eq", "n.0.a": ""}

    def shown(fields, language="en"):
        headers = {"accept-language": language}
        page = client.post(reverse("segments:new"), {**fields, "do": ""}, headers=headers)
        return page.content.decode()

    empty = shown(asked)
    chosen = fields_of(shown({**asked, "n.0.a": "Loyal"}))
    strange = fields_of(shown({**asked, "n.0.a": "stranger"}))

    assert '<select class="control" id="n-0-op-a" name="n.0.a"' in empty
    assert '<option value="loyal">' in empty
    assert (chosen["n.0.a"], strange["n.0.a"]) == ("Loyal", "stranger")
    values = client.get(reverse("segments:values"), {"fact": "value.stage"}).content.decode()
    assert '<option value="loyal">' in values
    free = shown({**asked, "n.0.op": "text.contains", "n.0.a": "l"})
    assert '<input class="control rule-value" id="n-0-op-a"' in free
