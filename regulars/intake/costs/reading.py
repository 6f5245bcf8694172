"""Files of ad costs read exactly: Google Ads, Meta Ads, Yandex Direct and layouts of one's own.

A file is taken whole or not at all, for its days replace what was there.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from regulars.intake.importers.pure import text
from regulars.intake.importers.pure.columns import plain
from regulars.kernel.errors import Invalid
from regulars.kernel.money import to_minor
from regulars.orders.actions.costs import ROWS_MAX, TEXT_LENGTH_MAX, CostRow

FILE_BYTES_MAX = 64 << 20
HEADING_ROWS_MAX = 30
CELL_LENGTH_MAX = 10_000
MICRO = Decimal(1_000_000)
AMOUNT_MAX = Decimal(10) ** 12
MARKS = "\t,;|"
# The first word of a field is its best name; a file with several is read by the first of them.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "day": ("day", "date", "день", "дата", "reportingstarts", "датаначалаотчетности",
            "датаначалаотчётности", "началоотчетности", "початокзвітності",
            "датапочаткузвітності", "датапочаткузвіту", "segmentsdate"),
    "until": ("reportingends", "датаокончанияотчетности", "датаокончанияотчётности",
              "окончаниеотчетности", "кінецьзвітності", "датазавершеннязвітності",
              "датазавершеннязвіту"),
    "campaign": ("campaignname", "campaign", "кампания", "кампанія", "названиекампании",
                 "назвакампанії"),
    "ad_group": ("adgroupname", "adgroup", "adsetname", "adset", "группаобъявлений", "группа",
                 "групаоголошень", "назвагрупиоголошень", "названиегруппыобъявлений",
                 "группаобъявленийназвание", "назвагрупиреклами", "групареклами"),
    "currency": ("currencycode", "currency", "кодвалюты", "кодвалюти", "валюта"),
    "impressions": ("impressions", "impr", "показы", "покази"),
    "clicks": ("clicks", "клики", "кліки", "clicksall", "кликивсе", "клікивсі", "кліки(усі)",
               "linkclicks", "кликипоссылке", "клікипосилання", "клікизапосиланням"),
    "micros": ("costmicros", "metricscostmicros"),
    "amount": ("cost", "amountspent", "spend", "расход", "расходвсего", "расходы", "стоимость",
               "затраты", "потраченнаясумма", "суммазатрат", "витрати", "вартість",
               "витраченасума", "сумавитрат", "amount", "сумма", "сума"),
    "account": ("accountid", "customerid", "идентификаторклиента", "ідентифікаторклієнта",
                "idаккаунта", "идентификатораккаунта", "ідентифікаторакаунта",
                "ідентифікаторобліковогозапису", "clientlogin", "login", "логин", "логін",
                "accountname", "account", "названиеаккаунта", "аккаунт", "назваакаунта", "акаунт",
                "назваобліковогозапису", "обліковийзапис"),
    "source": ("source", "utmsource", "channel", "источник", "джерело", "канал"),
}  # fmt: skip
FIELDS = tuple(HEADINGS)
TOTALS = ("total", "итого", "всего", "усього", "разом", "загалом", "підсумок", "підсумки")
CURRENCY_WORDS = {
    "руб": "RUB", "₽": "RUB", "грн": "UAH", "₴": "UAH", "$": "USD", "€": "EUR", "тенге": "KZT",
    "₸": "KZT", "£": "GBP", "zł": "PLN",
}  # fmt: skip
META_AMOUNTS = (
    "amountspent", "потраченнаясумма", "суммазатрат", "витраченасума", "сумавитрат",
)  # fmt: skip
MONTHS = {
    word: number
    for number, words in enumerate(
        ("jan янв січ", "feb фев лют", "mar мар бер", "apr апр кві", "may май мая тра",
         "jun июн чер", "jul июл лип", "aug авг сер", "sep сен вер", "oct окт жов",
         "nov ноя лис", "dec дек гру"), 1,
    )
    for word in words.split()
}  # fmt: skip
BRACKETED = re.compile(r"\s*[\(,]\s*([^\(\),]{1,12})\)?\s*$")
WHOLE = re.compile(r"\d{1,3}(?:[ ,.\u00a0\u202f']\d{3})+|\d+")
FLAT = re.compile(r"\d+[.,]0+")
# A number with the words and signs of a currency around it; brackets mean a minus, as in books.
AMOUNT = re.compile(
    r"[^\d+\-−–(.,]*(?P<minus>[+\-−–(]?)[^\d+\-−–(.,]{0,8}"
    r"(?P<number>\d[\d ,.\u00a0\u202f'’]*(?<=[\d,.])|[.,]\d+)(?P<rest>\D*)"
)
# A dot before three digits: a thousand in one country, a thousandth in another.
UNSURE = re.compile(r"[1-9]\d{0,2}\.\d{3}")
ZERO = ("", "-", "--", "—", "–")


@dataclass(frozen=True, slots=True)
class CostSettings:
    """What a file does not tell by itself.

    source    whose ads they are; empty takes what the layout says
    account   which account there; a column of the file goes before it
    columns   column of the file → field, for layouts nobody knows
    is_micros None decides from the file
    """

    currency: str
    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    is_micros: bool | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class CostFile:
    """A file understood: its rows, and how many of sums it held beside."""

    rows: tuple[CostRow, ...]
    source: str
    totals: int


@dataclass(frozen=True, slots=True)
class _Table:
    headings: Sequence[str]
    places: Mapping[str, int]
    rows: Sequence[tuple[int, list[str]]]


def read(content: bytes, settings: CostSettings) -> CostFile:
    """The rows of a file.

    raises  Invalid(file_empty | file_too_big | file_unreadable | cost_headings | cost_source |
            cost_row | cost_period | cost_field)
    """
    table = _open(content, settings.columns)
    _check_period(table)
    found = _Rows(table, settings)
    return found.file()


def _open(content: bytes, columns: Mapping[str, str]) -> _Table:
    if not content.strip():
        raise Invalid("file_empty", "The file is empty.")
    if len(content) > FILE_BYTES_MAX:
        raise Invalid("file_too_big", "The file is over 64 MB; split it by days.")
    name = text.detect_encoding(content[: text.SAMPLE_BYTES])
    decoded = content.decode(name, "replace").lstrip("\ufeff")
    if "\x00" in decoded:
        raise Invalid("file_unreadable", "The file is neither text, XLSX nor Parquet.")
    lines = decoded.splitlines()
    for number, line in enumerate(lines[:HEADING_ROWS_MAX]):
        for mark in MARKS:
            headings = [cell.strip() for cell in next(_cells([line], mark), [])]
            places = _places(headings, columns)
            if "day" in places and ("amount" in places or "micros" in places):
                rows = [
                    (number + 1 + place, row)
                    for place, row in enumerate(_cells(lines[number + 1 :], mark), 1)
                    if any(cell.strip() for cell in row)
                ]
                if len(rows) > ROWS_MAX:
                    raise Invalid("file_too_big", "The file is over 64 MB; split it by days.")
                return _Table(headings, places, rows)
    raise Invalid(
        "cost_headings", "No line of headings names a day and an amount; name the columns."
    )


def _cells(lines: Sequence[str], mark: str) -> Iterator[list[str]]:
    csv.field_size_limit(CELL_LENGTH_MAX)
    try:
        yield from csv.reader(lines, delimiter=mark)
    except csv.Error:
        raise Invalid("file_unreadable", "The file cannot be read as a table.") from None


def _places(headings: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    if columns:
        wrong = [one for one in columns.values() if one not in FIELDS]
        if wrong:
            raise Invalid("cost_field", f"Costs have no field {wrong[0][:40]}.")
        return {columns[name]: i for i, name in enumerate(headings) if name in columns}
    words = [(plain(name), plain(BRACKETED.sub("", name))) for name in headings]
    found: dict[str, int] = {}
    for target, names in HEADINGS.items():
        ranked = [
            (names.index(word), place)
            for place, pair in enumerate(words)
            for word in pair
            if word in names
        ]
        if ranked:
            found[target] = min(ranked)[1]
    return found


def _check_period(table: _Table) -> None:
    if "until" not in table.places:
        return
    first, last = table.places["day"], table.places["until"]
    for number, row in table.rows:
        if len(row) > max(first, last) and row[first].strip() != row[last].strip():
            raise Invalid(
                "cost_period", f"Row {number} covers more than a day; export costs by day."
            )


class _Rows:
    """The rows of one table on their way to costs."""

    def __init__(self, table: _Table, settings: CostSettings) -> None:
        self.table = table
        self.settings = settings
        known = self._known_source()
        self.is_meta = known == "facebook"
        self.source = settings.source.strip() or known
        self.day_first = _is_day_first(self._column("day"))
        self.decimal_mark = _decimal_mark(self._column("amount"))
        self.is_unsure = not self.decimal_mark
        self.is_micros = self._micros()
        self.heading_currency = self._heading_currency()
        self.totals = 0

    def file(self) -> CostFile:
        amounts: dict[tuple[date, str, str, str, str, str], Decimal] = defaultdict(Decimal)
        counts: dict[tuple[date, str, str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        for number, row in self.table.rows:
            day = self._day(number, row)
            if day is None:
                self.totals += 1
                continue
            source = self._cell(row, "source") or self.source
            if not source:
                raise Invalid("cost_source", "Say whose ads these are: google, facebook, yandex.")
            account = self._cell(row, "account") or self.settings.account.strip()
            key = (day, source[:60], account[:100], self._cell(row, "campaign"),
                   self._cell(row, "ad_group"), self._currency(row))  # fmt: skip
            amounts[key] += self._amount(number, row)
            counts[key][0] += self._count(number, row, "impressions")
            counts[key][1] += self._count(number, row, "clicks")
        if not amounts:
            raise Invalid("file_empty", "The file holds no days.")
        return CostFile(
            tuple(
                CostRow(
                    day=key[0], source=key[1], account=key[2], campaign=key[3], ad_group=key[4],
                    currency=key[5], amount_minor=to_minor(amount, key[5]),
                    impressions=counts[key][0], clicks=counts[key][1],
                )
                for key, amount in amounts.items()
            ),
            self.source,
            self.totals,
        )  # fmt: skip

    def _cell(self, row: Sequence[str], field: str) -> str:
        place = self.table.places.get(field)
        if place is None or place >= len(row):
            return ""
        return " ".join(row[place].split())[:TEXT_LENGTH_MAX]

    def _column(self, field: str) -> list[str]:
        return [self._cell(row, field) for _, row in self.table.rows]

    def _known_source(self) -> str:
        place = self.table.places.get("amount")
        heading = plain(BRACKETED.sub("", self.table.headings[place])) if place is not None else ""
        words = {plain(name) for name in self.table.headings}
        if heading in META_AMOUNTS:
            return "facebook"
        if heading in ("расход", "расходвсего") or ("campaignname" in words and heading == "cost"):
            return "yandex"
        if "micros" in self.table.places or words & {"currencycode", "кодвалюты", "кодвалюти"}:
            return "google"
        return ""

    def _micros(self) -> bool:
        if self.settings.is_micros is not None:
            return self.settings.is_micros
        if "amount" not in self.table.places:
            return True
        # The interface for programs writes whole millionths unless it is asked for fractions,
        # and then every amount has them.
        headings = {name.strip() for name in self.table.headings}
        is_for_programs = bool(headings & {"CampaignName", "AdGroupName", "CampaignId"})
        values = [value for value in self._column("amount") if value not in ZERO]
        return is_for_programs and bool(values) and all(value.isdecimal() for value in values)

    def _heading_currency(self) -> str:
        place = self.table.places.get("amount", self.table.places.get("micros", 0))
        match = BRACKETED.search(self.table.headings[place])
        return _currency_of(match.group(1)) if match else ""

    def _currency(self, row: Sequence[str]) -> str:
        told = _currency_of(self._cell(row, "currency")) or self.heading_currency
        return told or self.settings.currency

    def _day(self, number: int, row: Sequence[str]) -> date | None:
        """The day of a row, None for a row of sums."""
        cell = self._cell(row, "day")
        found = _date_of(cell, self.day_first)
        if found is None:
            starts = [plain(one)[:20] for one in row[:4]]
            if any(one.startswith(TOTALS) for one in starts) or cell in ZERO:
                return None
            raise Invalid("cost_row", f"Row {number}: the day cannot be read.")
        # Meta sums up in a row that names no campaign but has the day of its first. Elsewhere
        # such a row is money nobody gave to a campaign, and "Total look" may be the name of one.
        campaign = self._cell(row, "campaign")
        is_nameless = self.is_meta and "campaign" in self.table.places and not campaign
        return None if plain(campaign) in TOTALS or is_nameless else found

    def _amount(self, number: int, row: Sequence[str]) -> Decimal:
        field = "amount" if "amount" in self.table.places else "micros"
        cell = self._cell(row, field)
        if self.is_unsure and UNSURE.search(cell):
            raise Invalid(
                "cost_row", f"Row {number}: {cell} may be a thousand or a fraction; write 2 places."
            )
        found = _number(cell, self.decimal_mark)
        if found is None:
            raise Invalid("cost_row", f"Row {number}: the amount cannot be read.")
        return found / MICRO if self.is_micros else found

    def _count(self, number: int, row: Sequence[str], field: str) -> int:
        cell = self._cell(row, field)
        if cell in ZERO:
            return 0
        if WHOLE.fullmatch(cell):
            return int("".join(letter for letter in cell if letter.isdecimal()))
        if FLAT.fullmatch(cell):
            return int(cell.partition(".")[0].partition(",")[0])
        raise Invalid("cost_row", f"Row {number}: the {field} cannot be read.")


def _currency_of(word: str) -> str:
    bare = word.strip().rstrip(".").lower()
    if bare in CURRENCY_WORDS:
        return CURRENCY_WORDS[bare]
    upper = bare.upper()
    return upper if len(upper) == 3 and upper.isascii() and upper.isalpha() else ""


def _decimal_mark(values: Sequence[str]) -> str:
    """What stands before fractions in a column, decided once for all its numbers; "" unknown."""
    commas = dots = 0
    for value in values:
        match = AMOUNT.fullmatch(value)
        number = match["number"].rstrip(" \u00a0\u202f") if match else ""
        bare = number.rstrip("0123456789")
        mark, other = bare[-1:], "." if bare[-1:] == "," else ","
        # A mark with three digits behind it may as well group thousands, unless both are there.
        if mark in (",", ".") and mark and (len(number) - len(bare) != 3 or other in bare[:-1]):
            commas, dots = commas + (mark == ","), dots + (mark == ".")
    if commas == dots == 0:
        return ""
    return "," if commas > dots else "."


def _number(value: str, decimal_mark: str) -> Decimal | None:
    if value in ZERO:
        return Decimal(0)
    match = AMOUNT.fullmatch(value)
    if match is None or (match["minus"] == "(") != (")" in match["rest"]):
        return None
    mark = decimal_mark or "."
    group = "," if mark == "." else "."
    bare = "".join(one for one in match["number"] if one.isdecimal() or one in ".,")
    try:
        found = Decimal(bare.replace(group, "").replace(mark, "."))
    except InvalidOperation:
        return None
    signed = found if match["minus"] in ("", "+") else -found
    return signed if found < AMOUNT_MAX else None


def _is_day_first(values: Sequence[str]) -> bool:
    firsts = [value.split("/") for value in values if value.count("/") == 2]
    numbers = [(int(a), int(b)) for a, b, _ in firsts if a.isdecimal() and b.isdecimal()]
    return sum(b > 12 for _, b in numbers) <= sum(a > 12 for a, _ in numbers)


def _date_of(value: str, day_first: bool) -> date | None:
    parts = re.split(r"[\s./,-]+", value.strip().lower().rstrip("."))
    numbers = [int(part) for part in parts if part.isdecimal() and part.isascii()][:3]
    named = [MONTHS[part[:3]] for part in parts if part[:3] in MONTHS]
    try:
        if named and len(numbers) == 2:
            day, year = sorted(numbers)
            return date(year, named[0], day)
        if named or len(numbers) != 3 or len(parts) > 4:
            return None
        if numbers[0] > 31:
            return date(*numbers)
        first, second, year = numbers
        is_day_first = day_first or "/" not in value
        month, day = (second, first) if is_day_first else (first, second)
        return date(year if year > 99 else 2000 + year, month, day)
    except (ValueError, OverflowError):
        return None
