"""One letter handed over while somebody waits for the answer: tests of settings and templates."""

from __future__ import annotations

import asyncio

from regulars.kernel.errors import Outside
from regulars.messaging.adapters.smtp.client import Outcome, Peer, State, Timeouts, connect
from regulars.messaging.pure.addresses import Mailbox

# A person waits, so each step is given less time than a campaign would give it.
PATIENCE = Timeouts(connect_s=10, greeting_s=10, command_s=10, data_s=15, final_s=20)


class LetterNotTaken(Outside):
    """The server answered, and did not take the letter."""


def hand_over_once(peer: Peer, *, sender: str, recipient: Mailbox, letter: bytes) -> None:
    """Nothing once the server has taken the letter.

    raises  PeerRefused, LetterNotTaken
    """
    outcome = asyncio.run(_hand_over(peer, sender, recipient, letter))
    if outcome.state is not State.ACCEPTED:
        words = " ".join(filter(None, (str(outcome.code or ""), outcome.words)))
        message = f"The mail server did not take the letter: {words or 'no answer'}."
        is_permanent = outcome.state is State.REJECTED
        raise LetterNotTaken("letter_refused", message, is_permanent=is_permanent, words=words)


async def _hand_over(peer: Peer, sender: str, recipient: Mailbox, letter: bytes) -> Outcome:
    connection = await connect(peer)
    try:
        return await connection.send(
            sender=sender, recipient=recipient, letter=letter, handing=_at_once
        )
    finally:
        await connection.quit()


async def _at_once() -> bool:
    return True
