"""Orders of files: what is taken, what is not and why, and that twice is once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from regulars.intake.importers import orders as importer
from regulars.intake.importers.tests.files import (
    asked,
    bring,
    contents,
    csv_file,
    parquet_file,
    reasons,
    rejects,
    xlsx_file,
)
from regulars.kernel.errors import Invalid
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

TEA = "1,2026-01-05 10:00,TEA,2,10.50,a@example.com"
CAKE = "1,2026-01-05 10:00,CAKE,1,20,a@example.com"
COFFEE = "2,2026-01-06,COFFEE,1,30,b@example.com"


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def test_lines_become_orders_of_customers(shop: WorkspaceRecord, tmp_path: Path) -> None:
    outcome = bring(shop, csv_file(tmp_path, TEA, CAKE, COFFEE))

    assert (outcome.rows, outcome.taken, outcome.repeated, outcome.rejected) == (3, 3, 0, 0)
    assert dict(outcome.counts) == {"orders": 2, "sales": 2, "lines": 3, "customers": 2}
    found = contents(shop)
    assert [(o[0], o[5], o[6], o[7]) for o in found["orders"]] == [
        ("1", 4100, 2, "import"), ("2", 3000, 1, "import"),
    ]  # fmt: skip
    # A time without a zone is of the workspace's, which is Kyiv.
    assert found["orders"][0][2] == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert {e[2] for e in found["events"]} == {"import"}
    assert found["consents"] == []


def test_the_same_file_twice_changes_nothing(shop: WorkspaceRecord, tmp_path: Path) -> None:
    path = csv_file(tmp_path, TEA, CAKE, COFFEE)
    bring(shop, path)
    before = contents(shop)

    again = bring(shop, path)

    assert (again.taken, again.repeated, again.rejected) == (0, 3, 0)
    assert contents(shop) == before


def test_a_dry_run_counts_and_writes_nothing(shop: WorkspaceRecord, tmp_path: Path) -> None:
    path = csv_file(tmp_path, TEA, CAKE, "3,never,X,1,1,c@example.com")
    before = contents(shop)

    outcome = bring(shop, path, dry_run=True)

    assert (outcome.taken, outcome.rejected, dict(outcome.reasons)) == (2, 1, {"order_time": 1})
    assert outcome.counts["orders"] == 1
    assert contents(shop) == before
    assert outcome.import_id == 0


def test_an_import_killed_in_the_middle_is_completed_by_the_next(
    shop: WorkspaceRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{n},2026-01-{n % 28 + 1:02},SKU{n % 7},1,5,c{n % 9}@example.com" for n in range(60)]
    path = csv_file(tmp_path, *lines)
    other = workspace()
    monkeypatch.setattr(importer, "PLAN", importer.PLAN.replace("20000", "10"))
    bring(other, path)

    class Killed(Exception):
        pass

    def die(stage: str, done: int, total: int | None) -> None:
        if stage == "writing" and done >= 30:
            raise Killed

    with pytest.raises(Killed):
        bring(shop, path, progress=die)
    (orders_before,) = asked(shop, "SELECT count(*) FROM orders_order WHERE workspace_id = %s")
    outcome = bring(shop, path)

    assert 0 < orders_before[0] < 60
    assert outcome.taken == 60 - orders_before[0]
    assert outcome.repeated == orders_before[0]
    assert contents(shop) == contents(other)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",2026-01-05,TEA,1,1,x@example.com", "order_number"),
        ("7,,TEA,1,1,x@example.com", "order_time"),
        ("7,31.02.2026,TEA,1,1,x@example.com", "order_time"),
        ("7,2999-01-01,TEA,1,1,x@example.com", "order_time_ahead"),
        ("7,1812-06-24,TEA,1,1,x@example.com", "order_time"),
        ("7,2026-01-05,,1,1,x@example.com", "line_product"),
        ("7,2026-01-05,TEA,many,1,x@example.com", "line_quantity"),
        ("7,2026-01-05,TEA,0,1,x@example.com", "line_quantity_zero"),
        ("7,2026-01-05,TEA,1,free,x@example.com", "line_price"),
        ("7,2026-01-05,TEA,1,-1,x@example.com", "line_price_negative"),
        ("7,2026-01-05,TEA,1,99999999999999,x@example.com", "line_price"),
        ("7,2026-01-05,TEA,1e400,1,x@example.com", "line_quantity"),
        ("7,2026-01-05,TEA,1000000000,1000000000,x@example.com", "order_amount"),
        ("7,2026-01-05,TEA,NaN,1,x@example.com", "line_quantity"),
        ("7,2026-01-05,TEA,1,1,not an address", "email_syntax"),
        ('7,2026-01-05,TEA,1,1,"a@example.com\nBcc: all@example.com"', "email_line_break"),
        ("7,2026-01-05,TEA,1,1,x@example.com,more", "row_cells"),
        ("7,2026-01-05,TEA", "row_cells"),
        (f"{'7' * 300},2026-01-05,TEA,1,1,x@example.com", "row_length"),
        (f"7,2026-01-05,{'T' * 3000},1,1,x@example.com", "row_length"),
    ],
)
def test_a_bad_row_is_kept_with_its_reason_and_its_neighbours_are_unharmed(
    shop: WorkspaceRecord, tmp_path: Path, line: str, reason: str
) -> None:
    outcome = bring(shop, csv_file(tmp_path, TEA, line, COFFEE))

    assert reasons(shop, outcome) == [(2, reason)]
    assert (outcome.taken, outcome.rejected) == (2, 1)
    assert [o[0] for o in contents(shop)["orders"]] == ["1", "2"]


def test_one_bad_line_keeps_its_whole_order_out_so_that_it_can_be_mended(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    broken = CAKE.replace(",1,20", ",one,20")
    outcome = bring(shop, csv_file(tmp_path, TEA, broken, COFFEE))

    assert reasons(shop, outcome) == [(1, "order_neighbour"), (2, "line_quantity")]
    assert rejects(shop, outcome)[1].raw == dict(
        zip(("number", "date", "sku", "quantity", "price", "email"),
            broken.split(","), strict=True)
    )  # fmt: skip

    mended = bring(shop, csv_file(tmp_path, TEA, CAKE, COFFEE))

    assert (mended.taken, mended.repeated) == (2, 1)
    assert [o[5] for o in contents(shop)["orders"]] == [4100, 3000]


def test_negative_quantities_are_goods_that_came_back(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    outcome = bring(shop, csv_file(tmp_path, TEA, "1,2026-01-05 10:00,CAKE,-1,5,a@example.com"))

    found = contents(shop)
    assert outcome.rejected == 0
    assert [o[5] for o in found["orders"]] == [1600]
    assert [(line[2], line[7]) for line in found["lines"]] == [("TEA", "sale"), ("CAKE", "return")]


def test_one_number_that_says_two_things_is_told(shop: WorkspaceRecord, tmp_path: Path) -> None:
    bring(shop, csv_file(tmp_path, TEA))
    before = contents(shop)

    outcome = bring(shop, csv_file(tmp_path, TEA.replace("10.50", "99")))

    assert reasons(shop, outcome) == [(1, "order_differs")]
    assert contents(shop) == before


def test_one_order_of_two_customers_is_not_guessed_at(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    outcome = bring(shop, csv_file(tmp_path, TEA, CAKE.replace("a@", "z@"), COFFEE))

    assert reasons(shop, outcome) == [(1, "order_customers"), (2, "order_customers")]
    assert outcome.taken == 1


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("2026-02-03", "2026-02-14T15:00:00Z"), ("2026-02-02 22:00", "2026-02-14 15:00")),
        (("03.02.2026", "14.02.2026 15:00"), ("2026-02-02 22:00", "2026-02-14 13:00")),
        (("02/03/2026", "02/14/2026 3:00 PM"), ("2026-02-02 22:00", "2026-02-14 13:00")),
        (("03/02/2026", "14/02/2026 15:00"), ("2026-02-02 22:00", "2026-02-14 13:00")),
        (("3-2-26", "14-2-26"), ("2026-02-02 22:00", "2026-02-13 22:00")),
        (("2026/02/03", "2026-02-14 15:00:00+03:00"), ("2026-02-02 22:00", "2026-02-14 12:00")),
    ],
)
def test_dates_are_read_in_each_style_and_decided_by_the_whole_column(
    shop: WorkspaceRecord, tmp_path: Path, dates: tuple[str, str], expected: tuple[str, str]
) -> None:
    lines = [f"{n},{date},TEA,1,1,a@example.com" for n, date in enumerate(dates, 1)]

    outcome = bring(shop, csv_file(tmp_path, *lines))

    assert reasons(shop, outcome) == []
    found = [o[2].astimezone(UTC).strftime("%Y-%m-%d %H:%M") for o in contents(shop)["orders"]]
    assert tuple(found) == expected


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (("1,234.56", "0.5"), (123456, 50)),
        (("1.234,56", "0,5"), (123456, 50)),
        (("1 234,56", "12"), (123456, 1200)),
        (("₴1,234.56", "12 грн"), (123456, 1200)),
        (("0.005", "2.345"), (1, 235)),
    ],
)
def test_prices_are_read_as_people_write_them(
    shop: WorkspaceRecord, tmp_path: Path, prices: tuple[str, str], expected: tuple[int, int]
) -> None:
    lines = [f'{n},2026-01-05,TEA,1,"{p}",a@example.com' for n, p in enumerate(prices, 1)]

    outcome = bring(shop, csv_file(tmp_path, *lines))

    assert reasons(shop, outcome) == []
    assert tuple(o[5] for o in contents(shop)["orders"]) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("Номер замовлення;Дата;Назва товару;Кількість;Ціна;Електронна пошта",
         "Їжачок із ґудзиком, чай «Кобзар»"),
        ("Номер заказа;Дата;Наименование;Количество;Цена;Электронная почта",
         "Подъёмный щебет, чай «Ёлка»"),
    ],
)  # fmt: skip
def test_ukrainian_and_russian_files_are_read_in_every_encoding(
    shop: WorkspaceRecord, tmp_path: Path, encoding: str, head: str, name: str
) -> None:
    line = f"А-1;05.01.2026;{name};2;10,50;a@example.com"

    outcome = bring(shop, csv_file(tmp_path, line, head=head, encoding=encoding))

    assert reasons(shop, outcome) == []
    assert [(o[0], o[5]) for o in contents(shop)["orders"]] == [("А-1", 2100)]
    assert [line[3] for line in contents(shop)["lines"]] == [name]


def test_broken_bytes_are_told_with_the_number_of_their_row(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    good = [f"{n},2026-01-05,Чай зелений {n},1,5,a@example.com" for n in range(1, 40)]
    path = csv_file(tmp_path, *good)
    path.write_bytes(path.read_bytes().replace("зелений 7,".encode(), b"\xd0\xff\xfe zelenyi 7,"))

    outcome = bring(shop, path)

    assert reasons(shop, outcome) == [(7, "row_encoding")]
    assert outcome.taken == 38


def test_a_zero_byte_far_down_in_a_file_spoils_its_own_row_only(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    numbers = {"number": ["1", "2\x00", "3"], "date": ["2026-01-05"] * 3, "price": ["1"] * 3,
               "sku": ["TEA"] * 3}  # fmt: skip

    outcome = bring(shop, parquet_file(tmp_path, numbers))

    assert reasons(shop, outcome) == [(2, "row_encoding")]
    assert outcome.taken == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n\n", "file_empty"),
        (b"PAR1 this is no parquet", "file_unreadable"),
        (b"PK\x03\x04 this is no archive", "file_unreadable"),
        (b"name,colour\nTea,green\n", "file_columns"),
        (b"number,number,date,price\n1,2,2026-01-05,3\n", "file_columns"),
        (b'number,date,sku,quantity,price\n1,2026-01-05,"TEA' + b"x" * 200_000,
         "file_unreadable"),
        (b"\x00\x01\x02\x03" * 50, "file_unreadable"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_what_to_do_and_writes_nothing(
    shop: WorkspaceRecord, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)

    with pytest.raises(Invalid) as caught:
        bring(shop, path)

    assert caught.value.code == code
    assert all(rows == [] for rows in contents(shop).values())


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({}, None),
        ({"columns": {}}, "mapping_columns"),
        ({"colums": {"a": "b"}}, "mapping_key"),
        ({"columns": {"number": "number"}, "encoding": "ebcdic"}, "file_encoding"),
        ({"columns": {"number": "number; drop table"}}, "mapping_field"),
        ({"columns": {"number": "number", "sku": "number"}}, "mapping_field"),
        ({"columns": {"nothing": "number"}}, "file_columns"),
        ({"columns": {"number": "number", "date": "placed_at", "price": "unit_price"},
          "date_order": "sideways"}, "mapping_value"),
        ({"columns": {"number": "number", "date": "placed_at", "price": "unit_price"},
          "time_zone": "Mars/Olympus"}, "mapping_value"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_used_says_why(
    shop: WorkspaceRecord, tmp_path: Path, mapping: dict[str, object], code: str | None
) -> None:
    path = csv_file(tmp_path, TEA)

    if code is None:
        assert bring(shop, path, mapping=mapping).taken == 1
        return
    with pytest.raises(Invalid) as caught:
        bring(shop, path, mapping=mapping)
    assert caught.value.code == code


def test_columns_nobody_knows_are_left_out_and_told(shop: WorkspaceRecord, tmp_path: Path) -> None:
    path = csv_file(tmp_path, TEA + ",blue", head="number,date,sku,quantity,price,email,mood")

    outcome = bring(shop, path)

    assert (outcome.taken, outcome.ignored_columns) == (1, ("mood",))


def test_headings_with_quotes_and_sql_in_them_are_only_headings(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    head = '"num""ber\'); DROP TABLE raw; --",date,sku,quantity,price'
    heading = "num\"ber'); DROP TABLE raw; --"
    columns = {heading: "number", "date": "placed_at", "sku": "sku", "quantity": "quantity",
               "price": "unit_price"}  # fmt: skip
    path = csv_file(tmp_path, "5,2026-01-05,TEA,1,2", "6,never,TEA,1,2", head=head)

    outcome = bring(shop, path, mapping={"columns": columns, "source": "o'shop"})

    assert outcome.taken == 1
    assert rejects(shop, outcome)[0].raw[heading] == "6"


def test_spreadsheets_and_parquet_say_the_same_as_text(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    at = datetime(2026, 1, 5, 10)  # noqa: DTZ001 - spreadsheets know no zones
    head = ["number", "date", "sku", "quantity", "price", "email"]
    sheet = xlsx_file(
        tmp_path,
        [head, [1, at, "TEA", 2, 10.5, "a@example.com"], [1, at, "CAKE", 1, 20, "a@example.com"]],
    )
    columns = parquet_file(
        tmp_path,
        {
            "number": [1, 1], "date": [at, at], "sku": ["TEA", "CAKE"], "quantity": [2, 1],
            "price": [Decimal("10.50"), Decimal("20.00")], "email": ["a@example.com"] * 2,
        },
    )  # fmt: skip
    bring(shop, csv_file(tmp_path, TEA, CAKE))
    before = contents(shop)

    for path in (sheet, columns):
        outcome = bring(shop, path)
        assert (outcome.taken, outcome.repeated, outcome.rejected) == (0, 2, 0)
    assert contents(shop) == before


def test_an_archive_that_grows_without_end_is_refused(
    shop: WorkspaceRecord, tmp_path: Path
) -> None:
    import zipfile

    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)

    with pytest.raises(Invalid) as caught:
        bring(shop, path)

    assert caught.value.code == "file_too_big"


def test_files_of_two_shops_do_not_meet(shop: WorkspaceRecord, tmp_path: Path) -> None:
    other = workspace()
    path = csv_file(tmp_path, TEA)
    bring(shop, path)

    outcome = bring(other, path)

    assert (outcome.taken, outcome.repeated) == (1, 0)
    assert len(contents(other)["customers"]) == 1


def test_the_online_retail_layout_is_recognised_and_its_customs_are_known(
    as_engine: None, db: None, tmp_path: Path
) -> None:
    shop = workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")
    path = csv_file(
        tmp_path,
        "536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "536365,71053,LANTERN,6,2010-12-01 08:27:00,3.39,17850.0,United Kingdom",
        "536366,22633,WARMER,6,2010-12-01 08:28:00,1.85,,United Kingdom",
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom",
        "536589,21777,lost,-10,2010-12-01 16:50:00,0,,United Kingdom",
        "A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,United Kingdom",
        head="InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    )

    outcome = bring(shop, path)

    assert (outcome.layout, outcome.rejected) == ("online_retail", 0)
    assert [(o[0], o[3], o[5]) for o in contents(shop)["orders"]] == [
        ("536365", "sale", 3564),
        ("536366", "sale", 1110),
        ("536589", "adjustment", 0),
        ("A563185", "adjustment", -1106206),
        ("C536379", "return", -2750),
    ]
    # The order stands at its earliest line.
    assert contents(shop)["orders"][0][2] == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert sorted(c[0] for c in contents(shop)["customers"]) == ["14527", "17850"]
