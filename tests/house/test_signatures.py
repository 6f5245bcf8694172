"""Whoever reads or writes rows says first of which workspace."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house import house

# Functions that cannot know the workspace, and why.
EXCEPTIONS = {
    "audit.actions.seal_waiting": "one follower seals for every workspace",
    "audit.actions.kept": "a setting of the operator",
    "audit.queries.entry_of": "reads a row that was asked for before",
    "privacy.actions.units": "what there is to do, before anybody is named",
    "privacy.actions.again": "takes a person, who belongs to one workspace",
    "privacy.actions.at_once": "takes a person, who belongs to one workspace",
    "privacy.actions.add": "counts",
    "privacy.actions.erase": "takes a person, who belongs to one workspace",
    "privacy.actions.named_rows": "takes a person, who belongs to one workspace",
    "privacy.actions.tables_to_scrub": "tables belong to every workspace",
    "privacy.actions.rows_of": "takes a person, who belongs to one workspace",
    "privacy.actions.expire_exports": "the engine tidies for every workspace",
    "privacy.queries.erasure_of": "reads a row that was asked for before",
    "privacy.queries.kept": "takes an erasure, which knows its workspace",
    "workspaces.queries.holder_of_key": "a key tells its workspace",
    "workspaces.actions.create_workspace": "there is none yet",
    "workspaces.actions.ensure_user": "a person may work in several workspaces",
    "workspaces.actions.hash_of_key": "a key is shown before its workspace is known",
    "workspaces.actions.choose_language_of": "a person's language is the same everywhere",
    "workspaces.queries.workspace_by_slug": "finds the workspace a command names",
    "workspaces.queries.all_workspaces": "the engine goes workspace by workspace",
    "workspaces.queries.workspaces_of": "the switcher shows a person's workspaces",
    "workspaces.queries.workspace_of_key": "a key tells its workspace",
    "workspaces.queries.require": "asks about a member, who belongs to one workspace",
    "workspaces.queries.user_by_email": "people belong to several workspaces",
    "events.actions.check": "judges a row before it is known where it goes",
    "events.queries.inbox_is_empty": "the inbox is one queue for all, watched by the engine",
    "events.queries.backlog": "the inbox is one queue for all, watched by the engine",
    "intake.actions.expire_uploads": "the engine tidies for every workspace",
    "intake.actions.without_import": "the engine tidies for every workspace",
    "connectors.actions.new_secret": "makes a secret before it belongs to anybody",
    "connectors.actions.open_secrets": "takes a connection, which was read for its workspace",
    "connectors.actions.prune": "the engine tidies for every workspace",
    "connectors.queries.workspace_of": "an address tells its workspace",
    "connectors.queries.unknown": "says what is said of connections that are not there",
    "portal.queries.workspace_at": "an address tells its workspace",
    "jobs.actions.prune": "the engine tidies for every workspace",
    "jobs.actions.report_progress": "takes a job, which knows its workspace",
    "jobs.actions.claim": "jobs are one queue for all, worked by the engine",
    "jobs.actions.finish": "takes a job, which knows its workspace",
    "jobs.actions.fail": "takes a job, which knows its workspace",
    "jobs.actions.renew": "takes a job, which knows its workspace",
    "jobs.actions.put_back": "takes a job, which knows its workspace",
}


def careless(path: Path, tree: ast.Module) -> Iterator[str]:
    """Public functions whose first argument is not the workspace."""
    room = ".".join(path.with_suffix("").parts[-2:])
    if "actions" in path.parts[:-1] or "queries" in path.parts[:-1]:
        room = ".".join(path.parts[-3:-1])
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        is_public = not node.name.startswith("_")
        if is_public and arguments[:1] != ["workspace_id"]:
            yield f"{room}.{node.name}"


def _doors() -> list[Path]:
    return [
        path
        for path in house.modules()
        if {"actions", "queries"} & {path.stem, path.parent.name}
        and path.relative_to(house.PACKAGE).parts[0] not in house.OPEN_ROOMS
    ]


def _is_offered(path: Path, name: str) -> bool:
    """In a folder of actions only what its front names is offered; the rest is furniture."""
    front = path.parent / "__init__.py"
    if path.stem in ("actions", "queries"):
        return True
    return f'"{name.rsplit(".", 1)[-1]}"' in front.read_text()


def test_every_read_and_write_takes_the_workspace_first() -> None:
    found = [
        name
        for path in _doors()
        for name in careless(path, house.tree_of(path))
        if name not in EXCEPTIONS and _is_offered(path, name)
    ]

    assert found == []


def test_a_careless_function_is_noticed() -> None:
    code = "def balance_of(customer_id: int): ...\ndef order(workspace_id: int): ...\ndef _x(): ..."

    found = list(careless(Path("regulars/orders/queries.py"), ast.parse(code)))

    assert found == ["orders.queries.balance_of"]


def test_every_exception_is_still_needed() -> None:
    found = {name for path in _doors() for name in careless(path, house.tree_of(path))}

    assert set(EXCEPTIONS) - found == set()
