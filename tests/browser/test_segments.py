"""The builder of segments by keyboard alone, on a phone, and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NARROW, Opens
from tests.browser.site import OWNER, Site

pytestmark = pytest.mark.browser

WORK_MS = 60_000
STOPS_MAX = 120


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(STOPS_MAX):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no stop at {selector}")


def test_a_rule_is_built_undone_and_saved_by_keyboard_alone(opens: Opens) -> None:
    page, watch = opens()
    page.goto("/segments/new")
    total = page.locator("#audience .audience-total")
    expect(total).not_to_have_text("…", timeout=WORK_MS)

    tab_to(page, "#name")
    page.keyboard.type("By keyboard")
    tab_to(page, "#n-more")
    page.keyboard.press("Enter")
    tab_to(page, "#n-gap")
    with page.expect_response("**/segments/draft"):
        page.keyboard.press("Enter")
    expect(page.locator("#n-0-which")).to_be_focused()
    tab_to(page, "#n-0-a")
    page.keyboard.press("Control+a")
    page.keyboard.type("30")
    tab_to(page, "#n-fact")
    with page.expect_response("**/segments/draft"):
        page.keyboard.press("Enter")
    expect(page.locator("#n-1-fact")).to_be_focused()
    tab_to(page, "#undo")
    with page.expect_response("**/segments/draft"):
        page.keyboard.press("Enter")

    expect(page.locator("#n-1-fact")).to_have_count(0)
    expect(page.locator("#n-0-a")).to_have_value("30")
    expect(page.locator("#sentence")).to_contain_text("30 days", timeout=WORK_MS)
    page.locator("#save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard", timeout=WORK_MS)
    assert watch.complaints == []


def test_a_funnel_is_built_on_a_phone_without_sideways_scrolling(opens: Opens) -> None:
    page, watch = opens(viewport=NARROW)
    page.goto("/segments/new")
    page.locator("#n-more").click()
    with page.expect_response("**/segments/draft"):
        page.locator("#n-funnel").click()
    expect(page.locator(".rule-step")).to_have_count(2)
    with page.expect_response("**/segments/draft"):
        page.locator("#n-0-step").click()

    expect(page.locator(".rule-step")).to_have_count(3)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    assert watch.complaints == []


def test_the_builder_works_without_scripts(
    site: Site, browser: Browser, session_of: Callable[[str], object]
) -> None:
    context = browser.new_context(
        base_url=site.url,
        storage_state=session_of(OWNER),  # type: ignore[arg-type]
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto("/segments/new")

    page.locator("#n-did").click()
    page.locator("#n-0-op-a").fill("2")
    page.locator("#n-fact").click()
    page.locator("#undo").click()
    expect(page.locator("#n-0-op-a")).to_have_value("2")
    expect(page.locator("#n-1-fact")).to_have_count(0)
    page.locator("#rule-text summary").click()
    page.locator("#text").fill("since last order.paid >= 30d and reachable email")
    page.locator("#show-text").click()
    expect(page.locator("#n-0-cmp")).to_have_value("gte")
    expect(page.locator("#n-1-channel")).to_have_value("email")
    page.locator("#name").fill("Without scripts")
    page.locator("#save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Without scripts")
    context.close()
