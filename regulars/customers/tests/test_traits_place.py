"""The parts of an address that a row tells."""

from __future__ import annotations

import pytest

from regulars.customers.pure.traits import split


def test_an_address_tells_city_region_postal_code_and_place():
    columns, attrs = split(
        {
            "address": {
                "city": "Львів",
                "country": "UA",
                "state": "Львівська",
                "postalCode": 79000,
                "latitude": 49.84,
                "longitude": "24.03",
                "street": "Площа Ринок",
            }
        }
    )

    assert columns == {"city": "Львів", "country": "UA"}
    assert attrs == {
        "region": "Львівська",
        "postal_code": "79000",
        "latitude": 49.84,
        "longitude": 24.03,
    }


def test_what_is_told_outright_counts_more_than_the_address():
    columns, attrs = split({"address": {"city": "Lviv", "region": "A"}, "city": "Kyiv",
                            "region": "B"})  # fmt: skip

    assert (columns, attrs) == ({"city": "Kyiv"}, {"region": "B"})


@pytest.mark.parametrize("wrong", [91, -90.5, True, "north", [1], float("nan"), float("inf")])
def test_degrees_that_no_place_has_are_left_out(wrong):
    assert split({"latitude": wrong}) == ({}, {})


def test_an_address_in_words_stays_an_attribute():
    assert split({"address": "Площа Ринок, 1"}) == ({}, {"address": "Площа Ринок, 1"})
