"""The script of a site in Chromium, on a shop of another origin under a strict policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser.conftest import WAIT_MS
from tests.browser.doors import make_form, make_site, shop
from tests.browser.site import OWNER, Site, sign_in
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true});"


@pytest.fixture(scope="module")
def client(site: Site) -> httpx.Client:
    return sign_in(site.url, OWNER)


@pytest.fixture(scope="module")
def asking(site: Site, client: httpx.Client) -> Iterator[str]:
    """A shop that asks first."""
    with shop(site.url, make_site(client, consent_mode="ask")[1]) as address:
        yield address


@pytest.fixture(scope="module")
def knowing(site: Site, client: httpx.Client) -> Iterator[str]:
    """A shop that knows visitors from the first page."""
    with shop(site.url, make_site(client, consent_mode="on")[1]) as address:
        yield address


class Visitor:
    """A browser of its own: what it was asked to send, and what it complains about."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self.watch = Watch(context)
        self.page: Page = context.new_page()
        self.sent: list[dict[str, Any]] = []
        self.troubles: list[tuple[int, dict[str, str]]] = []
        context.route("**/v1/batch", self._pass)

    def _pass(self, route: Route) -> None:
        if self.troubles:
            status, headers = self.troubles.pop(0)
            route.fulfill(
                status=status,
                headers={
                    "access-control-allow-origin": "*",
                    "access-control-expose-headers": "retry-after",
                    **headers,
                },
            )
            return
        body = json.loads(route.request.post_data or "{}")
        self.sent += body["batch"]
        route.continue_()

    def until(self, is_done: Callable[[], bool]) -> None:
        """Let the page work until something has happened."""
        for _ in range(400):
            if is_done():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"it did not happen in time: {self.sent}")

    def kinds(self) -> list[str]:
        """Names of what was sent, in order."""
        return [str(m.get("event") or m["type"]) for m in self.sent]

    def stored(self) -> dict[str, str]:
        """What the script keeps in the browser."""
        kept: dict[str, str] = self.page.evaluate(
            "Object.fromEntries(Object.entries(localStorage).filter(([k]) => k.startsWith('rg_')))"
        )
        return kept

    def logged(self, anonymous_id: str) -> list[str]:
        """Kinds of events in the log of the server."""
        self.site.server.wait_until_drained()
        with psycopg.connect(self.site.server.database_url) as link:
            rows = link.execute(
                "SELECT kind FROM events_event WHERE customer_id IN (SELECT customer_id"
                " FROM customers_identifier WHERE value = %s) AND source LIKE 'site:%%'"
                " ORDER BY kind",
                [anonymous_id],
            ).fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    yield Visitor(context, site)
    context.close()


def loaded(visitor: Visitor, address: str) -> None:
    visitor.page.goto(address)
    visitor.page.wait_for_function("window.analytics && window.analytics.isRegulars")


def test_nothing_is_kept_or_sent_before_the_visitor_agrees(visitor: Visitor, asking: str) -> None:
    loaded(visitor, f"{asking}/tea?utm_source=news")
    visitor.page.evaluate("analytics.track('Product Viewed', {sku: 'TEA'})")
    visitor.page.wait_for_timeout(600)

    assert visitor.sent == []
    assert visitor.context.cookies() == []
    assert visitor.stored() == {}

    visitor.page.evaluate("analytics.consent({analytics: true})")
    visitor.until(lambda: len(visitor.sent) == 2)

    assert visitor.kinds() == ["page", "Product Viewed"]
    (cookie,) = visitor.context.cookies()
    assert cookie["name"] == "rg_id"
    days = (cookie["expires"] - visitor.page.evaluate("Date.now() / 1000")) / 86_400
    assert 390 < days < 400
    assert visitor.watch.look(visitor.page) == []


