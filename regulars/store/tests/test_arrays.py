from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.store import arrays
from regulars.store.scope import cursor

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(st.lists(texts | st.sampled_from(["", "NULL", '"', "\\", "{,}", "\n"])))
@settings(max_examples=50)
@pytest.mark.usefixtures("db")
def test_texts_arrive_as_they_were_sent(values: list[str]) -> None:
    raw = cursor()
    raw.execute("SELECT %s::text[]", [arrays.of_texts(values)])

    assert raw.fetchall() == [(values,)]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
@settings(max_examples=50)
@pytest.mark.usefixtures("db")
def test_numbers_arrive_as_they_were_sent(values: list[int]) -> None:
    raw = cursor()
    raw.execute("SELECT %s::bigint[]", [arrays.of_numbers(values)])

    assert raw.fetchall() == [(values,)]
