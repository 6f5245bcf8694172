"""The commands `ledger verify` and `ledger replay`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from regulars.kernel.errors import Invalid
from regulars.loyalty.queries import replay as log
from regulars.loyalty.queries import sealed
from regulars.project.commands import workspace_named
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

# A replay keeps every lot in memory: about 1 GB for so many entries.
REPLAYED_ENTRIES_MAX = 4_000_000


def verify(options: argparse.Namespace) -> int:
    """Look at the ledger of one workspace or of all; 0 when every one is whole and adds up."""
    anchor = _anchor(options.anchor) if options.anchor else None
    if anchor is not None and not options.workspace:
        raise Invalid("workspace_missing", "An anchor is of one workspace: name it.")
    chosen = (
        [workspace_named(options.workspace)] if options.workspace else workspaces.all_workspaces()
    )
    is_whole = True
    for workspace in chosen:
        with scope(workspace.id):
            found = sealed.verify(workspace.id, anchor)
            replayed = _replayed(workspace.id, found.entries)
        is_whole = is_whole and not found.faults and replayed != "differs"
        told = {"workspace": workspace.slug, **asdict(found), "replay": replayed}
        print(json.dumps(told))
    return 0 if is_whole else 3


def _replayed(workspace_id: int, entries: int) -> str:
    """Whether the log alone tells the same; very long logs are only replayed when asked for."""
    if entries > REPLAYED_ENTRIES_MAX:
        return "left to `ledger replay`"
    is_same = log.replay(workspace_id).digest() == log.stored(workspace_id).digest()
    return "agrees" if is_same else "differs"


def _anchor(text: str) -> sealed.Head:
    place, _, seal = text.partition(":")
    if not place.isdecimal() or not seal:
        raise Invalid("anchor_malformed", "An anchor is written as place:seal.")
    return sealed.Head(int(place), seal)


def replay(options: argparse.Namespace) -> int:
    """Print what the books said at a moment, worked out from the log alone."""
    from regulars.reports import queries as reports

    workspace = workspace_named(options.workspace)
    with scope(workspace.id):
        at = reports.instant_of(workspace.id, options.at) if options.at else None
        books = log.replay(workspace.id, at)
        is_now = at is None and books.digest() == log.stored(workspace.id).digest()
    accounts: dict[str, int] = {}
    for (account, _, unit), amount in books.accounts.items():
        name = f"{account} {unit}"
        accounts[name] = accounts.get(name, 0) + amount
    told: dict[str, object] = {
        "workspace": workspace.slug,
        "at": at.isoformat() if at else None,
        "transactions": books.transactions,
        "lots": len(books.lots),
        "accounts": dict(sorted(accounts.items())),
        "digest": books.digest(),
    }
    if at is None:
        told["tables"] = "agree" if is_now else "differ"
    print(json.dumps(told, indent=2))
    return 0 if at is not None or is_now else 3
