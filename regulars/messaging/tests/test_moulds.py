"""A letter cast from a mould reads as if it had been made as a whole."""

from __future__ import annotations

import base64
import quopri
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.messaging.pure import moulds
from regulars.messaging.pure.links import LINKS_MAX, Signing, add_pixel, track_html, track_text
from regulars.messaging.pure.rendering import (
    FIXED_CHARS_MIN,
    OUTPUT_BYTES_MAX,
    TemplateInvalid,
    compile_html,
    compile_text,
)
from regulars.messaging.pure.transfer import Piece

OWN = "https://crm.example/u/"
PIXEL = "https://crm.example/o/T.gif"
DATA = {
    "customer": {
        "name": "<Mira>",
        "city": "Київ",
        "crlf": "a\r\nb\rc",
        "url": "https://x.y/?a=1&b",
    },
    "items": [{"n": 1}, {"n": 2}],
    "now": datetime(2026, 5, 1, tzinfo=UTC),
    "unsubscribe_url": OWN + "T",
}
BITS = (
    "<a href='https://shop.example/a?b=1&amp;c=2'>", '<a class="b" href="https://shop.example/">',
    "</a>", '<a href="{{ customer.url }}">', '<a href="https://shop.example/{{ customer.city }}">',
    "<p>", "</p>", "<", ">", "{{ customer.name }}", "{{ customer.crlf }}", "{{ customer.nick }}",
    "{% if customer.city %}", "{% endif %}", "{% for i in items %}", "{% endfor %}", "{{ i.n }}",
    "{% assign i = items[0] %}", "{{ unsubscribe_url }}", "</body>", "\n", "\r\n", "\r", " ", "  ",
    "\t", ".", "\n.\n", "=", "https://shop.example/t", "mailto:a@b.c", "ї", "\u2028", "\ud800",
    "x" * 90, "word " * 30, "<td>" * 40, "javascript:x", "{{ customer.url }}", "{% break %}", "'",
)  # fmt: skip
SOURCES = st.lists(st.sampled_from(BITS), max_size=25).map("".join)


def sign(index: int, url: str) -> str:
    return f"https://crm.example/l/{index:03}{base64.urlsafe_b64encode(url.encode()).decode()}"


def plain_html(source: str) -> str:
    rendered = compile_html(source).render(DATA).text
    return add_pixel(track_html(rendered, Signing(sign), OWN), PIXEL)


def plain_text(source: str) -> str:
    return track_text(compile_text(source).render(DATA).text, Signing(sign), OWN)


def read(piece: Piece, *, is_base64: bool) -> str:
    raw = base64.b64decode(piece.wire) if is_base64 else quopri.decodestring(piece.wire)
    return raw.decode().replace("\r\n", "\n")


def relaxed(body: bytes) -> bytes:
    """The canonical form as RFC 6376 3.4.4 says it, but for empty lines at the end."""
    return re.sub(rb"[ \t]+\r\n", b"\r\n", re.sub(rb"[ \t]+", b" ", body))


