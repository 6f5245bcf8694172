"""Figures of the programme for its templates."""

from __future__ import annotations

from django import template

register = template.Library()
FULL = 10_000


@register.filter
def basis_points(value: int) -> float:
    """A share of ten thousand as a number: 1000 is 0.1."""
    return value / FULL
