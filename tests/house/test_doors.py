"""From another domain only actions, queries and records are imported."""

from __future__ import annotations

from collections.abc import Iterable

import grimp

from tests.house import house

SHARED = frozenset({"actions", "queries", "records"})
# Rooms that mount what other rooms offer: their pages and routes, and the loops of the worker.
MOUNTING = frozenset({"api", "web", "project", "wiring"})
NEVER = frozenset({"models", "adapters", "pure", "migrations", "facts", "lake"})
# Who asks for a page is the same question in every room that has pages.
OPEN_DOORS = frozenset({"workspaces.asking"})
# The intake is the event log's raw front: it stores requests as received and decodes them.
EXCEPTIONS = {
    ("intake", "events.claims"): "the processor takes the inbox rows it decodes",
    ("intake", "events.inbox"): "the collector writes to the inbox outside Django",
    ("messaging", "events.claims"): "tracking takes the inbox rows it decodes",
    ("messaging", "events.inbox"): "opens and clicks are stored outside Django",
}


def trespasses(imports: Iterable[tuple[str, str]]) -> list[str]:
    """Imports that enter a foreign room by a wall instead of a door."""
    found = []
    for importer, imported in imports:
        own, theirs = importer.split(".")[1], imported.split(".")[1:]
        if own == theirs[0] or theirs[0] in house.OPEN_ROOMS or len(theirs) == 1:
            continue
        if ".".join(theirs[:2]) in OPEN_DOORS:
            continue
        # A large room keeps its records in several modules.
        is_records = theirs[1].endswith("_records")
        is_mounted = own in MOUNTING and theirs[1] not in NEVER
        if (
            theirs[1] in SHARED
            or is_records
            or is_mounted
            or (own, ".".join(theirs[:2])) in EXCEPTIONS
        ):
            continue
        found.append(f"{importer} → {imported}")
    return found


def _imports() -> list[tuple[str, str]]:
    graph = grimp.build_graph("regulars", cache_dir=None)
    return [
        (importer, imported)
        for importer in sorted(graph.modules)
        if ".tests" not in importer and "." in importer
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
    ]


def test_rooms_are_entered_by_their_doors() -> None:
    assert trespasses(_imports()) == []


def test_a_wall_is_noticed() -> None:
    told = trespasses(
        [
            ("regulars.orders.actions.record", "regulars.customers.models"),
            ("regulars.project.loops", "regulars.orders.models"),
            ("regulars.orders.actions.record", "regulars.customers.actions.merge"),
            ("regulars.project.urls", "regulars.orders.pages"),
            ("regulars.orders.queries", "regulars.kernel.clock"),
        ]
    )

    assert told == [
        "regulars.orders.actions.record → regulars.customers.models",
        "regulars.project.loops → regulars.orders.models",
    ]


def test_every_exception_is_still_needed() -> None:
    used = {
        (importer.split(".")[1], ".".join(imported.split(".")[1:3]))
        for importer, imported in _imports()
    }

    assert set(EXCEPTIONS) - used == set()
