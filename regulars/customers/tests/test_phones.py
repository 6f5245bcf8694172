from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberFormat

from regulars.customers.pure import phones
from regulars.customers.pure.normalise import phone
from regulars.kernel.errors import Invalid

EXAMPLES = [
    phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, 1)) is not None
]


def by_the_library(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "UA")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


digits = st.text("0123456789", min_size=4, max_size=12)
codes = st.sampled_from(sorted(COUNTRY_CODE_TO_REGION_CODE))
made_up = st.builds("+{}{}".format, codes, digits)


@st.composite
def nearly_sound(draw: st.DrawFn) -> str:
    """A sound number with a digit or a mark put in somewhere."""
    number = draw(st.sampled_from(EXAMPLES))
    place = draw(st.integers(1, len(number)))
    cut = draw(st.integers(0, 1))
    return number[:place] + draw(st.sampled_from("0123456789 ()-.")) + number[place + cut :]


@given(made_up | nearly_sound())
@settings(max_examples=500)
def test_what_is_taken_in_full_is_what_the_library_makes_of_it(text: str) -> None:
    assert phones.in_full(text) in (None, by_the_library(text))


def test_most_numbers_of_the_world_are_taken_in_full() -> None:
    taken = [number for number in EXAMPLES if phones.in_full(number) == number]

    assert len(EXAMPLES) > 200
    assert len(taken) > len(EXAMPLES) * 0.8


@pytest.mark.parametrize("text", ["+380671234567", "+38 (067) 123-45-67", "+38.067.123.45.67"])
def test_marks_between_the_digits_are_dropped(text: str) -> None:
    assert phones.in_full(text) == phone(text, "") == "+380671234567"


@pytest.mark.parametrize("text", ["0671234567", "380671234567", "+380671234567 доб. 5", ""])
def test_what_is_not_written_in_full_is_left_to_the_library(text: str) -> None:
    assert phones.in_full(text) is None


@pytest.mark.parametrize("text", ["+38067123456", "+380001234567", "+999123456789"])
def test_a_number_no_country_has_is_refused_as_before(text: str) -> None:
    assert phones.in_full(text) is None
    with pytest.raises(Invalid):
        phone(text, "UA")
