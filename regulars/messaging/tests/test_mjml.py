from __future__ import annotations

import pytest

from regulars.messaging.pure.mjml import html_from_mjml, is_mjml
from regulars.messaging.pure.plain_text import text_from_html
from regulars.messaging.pure.rendering import TemplateInvalid

LETTER = """<mjml><mj-head><mj-title>News</mj-title></mj-head><mj-body><mj-section><mj-column>
<mj-text font-family="Ubuntu">Hi {{ customer.first_name }}</mj-text>
<mj-button href="https://shop.example/{{ item }}?a=1&amp;b=2">Buy</mj-button>
</mj-column></mj-section></mj-body></mjml>"""


def test_mjml_becomes_html_with_liquid_kept_and_nothing_fetched() -> None:
    html = html_from_mjml(LETTER)

    assert "Hi {{ customer.first_name }}" in html
    assert 'href="https://shop.example/{{ item }}?a=1&amp;b=2"' in html
    assert "fonts.googleapis.com" not in html
    assert "<link" not in html


def test_line_breaks_of_browsers_change_nothing() -> None:
    assert html_from_mjml(LETTER.replace("\n", "\r\n")) == html_from_mjml(LETTER)


def test_it_knows_mjml_from_html() -> None:
    assert is_mjml(LETTER)
    assert is_mjml("\n<!-- note --> <mjml>")
    assert not is_mjml("<html><body>mjml</body></html>")


@pytest.mark.parametrize(
    "source",
    [
        '<mjml><mj-body><mj-include path="/etc/passwd"/></mj-body></mjml>',
        "<mjml",
        "not mjml",
        "<mjml><mj-body>" + "<div>" * 200 + "</div>" * 200 + "</mj-body></mjml>",
    ],
)
def test_bad_mjml_is_refused(source: str) -> None:
    with pytest.raises(TemplateInvalid):
        html_from_mjml(source)


def test_the_text_part_has_the_words_and_the_addresses_of_links() -> None:
    text = text_from_html(html_from_mjml(LETTER))

    assert text == "Hi {{ customer.first_name }}\n\nBuy (https://shop.example/{{ item }}?a=1&b=2)\n"