def test_who_says_no_is_left_alone_and_forgotten(visitor: Visitor, asking: str) -> None:
    loaded(visitor, asking)
    visitor.page.evaluate("analytics.consent({analytics: true})")
    visitor.until(lambda: len(visitor.sent) == 1)

    visitor.page.evaluate("analytics.consent({analytics: false}); analytics.track('Tea')")
    visitor.page.wait_for_timeout(600)

    assert visitor.kinds() == ["page"]
    assert visitor.context.cookies() == []
    assert visitor.stored() == {"rg_consent": "0"}


def test_a_browser_that_asks_not_to_be_tracked_is_not(visitor: Visitor, knowing: str) -> None:
    visitor.context.add_init_script(GPC)
    loaded(visitor, knowing)
    visitor.page.wait_for_timeout(600)

    assert visitor.sent == []
    assert visitor.context.cookies() == []


def test_events_arrive_once_with_a_visit_and_both_touches(visitor: Visitor, knowing: str) -> None:
    loaded(visitor, f"{knowing}/?utm_source=News&utm_medium=email&utm_campaign=may&gclid=G1")
    visitor.until(lambda: len(visitor.sent) == 1)
    visitor.page.goto(f"{knowing}/tea?utm_source=Ads&fbclid=F1")
    visitor.until(lambda: len(visitor.sent) == 2)
    visitor.page.evaluate(
        "analytics.identify('s-1', {email: 's1@example.com'});"
        "analytics.group('bakers', {name: 'Bakers'}); analytics.track('Product Added', {sku: 'T'})"
    )
    visitor.until(lambda: len(visitor.sent) == 5)

    anonymous = visitor.sent[0]["anonymousId"]
    assert {message["anonymousId"] for message in visitor.sent} == {anonymous}
    assert [message["userId"] for message in visitor.sent] == [None, None, "s-1", "s-1", "s-1"]
    touch = visitor.sent[-1]["context"]["touch"]
    assert (touch["first"]["source"], touch["first"]["gclid"]) == ("News", "G1")
    assert (touch["last"]["source"], touch["last"]["fbclid"]) == ("Ads", "F1")
    assert [kind for kind in visitor.logged(anonymous) if "company" not in kind] == [
        "Page Viewed", "Page Viewed", "Product Added", "customer.grouped", "customer.identified",
        "session.started", "session.started",
    ]  # fmt: skip
    assert visitor.watch.look(visitor.page) == []


def test_calls_made_before_the_script_came_are_not_lost(visitor: Visitor, knowing: str) -> None:
    loaded(visitor, f"{knowing}/early")
    visitor.until(lambda: len(visitor.sent) == 2)

    assert sorted(visitor.kinds()) == ["Early", "page"]
    visitor.page.wait_for_function("document.title === 'ready'")


def test_what_could_not_be_sent_waits_in_the_browser_and_arrives_once(
    visitor: Visitor, knowing: str
) -> None:
    visitor.troubles = [(503, {}), (429, {"retry-after": "1"})]
    loaded(visitor, knowing)
    visitor.until(lambda: len(visitor.troubles) == 1)
    assert "Page" not in visitor.kinds() and "rg_queue" in visitor.stored()

    visitor.until(lambda: len(visitor.sent) == 1)
    visitor.until(lambda: "rg_queue" not in visitor.stored())

    anonymous = visitor.sent[0]["anonymousId"]
    assert visitor.logged(anonymous) == ["Page Viewed", "session.started"]


def test_a_page_that_is_left_at_once_loses_nothing(visitor: Visitor, knowing: str) -> None:
    loaded(visitor, knowing)
    visitor.until(lambda: len(visitor.sent) == 1)
    visitor.page.evaluate("analytics.track('Last word'); location.href = '/next'")
    visitor.page.wait_for_url("**/next")
    visitor.until(lambda: len(visitor.sent) >= 3)

    anonymous = visitor.sent[0]["anonymousId"]
    assert visitor.logged(anonymous).count("Last word") == 1


