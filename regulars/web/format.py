"""Numbers, money, dates as people of each language write them."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import (
    NumberPattern,
    format_compact_currency,
    format_compact_decimal,
    format_decimal,
    get_currency_symbol,
)
from django.utils import timezone
from django.utils.translation import get_language, gettext

from regulars.kernel.money import minor_digits

Number = float | Decimal

NOTHING = "—"
MINUS = "\N{MINUS SIGN}"
# English here is international English: day before month, as the interface writes it.
LOCALES = {"en": "en_GB", "uk": "uk", "ru": "ru"}
# Babel gives many currencies their ISO code; people read the sign.
SIGNS = {
    "AUD": "A$", "CAD": "C$", "CHF": "CHF", "CZK": "Kč", "EUR": "€", "GBP": "£", "GEL": "₾",
    "HUF": "Ft", "ILS": "₪", "INR": "₹", "JPY": "¥", "KZT": "₸", "MDL": "L", "PLN": "zł",
    "RON": "lei", "RUB": "₽", "TRY": "₺", "UAH": "₴", "USD": "$",
}  # fmt: skip
COMPACT_FROM = 10_000
SIGNIFICANT_DIGITS = 3


def locale() -> Locale:
    """The Babel locale of the active language."""
    return _locale((get_language() or "en").split("-")[0])


@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, "en_GB"))


def sign(currency: str) -> str:
    """The short sign of a currency: £, ₴, zł; its code when it has none."""
    return SIGNS.get(currency, currency)


def number(value: Number) -> str:
    """A whole number with its groups: 12,480."""
    return _minus(format_decimal(round(value), locale=locale()))


def decimal(value: Number, digits: int = 1) -> str:
    """A number with exactly so many digits after the point."""
    return _minus(_pattern(locale(), "decimal", digits).apply(value, locale()))


def short(value: float | Decimal) -> str:
    """A number of three significant digits: 12.5K; whole below ten thousand."""
    if -COMPACT_FROM < value < COMPACT_FROM:
        return number(value)
    digits = _compact_digits(value)
    return _minus(format_compact_decimal(value, locale=locale(), fraction_digits=digits))


def percent(share: Number, digits: int = 1) -> str:
    """A share as per cent: 0.386 is 38.6%."""
    return _minus(_pattern(locale(), "percent", digits).apply(share, locale()))


def plus(value: Number) -> str:
    """The sign of a gain; a loss brings its own minus."""
    return "+" if value > 0 else ""


def change(share: Number, digits: int = 1) -> str:
    """A relative change with its sign: +12.4%."""
    return plus(share) + percent(share, digits)


def in_points(hundredths: int) -> str:
    """Points of the programme, kept as hundredths: 1,240 or 12.50."""
    whole, rest = divmod(abs(int(hundredths)), 100)
    text = decimal(Decimal(abs(int(hundredths))) / 100, 2) if rest else number(whole)
    return f"−{text}" if hundredths < 0 else text


def points(share: Number, digits: int = 1) -> str:
    """A difference of two shares in percentage points, with its sign: +1.2 pp."""
    text = plus(share) + decimal(share * 100, digits)
    return gettext("%(number)s pp") % {"number": text}


def money(amount_minor: int, currency: str) -> str:
    """An exact amount of minor units: £1,840.00."""
    digits = minor_digits(currency)
    amount = Decimal(amount_minor).scaleb(-digits)
    return _in_currency(amount, currency, digits)


def money_whole(amount_minor: Number, currency: str) -> str:
    """An amount rounded to whole units of the currency: £1,840."""
    amount = Decimal(round(amount_minor)).scaleb(-minor_digits(currency))
    return _in_currency(amount, currency, 0)


def money_short(amount_minor: Number, currency: str) -> str:
    """An amount of three significant digits: £955K; whole below ten thousand."""
    amount = Decimal(round(amount_minor)).scaleb(-minor_digits(currency))
    if abs(amount) < COMPACT_FROM:
        return money_whole(amount_minor, currency)
    text = format_compact_currency(
        amount, currency, locale=locale(), fraction_digits=_compact_digits(amount)
    )
    return _with_sign(text, currency)


def language_name(code: str) -> str:
    """Ukrainian for uk, in the language of the interface; what is no code stays as it is."""
    return _named(locale().languages.get(code.replace("-", "_")) or _base(code), code)


def country_name(code: str) -> str:
    """Ukraine for UA, in the language of the interface; what is no code stays as it is."""
    return _named(locale().territories.get(code.upper()) if len(code) == 2 else None, code)


def _base(code: str) -> str | None:
    language, _, rest = code.replace("_", "-").partition("-")
    found = locale().languages.get(language.lower()) if len(language) in (2, 3) else None
    return f"{found} ({rest.upper()})" if found and rest else found


def _named(name: str | None, code: str) -> str:
    return name[:1].upper() + name[1:] if name else code


def day(value: date) -> str:
    """18 November 2026."""
    return format_date(_local(value), "d MMMM y", locale=locale())


def short_day(value: date) -> str:
    """18 Nov 2026."""
    return format_date(_local(value), "d MMM y", locale=locale())


def month(value: date) -> str:
    """Nov 2026."""
    return format_date(_local(value), "LLL y", locale=locale())


def month_name(value: date) -> str:
    """Nov."""
    return format_date(_local(value), "LLL", locale=locale())


def moment(value: datetime) -> str:
    """18 Nov 2026, 18:05."""
    return format_datetime(_local(value), "d MMM y, HH:mm", locale=locale())


def clock_time(value: datetime) -> str:
    """18:05."""
    return format_datetime(_local(value), "HH:mm", locale=locale())


def ago(value: datetime, now: datetime) -> str:
    """3 days ago."""
    return format_timedelta(value - now, add_direction=True, locale=locale())


def day_heading(value: date, today: date) -> str:
    """Today, Yesterday, 18 November, 18 November 2025."""
    distance = (today - value).days
    if distance == 0:
        return gettext("Today")
    if distance == 1:
        return gettext("Yesterday")
    pattern = "d MMMM" if value.year == today.year else "d MMMM y"
    return format_date(value, pattern, locale=locale())


def _local(value: date) -> date:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _compact_digits(value: Number) -> int:
    whole_digits = len(str(abs(int(value))))
    return SIGNIFICANT_DIGITS - ((whole_digits - 1) % 3 + 1)


def _in_currency(amount: Decimal, currency: str, digits: int) -> str:
    pattern = _pattern(locale(), "currency", digits)
    text = pattern.apply(amount, locale(), currency=currency, currency_digits=False)
    return _with_sign(text, currency)


@lru_cache(maxsize=64)
def _pattern(language: Locale, kind: str, digits: int) -> NumberPattern:
    """The language's pattern for one kind of number, with exactly so many decimals."""
    patterns = {
        "decimal": language.decimal_formats[None],
        "percent": language.percent_formats[None],
        "currency": language.currency_formats["standard"],
    }
    pattern: NumberPattern = copy(patterns[kind])
    pattern.frac_prec = (digits, digits)
    return pattern


def _with_sign(text: str, currency: str) -> str:
    return _minus(text.replace(get_currency_symbol(currency, locale()), sign(currency)))


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
