"""A workspace with many segments: the list reads each rule once and shows them page by page."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from regulars.rules import language
from regulars.segments import actions, queries
from regulars.segments.pages.lists import PAGE_ROWS
from regulars.segments.queries.uses import _read
from regulars.segments.records import Used
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_segments import rule
from regulars.store.scope import scope


def test_the_list_comes_page_by_page_and_reads_every_rule_once(shop, monkeypatch):
    with scope(shop.id):
        for number in range(PAGE_ROWS + 10):
            document = rule({"fact": "order.count", "op": "gte", "value": number})
            actions.create_segment(shop.id, name=f"S {number:03}", slug=f"s{number}", rule=document)
        named = rule({"segment": "s0"}, {"segment": "s1"})
        actions.create_segment(shop.id, name="A first one", slug="first", rule=named)
    browser = member_of(shop.workspace)
    _read.cache_clear()
    parse, parsed = language.parse, []
    monkeypatch.setattr(language, "parse", lambda one: parsed.append(1) or parse(one))

    page = browser.get(reverse("segments:list")).content.decode()
    # Once for its words, once for what it names.
    assert len(parsed) <= 2 * (PAGE_ROWS + 11)
    parsed.clear()
    again = browser.get(reverse("segments:list"), {"page": 2}).content.decode()

    assert len(parsed) <= PAGE_ROWS
    assert page.count('class="segment-rule"') == PAGE_ROWS
    assert again.count('class="segment-rule"') == 11
    assert page.count("in 1 place<") == 2
    assert "page 1 of 2" in page and "page=2" in page


def test_numbers_of_uses_are_those_of_each_asked_alone(shop):
    with scope(shop.id):
        actions.create_list(shop.id, name="Guests")
        made = [
            actions.create_segment(shop.id, name=slug, slug=slug, rule=rule(*parts))
            for slug, parts in (
                ("one", [{"list": "guests"}]), ("two", [{"segment": "one"}, {"list": "guests"}]),
                ("three", [{"segment": "one"}, {"segment": "two"}]),
            )
        ]  # fmt: skip
        asked = [Used("segment", one.id, one.public_id, one.slug) for one in made]

        found = queries.numbers_of_uses(shop.id, asked)
        (guests,) = queries.lists(shop.id)
        of_list = queries.numbers_of_uses(
            shop.id, [Used("list", guests.id, guests.public_id, guests.slug)]
        )

        assert found == {"one": 2, "two": 1, "three": 0}
        assert found == {one.slug: len(queries.uses(shop.id, one.slug)) for one in made}
        assert of_list == {"guests": 2} == {"guests": len(queries.uses_of_list(shop.id, "guests"))}
        with CaptureQueriesContext(connection) as context:
            queries.numbers_of_uses(shop.id, [])
        assert len(context) == 1
