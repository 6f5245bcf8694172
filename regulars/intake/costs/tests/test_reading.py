from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.intake.costs.reading import CostSettings, read
from regulars.kernel.errors import Invalid
from regulars.orders.actions.costs import CostRow

GOOGLE = (
    "Campaign report\n1 November 2026 - 2 November 2026\n"
    "Day\tCampaign\tAd group\tCurrency code\tImpr.\tClicks\tCost\n"
    "2026-11-01\tBrand\tExact\tUAH\t1,204\t40\t1,234.56\n"
    "2026-11-01\tBrand\tBroad\tUAH\t10\t 1 \t0.5\n"
    "2026-11-02\tBrand\tExact\tUAH\t--\t0\t --\n"
    "Total: Account\t--\t--\tUAH\t1,214\t41\t1,235.06\n"
)
GOOGLE_ROWS = [
    CostRow(date(2026, 11, 1), "google", "Brand", "UAH", 123456, "Exact", 1204, 40),
    CostRow(date(2026, 11, 1), "google", "Brand", "UAH", 50, "Broad", 10, 1),
    CostRow(date(2026, 11, 2), "google", "Brand", "UAH", 0, "Exact", 0, 0),
]
GOOGLE_UK = (
    "День;Кампанія;Група оголошень;Код валюти;Покази;Кліки;Вартість\n"
    "2026-11-01;Бренд;Точна;UAH;1\u00a0204;40;1\u00a0234,56\n"
    "Усього: обліковий запис;;;UAH;1\u00a0204;40;1\u00a0234,56\n"
)
GOOGLE_RU = (
    "День,Кампания,Группа объявлений,Код валюты,Показы,Клики,Стоимость\n"
    '1 нояб. 2026 г.,Бренд,Точная,RUB,1204,40,"1234,56"\n'
    'Итого: аккаунт,,,RUB,1204,40,"1234,56"\n'
)
GOOGLE_MICROS = (
    "segments.date,campaign,metrics.cost_micros,metrics.impressions,currency code\n"
    "2026-11-01,Brand,1234560000,7,UAH\n"
)
META = (
    "Reporting starts,Reporting ends,Campaign name,Ad set name,Impressions,Clicks (all),"
    "Link clicks,Amount spent (USD)\n"
    "2026-11-01,2026-11-01,Autumn,Kyiv,2000,30,20,15.25\n"
    "2026-11-01,2026-11-01,Autumn,Lviv,1000,3,2,5.00\n"
    "2026-11-01,2026-11-01,,,3000,33,22,20.25\n"
)
META_RU = (
    "День,Название кампании,Название группы объявлений,Показы,Клики (все),"
    "Потраченная сумма (USD)\n2026-11-01,Осень,Киев,2000,30,15.25\n"
)
META_UK = (
    "День,Назва кампанії,Назва групи оголошень,Покази,Кліки (всі),Витрачена сума (UAH)\n"
    "2026-11-01,Осінь,Київ,2000,30,615.20\n"
)
YANDEX_API = (
    '"Costs (2026-11-01 - 2026-11-02)"\n'
    "Date\tCampaignName\tAdGroupName\tImpressions\tClicks\tCost\n"
    "2026-11-01\tПоиск\tЧай\t100\t7\t350500000\n2026-11-02\tПоиск\tЧай\t50\t0\t0\n"
    "Total rows: 2\n"
)
YANDEX_WEB = (
    "Дата;Кампания;Группа;Показы;Клики;Расход (руб.)\n"
    "Всего;;;150;7;350,50\n01.11.2026;Поиск;Чай;100;7;350,50\n02.11.2026;Поиск;Чай;50;0;-\n"
)
UAH = CostSettings(currency="UAH")


