"""Codes, origins and devices, as decisions alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid
from regulars.portal.pure.codes import code_of, digits_of, is_same, keyed
from regulars.portal.pure.devices import device_of
from regulars.portal.pure.origins import ORIGINS_MAX, ancestors, read_origins


@given(st.binary(min_size=1, max_size=64), st.text(max_size=40))
def test_a_code_has_six_digits_and_is_the_same_each_time(key: bytes, challenge: str) -> None:
    code = code_of(key, challenge)

    assert len(code) == 6 and code.isdigit()
    assert is_same(code, digits_of(f" {code[:3]}-{code[3:]}\u00a0"))
    assert code == code_of(key, challenge)


def test_codes_of_other_challenges_and_keys_are_others() -> None:
    codes = {code_of(key, challenge) for key in (b"a", b"b") for challenge in "abcdefgh"}

    assert len(codes) == 16
    assert keyed(b"k", "a", "bc") != keyed(b"k", "ab", "c")


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert digits_of("١٢٣٤٥٦") == ""
    assert digits_of("x" * 10_000 + "123456") == ""


@pytest.mark.parametrize(
    "line",
    ["shop.example", "http://shop.example", "https://shop.example/path", "https://*.example",
     "https://a.example?x=1", "https://user@a.example", "javascript:alert(1)", "https://", "'self'",
     "https://a.example; script-src *", "https://a b.example", "https://a.example:x",
     "https://-a.example", "https://" + "a" * 300 + ".example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(line: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_origins(line)

    assert refusal.value.code == "portal_origin"


def test_origins_are_read_one_a_line_each_once() -> None:
    text = " https://Shop.example/ \n\nhttps://shop.example\nhttp://localhost:8080\n"

    assert read_origins(text) == ("https://shop.example", "http://localhost:8080")
    assert ancestors(read_origins(text)) == [
        "'self'", "https://shop.example", "http://localhost:8080",
    ]  # fmt: skip
    assert ancestors(()) == ["'none'"]
    with pytest.raises(Invalid):
        read_origins("\n".join(f"https://s{n}.example" for n in range(ORIGINS_MAX + 1)))


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
         "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox, Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_devices_are_told_in_a_word(agent: str, named: str) -> None:
    assert device_of(agent) == named
