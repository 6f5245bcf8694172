"""The workspace's own words that a rule is checked against when it is saved."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from regulars.customers import queries as customers
from regulars.customers.records import ADDRESS_COLUMNS, CHANNELS_SHOWN, Purpose
from regulars.fields import queries as fields
from regulars.fields.records import CUSTOMER, FieldRecord
from regulars.kernel.errors import Outside
from regulars.lake import engine
from regulars.rules import operators
from regulars.rules.checking import Known, happenings, leaves
from regulars.rules.facts import EVENT_FIELDS
from regulars.rules.tree import ConsentIs, Rule
from regulars.segments.models import List

# What shops send by the names of the e-commerce specification, before the first of them came.
SPECIFIED = frozenset(
    (
        "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed",
        "Promotion Clicked", "Product Clicked", "Product Viewed", "Product Added",
        "Product Removed", "Cart Viewed", "Checkout Started", "Checkout Step Viewed",
        "Checkout Step Completed", "Payment Info Entered", "Order Completed", "Order Updated",
        "Order Refunded", "Order Cancelled", "Coupon Entered", "Coupon Applied", "Coupon Denied",
        "Coupon Removed", "Product Added to Wishlist", "Product Removed from Wishlist",
        "Wishlist Product Added to Cart", "Product Shared", "Cart Shared", "Product Reviewed",
        "Page Viewed", "Screen Viewed", "Signed Up", "Signed In", "Signed Out",
    )
)  # fmt: skip
_HAPPENED = "SELECT 1 FROM events WHERE kind = $kind LIMIT 1"


def known(workspace_id: int, rule: Rule) -> Known:
    """What the rule may name in this workspace: events, fields and uploaded lists."""
    found = fields.dictionary(workspace_id)
    kinds = {kind for kind, _ in found if kind != CUSTOMER} | SPECIFIED | set(EVENT_FIELDS)
    # The dictionary is a minute behind the lake.
    kinds |= {kind for kind in _kinds_of(rule) if kind not in kinds and _came(workspace_id, kind)}
    channels, purposes = _consent_words(workspace_id, rule)
    return Known(
        kinds=kinds,
        families={key: families_of(one) for key, one in found.items() if one.seen and key[1]},
        lists=frozenset(
            List.objects.filter(workspace_id=workspace_id, archived_at=None).values_list(
                "slug", flat=True
            )
        ),
        channels=channels,
        purposes=purposes,
    )


def _consent_words(workspace_id: int, rule: Rule) -> tuple[set[str], set[str]]:
    """Channels and purposes of consents: ours, the workspace's topics, and whatever was said."""
    channels = {*CHANNELS_SHOWN, *ADDRESS_COLUMNS}
    purposes = {one.value for one in Purpose}
    asked = [leaf for leaf, _ in leaves(rule.where, "") if isinstance(leaf, ConsentIs)]
    if asked:
        topics = customers.topics(workspace_id, with_archived=True)
        purposes |= {topic.purpose for topic in topics}
    if any(one.channel not in channels or one.purpose not in purposes for one in asked):
        for channel, purpose in customers.consent_words(workspace_id):
            channels.add(channel)
            purposes.add(purpose)
    return channels, purposes


def families_of(field: FieldRecord) -> Collection[str]:
    """What the field's values may be compared as; nothing when they are objects.

    A declared type is the type. Of types that were only seen, dates are written as texts and may
    be compared as either; of what cannot be compared with each other, the more frequent counts.
    """
    family = operators.FAMILY_OF_TYPE.get(field.settled.type)
    if family is None:
        return ()
    is_dated = family in ("text", "moment") and bool({"date", "time"} & set(field.types))
    return ("moment", "text") if is_dated and not field.declared_type else (family,)


def _kinds_of(rule: Rule) -> Iterator[str]:
    for leaf, path in leaves(rule.where, ""):
        yield from (asked.kind for asked in happenings(leaf, path))


def _came(workspace_id: int, kind: str) -> bool:
    try:
        return bool(engine.query(workspace_id, _HAPPENED, {"kind": kind}).num_rows)
    except Outside:
        # A busy lake refuses nobody's rule.
        return True
