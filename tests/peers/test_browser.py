"""Segment's library for browsers, unchanged, in Chromium on a page of another origin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.site import chromium
from tests.peers.conftest import Log
from tests.peers.peers import Proxy, modules

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Shop</title><script src="umd/index.js"></script>
<script src="start.js"></script>"""
START = """
var asked = new URLSearchParams(location.search);
window.told = [];
AnalyticsNext.AnalyticsBrowser.load(
  { writeKey: asked.get("key"), cdnURL: asked.get("host") }
).then(function (found) {
  window.analytics = found[0];
  window.analytics.on("error", function (error) { window.told.push(String(error.code)); });
});
"""
Opens = Callable[..., Page]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A port where a page with the library is served."""
    folder = tmp_path_factory.mktemp("shop")
    library = modules() / "@segment" / "analytics-next" / "dist" / "umd"
    (folder / "umd").symlink_to(library)
    (folder / "index.html").write_text(PAGE)
    (folder / "start.js").write_text(START)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def opens(shop: int, proxy: Proxy, site_key: str) -> Iterator[Opens]:
    program = chromium()
    if program is None:
        pytest.skip("no Chromium here: apt install chromium, or set REGULARS_CHROMIUM")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])

        def open_page(host: str = "127.0.0.1", query: str = "", key: str = site_key) -> Page:
            page = browser.new_context().new_page()
            page.goto(f"http://{host}:{shop}/?key={key}&host={proxy.url}{query}")
            page.wait_for_function("window.analytics")
            return page

        yield open_page
        browser.close()


def until(page: Page, is_done: Callable[[], bool]) -> None:
    """Let the page work until something has happened."""
    for _ in range(400):
        if is_done():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen in time")


def test_each_of_its_calls_arrives_through_trouble(opens: Opens, proxy: Proxy, log: Log) -> None:
    page = opens(query="&utm_source=news&utm_medium=email&utm_campaign=spring")
    proxy.troubles = [(500, {}), (429, {"Retry-After": "1"})]

    page.evaluate(
        """async () => {
          await analytics.page("Home");
          await analytics.track("Product Viewed", { sku: "TEA", price: 10 });
          await analytics.identify("b1", { email: "b1@example.com" });
          await analytics.group("bakers", { name: "Bakers" });
          await analytics.track("Product Added", { sku: "TEA", price: 10, quantity: 1 });
        }"""
    )
    until(page, lambda: proxy.statuses.count(200) == 5)

    wanted = {"Page Viewed", "Product Viewed", "Product Added", "customer.identified",
              "customer.grouped", "session.started"}  # fmt: skip
    found = {event["kind"]: event for event in log.events("b1")}
    assert wanted <= set(found)
    started = found["session.started"]["props"]
    assert (started["source"], started["medium"], started["campaign"]) == (
        "news", "email", "spring",
    )  # fmt: skip
    context = found["Product Added"]["props"]["_context"]
    assert context["session"] == started["session"]
    assert (context["browser"], context["campaign"]["source"]) in (("Chrome", "news"),
                                                                   ("Bot", "news"))  # fmt: skip
    assert found["Page Viewed"]["source"].startswith("site:")
    assert sorted(proxy.statuses)[-2:] == [429, 500]


def test_a_page_of_a_foreign_domain_is_refused_and_its_events_wait(
    opens: Opens, proxy: Proxy, log: Log
) -> None:
    page = opens(host="localhost")

    page.evaluate("() => analytics.track('Tea', { mark: 'foreign' })")
    until(page, lambda: 403 in proxy.statuses)

    assert set(proxy.statuses) == {403}
    assert {row["reason"] for row in log.failed()} == {"origin_refused"}
    (site,) = log.rows("SELECT refused_origin FROM intake_site")
    assert site["refused_origin"].startswith("http://localhost:")