def rows(text: str | bytes, chosen: CostSettings = UAH) -> list[CostRow]:
    return list(read(text if isinstance(text, bytes) else text.encode(), chosen).rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_report_of_google_with_titles_and_totals(encoding: str) -> None:
    assert rows(GOOGLE.encode(encoding)) == GOOGLE_ROWS


def test_reports_of_google_in_ukrainian_and_russian() -> None:
    assert rows(GOOGLE_UK) == [
        CostRow(date(2026, 11, 1), "google", "Бренд", "UAH", 123456, "Точна", 1204, 40)
    ]
    assert rows(GOOGLE_RU.encode("cp1251")) == [
        CostRow(date(2026, 11, 1), "google", "Бренд", "RUB", 123456, "Точная", 1204, 40)
    ]


def test_micro_amounts_of_google() -> None:
    assert rows(GOOGLE_MICROS) == [
        CostRow(date(2026, 11, 1), "google", "Brand", "UAH", 123456, "", 0, 0)
    ]


def test_reports_of_meta_without_the_row_of_sums() -> None:
    assert rows(META) == [
        CostRow(date(2026, 11, 1), "facebook", "Autumn", "USD", 1525, "Kyiv", 2000, 30),
        CostRow(date(2026, 11, 1), "facebook", "Autumn", "USD", 500, "Lviv", 1000, 3),
    ]
    assert [row.amount_minor for row in rows(META_RU) + rows(META_UK)] == [1525, 61520]
    assert [row.currency for row in rows(META_RU) + rows(META_UK)] == ["USD", "UAH"]


def test_reports_of_yandex_by_program_and_by_hand() -> None:
    by_program, by_hand = rows(YANDEX_API), rows(YANDEX_WEB)

    assert (
        [row.amount_minor for row in by_program]
        == [35050, 0]
        == [row.amount_minor for row in by_hand]
    )
    assert {row.source for row in by_program + by_hand} == {"yandex"}
    assert {row.currency for row in by_hand} == {"RUB"}
    plain = YANDEX_API.replace("350500000", "350.50").replace("\t0\t0\n", "\t0\t0.00\n")
    assert [row.amount_minor for row in rows(plain)] == [35050, 0]


def test_a_layout_of_ones_own_by_its_map() -> None:
    chosen = CostSettings(
        currency="UAH", source="radio", columns={"Коли": "day", "Що": "campaign", "Грн": "amount"}
    )

    assert rows("Коли,Що,Грн,Інше\n31/12/2026,Ранок,12.5,x\n", chosen) == [
        CostRow(date(2026, 12, 31), "radio", "Ранок", "UAH", 1250)
    ]
    with pytest.raises(Invalid, match="no field"):
        rows("a,b\n1,2\n", CostSettings("UAH", columns={"a": "rubbish"}))


@pytest.mark.parametrize(
    ("written", "minor"),
    [("10,50 ₴", 1050), ("10,50 грн.", 1050), ("₴10,50", 1050), ("10.50 UAH", 1050),
     ("1 234,50 ₴", 123450), ("1\u00a0234,5", 123450), ("$1,234.50", 123450), ("1.234,50", 123450),
     ("1,234", 123400), ("-10,50", -1050), ("−10,50 ₴", -1050), ("(10.50)", -1050), (".5", 50),
     ("$-1", -100), ("+2", 200), ("—", 0), ("7 грн", 700), ("0.005", 1)],
)  # fmt: skip
def test_amounts_are_read_as_people_and_systems_write_them(written: str, minor: int) -> None:
    (row,) = rows(f"date;campaign;cost\n2026-11-01;A;{written}\n", CostSettings("UAH", "radio"))

    assert row.amount_minor == minor


@pytest.mark.parametrize("written", ["1e5", "1.234", "12.345 ₴", "5-7", "10,50)", "ten", "1 2 x 3"])
def test_an_amount_that_may_mean_two_things_is_refused(written: str) -> None:
    with pytest.raises(Invalid) as told:
        rows(f"date;campaign;cost\n2026-11-01;A;{written}\n", CostSettings("UAH", "radio"))

    assert told.value.code == "cost_row"


def test_three_places_are_a_fraction_when_another_row_says_so() -> None:
    found = rows("date;campaign;cost\n2026-11-01;A;1.234\n2026-11-01;B;1.5\n",
                 CostSettings("UAH", "radio"))  # fmt: skip

    assert [row.amount_minor for row in found] == [123, 150]


def test_money_without_a_campaign_and_a_campaign_called_total_are_counted() -> None:
    found = rows("date,campaign,cost\n2026-11-01,,50\n2026-11-01,Total look,7\n"
                 "2026-11-01,Total,57\nTotal,,57\n", CostSettings("UAH", "radio"))  # fmt: skip

    assert [(row.campaign, row.amount_minor) for row in found] == [("", 5000), ("Total look", 700)]


def test_rows_of_one_key_are_summed_before_they_are_rounded() -> None:
    lines = "date,campaign,source,cost\n" + "2026-11-01,A,x,0.004\n" * 5

    assert rows(lines) == [CostRow(date(2026, 11, 1), "x", "A", "UAH", 2)]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "file_empty"), ("a,b\n1,2\n", "cost_headings"),
     ("date,campaign,cost\n2026-11-01,A,5\n", "cost_source"),
     ("date,source,cost\nyesterday,x,5\n", "cost_row"),
     ("date,source,cost\n2026-11-31,x,5\n", "cost_row"),
     ("date,source,cost\n2026-11-01,x,much\n", "cost_row"),
     ("date,source,cost,clicks\n2026-11-01,x,5,1.5\n", "cost_row"),
     (META.replace("2026-11-01,2026-11-01,Autumn,Kyiv", "2026-11-01,2026-11-30,Autumn,Kyiv"),
      "cost_period"), ("date,source,cost\nTotal,x,5\n", "file_empty")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_whole(text: str, code: str) -> None:
    with pytest.raises(Invalid) as told:
        rows(text)

    assert told.value.code == code


FILES = [GOOGLE, GOOGLE_UK, GOOGLE_RU, GOOGLE_MICROS, META, META_RU, YANDEX_API, YANDEX_WEB]


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_altered_files_are_read_or_refused(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(FILES)).encode(
        data.draw(st.sampled_from(["utf-8", "utf-16", "cp1251"])), "replace"
    )
    for _ in range(data.draw(st.integers(0, 6))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 20))
        content = content[:start] + data.draw(st.binary(max_size=12)) + content[end:]
    if data.draw(st.integers(0, 9)) == 0:
        content = data.draw(st.binary(max_size=200))

    with suppress(Invalid):
        for row in read(content, UAH).rows:
            json.dumps([row.day.isoformat(), row.amount_minor, row.clicks, row.impressions])


@pytest.mark.parametrize(
    "heading", ["Customer ID", "Account ID", "Логин", "Ідентифікатор облікового запису", "Account"]
)
def test_the_account_of_a_row_is_read(heading: str) -> None:
    lines = f"Day,Campaign,{heading},Cost\n2026-11-01,A,111-1,1.50\n2026-11-01,A,222-2,2.50\n"

    found = rows(lines, CostSettings("UAH", source="google"))

    assert [(row.account, row.amount_minor) for row in found] == [("111-1", 150), ("222-2", 250)]


def test_a_file_without_accounts_is_of_the_one_that_was_said() -> None:
    lines = "Day,Campaign,Cost\n2026-11-01,A,1.50\n"

    (row,) = rows(lines, CostSettings("UAH", source="google", account=" 111-1 "))

    assert row.account == "111-1"