def unified(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8", "replace").decode()


@settings(max_examples=400, deadline=None)
@given(SOURCES, st.booleans())
@example("<p>" + "x" * 200 + "{{ customer.crlf }}\n" + "y" * 200 + "</p></body>", False)
@example("https://shop.example/" + "{{ customer.city }}" + "x" * 200 + " " + "y" * 200, False)
@example("{{ customer.url }}" + "x" * 200, False)
@example("x" * 200 + "{{ customer.url }}", False)
@example("<td>" * 40 + "</body>{% if customer.city %}</body>{% endif %}", False)
def test_a_cast_part_is_the_part_made_as_a_whole(source: str, is_base64: bool) -> None:
    try:
        compiled, words = compile_html(source), compile_text(source)
        expected = compiled.render(DATA).missing, plain_html(source), plain_text(source)
    except (TemplateInvalid, UnicodeEncodeError):
        return

    html = moulds.html_mould(compiled, own_prefix=OWN, is_base64=is_base64)
    text = moulds.text_mould(words, own_prefix=OWN, is_base64=is_base64)
    rich, missing = html.cast(DATA, sign, pixel=PIXEL)
    plain, _ = text.cast(DATA, sign)

    assert missing == expected[0]
    assert read(rich, is_base64=is_base64) == unified(expected[1])
    assert read(plain, is_base64=is_base64) == unified(expected[2])
    for piece in (rich, plain):
        lines = piece.wire.split(b"\r\n")
        # The library writes a line of 78 where a blank at its end becomes a code.
        assert max(map(len, lines)) <= 78
        assert not any(line.endswith((b" ", b"\t")) for line in lines)
        assert b"\n" not in piece.wire.replace(b"\r\n", b"") and piece.wire.isascii()
        assert piece.canonical == relaxed(piece.wire)


@settings(max_examples=200, deadline=None)
@given(SOURCES)
def test_a_template_taken_apart_renders_what_the_whole_renders(source: str) -> None:
    seam = re.compile(r"(?<=>)|(?=<)")
    try:
        compiled = compile_html(source)
        whole = compiled.render(DATA)
    except (TemplateInvalid, UnicodeEncodeError):
        return

    apart = compiled.stretched(seam)
    stretches, missing = apart.render(DATA)

    assert len(apart.fixed) == len(stretches) + 1
    found = apart.fixed[0] + "".join(
        stretch + fixed for stretch, fixed in zip(stretches, apart.fixed[1:], strict=True)
    )
    assert (found, missing) == (whole.text, whole.missing)
    assert all(len(fixed) >= FIXED_CHARS_MIN or not fixed for fixed in apart.fixed)


def test_a_long_fixed_text_is_not_rendered_again() -> None:
    source = "<td>" * 2_000 + "{{ customer.city }}" + "<td>" * 2_000 + "</body>"

    apart = compile_html(source).stretched(re.compile(r"(?<=>)|(?=<)"))

    assert apart.render(DATA) == (["Київ"], ())
    assert list(map(len, apart.fixed)) == [8_000, 8_007]


def test_links_beyond_the_limit_stay_wherever_they_stand() -> None:
    link = "<a href='https://shop.example/?a=1&amp;b=2'>x</a>"
    source = link * (LINKS_MAX - 1) + "{% for i in items %}" + link + "{% endfor %}" + link * 3
    source += "</body>"

    mould = moulds.html_mould(compile_html(source), own_prefix=OWN, is_base64=False)
    piece, _ = mould.cast(DATA, sign, pixel=PIXEL)

    assert read(piece, is_base64=False) == plain_html(source)
    assert plain_html(source).count("https://shop.example/?a=1&amp;b=2") == 4


def test_fixed_texts_count_towards_the_size_of_a_letter() -> None:
    fixed = "<td>" * 45_000
    loop = "{% for i in items %}" + "z" * 5_000 + "{% endfor %}"
    data = {**DATA, "items": [{}] * ((OUTPUT_BYTES_MAX - len(fixed)) // 5_000)}

    mould = moulds.html_mould(compile_html(loop + fixed), own_prefix=OWN, is_base64=False)
    mould.cast(data, sign, pixel=PIXEL)

    data["items"] = [{}] * (len(data["items"]) + 1)
    with pytest.raises(TemplateInvalid) as refusal:
        mould.cast(data, sign, pixel=PIXEL)
    assert refusal.value.code == "template_limit"


def test_no_line_of_a_cast_letter_is_a_lone_dot() -> None:
    for source in (".", "x\n.\ny", ".{{ customer.city }}", "<td>" * 40 + ".</body>"):
        mould = moulds.html_mould(compile_html(source), own_prefix=OWN, is_base64=False)
        piece, _ = mould.cast(DATA, sign, pixel=PIXEL)
        assert b"." not in piece.wire.split(b"\r\n")
