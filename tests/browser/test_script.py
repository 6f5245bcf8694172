"""The script of a site alone, on pages made up for it: tabs, cookies, bytes, hosts of one shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from regulars.intake.collector import snippet

pytestmark = pytest.mark.browser
SHOP = "https://shop.example"


class Shop:
    """Pages of a shop and its parts, all answered here; what the script sends is kept."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.sent: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        context.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.url.endswith("/v1/batch"):
            body = route.request.post_data_buffer or b""
            self.sizes.append(len(body))
            self.sent += json.loads(body)["batch"]
            route.fulfill(status=200, headers={"access-control-allow-origin": "*"}, body="{}")
        elif route.request.url.endswith("site.js"):
            route.fulfill(content_type="text/javascript", body=script())
        else:
            page = "<!doctype html><title>Shop</title><script src='/site.js'></script>"
            route.fulfill(content_type="text/html", body=page)

    def tab(self, url: str = f"{SHOP}/", **options: Any) -> Page:
        page = self.context.new_page()
        page.goto(url, **options)
        return page

    def wait_for(self, page: Page, event: str) -> dict[str, Any]:
        for _ in range(100):
            found = [one for one in self.sent if one.get("event") == event]
            if found:
                return found[0]
            page.wait_for_timeout(50)
        raise AssertionError(self.sent)


def script() -> str:
    found = snippet.SOURCE.read_text(encoding="utf-8")
    settings = {"key": "k", "host": SHOP, "consent": "on", "version": "1"}
    return found.replace("})({});", f"}})({json.dumps(settings)});")


@pytest.fixture
def place(browser: Browser) -> Iterator[Shop]:
    context = browser.new_context()
    yield Shop(context)
    context.close()


def test_what_one_tab_forgot_no_other_remembers(place: Shop) -> None:
    here, there = place.tab(), place.tab()
    there.evaluate("analytics.identify('old-user')")
    old = there.evaluate("analytics.user().anonymousId()")

    here.evaluate("analytics.consent({analytics: false})")
    here.evaluate("analytics.consent({analytics: true})")
    # The browser carries what one tab keeps to the other when it gets to it.
    there.wait_for_function("localStorage.getItem('rg_consent') === '1'")
    there.evaluate("analytics.track('After')")
    sent = place.wait_for(there, "After")

    assert sent["anonymousId"] != old
    assert sent["userId"] is None
    assert here.evaluate("analytics.user().anonymousId()") == sent["anonymousId"]


def test_a_broken_cookie_of_another_page_does_not_stop_the_script(place: Shop) -> None:
    place.context.add_cookies([{"name": "rg_id", "value": "%E0%A4%A", "url": SHOP}])

    page = place.tab()
    page.evaluate("analytics.track('Alive')")

    assert len(place.wait_for(page, "Alive")["anonymousId"]) == 32


def test_a_page_of_another_part_of_the_shop_is_no_coming(place: Shop) -> None:
    page = place.tab(f"{SHOP}/?utm_source=letter")
    page.goto("https://www.shop.example/", referer=f"{SHOP}/basket")
    page.evaluate("analytics.track('Inside')")
    inside = place.wait_for(page, "Inside")["context"]["touch"]["last"]
    page.goto("https://www.shop.example/", referer="https://search.example/")
    page.evaluate("analytics.track('Outside')")

    assert "referrer" not in inside
    last = place.wait_for(page, "Outside")["context"]["touch"]["last"]
    assert last["referrer"] == "https://search.example/"


def test_letters_are_counted_as_the_server_counts_them(place: Shop) -> None:
    page = place.tab()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.evaluate("analytics.track('Large', {text: 'я'.repeat(20000)})")
    page.evaluate("for (let n = 0; n < 20; n++) analytics.track('E' + n, {t: 'я'.repeat(13000)})")
    place.wait_for(page, "E19")

    assert told == ["regulars: an event is larger than 30 kB"]
    assert max(place.sizes) < 250_000
