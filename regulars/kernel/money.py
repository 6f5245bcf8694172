"""Money is an integer of minor units and a currency; every rounding has a name."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# ISO 4217: currencies whose minor unit is not a hundredth.
MINOR_DIGITS = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3,
    "LYD": 3, "OMR": 3, "PYG": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0,
}  # fmt: skip
DEFAULT_MINOR_DIGITS = 2


def minor_digits(currency: str) -> int:
    """How many decimal places the currency's coins have."""
    return MINOR_DIGITS.get(currency, DEFAULT_MINOR_DIGITS)


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units, halves rounded away from zero."""
    scaled = amount.scaleb(minor_digits(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def line_total_minor(quantity: Decimal, unit_price: Decimal, currency: str) -> int:
    """Quantity times a price that may be finer than a coin, halves away from zero."""
    return to_minor(quantity * unit_price, currency)


def decimal_string(amount_minor: int, currency: str) -> str:
    """The amount as people write it, without grouping: 891140790 GBP is "8911407.90"."""
    return str(Decimal(amount_minor).scaleb(-minor_digits(currency)))
