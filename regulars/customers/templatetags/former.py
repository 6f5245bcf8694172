"""Who a customer used to be and with whom they share contacts, for the card."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.utils.translation import gettext as _

from regulars.customers import identity_words, queries
from regulars.customers.queries.merges import FORMER_MAX, Former, Shared
from regulars.customers.records import IdentifierKind, Profile

register = template.Library()


@register.inclusion_tag("customers/parts/former.html", takes_context=True)
def former_identities(context: Context, profile: Profile) -> dict[str, Any]:
    """Cards merged into this one, to be split off again, and contacts used by others too."""
    workspace_id = context["workspace"].id
    shared = queries.shared_contacts(workspace_id, [profile.id]).get(profile.id, [])
    others = {one.customer_id for one in shared} | {one.holder_id for one in shared}
    former = queries.former(workspace_id, profile.id)
    people = queries.profiles(workspace_id, sorted(others - {profile.id}))
    return {
        "request": context.get("request"),
        "csrf_token": context.get("csrf_token"),
        "public_id": profile.public_id,
        "former": [_former(one) for one in former[:FORMER_MAX]],
        "has_more": len(former) > FORMER_MAX,
        "shared": [_shared(one, profile.id, people) for one in shared],
        "may_edit": "customers.edit" in (context.get("rights") or ()),
    }


def _former(one: Former) -> dict[str, Any]:
    return {
        "public_id": one.public_id,
        "name": one.name or _("Anonymous visitor"),
        "at": one.at,
        "reason": identity_words.reason(one.reason),
    }


def _shared(one: Shared, customer_id: int, people: dict[int, Profile]) -> dict[str, Any]:
    other = people.get(one.holder_id if one.customer_id == customer_id else one.customer_id)
    if one.customer_id != customer_id:
        title = _("%(contact)s is used by another customer, too")
    elif one.was_held:
        title = _("%(contact)s went to another customer")
    elif one.kind is IdentifierKind.PHONE:
        title = _("%(contact)s is a shared phone of another customer")
    else:
        title = _("%(contact)s belongs to another customer")
    return {
        "title": title % {"contact": one.value},
        "other": other.title if other else "",
        "other_public_id": other.public_id if other else "",
    }
