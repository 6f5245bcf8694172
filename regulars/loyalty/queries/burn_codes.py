"""What a one-time code is, for whoever writes the letter that carries it."""

from __future__ import annotations

from regulars.loyalty.pure import burn_codes
from regulars.workspaces import queries as workspaces


def code_of(workspace_id: int, challenge: str) -> str:
    """The code of this challenge."""
    return burn_codes.code_of(workspaces.workspace(workspace_id).secret, challenge)
