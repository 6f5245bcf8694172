from __future__ import annotations

import pytest

from regulars.messaging.pure.links import Signing, add_pixel, may_follow, track_html, track_text

OWN = "https://crm.example/u/"


def sign(index: int, url: str) -> str:
    return f"https://crm.example/l/{index}.{len(url)}"


def test_web_links_are_signed_in_order_and_others_stay() -> None:
    html = (
        '<a class="b" href="https://x.example/?a=1&amp;b=2">x</a><A HREF=\'http://y.example\'>y</A>'
        '<a href="mailto:a@b.c">m</a><a href="#top">t</a><a href="https://crm.example/u/T">u</a>'
        '<img src="https://x.example/i.png"><area href="https://no">'
    )

    tracked = track_html(html, Signing(sign), OWN)

    assert tracked == (
        '<a class="b" href="https://crm.example/l/0.26">x</a>'
        '<A HREF="https://crm.example/l/1.16">y</A>'
        '<a href="mailto:a@b.c">m</a><a href="#top">t</a><a href="https://crm.example/u/T">u</a>'
        '<img src="https://x.example/i.png"><area href="https://no">'
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://user@evil.example/",
        "https:\\\\evil.example",
        "https://a.example\\@evil.example",
        "https://",
        "ftp://a.example/",
        "https://a.example/\nx",
        "https://" + "a" * 3_000,
    ],
)
def test_an_address_that_is_not_a_plain_web_address_leads_nowhere(url: str) -> None:
    assert not may_follow(url)
    tracked = track_html(f"<a href='{url}'>x</a>", Signing(sign), OWN)
    assert tracked == '<a href="#">x</a>'


def test_addresses_in_text_are_signed() -> None:
    text = track_text("Buy (https://x.example/a) or https://crm.example/u/T", Signing(sign), OWN)

    assert text == "Buy (https://crm.example/l/0.19) or https://crm.example/u/T"


def test_the_pixel_stands_before_the_end_of_the_body() -> None:
    assert add_pixel("<body>x</body></html>", "https://c/o/1.gif").endswith(
        'style="display:block"></body></html>'
    )
    assert add_pixel("x", "https://c/o/1.gif").startswith("x<img ")
