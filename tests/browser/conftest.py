"""One served shop for all browser tests of a process, and Chromium for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.given import give
from tests.browser.site import (
    OWNER,
    PASSWORD,
    Site,
    chromium,
    pages_of,
    running,
)
from tests.browser.site import sign_in as sign_in_quietly
from tests.browser.watch import Watch

WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Opens = Callable[..., tuple[Page, Watch]]


@pytest.fixture(scope="session")
def program() -> str:
    """Where Chromium is, or a skip that says why."""
    found = chromium()
    if found is None:
        pytest.skip("no Chromium here: apt install chromium, or set REGULARS_CHROMIUM")
    return found


@pytest.fixture(scope="module")
def browser(program: str) -> Iterator[Browser]:
    """Chromium, for one module: its event loop must not run on beneath other tests."""
    with sync_playwright() as play:
        made = play.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield made
        made.close()


@pytest.fixture(scope="session")
def site(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served demo shop; asks for Chromium first, so that nothing is filled in vain."""
    with running(tmp_path_factory.mktemp("browser") / "var") as site:
        yield site


@pytest.fixture(scope="session")
def pages(site: Site) -> dict[str, str]:
    """Every kind of page an owner can reach: view name → one path of it."""
    client = sign_in_quietly(site.url, OWNER)
    return pages_of(client, give(client))


@pytest.fixture(scope="module")
def session_of(site: Site, browser: Browser) -> Callable[[str], dict[str, object]]:
    """The cookies of a person, who signs in by the form once."""
    kept: dict[str, dict[str, object]] = {}

    def of(email: str) -> dict[str, object]:
        if email not in kept:
            context = browser.new_context()
            page = context.new_page()
            sign_in(page, site, email)
            kept[email] = dict(context.storage_state())
            context.close()
        return kept[email]

    return of


def sign_in(page: Page, site: Site, email: str) -> None:
    """Sign in as a person does."""
    page.goto(f"{site.url}/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site.url}/")


@pytest.fixture
def opens(site: Site, browser: Browser, session_of: Callable[[str], object]) -> Iterator[Opens]:
    """Opens a tab of a person: language, width and theme as wished; None is a stranger."""
    made: list[BrowserContext] = []

    def open_tab(
        email: str | None = OWNER,
        *,
        language: str = "en",
        viewport: dict[str, int] = WIDE,
        theme: str = "light",
    ) -> tuple[Page, Watch]:
        context = browser.new_context(
            base_url=site.url,
            storage_state=session_of(email) if email else None,  # type: ignore[arg-type]
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
            locale=language,
            timezone_id="Asia/Tokyo",
            # A colour measured half-way through its change would be nobody's choice.
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_MS)
        cookie = {"name": "regulars_language", "value": language, "url": site.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
        made.append(context)
        watch = Watch(context)
        return context.new_page(), watch

    yield open_tab
    for context in made:
        context.close()
