from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.fields.pure.types import DECLARABLE, SEEN, Settled, fits, settle

COUNTS = st.dictionaries(st.sampled_from(SEEN), st.integers(0, 1_000))


@pytest.mark.parametrize(
    ("types", "declared", "expected"),
    [
        ({}, "", Settled("unknown")),
        ({}, "date", Settled("date")),
        ({"number": 5}, "", Settled("number")),
        ({"digits": 5}, "", Settled("text")),
        ({"date": 4, "time": 1}, "", Settled("time")),
        ({"date": 4, "text": 1}, "", Settled("text")),
        ({"number": 9, "text": 2}, "", Settled("number", True, 2)),
        ({"number": 9, "digits": 4}, "", Settled("number", True, 4)),
        ({"number": 3, "text": 2, "digits": 2}, "", Settled("text", True, 3)),
        ({"number": 9, "text": 2}, "text", Settled("text", True, 9)),
        ({"bool": 1, "list": 1}, "", Settled("bool", True, 1)),
        ({"object": 2, "list": 0}, "", Settled("object")),
        ({"date": 4}, "time", Settled("time")),
    ],
)
def test_values_settle_to_one_type(types: dict[str, int], declared: str, expected: Settled) -> None:
    assert settle(types, declared) == expected


@given(COUNTS)
def test_misfits_are_what_the_settled_type_cannot_compare(types: dict[str, int]) -> None:
    settled = settle(types)
    misfits = sum(n for kind, n in types.items() if n and not fits(kind, settled.type))
    if any(types.values()):
        assert (settled.misfits, settled.is_conflict) == (misfits, misfits > 0)
        assert settled.misfits < sum(types.values())
    else:
        assert settled == Settled("unknown")


@given(COUNTS, st.sampled_from(DECLARABLE))
def test_a_declared_type_holds_whatever_came(types: dict[str, int], declared: str) -> None:
    assert settle(types, declared).type == declared
