"""Grid, migration, stages and clusters of Online Retail, as a member of the shop sees them."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.urls import reverse

from regulars.analytics.tests.lake_shape import retail_lake
from regulars.analytics.tests.test_online_retail import CLASS_COUNTS
from regulars.kernel import clock
from regulars.reports import actions as reports
from regulars.reports import queries
from regulars.reports.tests.test_pages import member_of, page
from regulars.segments import queries as segments
from regulars.store.scope import cursor, scope
from regulars.value import actions
from regulars.value import queries as value
from regulars.value.facts import FACTS
from regulars.value.tests.following import follow
from regulars.workspaces.records import Role
from tests.town import workspace

pytestmark = pytest.mark.real_data
NOON = datetime(2011, 12, 9, 22, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    from regulars.segments import registry

    registry.declare(FACTS)


@pytest.fixture
def shop(db, lakes):
    shop = workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")
    lakes.lakes[shop.id] = retail_lake()
    actions.score(shop.id, NOON)
    follow(lakes.lakes[shop.id], shop.id)
    return shop


def figures(html):
    """The numbers that open customers."""
    found = re.findall(r'class="figure" href="[^"]*">([\d,]+)</a>', html)
    return [int(text.replace(",", "")) for text in found]


def test_the_grid_names_every_class_and_cell_with_its_people(shop):
    response, html = page(member_of(shop), "rfm")

    assert response.status_code == 200
    for label, count in [("Champions", "604"), ("At risk", "701"), ("Hibernating", "962")]:
        assert label in html and f">{count}</a>" in html
    assert "style=" not in html and "<script>" not in html
    assert "Scored as of 9 Dec 2011" in html
    assert sum(figures(html)) == 2 * 4_338


def test_the_people_behind_each_class_cell_and_stage_are_as_many(shop):
    with scope(shop.id):
        grid = value.grid(shop.id)
        stages = value.stages(shop.id)
        from regulars.reports.pure import people

        def total(rule):
            return segments.total(shop.id, rule, NOON)

        assert {name: total(people.rule_of_class(name)) for name in CLASS_COUNTS} == CLASS_COUNTS
        for cell in grid.cells:
            assert total(people.rule_of_cell(cell.r, cell.f)) == cell.customers
        for one in stages:
            assert total(people.rule_of_stage(one.stage)) == one.customers
    assert sum(one.customers for one in stages) == 4_372


def test_the_stored_scores_are_those_counted_as_of_the_instant(shop, lakes):
    with scope(shop.id):
        asked = value.differing(shop.id, NOON)
        assert lakes.query(shop.id, asked.sql, asked.params).num_rows == 0
        later = value.differing(shop.id, NOON.replace(day=25))
        # Time alone turns stages; nobody's class moves without an order.
        turned = lakes.query(shop.id, later.sql, later.params).to_pylist()
        stored = {one: value.standing(shop.id, one) for one in (row["customer"] for row in turned)}
        assert turned and all(
            row["rfm_class"] == stored[row["customer"]].rfm_class
            and row["stage"] != stored[row["customer"]].stage
            for row in turned
        )


def test_the_list_of_customers_is_narrowed_by_the_same_words(shop):
    from regulars.value.conditions import CONDITIONS

    with scope(shop.id):
        from regulars.store.scope import cursor

        def listed(name, given):
            sql, values = CONDITIONS[name].narrow(shop.id, given)
            raw = cursor()
            raw.execute(
                f"select count(*) from (select customer_id as id from value_score) c where {sql}",
                values,
            )
            return raw.fetchone()[0]

        assert listed("rfm_class", "at_risk") == 701
        assert listed("rfm_cell", "1-1") == value.grid(shop.id).cell(1, 1).customers
        assert listed("rfm_cell", "9-drop") == 0
        assert [slug for slug, _ in CONDITIONS["stage"].choices(shop.id)][:2] == [
            "prospect", "first",
        ]  # fmt: skip


def test_the_file_of_the_grid_adds_up(shop):
    response = member_of(shop).get(reverse("reports:rfm"), {"format": "csv"})

    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert sum(int(row["customers"]) for row in rows) == 4_338
    assert round(sum(float(row["revenue"]) for row in rows), 2) == 8_911_407.90
    assert round(sum(float(row["share"]) for row in rows), 3) == 1


def test_one_click_makes_a_segment_and_a_second_click_no_other(shop):
    client = member_of(shop)
    asked = {"kind": "class", "value": "at_risk"}

    first = client.post(reverse("reports:keep_segment"), asked)
    second = client.post(reverse("reports:keep_segment"), asked)

    assert first.status_code == 302 and first.url == second.url
    with scope(shop.id):
        (made,) = segments.segments(shop.id)
        assert made.name == "RFM: At risk"
        assert segments.total(shop.id, made.rule, NOON) == 701
    for wrong in ({"kind": "class", "value": "x"}, {"kind": "cell", "value": "6-1"}, {}):
        assert client.post(reverse("reports:keep_segment"), wrong).status_code == 404
    viewer = member_of(shop, Role.SHOP_MANAGER)
    assert viewer.post(reverse("reports:keep_segment"), asked).status_code == 403


def test_the_months_of_a_large_base_are_counted_by_the_worker(shop, monkeypatch):
    screen = import_module("regulars.reports.pages.stages")
    monkeypatch.setattr(screen, "LIVE_CUSTOMERS_MAX", 0)
    asked = []
    answer = queries.answer
    monkeypatch.setattr(queries, "answer", lambda *given: asked.append(given[1]) or answer(*given))

    response, waiting = page(member_of(shop), "stages")
    assert response.status_code == 200 and asked == []
    assert "are being counted for the first time" in waiting and 'hx-trigger="load' in waiting
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT payload FROM jobs_job WHERE workspace_id = %s AND kind = 'reports.renew'",
            [shop.id],
        )
        assert raw.fetchall() == [({"name": "stages_over", "is_kept": True},)]
        # Kept however quick it was: the page waits for it.
        reports.renew(shop.id, "stages_over", NOON, is_kept=True)
    _, shown = page(member_of(shop), "stages")

    assert asked == ["stages_over"]
    assert "are being counted for the first time" not in shown
    assert "All stages by month" in shown


def test_the_stages_page_counts_everybody_once_and_shows_the_months(shop):
    response, html = page(member_of(shop), "stages")

    assert response.status_code == 200
    assert sum(figures(html)) == 4_372
    months = re.findall(r'<th scope="col" class="num">(\w{3,4}(?: \d{4})?)</th>', html)
    assert (months[-13], *months[-2:]) == ("Dec", "Jan 2011", "Dec")
    assert 'id="keep-stage-loyal"' in html


def test_the_migration_adds_up_and_each_number_opens_its_people(shop):
    client = member_of(shop)
    query = {"what": "rfm_class", "from": "2011-09-09", "to": "2011-12-09"}
    response, html = page(client, "migration", **query)

    assert response.status_code == 200
    with scope(shop.id):
        found = value.migration(shop.id, date(2011, 9, 9), date(2011, 12, 9), "rfm_class")
    assert {name: found.total_now(name) for name in CLASS_COUNTS} == CLASS_COUNTS
    count = found.count("champions", "loyal")
    assert count > 0
    response, html = page(client, "moved", was="champions", **{"is": "loyal"}, **query)
    assert (
        f"{count} customers, from 9 Sept 2011 to 9 Dec 2011" in html or f"{count} customer" in html
    )


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2011-12-09", "to": "2011-12-09"},
        {"from": "yesterday"},
        {"from": "2011-01-01", "to": "2030-01-01"},
        {"from": "0001-01-01"},
    ],
)
def test_days_that_cannot_be_compared_are_refused_in_words(shop, query):
    response, html = page(member_of(shop), "migration", **query)

    assert response.status_code == 422
    assert "These days cannot be compared" in html


def test_a_cell_that_does_not_exist_is_not_found(shop):
    response, _ = page(member_of(shop), "moved", was="x", **{"is": "loyal"})

    assert response.status_code == 404


def test_borders_of_the_shops_own_are_kept_and_wrong_ones_said(shop):
    client = member_of(shop)
    typed = {"by": "borders"}
    for kind, values in (
        ("recency", (180, 90, 60, 30)), ("frequency", (2, 3, 5, 10)),
        ("money", ("100", "200.50", "1 000", "5000")),
    ):  # fmt: skip
        typed |= {
            f"{kind}_{score}": value for score, value in zip((2, 3, 4, 5), values, strict=True)
        }

    assert client.get(reverse("reports:borders")).status_code == 200
    response = client.post(reverse("reports:borders"), typed)

    assert response.status_code == 302
    with scope(shop.id):
        borders = value.settings(shop.id).borders
    assert borders.money_minor == (10_000, 20_050, 100_000, 500_000)
    for wrong in ({"recency_2": "1"}, {"money_3": "much"}, {"frequency_2": "1.5"}):
        response = client.post(reverse("reports:borders"), {**typed, **wrong})
        assert response.status_code == 422
        assert "The borders were not saved" in response.content.decode()
    assert (
        member_of(shop, Role.SHOP_MANAGER).post(reverse("reports:borders"), typed).status_code
        == 403
    )
    client.post(reverse("reports:borders"), {"by": "fifths"})
    with scope(shop.id):
        assert value.settings(shop.id).borders is None


def test_clusters_are_found_told_and_kept_as_rules(shop, lakes):
    client = member_of(shop)
    assert "No clusters yet" in page(client, "clusters")[1]
    assert client.post(reverse("reports:find_clusters")).status_code == 302

    count = actions.find_clusters(shop.id, NOON)
    follow(lakes.lakes[shop.id], shop.id)

    assert 3 <= count <= 8
    with scope(shop.id):
        found = value.clusters(shop.id)
        assert sum(one.size for one in found) == 4_338
        for one in found:
            asked = {
                "version": 1,
                "where": {"fact": "value.cluster", "op": "eq", "value": one.slug},
            }
            members = set(segments.audience(shop.id, asked, NOON))
            held = set(segments.audience(shop.id, one.rule, NOON))
            assert len(members) == one.size
            assert round(len(members & held) / len(members), 4) == one.covered
            assert round(len(members & held) / len(held), 4) == one.exact
            assert one.covered > 0.6 and one.exact > 0.6
    response, html = page(client, "clusters")
    assert response.status_code == 200 and html.count("Save the rule as a segment") == count
    made = client.post(reverse("reports:keep_segment"), {"kind": "cluster", "value": found[0].slug})
    assert made.status_code == 302
    assert actions.find_clusters(shop.id, NOON) == count
    with scope(shop.id):
        assert [one.slug for one in value.clusters(shop.id)] == [one.slug for one in found]


def test_a_shop_that_was_never_scored_says_so(db, lakes):
    shop = workspace("new")

    for name in ("rfm", "stages"):
        assert "have not been scored yet" in page(member_of(shop), name)[1]
