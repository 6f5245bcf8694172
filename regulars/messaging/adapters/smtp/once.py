"""One letter handed over while somebody waits for the answer: tests of settings and templates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

from regulars.kernel.errors import Outside
from regulars.messaging.adapters.smtp.client import Outcome, Peer, State, Timeouts, connect
from regulars.messaging.pure.addresses import Mailbox

# A person waits, so each step is given less time than a campaign would give it.
PATIENCE = Timeouts(connect_s=10, greeting_s=10, command_s=10, data_s=15, final_s=20)
# For all steps together, a polite end aside: the page that waits has a transaction open.
DEADLINE_S = 20.0


class LetterNotTaken(Outside):
    """The server answered, and did not take the letter."""


def hand_over_once(
    find: Callable[[], Peer],
    *,
    sender: str,
    recipient: Mailbox,
    letter: bytes,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Nothing once the server has taken the letter.

    find    names the server; may block while the name is resolved
    raises  PeerRefused, LetterNotTaken, what `find` raises
    """
    try:
        outcome = asyncio.run(_in_time(find, sender, recipient, letter, deadline_s))
    except TimeoutError as error:
        message = f"The mail server did not take the letter in {deadline_s:.0f} seconds."
        raise LetterNotTaken("letter_refused", message) from error
    if outcome.state is not State.ACCEPTED:
        words = " ".join(filter(None, (str(outcome.code or ""), outcome.words)))
        message = f"The mail server did not take the letter: {words or 'no answer'}."
        is_permanent = outcome.state is State.REJECTED
        raise LetterNotTaken("letter_refused", message, is_permanent=is_permanent, words=words)


async def _in_time(
    find: Callable[[], Peer], sender: str, recipient: Mailbox, letter: bytes, deadline_s: float
) -> Outcome:
    async with asyncio.timeout(deadline_s):
        return await _hand_over(await _found(find), sender, recipient, letter)


async def _found(find: Callable[[], Peer]) -> Peer:
    """The server; a look-up that takes too long cannot be called off and is left behind."""
    found: Future[Peer] = Future()

    def look() -> None:
        try:
            peer = find()
        except Exception as error:
            if found.set_running_or_notify_cancel():
                found.set_exception(error)
        else:
            if found.set_running_or_notify_cancel():
                found.set_result(peer)

    Thread(target=look, name="messaging-look-up", daemon=True).start()
    return await asyncio.wrap_future(found)


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
