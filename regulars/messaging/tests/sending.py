"""What tests of sending share: a running peer, a sender pointing at it, a letter to send."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from regulars.kernel import clock
from regulars.messaging import actions
from regulars.messaging.actions.senders import NewSender
from regulars.messaging.sender.loop import SendLoop
from regulars.messaging.tests.peers import QUICK, StrictPeer
from regulars.store.scope import cursor, scope
from tests.town import Town, town

WAIT_S = 30.0
STEP_S = 0.01
SOURCE = (
    "<html><body>Hi {{ customer.first_name | default: 'friend' }} "
    '<a href="https://shop.example/?a=1">shop</a></body></html>'
)


@contextmanager
def running(strict: StrictPeer) -> Iterator[StrictPeer]:
    """The scripted server in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(strict.__aenter__(), loop).result(WAIT_S)
    try:
        yield strict
    finally:
        asyncio.run_coroutine_threadsafe(_end(strict), loop).result(WAIT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_S)


async def _end(strict: StrictPeer) -> None:
    """Close the server, and the sessions that its script lets hang."""
    await strict.__aexit__()
    sessions = asyncio.all_tasks() - {asyncio.current_task()}
    for session in sessions:
        session.cancel()
    await asyncio.gather(*sessions, return_exceptions=True)


@contextmanager
def sending(loop: SendLoop | None = None) -> Iterator[SendLoop]:
    """A sender at work."""
    stop = threading.Event()
    made = loop or SendLoop(timeouts=QUICK)
    thread = threading.Thread(target=made.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when it holds; fail when it does not in time."""
    ticks = threading.Event()
    for _ in range(int(WAIT_S / STEP_S)):
        if condition():
            return
        ticks.wait(STEP_S)
    raise AssertionError("it did not come true in time")


def ready_town(port: int, **options: Any) -> tuple[Town, int]:
    """A town whose bakery can send through this port, and the version of its letter."""
    made = town()
    return made, prepare(made.bakery.id, port, **options)


def prepare(workspace_id: int, port: int, **options: Any) -> int:
    """Save a sender and a template; returns the template's version."""
    given = {"source": SOURCE, "subject": "News for {{ customer.first_name }}"}
    given.update({key: options.pop(key) for key in list(options) if key in given})
    with scope(workspace_id):
        actions.save_sender(
            workspace_id,
            NewSender(
                from_address="shop@bakery.example", from_name="Bakery", host="127.0.0.1",
                port=port, security="none", **options,
            ),
        )  # fmt: skip
        return actions.create_template(workspace_id, name="News", **given).version.id


def plan(
    workspace_id: int, version_id: int, customer_ids: list[int], *, due_at: datetime | None = None,
    is_marketing: bool = True, occurrence: str = "campaign:1",
) -> int:  # fmt: skip
    """Plan one message for each customer."""
    with scope(workspace_id):
        return actions.plan_messages(
            workspace_id,
            occurrence=occurrence,
            campaign_id=1,
            customer_ids=customer_ids,
            template_version_id=version_id,
            due_at=due_at or clock.now(),
            is_marketing=is_marketing,
        )


def rows(workspace_id: int, columns: str = "customer_id, state, reason") -> list[tuple[Any, ...]]:
    """The workspace's messages."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            f"SELECT {columns} FROM messaging_message WHERE workspace_id = %s ORDER BY id",
            [workspace_id],
        )
        return raw.fetchall()


def states(workspace_id: int) -> dict[int, str]:
    """State by customer."""
    return {customer: state for customer, state, _ in rows(workspace_id)}
