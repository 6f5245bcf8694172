"""Points as people read them."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_decimal
from django import template
from django.utils.translation import get_language

register = template.Library()


@register.filter
def pts(hundredths: int) -> str:
    """Hundredths of points with up to two digits: 1,234.5."""
    value = Decimal(hundredths) / 100
    return str(format_decimal(value, format="#,##0.##", locale=get_language() or "en"))


@register.filter
def plain_pts(hundredths: int) -> str:
    """Hundredths of points as a field takes them: 1234.5."""
    return (
        f"{Decimal(hundredths) / 100:f}".rstrip("0").rstrip(".")
        if hundredths % 100
        else str(hundredths // 100)
    )
