"""Every page, wide and narrow, light and dark: reachable by everyone, quiet, and not too wide."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE, Opens
from tests.browser.site import OWNER, Site, sign_in

pytestmark = pytest.mark.browser

# Pages that must be there; the crawl finds them and more.
EXPECTED = {
    "reports:overview", "reports:revenue", "reports:rfm", "reports:cohorts",
    "customers:list", "customers:card", "orders:list", "orders:order",
    "segments:list", "segments:new", "campaigns:list", "campaigns:new",
    "messaging:templates", "messaging:outbox", "intake:imports",
    "events:list", "events:failed", "workspaces:settings", "workspaces:team", "workspaces:keys",
    "loyalty:cashier", "loyalty:purchases", "loyalty:purchase", "loyalty:tills",
    "loyalty:programme", "loyalty:programme_part", "loyalty:rule", "loyalty:new_rule",
    "loyalty:tiers", "loyalty:tier", "loyalty:new_tier", "loyalty:tier_policy",
    "loyalty:promotions", "loyalty:promotion", "loyalty:new_promotion", "loyalty:edit_promotion",
    "loyalty:simulator", "loyalty:replays", "loyalty:replay",
    "loyalty:codes", "loyalty:series", "loyalty:code", "loyalty:new_series", "loyalty:edit_series",
    "loyalty:gift_cards", "loyalty:gift_card", "loyalty:new_gift_card",
    "loyalty:rewards", "loyalty:reward", "loyalty:new_reward", "loyalty:reward_orders",
    "loyalty:activities", "loyalty:activity", "loyalty:new_activity", "loyalty:queue",
    "loyalty:referrals", "loyalty:referral_terms",
    "loyalty:coalition", "loyalty:partner", "loyalty:new_partner", "loyalty:wallet",
    "loyalty:ledger", "loyalty:transaction", "loyalty:adjustments", "loyalty:adjust",
    "loyalty:member_cards", "loyalty:card_public", "loyalty:liability", "loyalty:frauds",
    "portal:settings",
}  # fmt: skip
STRANGERS = ("/login/", "/password/reset/", "/signup/", "/nothing-here")
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
GRAVE = {"serious", "critical"}
HTML_BYTES_MAX, REQUESTS_MAX = 30_000, 8


def faults(page: Page, where: str, rules: dict[str, Any]) -> list[str]:
    """What axe finds serious or critical, as lines to read."""
    found = Axe().run(
        page, options={"runOnly": rules, "resultTypes": ["violations"], "iframes": False}
    )
    return [
        f"{where}: {rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found.response["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:3]
    ]


def look_at(page: Page, path: str) -> list[str]:
    """The faults of one page in all four dresses, after one loading."""
    found: list[str] = []
    for viewport, size in ((WIDE, "1440"), (NARROW, "390")):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            found.append(f"{path} {size}: {width} px wide")
        page.emulate_media(color_scheme="light")
        found += faults(page, f"{path} {size} light", RULES)
        page.emulate_media(color_scheme="dark")
        found += faults(page, f"{path} {size} dark", COLOURS)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    return found


def test_the_pages_are_there(pages: dict[str, str]) -> None:
    assert EXPECTED - set(pages) == set()


def test_pages_are_accessible_quiet_and_fit(pages: dict[str, str], opens: Opens) -> None:
    page, watch = opens()
    found: list[str] = []

    for path in pages.values():
        page.goto(path)
        if page.locator("h1").count() != 1:
            found.append(f"{path}: {page.locator('h1').count()} h1")
        found += watch.look(page)
        found += look_at(page, path)
        watch.complaints.clear()

    assert found == []


def test_pages_of_strangers_are_accessible_quiet_and_fit(opens: Opens) -> None:
    page, watch = opens(None)
    found: list[str] = []

    for path in STRANGERS:
        page.goto(path)
        found += watch.look(page)
        found += look_at(page, path)

    assert found == []


def test_pages_are_small(pages: dict[str, str], site: Site) -> None:
    client = sign_in(site.url, OWNER)

    sizes = {path: len(gzip.compress(client.get(path).content)) for path in pages.values()}

    assert {path: size for path, size in sizes.items() if size > HTML_BYTES_MAX} == {}


def test_a_cold_page_asks_for_few_files(opens: Opens) -> None:
    page, _ = opens()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/", wait_until="networkidle")

    assert len(asked) <= REQUESTS_MAX, asked


def test_each_page_forbids_inline_code(site: Site, pages: dict[str, str]) -> None:
    client: httpx.Client = sign_in(site.url, OWNER)
    read: Callable[[str], str] = lambda path: client.get(path).headers["content-security-policy"]  # noqa: E731

    policies = {path: read(path) for path in pages.values()}

    assert [path for path, policy in policies.items() if "script-src 'self'" not in policy] == []
    assert [path for path, policy in policies.items() if "unsafe-inline" in policy] == []
