"""The customer's own account in a phone: sign-in by a code, card without a connection, keyboard."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import NARROW, WAIT_MS
from tests.browser.site import OWNER, SHOP, Site, sign_in
from tests.browser.test_pages import COLOURS, RULES, faults
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser
HOME = f"/my/{SHOP}/"
PAGES = (
    "", "card", "offers", "points", "prizes", "play", "friends", "orders", "me", "me/letters",
    "sign-in", "offline",
)  # fmt: skip
TITLES = {"en": "Sign in to your account", "uk": "Вхід до кабінету", "ru": "Вход в кабинет"}
CODE = re.compile(r"\b(\d{6})\b")
LETTER_WAIT_S = 30.0


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """The address of the member who has most points."""
    with psycopg.connect(site.server.database_url) as connection:
        row = connection.execute(
            "SELECT c.email FROM loyalty_balance b JOIN loyalty_member m ON m.id = b.member_id"
            " JOIN customers_customer c ON c.id = m.customer_id WHERE c.email IS NOT NULL"
            " ORDER BY b.available DESC, c.id LIMIT 1"
        ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="module")
def staff(site: Site) -> httpx.Client:
    """A member of the team, who sees the caught letters."""
    return sign_in(site.url, OWNER)


@pytest.fixture
def phone(site: Site, browser: Browser) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """A phone of somebody: language and theme as wished."""
    made: list[BrowserContext] = []

    def take(*, language: str = "en", theme: str = "light") -> tuple[Page, Watch]:
        context = browser.new_context(
            base_url=site.url, viewport=NARROW, color_scheme=theme, locale=language,  # type: ignore[arg-type]
            reduced_motion="reduce", has_touch=True, is_mobile=True,
        )  # fmt: skip
        context.set_default_timeout(WAIT_MS)
        cookie = {"name": "regulars_my_language", "value": language, "url": f"{site.url}{HOME}"}
        context.add_cookies([cookie])  # type: ignore[list-item]
        made.append(context)
        watch = Watch(context)
        return context.new_page(), watch

    yield take
    for context in made:
        context.close()


def newest_code(staff: httpx.Client, address: str, before: set[str]) -> str:
    """The code in the letter that came after the others."""
    deadline = time.monotonic() + LETTER_WAIT_S
    while time.monotonic() < deadline:
        for one in letters(staff) - before:
            page = staff.get(f"/messages/outbox/{one}/html").text
            found = CODE.search(re.sub(r"<style.*?</style>|<[^>]+>", " ", page))
            if found and address in staff.get(f"/messages/outbox/{one}").text:
                return found.group(1)
        time.sleep(0.2)
    raise AssertionError("no letter came")


def letters(staff: httpx.Client) -> set[str]:
    """The caught letters."""
    page = staff.get("/messages/outbox").text
    return set(re.findall(r"/messages/outbox/([\w-]{22})", page))


def come_in(page: Page, staff: httpx.Client, address: str) -> None:
    """Sign in as a customer does: address, letter, code."""
    before = letters(staff)
    page.goto(f"{HOME}sign-in")
    page.locator("#address").fill(address)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/code"))
    page.locator("#code").fill(newest_code(staff, address, before))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"{HOME}$"))


def test_a_customer_comes_in_by_the_code_of_a_letter_and_goes(
    phone: Callable[..., tuple[Page, Watch]], staff: httpx.Client, address: str
) -> None:
    page, watch = phone()

    come_in(page, staff, address)

    expect(page.locator(".my-hero b")).to_have_text(re.compile(r"\d"))
    page.goto(f"{HOME}me")
    page.locator("#sign-out").click()
    page.wait_for_url(re.compile("/sign-in"))
    page.goto(HOME)
    expect(page.locator("#address")).to_be_visible()
    assert watch.look(page) == []


def test_the_card_is_there_without_a_connection_and_gone_after_leaving(
    phone: Callable[..., tuple[Page, Watch]], staff: httpx.Client, address: str
) -> None:
    page, _watch = phone()
    come_in(page, staff, address)
    page.goto(f"{HOME}card")
    number = page.locator("#card-number").inner_text()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.locator("#card-number")).to_have_text(number)
    page.goto(HOME)
    until(
        page, "caches.open('card-1').then((c) => c.match('card')).then((found) => Boolean(found))"
    )

    page.context.set_offline(True)
    page.goto(f"{HOME}card")
    expect(page.locator("#card-number")).to_have_text(number)
    expect(page.locator("[data-lasting]")).to_be_visible()
    expect(page.locator(".my-bars")).to_be_visible()
    page.goto(f"{HOME}points")
    expect(page.locator("h1")).to_have_text("No connection")

    page.context.set_offline(False)
    page.goto(f"{HOME}me")
    page.locator("#sign-out").click()
    page.wait_for_url(re.compile("/sign-in"))
    until(page, "caches.has('card-1').then((has) => !has)")


def until(page: Page, question: str) -> None:
    """Return when the page answers yes."""
    deadline = time.monotonic() + LETTER_WAIT_S
    while time.monotonic() < deadline:
        if page.evaluate(question):
            return
        time.sleep(0.1)
    raise AssertionError(f"it did not come true: {question}")


def test_every_page_is_accessible_quiet_and_fits(
    phone: Callable[..., tuple[Page, Watch]], staff: httpx.Client, address: str
) -> None:
    page, watch = phone(language="uk")
    come_in(page, staff, address)
    found: list[str] = []

    page.goto(f"{HOME}play")
    games = [link.get_attribute("href") for link in page.locator(".my-cards a").all()]
    page.goto(f"{HOME}friends")
    invitation = page.locator("#invitation").inner_text()
    names = [*PAGES, *(str(link).removeprefix(HOME) for link in games)]
    assert len(games) == 5
    names.append("friend/" + invitation.rsplit("/", 1)[1])
    for name in names:
        page.goto(HOME + name)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append(f"{name} {width}: {wide} px wide")
            page.emulate_media(color_scheme="light")
            found += faults(page, f"{name} {width} light", RULES)
            page.emulate_media(color_scheme="dark")
            found += faults(page, f"{name} {width} dark", COLOURS)
        found += watch.look(page)

    assert found == []


@pytest.mark.parametrize("language", list(TITLES))
def test_it_speaks_three_languages_and_switches(
    phone: Callable[..., tuple[Page, Watch]], language: str
) -> None:
    page, watch = phone(language="ru" if language != "ru" else "en")
    page.goto(f"{HOME}sign-in")
    page.locator(f"footer button[value={language}]").click()

    expect(page.locator("h1")).to_have_text(TITLES[language])
    assert page.evaluate("document.documentElement.lang") == language
    assert watch.look(page) == []


def test_it_is_walked_by_keyboard_alone(
    phone: Callable[..., tuple[Page, Watch]], staff: httpx.Client, address: str
) -> None:
    page, _watch = phone()
    come_in(page, staff, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen: list[Any] = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('href')"))
    assert f"{HOME}card" in seen
    page.goto(f"{HOME}card")
    expect(page.locator(".my-nav [aria-current]")).to_have_count(1)


def test_it_can_be_installed(site: Site) -> None:
    told = httpx.get(f"{site.url}{HOME}manifest.webmanifest").json()
    worker = httpx.get(f"{site.url}{HOME}worker.js")

    assert (told["start_url"], told["scope"], told["display"]) == (HOME, HOME, "standalone")
    sizes = {icon["sizes"] for icon in told["icons"]}
    assert sizes == {"192x192", "512x512"}
    for icon in told["icons"]:
        answer = httpx.get(site.url + icon["src"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert worker.headers["content-type"].startswith("text/javascript")
    policy_told = worker.headers["content-security-policy"]
    assert "worker-src 'self'" in policy_told
    assert "manifest-src 'self'" in policy_told
    assert "unsafe" not in policy_told


@contextmanager
def shop_with(frame: str) -> Iterator[str]:
    """A shop's site that holds the account in a frame; gives its origin."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f"<html><body>{frame}</body></html>".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def test_a_site_that_is_named_may_frame_it_and_others_may_not(
    site: Site, browser: Browser, staff: httpx.Client
) -> None:
    def name(origins: str) -> None:
        form = {"is_open": "on", "origins": origins,
                "csrfmiddlewaretoken": staff.cookies["csrftoken"]}  # fmt: skip
        staff.post("/loyalty/account", data=form, headers={"referer": f"{site.url}/loyalty/"})

    frame = f"<iframe src='{site.url}{HOME}sign-in' title='account' width='400' height='600'>"
    with shop_with(frame) as origin:
        for origins, is_shown in (("", False), (origin, True)):
            name(origins)
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{origin}/")
            found = page.frame_locator("iframe").locator("#address")
            if is_shown:
                expect(found).to_be_visible()
            else:
                expect(found).to_have_count(0)
            context.close()
    name("")
