"""Words of the account for its templates."""

from __future__ import annotations

from django import template

from regulars.portal import words

register = template.Library()


@register.filter
def my_told(key: str) -> str:
    """What was done, as a sentence; empty for a word nobody said."""
    return str(words.TOLD.get(key, ""))


@register.filter
def portal_share(basis_points: int) -> float:
    """A share of ten thousand as a number: 1000 is 0.1."""
    return basis_points / 10_000
