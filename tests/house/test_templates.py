"""Templates hold no style and no script of their own: the content policy would block them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house import house

INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:"
    r"|<script\b(?![^>]*\bsrc\s*=)(?![^>]*application/json)",
    re.IGNORECASE,
)


def inline(text: str) -> list[str]:
    """What the strict policy would block."""
    without_comments = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", text, flags=re.S)
    return [found.group().strip() for found in INLINE.finditer(without_comments)]


def _templates() -> list[Path]:
    return sorted(house.PACKAGE.glob("*/templates/**/*.html"))


def test_no_template_has_inline_style_or_script() -> None:
    found = {
        house.name_of(path): told for path in _templates() if (told := inline(path.read_text()))
    }

    assert found == {}
    assert len(_templates()) > 5


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color:red">', "<style>", "<script>go()</script>", "<a onclick='go()'>",
        '<a href="javascript:go()">', "<script type=module>go()</script>",
    ],
)  # fmt: skip
def test_a_sample_is_caught(text: str) -> None:
    assert len(inline(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<script src="{% static \'a.js\' %}" defer></script>',
        '<script type="application/json" id="x">{}</script>',
        '<p class="style" data-one="1">', "{# style=\"\" #}",
    ],
)  # fmt: skip
def test_what_is_allowed_is_spared(text: str) -> None:
    assert inline(text) == []
