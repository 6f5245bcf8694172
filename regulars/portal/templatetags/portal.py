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
def my_told_tone(key: str) -> str:
    """How it is said: good news unless it is none."""
    return words.TOLD_TONES.get(key, "good")
