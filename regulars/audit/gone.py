"""Which things of the trail are erased, as the room that erases them knows; said by wiring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set

from regulars.audit.records import EntryRecord

# (workspace_id, public ids) → those of them that were erased
Erased = Callable[[int, Sequence[str]], Set[str]]
Things = Set[tuple[str, str]]
_known: dict[str, Erased] = {}


def declare(kind: str, erased: Erased) -> None:
    """Make known how one asks about things of this kind; once at start-up."""
    _known[kind] = erased


def among(workspace_id: int, entries: Iterable[EntryRecord]) -> Things:
    """The things these lines name that are erased, as kind and id; one question a kind."""
    named: dict[str, set[str]] = {}
    for entry in entries:
        if entry.object_kind in _known and entry.object_id:
            named.setdefault(entry.object_kind, set()).add(entry.object_id)
    return {
        (kind, one) for kind, ids in named.items() for one in _known[kind](workspace_id, list(ids))
    }
