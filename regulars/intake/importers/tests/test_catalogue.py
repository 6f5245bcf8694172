"""Catalogues of files: CSV, YML and Google's feed, good, broken and hostile."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from regulars.intake.importers import feeds
from regulars.intake.importers.run import run_import
from regulars.kernel.errors import Invalid
from regulars.orders import actions, queries
from regulars.orders.queries import desk
from regulars.orders.records import ProductRecord
from regulars.store.scope import scope
from tests.town import workspace

YML = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE yml_catalog SYSTEM "shops.dtd">
<yml_catalog date="2026-05-01 12:00"><shop><name>Shop</name>
<currencies><currency id="UAH" rate="1"/></currencies>
<categories><category id="1">Напої</category><category id="2" parentId="1">Чай</category>
<category id="9" parentId="9">Loop</category></categories>
<offers>
<offer id="T-1" available="true"><url>https://shop.example/1?a=1&amp;b=2</url><price>120.50</price>
<oldprice>150</oldprice><currencyId>UAH</currencyId><categoryId>2</categoryId>
<picture>https://shop.example/1.jpg</picture><picture>https://shop.example/2.jpg</picture>
<name>Зелений чай</name><vendor>Сад</vendor><description><![CDATA[<b>long</b>]]></description>
<param name="Вага">100</param><count>7</count></offer>
<offer id="T-2" available="false"><price>x</price><name>No price</name></offer>
<offer id="T-3" available="false"><price>80</price><typePrefix>Чай</typePrefix>
<vendor>Сад</vendor><model>Чорний</model><categoryId>9</categoryId></offer>
<offer id="T-1"><price>1</price><name>Twin</name></offer>
</offers></shop></yml_catalog>"""
GOOGLE = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
<item><g:id>G1</g:id><title>Green tea</title><link>https://shop.example/g1</link>
<g:price>15.00 UAH</g:price><g:sale_price>12.50 UAH</g:sale_price><g:brand>Garden</g:brand>
<g:availability>in stock</g:availability><g:product_type>Drinks &gt; Tea</g:product_type>
<g:image_link>https://shop.example/g1.jpg</g:image_link></item>
<item><g:id>G2</g:id><g:title>Euro</g:title><g:price>3 EUR</g:price></item>
<item><g:id>G3</g:id><g:title>Bad link</g:title><link>javascript:alert(1)</link></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>Shop</title><entry><g:id>A1</g:id><g:title>Cup</g:title>
<link rel="alternate" href="https://shop.example/a1"/><g:price>9 UAH</g:price></entry></feed>"""
CSV = """Артикул;Назва;Категорія;Ціна;Стара ціна;Залишок;Наявність;Тип;Тривалість
TEA;Чай;Напої > Чай;120,50;;3;в наявності;;
HAIR;Стрижка;Послуги;400;;;;послуга;45
BAD;Bad;;-1;;;;;
;No code;;1;;;;;
ODD;Odd;;1;;;maybe;;
"""


@pytest.fixture
def shop(as_engine: None) -> int:
    made = workspace("bakery")
    with scope(made.id):
        actions.save_place(made.id, name="Shop")
    return made.id


def products_of(shop: int) -> dict[str, ProductRecord]:
    with scope(shop):
        return {p.sku: p for _id, p in queries.products(shop)}


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "catalogue.file"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "utf-8-sig"])
def test_a_yml_comes_in_with_its_tree_and_twice_changes_nothing(
    shop: int, tmp_path: Path, encoding: str
) -> None:
    name = encoding.removesuffix("-sig")
    path = write(tmp_path, YML.format(encoding=name), encoding)

    first = run_import(shop, "catalogue", path)
    again = run_import(shop, "catalogue", path)

    assert (first.rows, first.taken, first.repeated, first.rejected) == (4, 2, 0, 2)
    assert first.reasons == {"product_price": 1, "product_repeated": 1}
    assert (again.taken, again.repeated, again.rejected) == (0, 2, 2)
    found = products_of(shop)
    tea = found["T-1"]
    assert (tea.name, tea.category, tea.category_code, tea.brand) == (
        "Зелений чай", "Чай", "Напої > Чай", "Сад",
    )  # fmt: skip
    assert (tea.list_price, tea.old_price, tea.availability) == (
        Decimal("120.5"), Decimal(150), "in_stock",
    )  # fmt: skip
    assert tea.url == "https://shop.example/1?a=1&b=2"
    assert tea.picture_url == "https://shop.example/1.jpg"
    assert (found["T-3"].name, found["T-3"].availability) == ("Чай Сад Чорний", "out_of_stock")
    with scope(shop):
        assert [(r.sku, r.on_hand) for r in desk.stock(shop)] == [("T-1", 7)]


def test_a_feed_for_google_comes_in(shop: int, tmp_path: Path) -> None:
    outcome = run_import(shop, "catalogue", write(tmp_path, GOOGLE))

    assert (outcome.taken, outcome.reasons) == (1, {"product_currency": 1, "product_url": 1})
    tea = products_of(shop)["G1"]
    assert (tea.list_price, tea.old_price, tea.category_code, tea.availability) == (
        Decimal("12.5"), Decimal(15), "Drinks > Tea", "in_stock",
    )  # fmt: skip


def test_an_atom_feed_keeps_its_links(shop: int, tmp_path: Path) -> None:
    run_import(shop, "catalogue", write(tmp_path, ATOM))

    assert products_of(shop)["A1"].url == "https://shop.example/a1"


def test_a_table_comes_in_by_its_headings(shop: int, tmp_path: Path) -> None:
    outcome = run_import(shop, "catalogue", write(tmp_path, CSV))

    assert (outcome.rows, outcome.taken, outcome.rejected) == (5, 2, 3)
    assert outcome.reasons == {"product_availability": 1, "product_price": 1, "product_sku": 1}
    found = products_of(shop)
    assert (found["TEA"].list_price, found["TEA"].category_code) == (
        Decimal("120.5"), "Напої > Чай",
    )  # fmt: skip
    assert (found["HAIR"].item, found["HAIR"].duration_min) == ("service", 45)


def test_a_trial_writes_nothing(shop: int, tmp_path: Path) -> None:
    outcome = run_import(shop, "catalogue", write(tmp_path, GOOGLE), dry_run=True)

    assert (outcome.taken, outcome.rejected) == (1, 2)
    assert products_of(shop) == {}


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><yml_catalog>&b;</yml_catalog>'
READS = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item>&x;</item></rss>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><rss></rss>'


@pytest.mark.parametrize(
    "text",
    [BOMB, READS, PARAMETER, "<yml_catalog><shop>", "<html></html>", "<a>" * 100,
     "<rss><channel><title>" + "x" * 50_000 + "</title></channel></rss>",
     "<?xml version='1.0' encoding='no-such'?><rss></rss>", "<rss>\x00</rss>"],
)  # fmt: skip
def test_hostile_and_broken_xml_is_refused_and_nothing_is_written(
    shop: int, tmp_path: Path, text: str
) -> None:
    with pytest.raises(Invalid):
        run_import(shop, "catalogue", write(tmp_path, text))
    assert products_of(shop) == {}


def test_a_long_description_does_not_fill_the_memory(tmp_path: Path) -> None:
    offer = f'<offer id="1"><description>{"x" * 200_000}</description><price>1</price></offer>'
    path = write(tmp_path, f"<yml_catalog>{offer * 20}</yml_catalog>")

    rows = list(feeds.rows(path))

    assert [row[0] for row in rows] == ["1"] * 20
    assert {row[4] for row in rows} == {"1"}


def test_branches_without_names_that_hang_on_each_other_end(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(
        '<yml_catalog><shop><categories><category id="1" parentId="2"></category>'
        '<category id="2" parentId="1"></category></categories><offers><offer id="T">'
        "<name>Tea</name><categoryId>1</categoryId></offer></offers></shop></yml_catalog>"
    )

    (row,) = feeds.rows(path)

    assert row[:3] == ["T", "Tea", ""]


def test_parts_of_a_thing_that_nobody_asked_for_are_not_kept() -> None:
    reader = feeds._Reader()
    reader.start("yml_catalog", {})
    reader.start("offer", {"id": "T"})
    for number in range(1_000):
        reader.start(f"p{number}", {})
        reader.data("x" * 100)
        reader.end(f"p{number}")

    assert reader.thing == {"@offer": "T", "@available": ""}
