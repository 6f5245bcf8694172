"""Pages in Ukrainian and Russian hold no English text of the catalogues."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from regulars.web import translations
from tests.browser.conftest import NARROW, WIDE, Opens

pytestmark = pytest.mark.browser

# Visible texts and what is read aloud; data of the shop and code are marked by these elements.
TEXTS = """
() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const holder = node.parentElement;
    if (holder.closest("code,pre,kbd,script,template,[lang],textarea,option[data-own]")) continue;
    found.push(node.textContent);
  }
  for (const name of ["aria-label", "placeholder", "title", "data-label", "data-tip", "alt"]) {
    for (const holder of document.querySelectorAll(`body [${name}]`)) {
      found.push(holder.getAttribute(name));
    }
  }
  return found.map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}
"""
# A word or two may be a name in the data of a shop as well as a text of ours.
WORDS_MIN = 2


def english(language: str) -> list[re.Pattern[str]]:
    """The English texts that read otherwise in the language, as patterns of whole texts."""
    known = translations.translations_in(language)
    patterns = []
    for text, messages in known.items():
        said = messages[0].string
        forms = [said] if isinstance(said, str) else list(said)
        for source in filter(None, (text.singular, text.plural)):
            words = re.findall(r"[A-Za-z]{2,}", translations.NAMED.sub("", source))
            if source not in forms and len(words) >= WORDS_MIN:
                literal = re.escape(source.strip()).replace("%%", "%")
                literal = re.sub(r"%\\\(\w+\\\)[sd]", ".+?", literal)
                patterns.append(re.compile(literal + r"\Z"))
    return patterns


def missing(page: Page, patterns: list[re.Pattern[str]]) -> list[str]:
    """The texts of the page that stand there in English."""
    texts: list[str] = page.evaluate(TEXTS)
    latin = [text for text in dict.fromkeys(texts) if re.search("[A-Za-z]{2}", text)]
    return [text for text in latin if any(pattern.match(text) for pattern in patterns)]


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_no_page_holds_an_english_text_or_grows_too_wide(
    language: str, pages: dict[str, str], opens: Opens
) -> None:
    patterns = english(language)
    page, watch = opens(language=language)
    found: list[str] = []

    for path in pages.values():
        page.goto(path)
        if page.locator("html").get_attribute("lang") != language:
            found.append(f"{path}: lang is {page.locator('html').get_attribute('lang')}")
        found += [f"{path}: {text}" for text in missing(page, patterns)]
        for viewport in (WIDE, NARROW):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > viewport["width"]:
                found.append(f"{path}: {width} px wide of {viewport['width']}")
    found += watch.look(page)

    assert found == []
    assert len(patterns) > 300


def test_the_browser_wishes_and_the_member_chooses(opens: Opens) -> None:
    page, _ = opens(None, language="ru")
    page.context.clear_cookies()

    page.goto("/login/")
    assert page.locator("html").get_attribute("lang") == "ru"
    page.get_by_role("button", name="Українська").click()

    assert page.locator("html").get_attribute("lang") == "uk"
    assert page.get_by_role("heading", level=1).inner_text() == "Увійти"
