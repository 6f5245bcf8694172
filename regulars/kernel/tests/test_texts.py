from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.texts import json_without_nul


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("tea\x00pot", "teapot"),
        ("\x00\x00", ""),
        (r"\u0000", r"\u0000"),
        ("\\\x00", "\\"),
        ("\\\\u0000\x00", "\\\\u0000"),
        ({"a\x00": ["\x00b"]}, {"a": ["b"]}),
    ],
)
def test_the_character_goes_and_its_spelling_stays(value: object, kept: object) -> None:
    assert json.loads(json_without_nul(json.dumps(value))) == kept


@given(st.text(alphabet="\x00\\u0a"))
def test_nothing_else_is_changed(text: str) -> None:
    assert json.loads(json_without_nul(json.dumps(text))) == text.replace("\x00", "")
