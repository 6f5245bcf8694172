"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from regulars.store.persons import Traces

TRACES = Traces(
    none={
        "workspaces_workspace": "The shop itself.",
        "workspaces_user": "People who work here, not customers.",
        "workspaces_membership": "People who work here, not customers.",
        "workspaces_apikey": "Keys of programs.",
    }
)
