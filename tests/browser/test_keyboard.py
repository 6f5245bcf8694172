"""The product by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, Opens

pytestmark = pytest.mark.browser

TRIES_MAX, LOOK_MS = 5, 1_000
OUTLINE = "(e) => { const s = getComputedStyle(e); return s.outlineStyle + ' ' + s.outlineWidth; }"


def outline(page: Page) -> str:
    """How the focused element shows that it is."""
    return str(page.locator(":focus").evaluate(OUTLINE))


def test_the_first_stop_leads_to_the_content_and_can_be_seen(opens: Opens) -> None:
    page, _ = opens()
    page.goto("/settings/")

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    expect(page.locator(":focus")).to_be_in_viewport()
    assert outline(page) == "solid 2px"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("main :focus")).to_have_id("id_name")
    assert outline(page) == "solid 2px"


def test_every_stop_of_a_page_shows_its_focus(opens: Opens) -> None:
    page, _ = opens()
    page.goto("/settings/team/")
    unseen = []

    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(":focus").count() == 0:
            break
        if not outline(page).startswith("solid"):
            unseen.append(page.locator(":focus").evaluate("(e) => e.outerHTML.slice(0, 120)"))

    assert unseen == []


def test_the_palette_opens_finds_and_closes(opens: Opens) -> None:
    page, watch = opens()
    page.goto("/settings/")

    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("team")
    expect(page.locator("#palette .result").first).to_contain_text("Team")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Team")
    assert watch.look(page) == []


def test_letters_lead_to_pages_and_can_be_switched_off(opens: Opens) -> None:
    page, _ = opens()
    page.goto("/settings/")

    # The two letters belong together for little more than a second; a busy machine may be slower.
    for _ in range(TRIES_MAX):
        page.keyboard.press("g")
        page.keyboard.press("c")
        page.wait_for_timeout(LOOK_MS)
        if page.url.endswith("/customers/"):
            break
    page.wait_for_url("**/customers/")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.get_by_role("button", name="Workspace and account").click()
    page.get_by_role("button", name="Switch keyboard shortcuts off").click()

    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_have_count(0)


def test_a_question_names_its_object_and_closes_by_escape(opens: Opens) -> None:
    page, watch = opens()
    page.goto("/settings/team/")
    remove = page.get_by_role("button", name="Remove").first

    remove.focus()
    page.keyboard.press("Enter")
    question = page.locator("dialog[open]")
    expect(question).to_be_visible()
    expect(question.get_by_role("heading")).to_contain_text("@")
    page.keyboard.press("Escape")

    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(remove).to_be_focused()
    assert watch.look(page) == []


def test_the_menu_of_a_phone_opens_and_closes(opens: Opens) -> None:
    page, watch = opens(viewport=NARROW)
    page.goto("/settings/")

    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Team")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Team")).to_be_hidden()

    assert watch.look(page) == []


def test_the_theme_is_chosen_at_once_and_stays(opens: Opens) -> None:
    page, watch = opens()
    page.goto("/settings/")
    page.get_by_role("button", name="Workspace and account").click()

    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert watch.look(page) == []


def test_what_was_typed_is_not_lost_without_a_question(opens: Opens) -> None:
    page, _ = opens()
    page.goto("/settings/")
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.get_by_label("Name", exact=True).fill("Half a nam")

    with page.expect_event("dialog") as asked:
        page.get_by_role("link", name="Team").click(no_wait_after=True)

    assert asked.value.type == "beforeunload"
    assert page.get_by_label("Name", exact=True).input_value() == "Half a nam"
