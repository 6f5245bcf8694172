"""The screens of the reports, as a member of the shop sees them."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from regulars.analytics.tests.lake_shape import add_order, retail_lake
from regulars.kernel import clock
from regulars.reports.tests.town_campaigns import DRAFT, WIN_BACK, know, send_win_back
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role
from tests.town import workspace

NOON = datetime(2011, 12, 9, 22, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)


def member_of(shop, role=Role.OWNER):
    user_id = workspaces.ensure_user(
        f"member-{shop.id}-{next(_numbers)}@example.com", "long enough"
    )
    from regulars.store.scope import scope

    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


def page(client, name, **query):
    response = client.get(reverse(f"reports:{name}"), query)
    return response, response.content.decode()


@pytest.fixture
def shop(db, lakes):
    return workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")


@pytest.fixture
def retail(shop, lakes):
    lakes.lakes[shop.id] = retail_lake()
    return shop


def test_an_empty_shop_is_shown_its_first_steps(shop):
    response, html = page(member_of(shop), "overview")

    assert response.status_code == 200
    assert "No orders yet" in html
    assert html.count(">Open</a>") == 4 and ">Done<" not in html
    assert 'aria-label="Steps done: 0 of 4"' in html


@pytest.mark.real_data
def test_the_overview_shows_the_month_the_grid_and_the_cohorts(retail):
    response, html = page(member_of(retail), "overview")

    assert response.status_code == 200
    assert html.count("<h1") == 1
    assert "2,845" not in html
    assert "10 Nov 2011 – 9 Dec 2011" in html
    assert "22.7%" in html
    assert ">446<" in html or "446" in html
    assert "style=" not in html and "<script>" not in html


@pytest.mark.real_data
@pytest.mark.parametrize("days", ["7", "30", "90", "365"])
def test_every_period_is_drawn(retail, days):
    response, html = page(member_of(retail), "revenue", period=days)

    assert response.status_code == 200
    assert "£8,911,407.90" in html
    assert 'aria-current="true"' in html


@pytest.mark.real_data
def test_the_cohort_page_has_a_row_per_month(retail):
    client = member_of(retail)
    response, html = page(client, "cohorts")
    assert response.status_code == 200
    assert len(re.findall(r'<th scope="row">', html)) == 13
    assert "976 of 4,297 customers" in html

    response, html = page(client, "cohorts", measure="revenue")
    assert response.status_code == 200
    assert "Revenue, % of the cohort" in html


def test_a_cashier_goes_to_the_customers_and_may_not_read_reports(shop):
    client = member_of(shop, Role.CASHIER)

    assert client.get(reverse("reports:rfm")).status_code == 403


def test_a_stranger_is_asked_to_sign_in(shop):
    response = Client().get(reverse("reports:overview"))

    assert response.status_code == 302


def test_another_shop_is_not_seen(shop, lakes):
    add_order(lakes.of(shop.id), 1, 7, str(NOON - timedelta(days=1))[:19], 123_456, currency="GBP")
    florist = workspace("florist", currency="GBP")

    _, mine = page(member_of(shop), "revenue")
    _, theirs = page(member_of(florist), "revenue")

    assert "£1,234.56" in mine
    assert "1,234.56" not in theirs


def test_the_overview_shows_what_the_last_campaigns_brought(shop, lakes, monkeypatch):
    know(monkeypatch, shop.id, DRAFT, WIN_BACK)
    send_win_back(lakes.of(shop.id))

    response, html = page(member_of(shop), "overview")

    assert response.status_code == 200
    row = re.search(r'<tr><th[^>]*><span[^>]*><span><a href="([^"]+)">Come .*?</tr>', html, re.S)
    assert row[1] == "/campaigns/win-back-1/report"
    cells = re.findall(r'<td class="num[^>]*>([^<]*)</td>', row[0])
    assert cells == ["120", "20", "20", "£400", "£300"]
    assert "No clear difference" in row[0]
    assert "From campaigns, 30 days" in html
    assert "57% of revenue, after a click" in html


def test_a_period_without_orders_says_when_the_last_one_was(shop, lakes):
    add_order(lakes.of(shop.id), 1, 7, "2010-05-01 10:00", 500, currency="GBP")

    _, html = page(member_of(shop), "overview")

    assert "No orders in this period" in html
    assert "of 1 May 2010" in html
    # The running month lies beyond the last column, so nothing is hatched.
    assert re.search(r'class="cell \w+ open"', html) is None
    assert '<th scope="col">11</th>' in html and '<th scope="col">12</th>' not in html


def test_the_address_of_a_campaigns_figures_leads_to_the_campaign(shop):
    response = member_of(shop).get(reverse("reports:campaign", args=["win-back-1"]))

    assert (response.status_code, response["location"]) == (302, "/campaigns/win-back-1/report")