def test_the_queue_has_a_limit(visitor: Visitor, knowing: str) -> None:
    visitor.context.unroute("**/v1/batch")
    visitor.context.route("**/v1/batch", lambda route: route.abort())
    loaded(visitor, knowing)
    visitor.page.evaluate("for (let n = 0; n < 150; n++) analytics.track('Event ' + n)")

    waiting = json.loads(visitor.stored()["rg_queue"])
    assert len(waiting) == 100
    assert waiting[-1]["event"] == "Event 149"
    assert len(json.dumps(waiting)) < 300_000


def test_signing_out_begins_another_visitor(visitor: Visitor, knowing: str) -> None:
    loaded(visitor, knowing)
    visitor.page.evaluate("analytics.identify('s-2'); analytics.reset(); analytics.track('Tea')")
    visitor.until(lambda: len(visitor.sent) == 3)

    page, known, after = visitor.sent
    assert page["anonymousId"] == known["anonymousId"] != after["anonymousId"]
    assert (known["userId"], after["userId"]) == ("s-2", None)


@pytest.fixture(scope="module")
def form(client: httpx.Client) -> str:
    return make_form(client)


def in_frame(visitor: Visitor) -> str:
    """Whom the frame of the form takes the visitor for, once its field was touched."""
    inside = visitor.page.frame_locator("#frame")
    inside.locator("#f-email").focus()
    visitor.page.wait_for_timeout(200)
    return inside.locator("#f-visitor").input_value()


def test_a_form_in_a_frame_knows_the_visitor_who_agreed(
    visitor: Visitor, asking: str, form: str
) -> None:
    loaded(visitor, f"{asking}/forms/{form}")

    before = in_frame(visitor)
    visitor.page.evaluate("analytics.consent({analytics: true})")
    visitor.until(lambda: len(visitor.sent) == 1)
    visitor.page.locator("#link").focus()
    agreed = in_frame(visitor)
    inside = visitor.page.frame_locator("#frame")
    inside.locator("#f-email").fill("framed@example.com")
    inside.locator("button").click()
    inside.get_by_text("Thank you").wait_for()

    assert before == ""
    assert agreed == visitor.sent[0]["anonymousId"]
    visitor.site.server.wait_until_drained()
    with psycopg.connect(visitor.site.server.database_url) as link:
        (row,) = link.execute(
            "SELECT count(DISTINCT i.customer_id), count(*) FROM customers_identifier i"
            " WHERE i.value IN (%s, 'framed@example.com')",
            [agreed],
        ).fetchall()
    assert row == (1, 2)
    assert visitor.watch.look(visitor.page) == []


def test_a_form_forgets_the_visitor_who_says_no_after_all(
    visitor: Visitor, knowing: str, form: str
) -> None:
    loaded(visitor, f"{knowing}/forms/{form}")
    visitor.until(lambda: len(visitor.sent) == 1)
    known = in_frame(visitor)

    visitor.page.evaluate("analytics.consent({analytics: false})")
    visitor.page.locator("#link").focus()

    assert known == visitor.sent[0]["anonymousId"]
    assert in_frame(visitor) == ""


def test_a_link_and_a_plain_form_take_the_visitor_along(
    visitor: Visitor, knowing: str, form: str
) -> None:
    loaded(visitor, f"{knowing}/forms/{form}")
    visitor.until(lambda: len(visitor.sent) == 1)
    visitor.page.locator("#link").click()
    visitor.page.locator("#f-visitor").wait_for(state="attached")
    opened = visitor.page.locator("#f-visitor").input_value()

    loaded(visitor, f"{knowing}/forms/{form}")
    visitor.page.locator("#plain [name=email]").fill("plain@example.com")
    with visitor.page.expect_request("**/f/*") as asked:
        visitor.page.locator("#plain button").click()

    anonymous = visitor.sent[0]["anonymousId"]
    assert opened == anonymous
    assert f"_visitor={anonymous}" in (asked.value.post_data or "")
