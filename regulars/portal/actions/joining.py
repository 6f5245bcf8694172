"""How an invited friend gets an account: known by the address that a code is sent to."""

from __future__ import annotations

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import Refused
from regulars.portal import registry
from regulars.portal.actions import limits
from regulars.portal.actions.signing import ask_code

SOURCE = "form"


def join(
    workspace_id: int, typed: str, *, language: str, network: str, channel: str = "email"
) -> str:
    """Ask for a code also when nobody has this address yet; gives the name of the challenge.

    Whoever has it already is answered like somebody new. The address is not taken for proved, and
    nothing is agreed to by it: only the letter with the code goes there.
    network  where the request came from; "" when that is not known
    raises   Invalid(email_syntax | …), Refused(portal_channel | portal_too_often)
    """
    sender = registry.sender(channel)
    if sender is None:
        raise Refused("portal_channel", "Codes are not sent that way.")
    address = sender.hint(workspace_id, typed)
    if network:
        limits.take(workspace_id, limits.JOINED_BY_NETWORK, network)
    customers.identify_many(workspace_id, [Identity(email=address)], source=SOURCE)
    return ask_code(workspace_id, typed, language=language, network=network, channel=channel)
