"""Fiscal receipts by the text of their QR code: the Russian layout and the Ukrainian links.

Russian: `t=20190809T175600&s=565.00&fn=9284000100250000&i=131&fp=1234567890&n=1`; a receipt is
one by (fn, i, fp): storage, number of the document, its fiscal sign. n=1 is a sale.
Ukrainian: a link of the tax office with fn (the register), id (number of the receipt), sm (sum),
date and time; a receipt is one by (fn, id). What else stands there is not part of the key, for
whoever changes it would have another receipt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from regulars.kernel.errors import Invalid

TEXT_CHARS_MAX = 1_000
AGE_MAX = timedelta(days=45)
AHEAD_MAX = timedelta(hours=24)
AMOUNT_MINOR_MAX = 100_000_000
TAX_OFFICE = "tax.gov.ua"
_SUM = re.compile(r"\d{1,10}([.,]\d{1,2})?")
_DIGITS = re.compile(r"\d{1,20}")
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
_RUSSIAN_TIME = re.compile(r"(\d{8})T(\d{4})(\d{2})?")
_DAY = re.compile(r"\d{8}")
_CLOCK = re.compile(r"\d{2}:?\d{2}(:?\d{2})?")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that a code tells of. `key` is the same for the same receipt, always.

    register  the number of the fiscal storage or register, as `register_of` writes it
    """

    layout: str
    key: str
    amount_minor: int
    bought_at: datetime
    register: str


def read(text: str, zone: tzinfo) -> Receipt:
    """The receipt of a scanned code; its clock is the zone's.

    raises  Invalid(receipt_unreadable | receipt_not_sale | receipt_amount)
    """
    text = text.strip()
    if not 0 < len(text) <= TEXT_CHARS_MAX:
        raise _unreadable()
    is_link = text.startswith(("http://", "https://"))
    try:
        parts = urlsplit(text) if is_link else None
        query = parts.query if parts is not None else text
        given = {name: values[0] for name, values in parse_qs(query, max_num_fields=40).items()}
    except ValueError as error:
        raise _unreadable() from error
    if {"t", "s", "fn", "i", "fp"} <= set(given):
        return _russian(given, zone)
    host = (parts.hostname or "") if parts is not None else ""
    is_ours = host == TAX_OFFICE or host.endswith("." + TAX_OFFICE)
    if is_ours and {"fn", "id", "sm", "date"} <= set(given):
        return _ukrainian(given, zone)
    raise _unreadable()


def register_of(text: str) -> str:
    """The number of a register without what does not tell it from others; empty for none."""
    plain = text.strip()
    return str(int(plain)) if _DIGITS.fullmatch(plain) and plain.isascii() else ""


def check_age(receipt: Receipt, now: datetime) -> None:
    """Refuse what is too old to count, or of tomorrow.

    raises  Invalid(receipt_old | receipt_early)
    """
    if receipt.bought_at < now - AGE_MAX:
        raise Invalid("receipt_old", f"A receipt counts for {AGE_MAX.days} days.")
    if receipt.bought_at > now + AHEAD_MAX:
        raise Invalid("receipt_early", "The receipt's date is yet to come.")


def _russian(given: dict[str, str], zone: tzinfo) -> Receipt:
    fn, number, sign = given["fn"], given["i"], given["fp"]
    when = _RUSSIAN_TIME.fullmatch(given["t"])
    if when is None or not all(_DIGITS.fullmatch(one) for one in (fn, number, sign)):
        raise _unreadable()
    if given.get("n", "1") != "1":
        raise Invalid("receipt_not_sale", "The receipt is of a return, not of a sale.")
    plain = ":".join(str(int(one)) for one in (fn, number, sign))
    bought = _moment(when[1], when[2] + (when[3] or "00"), zone)
    return Receipt("ru", f"receipt:ru:{plain}", _minor(given["s"]), bought, register_of(fn))


def _ukrainian(given: dict[str, str], zone: tzinfo) -> Receipt:
    fn, number = given["fn"], given["id"]
    clock = given.get("time", "0000")
    if not (_DIGITS.fullmatch(fn) and _NAME.fullmatch(number)):
        raise _unreadable()
    if not (_DAY.fullmatch(given["date"]) and _CLOCK.fullmatch(clock)):
        raise _unreadable()
    plain = number.lstrip("0") or "0" if number.isdigit() else number
    bought = _moment(given["date"], clock.replace(":", "").ljust(6, "0"), zone)
    key = f"receipt:ua:{int(fn)}:{plain}"
    return Receipt("ua", key, _minor(given["sm"]), bought, register_of(fn))


def _moment(day: str, clock: str, zone: tzinfo) -> datetime:
    try:
        return datetime.strptime(day + clock, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError as error:
        raise _unreadable() from error


def _minor(text: str) -> int:
    if not _SUM.fullmatch(text):
        raise _unreadable()
    minor = int(Decimal(text.replace(",", ".")) * 100)
    if not 0 < minor <= AMOUNT_MINOR_MAX:
        raise Invalid("receipt_amount", "The receipt's sum is nothing or too much.")
    return minor


def _unreadable() -> Invalid:
    return Invalid("receipt_unreadable", "This is not the code of a fiscal receipt.")
