"""The tree as text; what `reading.read` reads back is the same tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from regulars.rules import language
from regulars.rules.text.tokens import DURATION, STAMP, WORD
from regulars.rules.tree import Rule

LINE_CHARS_MAX = 88
INDENT = "  "

SIGNS = {"eq": "=", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
WITHOUT_VALUE = ("set", "not_set", "anniversary_today")
# Words that begin something or join two things: as names they are written in quotes.
KEYWORDS = frozenset((
    "all", "and", "any", "avg", "between", "between_ago", "before_last", "by", "consent",
    "count", "did", "distinct", "everyone", "from", "funnel", "given", "gte", "has", "in",
    "json", "km", "last", "first", "line", "list", "max", "min", "near", "never", "nobody",
    "not", "of", "or", "overdue", "previous", "reachable", "reached", "salt", "segment",
    "share", "since", "sum", "this", "to", "where", "within", "withdrawn", "true", "false",
))  # fmt: skip

_WORD = re.compile(WORD)
_BARE = re.compile(f"{STAMP}|{DURATION}")

Json = Any
Node = Mapping[str, Json]


def write(rule: Rule) -> str:
    """The rule as text, its outermost conditions on lines of their own."""
    node = language.to_json(rule)["where"]
    text = _node(node)
    if len(text) <= LINE_CHARS_MAX or not _is_chain(node):
        return text
    return "\n".join(_lines(node))


def _lines(node: Node) -> list[str]:
    ((key, parts),) = node.items()
    joint = _JOINTS[key]
    found = []
    for index, part in enumerate(parts):
        written = _part(part)
        if len(written) > LINE_CHARS_MAX and _is_chain(part):
            inner = "\n".join(INDENT + line for line in _lines(part))
            written = f"(\n{inner}\n)"
        found += (written if index == 0 else f"{joint} {written}").split("\n")
    return found


_JOINTS = {"all": "and", "any": "or"}
_EMPTY = {"all": "everyone", "any": "nobody"}


def _is_chain(node: Node) -> bool:
    ((key, value), *others) = node.items()
    return not others and key in _JOINTS and len(value) > 1


def _node(node: Node) -> str:
    for key, written in _WRITERS.items():
        if key in node:
            return written(node)
    return f"json {json.dumps(node, ensure_ascii=False)}"


def _group(key: str) -> Callable[[Node], str]:
    def written(node: Node) -> str:
        parts = node[key]
        if not parts:
            return _EMPTY[key]
        if len(parts) == 1:
            return f"{key}({_node(parts[0])})"
        return f" {_JOINTS[key]} ".join(_part(part) for part in parts)

    return written


def _part(node: Node) -> str:
    """The node where a neighbour follows: chains stand in brackets."""
    return f"({_node(node)})" if _is_chain(node) else _node(node)


def _fact(node: Node) -> str:
    return f"{name(node['fact'])} {_test(node)}"


def _test(node: Node) -> str:
    op = node["op"]
    if op in WITHOUT_VALUE:
        return str(op)
    is_time = op in _TIME_OPERATORS
    return f"{SIGNS.get(op, op)} {literal(node['value'], is_bare=is_time)}"


_TIME_OPERATORS = frozenset((
    "before", "after", "between", "in_last", "in_next", "older_than", "anniversary_in_next",
    "anniversary_in_last",
))  # fmt: skip


def _did(node: Node) -> str:
    found = [f"did {name(node['did'])}", *_where(node)]
    for key in ("count", "sum", "avg", "min", "max", "distinct"):
        if key in node:
            found.append(_measure(key, node[key]))
    return " ".join([*found, *_within(node)])


def _where(node: Node) -> list[str]:
    filters = node.get("where")
    return [f"where {', '.join(_filter(item) for item in filters)}"] if filters else []


def _filter(item: Node) -> str:
    if "line" in item:
        return f"line({', '.join(_filter(inner) for inner in item['line'])})"
    return f"{name(item['prop'])} {_test(item)}"


def _measure(key: str, measure: Node) -> str:
    ((op, value),) = ((op, value) for op, value in measure.items() if op != "of")
    what = key if key == "count" else f"{key} of {name(measure['of'])}"
    return f"{what} {SIGNS.get(op, op)} {literal(value)}"


def _within(node: Node) -> list[str]:
    return [f"within {window(node['within'])}"] if "within" in node else []


def window(node: Node) -> str:
    """One stretch of time."""
    if "from" in node or "to" in node:
        return " ".join(
            f"{side} {literal(node[side], is_bare=True)}" for side in ("from", "to") if side in node
        )
    ((key, value),) = node.items()
    if key == "between_ago":
        return f"between_ago {' '.join(literal(item, is_bare=True) for item in value)}"
    return f"{key} {value if key in ('this', 'previous') else literal(value, is_bare=True)}"


def _edge(key: str) -> Callable[[Node], str]:
    def written(node: Node) -> str:
        kind = name(node[key])
        found = [f"{name(node['prop'])} of {key} {kind} {_test(node)}"]
        return " ".join([*found, *_where(node), *_within(node)])

    return written


def _gap(key: str) -> Callable[[Node], str]:
    def written(node: Node) -> str:
        ((op, value),) = ((op, value) for op, value in node.items() if op != key)
        edge = key.removeprefix("since_")
        return f"since {edge} {name(node[key])} {SIGNS[op]} {literal(value, is_bare=True)}"

    return written


def _overdue(node: Node) -> str:
    inner = node["overdue"]
    return f"overdue {name(inner['of'])} by {literal(inner['times_own_gap'])}"


def _funnel(node: Node) -> str:
    steps = ", ".join(_did(step) for step in node["funnel"])
    found = [f"funnel ({steps}) in {literal(node['in'], is_bare=True)}", *_within(node)]
    if "reached" in node:
        reached = node["reached"]
        test = reached if isinstance(reached, Mapping) else {"eq": reached}
        ((op, value),) = test.items()
        sign = SIGNS[op] + " " if isinstance(reached, Mapping) else ""
        found.append(f"reached {sign}{literal(value)}")
    return " ".join(found)


def _consent(node: Node) -> str:
    topic = node["consent"]
    found = [f"consent {name(topic['channel'])} {name(topic['purpose'])} {node['is']}"]
    return " ".join([*found, *_within(node)])


def _near(node: Node) -> str:
    place = node["near"]
    return f"near {literal(place['lat'])} {literal(place['lon'])} km {literal(place['km'])}"


def _share(node: Node) -> str:
    share = node["share"]
    part = (
        literal(share["of"])
        if "of" in share
        else f"{literal(share['from'])} to {literal(share['to'])}"
    )
    return f"share {part} salt {literal(share['salt'])}"


def _listed(node: Node) -> str:
    return " ".join([f"list {name(node['list'])}", *_within(node)])


_WRITERS: dict[str, Callable[[Node], str]] = {
    "all": _group("all"),
    "any": _group("any"),
    "not": lambda node: f"not {_part(node['not'])}",
    "fact": _fact,
    "did": _did,
    "funnel": _funnel,
    "last": _edge("last"),
    "first": _edge("first"),
    "since_last": _gap("since_last"),
    "since_first": _gap("since_first"),
    "overdue": _overdue,
    "consent": _consent,
    "reachable": lambda node: f"reachable {name(node['reachable'])}",
    "segment": lambda node: f"segment {name(node['segment'])}",
    "list": _listed,
    "near": _near,
    "share": _share,
}


def name(value: str) -> str:
    """A name as it stands, in quotes where it could be taken for something else."""
    is_bare = _WORD.fullmatch(value) and value not in KEYWORDS and value not in WITHOUT_VALUE
    return value if is_bare else literal(value)


def literal(value: Json, *, is_bare: bool = False) -> str:
    """A value as JSON writes it; days and durations without quotes where only they can stand."""
    if is_bare and isinstance(value, list):
        return f"[{', '.join(literal(item, is_bare=True) for item in value)}]"
    if is_bare and isinstance(value, str) and _BARE.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
