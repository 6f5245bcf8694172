"""The map of a generic webhook: from places in its JSON to customers, orders and events.

As kept: {"each": path, "customer": {field: rule}, "order": {…}, "lines_each": path,
"lines": {…}, "event": {…}}; a rule is {"path": …} or {"const": …}, and for the status of an
order {"path": …, "values": {their word: ours}}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.intake.connectors.pure import paths
from regulars.intake.connectors.pure.paths import Path
from regulars.kernel.errors import Invalid
from regulars.orders.records import OrderStatus

CONST_LENGTH_MAX = 200
FIELDS: Mapping[str, tuple[str, ...]] = {
    "customer": (
        "external_id", "email", "phone", "name", "first_name", "last_name", "city", "country",
        "language", "gender", "birth_on", "updated_at", "email_consent",
    ),
    "order": (
        "number", "placed_at", "updated_at", "status", "currency", "total", "shipping", "tax",
        "discount", "pays_on_delivery",
    ),
    "lines": ("sku", "name", "category", "brand", "quantity", "unit_price", "line_total"),
    "event": ("kind", "time", "key", "properties"),
}  # fmt: skip
NAMING = ("external_id", "email", "phone")
KEYS = {"each", "lines_each", *FIELDS}


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a field comes from: a place in the JSON, else always the same text."""

    path: Path | None = None
    const: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


Rules = Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class WebhookMap:
    """A map that has been checked; a part without rules makes nothing."""

    each: Path = ()
    customer: Rules = field(default_factory=dict)
    order: Rules = field(default_factory=dict)
    lines_each: Path = ()
    lines: Rules = field(default_factory=dict)
    event: Rules = field(default_factory=dict)


def parse(data: Any) -> WebhookMap:
    """The map as kept.

    raises  Invalid(mapping_key | mapping_field | mapping_empty | mapping_needs | path_malformed)
    """
    if not isinstance(data, Mapping):
        raise Invalid("mapping_empty", "Say what the parts of the delivery mean.")
    unknown = sorted(str(name) for name in set(data) - KEYS)
    if unknown:
        raise Invalid("mapping_key", f"The map has no part {unknown[0]}.")
    parts = {part: _rules(part, data.get(part) or {}) for part in FIELDS}
    found = WebhookMap(
        each=paths.parse(_text(data.get("each"))),
        lines_each=paths.parse(_text(data.get("lines_each"))),
        **parts,
    )
    _check(found)
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _rules(part: str, data: Any) -> dict[str, Rule]:
    if not isinstance(data, Mapping):
        raise Invalid("mapping_field", f"The part {part} of the map holds fields.")
    found: dict[str, Rule] = {}
    for name, rule in data.items():
        if name not in FIELDS[part]:
            raise Invalid("mapping_field", f"The part {part} of the map has no field {name!s}.")
        if not isinstance(rule, Mapping):
            raise Invalid("mapping_field", f"The field {name} needs a path or a text.")
        path, const = _text(rule.get("path")), _text(rule.get("const"))[:CONST_LENGTH_MAX]
        values = rule.get("values") or {}
        is_ours = isinstance(values, Mapping) and all(
            isinstance(ours, str) and ours in set(OrderStatus) for ours in values.values()
        )
        if not is_ours:
            raise Invalid("mapping_field", "A status of the map is none of ours.")
        if path or const:
            found[name] = Rule(
                path=paths.parse(path) if path else None, const=const or None, values=dict(values)
            )
    return found


def _check(found: WebhookMap) -> None:
    if not (found.customer or found.order or found.event):
        raise Invalid("mapping_empty", "Say what the parts of the delivery mean.")
    if found.order and "number" not in found.order:
        raise Invalid("mapping_needs", "An order needs its number.")
    if found.order and not ("total" in found.order or found.lines):
        raise Invalid("mapping_needs", "An order needs its total or its lines.")
    if found.lines and not ({"unit_price", "line_total"} & set(found.lines)):
        raise Invalid("mapping_needs", "Lines need the price of a piece or of the whole line.")
    if found.lines and not ({"sku", "name"} & set(found.lines)):
        raise Invalid("mapping_needs", "Lines need the code or the name of their product.")
    if found.event and "kind" not in found.event:
        raise Invalid("mapping_needs", "An event needs a name.")
    is_named = any(name in found.customer for name in NAMING)
    if (found.event or (found.customer and not found.order)) and not is_named:
        raise Invalid("mapping_needs", "A customer is named by an id, an e-mail or a phone.")
