"""One catalogue, whoever writes it: whole by files and programs, in part by other systems."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from regulars.kernel.errors import Invalid
from regulars.orders import queries
from regulars.orders.actions import tell_catalogue, write_catalogue
from regulars.orders.records import NewProduct
from regulars.store.scope import scope
from tests.town import Town, town

TEA = NewProduct(
    sku="TEA", name="Green tea", category="Drinks > Tea", brand="Hill", price=Decimal("12.50"),
    old_price=Decimal("15"), url="https://shop.example/tea", availability="in_stock",
)  # fmt: skip


@pytest.fixture
def place(db: None) -> Town:
    return town()


def test_what_is_not_told_stays_and_an_old_price_goes_with_its_price(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        assert write_catalogue(shop, [TEA]) == 1
        told = NewProduct(sku="TEA", price=Decimal("11"))
        assert tell_catalogue(shop, [told]) == (0, 1)
        assert tell_catalogue(shop, [told]) == (0, 0)
        found = queries.product(shop, "TEA")
    assert (found.name, found.category, found.brand, found.url) == (
        "Green tea", "Tea", "Hill", "https://shop.example/tea",
    )  # fmt: skip
    assert (found.list_price, found.old_price, found.availability) == (
        Decimal("11"), None, "in_stock",
    )  # fmt: skip


def test_a_file_brought_in_again_puts_back_what_was_told_since(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        write_catalogue(shop, [TEA])
        assert write_catalogue(shop, [TEA]) == 0
        tell_catalogue(shop, [NewProduct(sku="TEA", price=Decimal("11"))])
        assert write_catalogue(shop, [TEA]) == 1
        assert queries.product(shop, "TEA").list_price == Decimal("12.50")


def test_both_ways_hang_products_on_one_tree(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        write_catalogue(shop, [TEA])
        coffee = replace(TEA, sku="COFFEE", category="Drinks > Coffee")
        assert tell_catalogue(shop, [coffee]) == (1, 0)
        assert [branch.path for branch in queries.categories(shop)] == [
            "Drinks", "Drinks > Coffee", "Drinks > Tea",
        ]  # fmt: skip
        with pytest.raises(Invalid):
            tell_catalogue(shop, [replace(coffee, price=Decimal("-1"))])
    with scope(place.other.id):
        assert queries.categories(place.other.id) == []
