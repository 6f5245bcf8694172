"""What the commands do once the database is ready."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from regulars.intake.costs import bringing as costs
from regulars.intake.importers.run import run_import
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.messaging import actions as messaging
from regulars.messaging.actions import NewSender
from regulars.project import lake, loops, memory
from regulars.store.scope import scope
from regulars.workspaces import actions, queries
from regulars.workspaces.records import KeyScope, Role, WorkspaceRecord


def workspace_named(slug: str) -> WorkspaceRecord:
    """The workspace of this name. raises NotFound"""
    found = queries.workspace_by_slug(slug)
    if found is None:
        raise NotFound("workspace_unknown", f"There is no workspace {slug}; import creates one.")
    return found


def drain() -> None:
    """Let everything received be in the log, acted upon and in the lake before a command ends."""
    # What was just brought in took memory of its own; folding must not come on top of it.
    memory.give_back()
    loops.drain(lake.Keeper(lake.open_engine(lake.COMMAND_MEMORY_MB)))


def bring_in(options: argparse.Namespace) -> int:
    """Import a file; prints what came in and what was rejected."""
    if not options.file.is_file():
        raise Invalid("file_unknown", f"There is no file {options.file}.")
    fields = {"currency": options.currency} if options.currency else {}
    workspace = queries.workspace_by_slug(options.workspace) or actions.create_workspace(
        options.workspace, **fields
    )
    mapping = _read_json(options.map) if options.map else None
    if options.kind == "costs":
        return bring_in_costs(workspace.id, options, mapping)
    progress = _show_progress if sys.stderr.isatty() else None
    with memory.settled():
        outcome = run_import(
            workspace.id,
            options.kind,
            options.file,
            mapping,
            dry_run=options.dry_run,
            progress=progress,
            basis=options.basis,
        )
    drain()
    print(json.dumps(outcome.as_json(), indent=2, default=str))
    return 0


def bring_in_costs(workspace_id: int, options: argparse.Namespace, mapping: Any) -> int:
    """Bring in a file of ad costs; prints what it changed."""
    if options.dry_run:
        raise Invalid("cost_dry_run", "A file of costs is taken whole or not at all; no trial.")
    told = {**(mapping or {}), **({"source": options.source} if options.source else {})}
    made = costs.bring_in_file(workspace_id, options.file, told)
    drain()
    print(json.dumps(asdict(made), indent=2))
    return 0


def _show_progress(*told: object) -> None:
    print("\r" + " ".join(str(part) for part in told), end="", file=sys.stderr, flush=True)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Invalid("json_malformed", f"{path} is not readable JSON: {error}") from error


def count_segment(options: argparse.Namespace) -> None:
    """Print how many customers the rule picks."""
    from regulars.segments import queries as segments

    workspace = workspace_named(options.workspace)
    drain()
    found = segments.count_file(
        workspace.id, options.rule, options.engine, spark=lambda: lake.open_spark(options.spark)
    )
    print(found)


def print_report(options: argparse.Namespace) -> None:
    """Print a report as JSON or CSV."""
    from regulars.reports import queries as reports

    workspace = workspace_named(options.workspace)
    drain()
    with scope(workspace.id):
        at = reports.instant_of(workspace.id, options.at) if options.at else clock.now()
        content = reports.report(workspace.id, options.name, at)
    if options.format == "json":
        print(json.dumps(content, indent=2))
        return
    header, rows = reports.table(options.name, content)
    csv.writer(sys.stdout, lineterminator="\n").writerows([header, *rows])


def create_key(slug: str, key_scope: str, name: str) -> str:
    """The new key."""
    workspace = queries.workspace_by_slug(slug) or actions.create_workspace(slug)
    with scope(workspace.id):
        return actions.create_key(workspace.id, KeyScope(key_scope), name=name)


def create_user(email: str, password: str, options: argparse.Namespace) -> None:
    """A user with a role in the workspace."""
    try:
        role = Role(options.role)
    except ValueError as error:
        raise Invalid("role_unknown", f"Roles are {', '.join(r.value for r in Role)}.") from error
    workspace = workspace_named(options.workspace)
    user_id = actions.ensure_user(email, password or None)
    with scope(workspace.id):
        actions.add_member(workspace.id, user_id, role)


def set_sender(options: argparse.Namespace, password: str) -> None:
    """The workspace's mail leaves under this address through this server."""
    workspace = workspace_named(options.workspace)
    given = NewSender(
        from_address=options.from_address,
        from_name=options.name,
        host=options.host,
        port=options.port,
        security=options.security,
        username=options.username,
        password=password,
    )
    with scope(workspace.id):
        saved = messaging.save_sender(workspace.id, given)
    print(json.dumps({"from": saved.from_address, "host": saved.host, "port": saved.port}))


def rebuild_lake(slug: str) -> None:
    """Write the lake of a workspace anew from the database and say whether the content changed."""
    workspace = workspace_named(slug)
    drain()
    try:
        before = lake.content_hashes(workspace.id)
    except Exception:
        # Its files are gone or broken, which is why it is written anew.
        before = None
    lake.rebuild(workspace.id)
    after = lake.content_hashes(workspace.id)
    print(json.dumps({"same": before == after, "hashes": after}, indent=2))
