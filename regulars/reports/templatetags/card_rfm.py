"""Where a customer stands by the stored scores, for the card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template.context import Context

from regulars.reports import words
from regulars.value import queries as value
from regulars.value.records import CLASS_LABELS, STAGE_LABELS

register = template.Library()


@register.inclusion_tag("reports/parts/card_rfm.html", takes_context=True)
def rfm_card(context: Context, customer_ids: Sequence[int]) -> dict[str, Any]:
    """Class and stage of the customer, the root first; nothing before the first scoring."""
    workspace = context["workspace"]
    if "reports.view" not in context["rights"] or not customer_ids:
        return {}
    found = value.standing(workspace.id, customer_ids[0])
    if found is None:
        return {}
    return {
        "one": found,
        "stage": STAGE_LABELS[found.stage],
        "stage_hint": words.stage_hint(found.stage),
        "label": CLASS_LABELS.get(found.rfm_class or ""),
        "hint": words.CLASS_HINTS.get(found.rfm_class or ""),
        "turns_on": found.lost_on if found.stage == "cooling" else found.cooling_on,
        "is_turning": found.stage not in ("prospect", "lost"),
        "at": value.settings(workspace.id).scored_at,
        "workspace": workspace,
    }
