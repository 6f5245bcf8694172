"""The commands `erase` and `audit …`, and what a restored database has to forget again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO

from regulars.audit import actions as audit
from regulars.audit import queries as trail
from regulars.audit.records import Head
from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.lake import sweep
from regulars.privacy import actions, queries
from regulars.privacy import files as erased
from regulars.privacy.records import ErasureRecord
from regulars.project import lake, service
from regulars.project.commands import drain, workspace_named
from regulars.store import place
from regulars.store.scope import scope
from regulars.store.trail import COMMAND, acting
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

ROUNDS = 3
ANCHOR_BYTES_MAX = 16 << 20


def erase(options: argparse.Namespace) -> int:
    """Erase a person and print the report; 0 when not a byte is left."""
    workspace = workspace_named(options.workspace)
    drain()
    with acting(COMMAND):
        asked = _ask(workspace.id, options.customer, is_hurried=options.now)
        carry_on(workspace.id, asked.public_id)
        with scope(workspace.id):
            report = queries.erasure(workspace.id, asked.public_id)
            kept = queries.kept(report)
    drain()
    content = {**asdict(report), "kept": dict(kept)}
    print(json.dumps(content, indent=2, default=str))
    return 0 if report.is_done else 3


def _ask(workspace_id: int, public_id: str, *, is_hurried: bool) -> ErasureRecord:
    with scope(workspace_id):
        try:
            customer_id = customers.customer_id_of(workspace_id, public_id)
        except NotFound:
            with suppress(NotFound):
                return queries.erasure(workspace_id, public_id)
            raise
        return actions.erase(workspace_id, customer_id, actor="command", is_hurried=is_hurried)


def carry_on(workspace_id: int, public_id: str) -> None:
    """Do what can be done now; beside no server the replaced files need not be waited for."""
    actions.advance(workspace_id, public_id)
    with suppress(Conflict), closing(_alone()):
        drain()
        for _ in range(ROUNDS):
            with lake.connected() as connection:
                later = clock.now() + sweep.REPLACED_KEPT
                sweep.sweep(connection, place.lake_folder(), later)
            if actions.advance(workspace_id, public_id, is_alone=True) is None:
                return


def _alone() -> IO[str]:
    """The data folder's lock, when nobody else can read its lake. raises Conflict"""
    if not place.is_own_server():
        # Servers elsewhere may use the same database; we cannot know.
        raise Conflict("not_alone", "Others may be reading.")
    return service.lock_folder(place.data_folder())


def verify_audit(options: argparse.Namespace) -> int:
    """Print what is wrong with the audit trail; 0 when it is whole."""
    chosen = (
        [workspace_named(options.workspace)] if options.workspace else workspaces.all_workspaces()
    )
    while audit.seal_waiting():
        pass
    anchors = _anchors(options.anchor) if options.anchor else {}
    verdicts = {}
    for workspace in chosen:
        with scope(workspace.id):
            told = trail.verify(workspace.id, anchors.pop(workspace.public_id, None))
            verdicts[workspace.slug] = asdict(told)
    if not options.workspace:
        for public_id, anchor in anchors.items():
            gone = {"fault": "workspace_gone", "entry": None, "place": anchor.place}
            verdicts[public_id] = {"entries": 0, "waiting": 0, "faults": [gone]}
    print(json.dumps(verdicts, indent=2))
    return 1 if any(verdict["faults"] for verdict in verdicts.values()) else 0


def anchor_audit(options: argparse.Namespace) -> int:
    """Print where every chain ends now, or write it to a file; to be kept on another machine."""
    while audit.seal_waiting():
        pass
    heads = {}
    for workspace in workspaces.all_workspaces():
        with scope(workspace.id):
            found = trail.head(workspace.id)
        if found is not None:
            heads[workspace.public_id] = {**asdict(found), "name": workspace.slug}
    told = json.dumps({"at": clock.now(), "heads": heads}, indent=2, default=_iso) + "\n"
    if not options.file:
        print(told, end="")
        return 0
    try:
        # An older anchor is worth keeping too: it is never overwritten.
        with Path(options.file).open("x", encoding="utf-8") as stream:
            stream.write(told)
    except OSError as error:
        raise Invalid("anchor_unwritable", f"{options.file}: {error.strerror}.") from error
    return 0


def _iso(moment: object) -> str:
    assert isinstance(moment, datetime)
    return moment.isoformat(timespec="seconds")


def _anchors(path: str) -> dict[str, Head]:
    """The heads of an anchor file, by the public ids of workspaces. raises Invalid(anchor_…)"""
    try:
        with Path(path).open("rb") as stream:
            told = json.loads(stream.read(ANCHOR_BYTES_MAX))
        return {
            str(public_id): Head(int(one["place"]), str(one["seal"]))
            for public_id, one in told["heads"].items()
        }
    except OSError as error:
        raise Invalid("anchor_unreadable", f"{path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid("anchor_malformed", f"{path} is no file of `audit anchor`.") from error


def erase_again() -> dict[str, int]:
    """Erase once more who was erased after the restored backup was made; persons by workspace.

    raises  what advance raises; run again, it goes on
    """
    done: dict[str, int] = {}
    by_public_id = {one.public_id: one for one in workspaces.all_workspaces()}
    with acting(COMMAND):
        for workspace_id, slug, public_id in list(_erased_before(by_public_id)):
            asked = _ask(workspace_id, public_id, is_hurried=True)
            actions.advance(workspace_id, asked.public_id, is_alone=True)
            done[slug] = done.get(slug, 0) + 1
    return done


def _erased_before(
    by_public_id: Mapping[str, WorkspaceRecord],
) -> Iterator[tuple[int, str, str]]:
    """Whom the list beside the database names and the database holds again."""
    for line in erased.erasures():
        found = by_public_id.get(str(line.get("workspace")))
        for public_id in (line.get("customers") or ()) if found else ():
            assert found is not None
            with scope(found.id), suppress(NotFound):
                customers.customer_id_of(found.id, str(public_id))
                yield found.id, found.slug, str(public_id)
