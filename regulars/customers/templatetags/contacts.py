"""What is odd about a customer's contacts, for the card."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.utils import translation

from regulars.customers import queries, words

register = template.Library()


@register.simple_tag(takes_context=True)
def topic_choices(context: Context) -> list[tuple[str, str]]:
    """Topics in use, as purposes of a consent with their names."""
    language = translation.get_language() or ""
    found = queries.topics(context["workspace"].id)
    return [(topic.purpose, topic.name_in(language)) for topic in found]


@register.simple_tag
def basis_choices() -> list[tuple[str, object]]:
    """Legal grounds of a consent."""
    return list(words.BASES.items())


@register.filter
def basis(word: str) -> object:
    """The legal ground in words."""
    return words.BASES.get(word, word)


@register.inclusion_tag("customers/parts/flags.html", takes_context=True)
def contact_flags(context: Context, customer_id: int) -> dict[str, Any]:
    """Open questions about one customer, with one click to accept a suggestion."""
    found = queries.contact_flags_of(context["workspace"].id, customer_id)
    return {
        "flags": [(flag, *words.FLAGS[flag.kind]) for flag in found],
        "may_edit": "customers.edit" in context["rights"],
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
    }
