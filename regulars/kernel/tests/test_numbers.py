from __future__ import annotations

import pytest

from regulars.kernel.numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("042", 42),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        (" 1", None),
        ("²", None),
        ("٣", None),
        ("①", None),
    ],
)
def test_only_short_numbers_in_plain_digits_are_taken(text: str, number: int | None) -> None:
    assert whole_number(text) == number
