"""A workspace with many segments: the list reads each rule once and shows them page by page."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from regulars.kernel import clock
from regulars.rules import language
from regulars.segments import actions, queries
from regulars.segments.pages.lists import PAGE_ROWS
from regulars.segments.queries.uses import _read
from regulars.segments.records import Used
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_segments import rule
from regulars.store.scope import cursor, scope


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


def test_the_list_draws_a_month_and_tells_the_change_of_a_week(shop):
    with scope(shop.id):
        for name in ("Grown", "Fallen", "Young", "New"):
            actions.create_segment(shop.id, name=name, rule=rule({"all": []}))
        raw, now = cursor(), clock.now()
        for name, size, points in (
            ("Grown", 1_250, ((40, 1), (20, 900), (8, 1_000), (2, 1_250))),
            ("Fallen", 5, ((9, 8), (1, 5))),
            ("Young", 7, ((3, 4), (1, 7))),
        ):
            raw.execute(
                "UPDATE segments_segment SET size = %s WHERE workspace_id = %s AND name = %s"
                " RETURNING id",
                [size, shop.id, name],
            )
            segment_id = raw.fetchone()[0]
            for days, count in points:
                at = now - timedelta(days=days)
                raw.execute(
                    "INSERT INTO segments_size (workspace_id, segment_id, hour, at, count)"
                    " VALUES (%s, %s, date_trunc('hour', %s::timestamptz), %s, %s)",
                    [shop.id, segment_id, at, at, count],
                )

    page = member_of(shop.workspace).get(reverse("segments:list")).content.decode()

    rows = {
        name: page[page.index(f">{name}</a>") :].split("</tr>", 1)[0]
        for name in ("Grown", "Fallen", "Young", "New")
    }
    changes = {
        name: found[1] if (found := re.search(r'a week ago">([^<]+)<', row)) else None
        for name, row in rows.items()
    }
    # What is younger than a week has nothing to be compared with.
    assert changes == {"Grown": "+250", "Fallen": "\N{MINUS SIGN}3", "Young": None, "New": None}
    assert {name for name, row in rows.items() if "segment-spark" in row} == {
        "Grown", "Fallen", "Young",
    }  # fmt: skip


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
