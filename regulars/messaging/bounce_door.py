"""Where returned letters arrive: only addresses that we made ourselves are taken."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.errors import NotFound
from regulars.messaging.actions import take_bounce
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Token, TokenInvalid
from regulars.messaging.receiver import Received
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

PREFIX = "b-"


class BounceDoor:
    """Takes letters for b-TOKEN@any domain of ours."""

    def takes(self, address: str) -> bool:
        """True when the token in the address is ours."""
        return token_of(address) is not None

    def keep(self, letters: Sequence[Received]) -> None:
        """Do what each returned letter calls for."""
        for letter in letters:
            for address in letter.rcpt_to:
                token = token_of(address)
                if token is not None:
                    with scope(token.workspace_id):
                        take_bounce(token.workspace_id, token.message_public_id, letter.raw)


def token_of(address: str) -> Token | None:
    """The message a return path belongs to, or None when we did not make it."""
    local, _, _ = address.partition("@")
    if not local.lower().startswith(PREFIX):
        return None
    text = local[len(PREFIX) :]
    try:
        workspace_id = tokens.bounce_workspace_of(text)
        with scope(workspace_id):
            secret = workspaces.workspace(workspace_id).secret
        return tokens.unseal_bounce(secret.encode(), text)
    except (TokenInvalid, NotFound):
        return None
