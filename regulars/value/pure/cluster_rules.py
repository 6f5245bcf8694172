"""A cluster's paths as a rule over facts, and what is kept to describe it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.analytics.clusters import GAP, MONEY, ORDERS, RECENCY, RETURNS, Bound, Group

FACT_OF = {
    ORDERS: "value.orders",
    MONEY: "value.spent",
    GAP: "value.gap_days",
    RETURNS: "value.returns_share",
}
DIGITS_OF = {ORDERS: 0, MONEY: 0, GAP: 2, RETURNS: 4}


def rule_of(group: Group) -> dict[str, Any]:
    """The rule of the paths; a group that no tree can tell is asked for by its name."""
    if not group.paths:
        return _rule({"fact": "value.cluster", "op": "eq", "value": group.slug})
    ways = [_way(path) for path in group.paths]
    return _rule(ways[0] if len(ways) == 1 else {"any": ways})


def profile_of(group: Group, everybody: Mapping[str, float]) -> dict[str, Any]:
    """What describes the group: telling features, the favourite category, middle values."""
    return {
        "traits": [list(trait) for trait in group.traits],
        "category": group.category,
        "middle": {name: round(value, 4) for name, value in group.middle.items()},
        "everybody": {name: round(value, 4) for name, value in everybody.items()},
    }


def _way(path: tuple[Bound, ...]) -> dict[str, Any]:
    """All conditions of a path; whoever never bought has no habits and passes none."""
    found = [condition for bound in path for condition in _conditions(bound)]
    if not any(_needs_orders(condition) for condition in found):
        found.insert(0, {"fact": "value.orders", "op": "gte", "value": 1})
    return found[0] if len(found) == 1 else {"all": found}


def _needs_orders(condition: Mapping[str, Any]) -> bool:
    """Whether only a buyer can pass the condition."""
    if condition["fact"] in ("value.last_order_on", "value.gap_days", "value.returns_share"):
        return True
    if condition["fact"] == "value.top_category":
        return bool(condition["op"] == "eq")
    return bool(condition["op"] == "eq" or condition["op"] in ("gte", "between"))


def _conditions(bound: Bound) -> list[dict[str, Any]]:
    if bound.category is not None:
        op = "eq" if bound.low else "ne"
        return [{"fact": "value.top_category", "op": op, "value": bound.category}]
    if bound.feature == RECENCY:
        return _recency(bound)
    low, high = _written(bound.feature, bound.low), _written(bound.feature, bound.high)
    fact = FACT_OF[bound.feature]
    if bound.feature == RETURNS and bound.low is not None and bound.low <= 0:
        low = None
    if bound.feature == ORDERS:
        low = None if high is None and low == 1 else low or 1
    if low is not None and low == high:
        return [{"fact": fact, "op": "eq", "value": low}]
    if low is not None and high is not None:
        return [{"fact": fact, "op": "between", "value": [low, high]}]
    if low is not None:
        return [{"fact": fact, "op": "gte", "value": low}]
    return [] if high is None else [{"fact": fact, "op": "lte", "value": high}]


def _recency(bound: Bound) -> list[dict[str, Any]]:
    found = []
    if bound.high is not None:
        # The last one day is today.
        found.append({"op": "in_last", "value": f"{int(bound.high) + 1}d"})
    if bound.low is not None and bound.low > 0:
        found.append({"op": "older_than", "value": f"{int(bound.low)}d"})
    return [{"fact": "value.last_order_on", **one} for one in found]


def _written(feature: str, value: float | None) -> float | int | None:
    if value is None:
        return None
    digits = DIGITS_OF[feature]
    return round(value, digits) if digits else int(value)


def _rule(where: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "where": where}
