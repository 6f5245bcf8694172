"""From JSON values to the tree, refusing everything else with the path of the fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from regulars.rules import limits, operands, reading_events
from regulars.rules.operands import fault, number, text
from regulars.rules.reading_parts import Fields, Json, as_object, only, read_test, window_of
from regulars.rules.tree import (
    ConsentIs,
    ConsentState,
    Either,
    Everyone,
    FactIs,
    InList,
    InSegment,
    Near,
    Node,
    Not,
    Reachable,
    Share,
)

VERSION = 1
CONSENT_STATES: tuple[ConsentState, ...] = ("given", "withdrawn", "never")
LATITUDE_MAX, LONGITUDE_MAX = 90, 180


@dataclass(slots=True)
class Budget:
    """What is left of the limits while one rule is read."""

    leaves: int = field(default=limits.LEAVES_MAX)

    def take_leaf(self, path: str) -> None:
        """Count one leaf, or refuse the rule."""
        self.leaves -= 1
        if self.leaves < 0:
            raise fault(path, f"a rule has at most {limits.LEAVES_MAX} conditions")


def read_node(value: Json, path: str, depth: int, budget: Budget) -> Node:
    """One node and everything below it; depth counts the groups above."""
    fields = as_object(value, path)
    found = [key for key in _NODES if key in fields]
    if not found:
        raise fault(path, f"has no condition; write one of {', '.join(_NODES)}")
    if len(found) > 1:
        raise fault(path, f"is one condition, not several: {', '.join(sorted(found))}")
    return _NODES[found[0]](fields, path, depth, budget)


def _parts(fields: Fields, key: str, path: str, depth: int, budget: Budget) -> tuple[Node, ...]:
    only(fields, (key,), path)
    _check_depth(depth, path)
    parts = fields[key]
    if not isinstance(parts, list):
        raise fault(f"{path}.{key}", "must be a list of conditions")
    return tuple(
        read_node(part, f"{path}.{key}[{index}]", depth + 1, budget)
        for index, part in enumerate(parts)
    )


def _check_depth(depth: int, path: str) -> None:
    if depth >= limits.DEPTH_MAX:
        raise fault(path, f"groups are nested at most {limits.DEPTH_MAX} deep")


def _all(fields: Fields, path: str, depth: int, budget: Budget) -> Node:
    return Everyone(_parts(fields, "all", path, depth, budget))


def _any(fields: Fields, path: str, depth: int, budget: Budget) -> Node:
    return Either(_parts(fields, "any", path, depth, budget))


def _not(fields: Fields, path: str, depth: int, budget: Budget) -> Node:
    only(fields, ("not",), path)
    _check_depth(depth, path)
    return Not(read_node(fields["not"], f"{path}.not", depth + 1, budget))


def _fact(fields: Fields, path: str) -> Node:
    only(fields, ("fact", "op", "value"), path)
    name = operands.name(fields["fact"], f"{path}.fact")
    return FactIs(name, read_test(fields, path))


def _consent(fields: Fields, path: str) -> Node:
    only(fields, ("consent", "is", "within"), path)
    topic = as_object(fields["consent"], f"{path}.consent")
    only(topic, ("channel", "purpose"), f"{path}.consent")
    channel = operands.name(topic.get("channel"), f"{path}.consent.channel")
    purpose = operands.name(topic.get("purpose"), f"{path}.consent.purpose")
    state = next((word for word in CONSENT_STATES if word == fields.get("is")), None)
    if state is None:
        raise fault(f"{path}.is", f"must be one of {', '.join(CONSENT_STATES)}")
    if state == "never" and "within" in fields:
        raise fault(f"{path}.within", '"never" speaks of all time')
    return ConsentIs(channel, purpose, state, window_of(fields, path))


def _reachable(fields: Fields, path: str) -> Node:
    only(fields, ("reachable",), path)
    return Reachable(operands.name(fields["reachable"], f"{path}.reachable"))


def _segment(fields: Fields, path: str) -> Node:
    only(fields, ("segment",), path)
    return InSegment(operands.name(fields["segment"], f"{path}.segment"))


def _list(fields: Fields, path: str) -> Node:
    only(fields, ("list", "within"), path)
    return InList(operands.name(fields["list"], f"{path}.list"), window_of(fields, path))


def _near(fields: Fields, path: str) -> Node:
    only(fields, ("near",), path)
    path = f"{path}.near"
    near = as_object(fields["near"], path)
    only(near, ("lat", "lon", "km"), path)
    return Near(
        _between(near.get("lat"), -LATITUDE_MAX, LATITUDE_MAX, f"{path}.lat"),
        _between(near.get("lon"), -LONGITUDE_MAX, LONGITUDE_MAX, f"{path}.lon"),
        _between(near.get("km"), 0, limits.KM_MAX, f"{path}.km"),
    )


def _between(value: Json, low: int, high: int, path: str) -> int | float:
    found = number(value, path)
    if not low <= found <= high:
        raise fault(path, f"must be between {low} and {high}")
    return found


def _share(fields: Fields, path: str) -> Node:
    only(fields, ("share",), path)
    path = f"{path}.share"
    share = as_object(fields["share"], path)
    salt = text(share.get("salt"), f"{path}.salt")
    if "of" in share:
        only(share, ("salt", "of"), path)
        return Share(salt, 0.0, _between(share["of"], 0, 1, f"{path}.of"), is_of=True)
    only(share, ("salt", "from", "to"), path)
    start = _between(share.get("from"), 0, 1, f"{path}.from")
    end = _between(share.get("to"), 0, 1, f"{path}.to")
    if start > end:
        raise fault(path, "from must not be larger than to")
    return Share(salt, start, end)


def _leaf(read: Callable[[Fields, str], Node]) -> Callable[[Fields, str, int, Budget], Node]:
    def reader(fields: Fields, path: str, _depth: int, budget: Budget) -> Node:
        budget.take_leaf(path)
        return read(fields, path)

    return reader


_NODES: dict[str, Callable[[Fields, str, int, Budget], Node]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "fact": _leaf(_fact),
    "did": _leaf(reading_events.did),
    "last": _leaf(lambda fields, path: reading_events.edge("last", fields, path)),
    "first": _leaf(lambda fields, path: reading_events.edge("first", fields, path)),
    "since_last": _leaf(lambda fields, path: reading_events.gap("last", fields, path)),
    "since_first": _leaf(lambda fields, path: reading_events.gap("first", fields, path)),
    "overdue": _leaf(reading_events.overdue),
    "funnel": _leaf(reading_events.funnel),
    "consent": _leaf(_consent),
    "reachable": _leaf(_reachable),
    "segment": _leaf(_segment),
    "list": _leaf(_list),
    "near": _leaf(_near),
    "share": _leaf(_share),
}
