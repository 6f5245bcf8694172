"""What the worker does for customers round by round."""

from __future__ import annotations

from regulars.customers import actions
from regulars.customers.actions import stops
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

BATCHES_A_ROUND_MAX = 500


def settle_stops() -> int:
    """Bring right whose present address is suppressed; returns how many workspaces there are."""
    found = workspaces.all_workspaces()
    for one in found:
        stops.settle_all(one.id)
    return len(found)


def check_contacts() -> int:
    """Look at the contact data that changed since the last round; returns how many customers."""
    return sum(_check(one.id) for one in workspaces.all_workspaces())


def _check(workspace_id: int) -> int:
    done = 0
    for _ in range(BATCHES_A_ROUND_MAX):
        # Each batch commits by itself: no long writer holds back the readers of the log.
        with scope(workspace_id):
            seen = actions.check_contacts(workspace_id)
        if not seen:
            break
        done += seen
    return done
