"""Words of loyalty in three languages: money, counted things, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from regulars.kernel.money import decimal_string

LANGUAGES = ("en", "uk", "ru")
Forms = tuple[str, str, str]  # one, few, many; English uses the first and the last

# what → language → sentence with {n}
MISSING: Mapping[str, Mapping[str, Forms]] = {
    "amount_minor": {
        "en": ("Add {n} more.",) * 3,
        "uk": ("Додайте товарів ще на {n}.",) * 3,
        "ru": ("Добавьте товаров ещё на {n}.",) * 3,
    },
    "quantity_milli": {
        "en": ("Add {n} more item.", "Add {n} more items.", "Add {n} more items."),
        "uk": ("Додайте ще {n} одиницю товару.", "Додайте ще {n} одиниці товару.",
               "Додайте ще {n} одиниць товару."),
        "ru": ("Добавьте ещё {n} единицу товара.", "Добавьте ещё {n} единицы товара.",
               "Добавьте ещё {n} единиц товара."),
    },
    "lines": {
        "en": ("Add {n} more kind of goods.", "Add {n} more kinds of goods.",
               "Add {n} more kinds of goods."),
        "uk": ("Додайте ще {n} вид товару.", "Додайте ще {n} види товару.",
               "Додайте ще {n} видів товару."),
        "ru": ("Добавьте ещё {n} вид товара.", "Добавьте ещё {n} вида товара.",
               "Добавьте ещё {n} видов товара."),
    },
    "member": {
        "en": ("Ask for the phone number or the card.",) * 3,
        "uk": ("Запитайте номер телефону або картку.",) * 3,
        "ru": ("Спросите номер телефона или карту.",) * 3,
    },
    "purchases": {
        "en": ("{n} more purchase to go.", "{n} more purchases to go.",
               "{n} more purchases to go."),
        "uk": ("Ще {n} покупка.", "Ще {n} покупки.", "Ще {n} покупок."),
        "ru": ("Ещё {n} покупка.", "Ещё {n} покупки.", "Ещё {n} покупок."),
    },
    "days": {
        "en": ("Buy on {n} more day.", "Buy on {n} more days.", "Buy on {n} more days."),
        "uk": ("Потрібна покупка ще в {n} день.", "Потрібні покупки ще у {n} дні.",
               "Потрібні покупки ще у {n} днів."),
        "ru": ("Нужна покупка ещё в {n} день.", "Нужны покупки ещё в {n} дня.",
               "Нужны покупки ещё в {n} дней."),
    },
    "weeks": {
        "en": ("Buy in {n} more week.", "Buy in {n} more weeks.", "Buy in {n} more weeks."),
        "uk": ("Потрібна покупка ще в {n} тиждень.", "Потрібні покупки ще у {n} тижні.",
               "Потрібні покупки ще у {n} тижнів."),
        "ru": ("Нужна покупка ещё в {n} неделю.", "Нужны покупки ещё в {n} недели.",
               "Нужны покупки ещё в {n} недель."),
    },
    "months": {
        "en": ("Buy in {n} more month.", "Buy in {n} more months.", "Buy in {n} more months."),
        "uk": ("Потрібна покупка ще в {n} місяць.", "Потрібні покупки ще у {n} місяці.",
               "Потрібні покупки ще у {n} місяців."),
        "ru": ("Нужна покупка ещё в {n} месяц.", "Нужны покупки ещё в {n} месяца.",
               "Нужны покупки ещё в {n} месяцев."),
    },
}  # fmt: skip


def form(number: int, language: str) -> int:
    """Which of one, few, many a whole number takes."""
    if language == "en":
        return 0 if number == 1 else 2
    tail, last = number % 100, number % 10
    if last == 1 and tail != 11:
        return 0
    return 1 if 2 <= last <= 4 and not 12 <= tail <= 14 else 2


def money(amount_minor: int, currency: str) -> str:
    """The amount as people read it: 350.00 UAH."""
    return f"{decimal_string(amount_minor, currency)} {currency}"


def quantity(milli: int) -> str:
    """Thousandths as a number without needless zeros: 3, 0.5."""
    return format(Decimal(milli).scaleb(-3).normalize(), "f")


def missing_text(what: str, value: int, currency: str) -> dict[str, str]:
    """What is missing, in each language."""
    forms = MISSING[what]
    shown, number = str(value), value
    if what == "amount_minor":
        shown = money(value, currency)
    elif what == "quantity_milli":
        shown = quantity(value)
        # A fraction is counted as "few" in Ukrainian and Russian: 0,5 одиниці.
        number = 2 if value % 1000 else value // 1000
    return {
        language: forms[language][form(number, language)].format(n=shown) for language in LANGUAGES
    }
