"""Work of the audit trail that comes round by itself."""

from __future__ import annotations

from regulars.audit import actions
from regulars.kernel import clock
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces


def prune() -> int:
    """Remove lines whose time is over, in every workspace."""
    removed = 0
    for workspace in workspaces.all_workspaces():
        with scope(workspace.id):
            removed += actions.prune(workspace.id, clock.now() - actions.kept())
    return removed
