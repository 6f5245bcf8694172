"""The fields of a form as a tree, what its buttons do to it, and the draft it stands for.

A field is named by its place: n is the root, n.0 its first part, n.0.w.1.prop the property of
that part's second filter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from regulars.rules.operators import GAP_OPERATORS
from regulars.segments.pure.closing import ROOT
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    EdgeDraft,
    FactDraft,
    FilterDraft,
    FunnelDraft,
    GapDraft,
    GroupDraft,
    LeafDraft,
    LineDraft,
    ListDraft,
    NearDraft,
    NodeDraft,
    OverdueDraft,
    RawDraft,
    ReachableDraft,
    SegmentDraft,
    ShareDraft,
    StepDraft,
    TestDraft,
    WindowDraft,
)

STEPS_MAX = 24
WINDOW_KINDS = ("last", "before_last", "this", "previous", "between_ago", "from_to")
STATES = ("given", "withdrawn", "never")
MEASURES = ("count", "sum", "avg", "min", "max", "distinct")
REACHED = ("eq", "gte")

# A field's text under its last step, deeper fields under theirs.
Tree = dict[str, Any]

DEFAULTS: Mapping[str, Tree] = {
    "fact": {"k": "fact", "fact": "customer.city", "op": "text.eq"},
    "did": {
        "k": "did", "event": "order.paid", "m": "count", "op": "number.gte", "a": "1",
        "in": {"k": "last", "a": "90", "au": "d"},
    },
    "edge": {
        "k": "edge", "which": "last", "event": "order.paid", "prop": "total", "op": "number.gte",
    },
    "gap": {"k": "gap", "which": "last", "event": "order.paid", "cmp": "gte", "a": "60", "au": "d"},
    "overdue": {"k": "overdue", "event": "order.paid", "a": "1.5"},
    "funnel": {
        "k": "funnel", "a": "7", "au": "d",
        "s": {"0": {"event": "Product Viewed"}, "1": {"event": "order.paid"}},
    },
    "step": {"event": "order.paid"},
    "list": {"k": "list"},
    "near": {"k": "near", "km": "5"},
    "consent": {"k": "consent"},
    "reachable": {"k": "reachable"},
    "segment": {"k": "segment"},
    "share": {"k": "share", "of": "1", "b": "10", "salt": "share"},
    "raw": {"k": "raw"},
    "group": {
        "k": "group", "g": "any",
        "0": {"k": "fact", "fact": "customer.city", "op": "text.eq"},
    },
    "filter": {"op": "any.set"},
    "line": {"k": "line", "l": {"0": {"prop": "category", "op": "text.eq"}}},
    "linefilter": {"prop": "category", "op": "text.eq"},
}  # fmt: skip
# Below which step of its place each thing is added.
BELOW = {"filter": "w", "line": "w", "linefilter": "l", "step": "s"}


def tree_of(fields: Iterable[tuple[str, str]]) -> Tree:
    """The form as a tree; fields that are not of the builder are left out."""
    tree: Tree = {}
    for name, value in fields:
        steps = name.split(".")
        if steps[0] == ROOT and 2 <= len(steps) <= STEPS_MAX:
            _put(tree, steps, value)
    return dict(_below(tree, ROOT))


def _put(tree: Tree, steps: list[str], value: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            return
    if not isinstance(tree.get(steps[-1]), dict):
        tree[steps[-1]] = value


def pressed(tree: Tree, action: str) -> None:
    """Do what a button says: "add:fact:n.0", "filter:n.1", "del:n.1.w.0"; others do nothing."""
    verb, _, rest = action.partition(":")
    thing, _, place = rest.rpartition(":")
    steps = place.split(".")[1:]
    if verb == "del" and steps:
        holder = _at(tree, steps[:-1])
        if holder is not None:
            holder.pop(steps[-1], None)
    elif verb == "add" and thing in DEFAULTS:
        holder = _at(tree, steps)
        if holder is not None:
            below = BELOW.get(thing)
            _append(holder.setdefault(below, {}) if below else holder, DEFAULTS[thing])


def _at(tree: Tree, steps: list[str]) -> Tree | None:
    for step in steps:
        found = tree.get(step)
        if not isinstance(found, dict):
            return None
        tree = found
    return tree


def _append(holder: Tree, thing: Tree) -> None:
    taken = [int(step) for step in holder if step.isdecimal()]
    holder[str(max(taken, default=-1) + 1)] = copy_of(thing)


def copy_of(thing: Tree) -> Tree:
    """The same tree in dicts of its own."""
    return {key: copy_of(item) if isinstance(item, dict) else item for key, item in thing.items()}


def root_of(tree: Tree) -> GroupDraft:
    """The draft that the form shows."""
    found = _group(tree)
    assert isinstance(found, GroupDraft)
    return found


def _node(tree: Tree) -> NodeDraft:
    return _READERS.get(_text(tree, "k"), _group)(tree)


def _group(tree: Tree) -> NodeDraft:
    op = "any" if _text(tree, "g") == "any" else "all"
    return GroupDraft(op, tuple(_node(part) for part in _parts(tree)), _is_not(tree))


def _fact(tree: Tree) -> LeafDraft:
    return FactDraft(_named(tree, "fact"), _test(tree), _is_not(tree))


def _did(tree: Tree) -> LeafDraft:
    measure = _text(tree, "m")
    return DidDraft(
        event=_named(tree, "event"),
        where=_where(tree),
        measure=measure if measure in MEASURES else "",
        of=_named(tree, "of"),
        test=_test(tree),
        window=_window(_below(tree, "in")),
        is_not=_is_not(tree),
    )


def _where(tree: Tree) -> tuple[FilterDraft | LineDraft, ...]:
    return tuple(_filter(part) for part in _parts(_below(tree, "w")))


def _edge(tree: Tree) -> LeafDraft:
    return EdgeDraft(
        which=_which(tree),
        event=_named(tree, "event"),
        prop=_named(tree, "prop"),
        test=_test(tree),
        where=_where(tree),
        window=_window(_below(tree, "in")),
        is_not=_is_not(tree),
    )


def _gap(tree: Tree) -> LeafDraft:
    op = _text(tree, "cmp")
    return GapDraft(
        which=_which(tree),
        event=_named(tree, "event"),
        op=op if op in GAP_OPERATORS else "gte",
        amount=_text(tree, "a"),
        unit=_text(tree, "au") or "d",
        is_not=_is_not(tree),
    )


def _which(tree: Tree) -> str:
    return "first" if _text(tree, "which") == "first" else "last"


def _overdue(tree: Tree) -> LeafDraft:
    return OverdueDraft(_named(tree, "event"), _text(tree, "a"), _is_not(tree))


def _funnel(tree: Tree) -> LeafDraft:
    reached = _text(tree, "r")
    return FunnelDraft(
        steps=tuple(
            StepDraft(_named(step, "event"), _where(step)) for step in _parts(_below(tree, "s"))
        ),
        amount=_text(tree, "a"),
        unit=_text(tree, "au") or "d",
        window=_window(_below(tree, "in")),
        reached=reached if reached in REACHED else "",
        reached_steps=_text(tree, "rn"),
        is_not=_is_not(tree),
    )


def _list(tree: Tree) -> LeafDraft:
    return ListDraft(_text(tree, "list"), _window(_below(tree, "in")), _is_not(tree))


def _near(tree: Tree) -> LeafDraft:
    return NearDraft(_text(tree, "lat"), _text(tree, "lon"), _text(tree, "km"), _is_not(tree))


def _filter(tree: Tree) -> FilterDraft | LineDraft:
    if _text(tree, "k") == "line":
        parts = _parts(_below(tree, "l"))
        return LineDraft(tuple(FilterDraft(_text(one, "prop"), _test(one)) for one in parts))
    return FilterDraft(_named(tree, "prop"), _test(tree))


def _test(tree: Tree) -> TestDraft:
    return TestDraft(_text(tree, "op"), _lines(tree), _text(tree, "b"))


def _lines(tree: Tree) -> str:
    """The value, and a further one typed below a list of values."""
    value, more = _text(tree, "a"), _text(tree, "more").strip()
    if not more:
        return value
    return f"{value.rstrip()}\n{more}".strip("\r\n")


def _window(tree: Tree) -> WindowDraft:
    kind = _text(tree, "k")
    if kind not in WINDOW_KINDS:
        return WindowDraft()
    plain = {"a": _text(tree, "a"), "b": _text(tree, "b")}
    return WindowDraft(
        kind, **plain, a_unit=_text(tree, "au") or "d", b_unit=_text(tree, "bu") or "d"
    )


def _consent(tree: Tree) -> LeafDraft:
    state = _text(tree, "state")
    return ConsentDraft(
        channel=_named(tree, "channel") or "email",
        purpose=_named(tree, "purpose") or "marketing",
        state=state if state in STATES else "given",
        window=_window(_below(tree, "in")),
        is_not=_is_not(tree),
    )


def _share(tree: Tree) -> LeafDraft:
    is_of = _text(tree, "of") == "1"
    return ShareDraft(_text(tree, "salt"), _text(tree, "a"), _text(tree, "b"), is_of, _is_not(tree))


def _named(tree: Tree, step: str) -> str:
    """What a list offers, or what was typed because the list did not have it."""
    return _text(tree, step) or _text(tree, f"{step}2").strip()


def _text(tree: Tree, step: str) -> str:
    found = tree.get(step, "")
    return found if isinstance(found, str) else ""


def _is_not(tree: Tree) -> bool:
    return _text(tree, "not") == "1"


def _below(tree: Tree, step: str) -> Tree:
    found = tree.get(step)
    return found if isinstance(found, dict) else {}


def _parts(tree: Tree) -> list[Tree]:
    steps = sorted((step for step in tree if step.isdecimal()), key=int)
    return [tree[step] for step in steps if isinstance(tree[step], dict)]


_READERS: Mapping[str, Callable[[Tree], NodeDraft]] = {
    "group": _group,
    "fact": _fact,
    "did": _did,
    "edge": _edge,
    "gap": _gap,
    "overdue": _overdue,
    "funnel": _funnel,
    "list": _list,
    "near": _near,
    "consent": _consent,
    "reachable": lambda tree: ReachableDraft(_text(tree, "channel") or "email", _is_not(tree)),
    "segment": lambda tree: SegmentDraft(_text(tree, "segment"), _is_not(tree)),
    "share": _share,
    "raw": lambda tree: RawDraft(_text(tree, "json"), _is_not(tree)),
}
