"""The sender's only way to write: one thread, one transaction for all that waits.

The endings of letters and the marks of the next ones go in the same commit, in the order they
came, so a crash leaves at most one letter a connection without an answer.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from contextlib import nullcontext, suppress

from django.db import close_old_connections, connection, connections, transaction

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.messaging.actions.suppressing import suppress_receiver
from regulars.messaging.queries.wanting import refusals
from regulars.messaging.records import MessageState
from regulars.messaging.sender.claims import HANDING_LEASE
from regulars.messaging.sender.items import Claim, Ending
from regulars.store.scope import cursor, scope

log = logging.getLogger(__name__)

CHANNEL = "email"
MERGED = "customer_merged"
FAULT_PAUSE_S = 0.5
# How long a commit may wait for more letters, while fewer than half of those under way have come.
GATHER_S = 0.01
PRAISE_EVERY_S = 5.0
PREPARE_AFTER = 3

_END = """
UPDATE messaging_message m
SET state = g.state, reason = g.reason, due_at = coalesce(g.due_at, m.due_at),
    accepted_at = CASE WHEN g.state = 'accepted' THEN g.at ELSE m.accepted_at END,
    finished_at = CASE WHEN g.state NOT IN ('planned', 'deferred') THEN g.at END,
    attempts = m.attempts + g.tried, claimed_until = NULL, worker = NULL,
    token = CASE WHEN g.state NOT IN ('planned', 'deferred') THEN m.token END
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[],
            %s::timestamptz[], %s::int[]) AS g (id, token, state, reason, due_at, at, tried)
WHERE m.workspace_id = %s AND m.id = g.id AND m.token = g.token
  AND m.state IN ('claimed', 'handing', 'unknown')
RETURNING m.id
"""
_SERVER_WORKS = (
    "UPDATE messaging_sender SET faults = 0, last_error = '' WHERE workspace_id = %s AND faults > 0"
)
_HAND = """
UPDATE messaging_message m
SET state = 'handing', handed_at = %(now)s, claimed_until = %(until)s,
    address_hash = g.address_hash
FROM unnest(%(ids)s::bigint[], %(tokens)s::bigint[], %(hashes)s::bytea[])
  AS g (id, token, address_hash)
WHERE m.workspace_id = %(workspace)s AND m.id = g.id AND m.token = g.token
  AND m.state = 'claimed' AND m.claimed_until > %(now)s
RETURNING m.id
"""


_Handing = tuple[Claim, asyncio.Future[bool]]


class Ledger:
    """Stores marks and endings for the connections of one event loop."""

    def __init__(self) -> None:
        self.commits = 0
        self._endings: list[Ending] = []
        self._handings: list[_Handing] = []
        # Connections that have a letter; only the event loop changes it.
        self._under_way = 0
        self._wake = threading.Condition()
        self._is_gathering = False
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="messaging-ledger", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Store what waits, then end."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        self._thread.join(timeout_s)

    def hand(self, claim: Claim) -> asyncio.Future[bool]:
        """Begin to mark the message as handing, durably; False when it may not be sent any more.

        The future raises Outside(ledger_unavailable) when the mark could not be stored.
        """
        future = asyncio.get_running_loop().create_future()
        with self._wake:
            self._handings.append((claim, future))
            self._call()
        return future

    def begin(self) -> None:
        """A connection has taken a letter; its mark will be asked for."""
        self._under_way += 1

    def leave(self) -> None:
        """The connection is done with it."""
        self._under_way -= 1

    def finish(self, ending: Ending) -> None:
        """Store how it ended, soon; kept and tried again until it is stored."""
        with self._wake:
            self._endings.append(ending)
            self._call()

    def _call(self) -> None:
        # Each waking is a change of threads, so only one that leads to a commit is made.
        if not self._is_gathering or self._is_enough():
            self._wake.notify()

    def _is_enough(self) -> bool:
        """Whether most of the connections wait for this commit, so that few more would come."""
        return 2 * len(self._handings) >= self._under_way or self._is_stopping

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._endings and not self._handings and not self._is_stopping:
                    self._wake.wait()
                self._is_gathering = True
                self._wake.wait_for(self._is_enough, GATHER_S)
                self._is_gathering = False
                endings, self._endings = self._endings, []
                handings, self._handings = self._handings, []
                is_last = self._is_stopping and not endings and not handings
            if is_last:
                connections.close_all()
                return
            self._store(endings, handings)

    def _store(self, endings: list[Ending], handings: list[_Handing]) -> None:
        try:
            marked = store(endings, [claim for claim, _ in handings])
        except Exception:
            # Nothing was handed over without its mark; the endings wait for the database.
            log.exception("the sender could not store its marks; it goes on shortly")
            with self._wake:
                self._endings = endings + self._endings
            fault = Outside("ledger_unavailable", "The mark was not stored.")
            _tell([(future, fault) for _, future in handings])
            close_old_connections()
            threading.Event().wait(FAULT_PAUSE_S)
            return
        self.commits += 1
        _tell([(future, claim.id in marked) for claim, future in handings])


def _tell(answers: list[tuple[asyncio.Future[bool], bool | Outside]]) -> None:
    """Answer those who wait, in their event loop, with one call for all."""
    if answers:
        with suppress(RuntimeError):
            # A loop that is closed has nobody waiting.
            answers[0][0].get_loop().call_soon_threadsafe(_settle, answers)


def _settle(answers: list[tuple[asyncio.Future[bool], bool | Outside]]) -> None:
    for future, answer in answers:
        if future.done():
            continue
        if isinstance(answer, Outside):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def store(endings: Sequence[Ending], handings: Sequence[Claim]) -> set[int]:
    """Write endings, then marks, in one transaction; returns which marks were given.

    A mark is refused when the message is not ours any more, or when its receiver may not be
    written to now.
    """
    marked: set[int] = set()
    statements_prepared()
    workspace_ids = {e.claim.workspace_id for e in endings} | {c.workspace_id for c in handings}
    # One workspace alone needs no transaction around its scope, which is one.
    with transaction.atomic() if len(workspace_ids) > 1 else nullcontext():
        for workspace_id in sorted(workspace_ids):
            ended = [e for e in endings if e.claim.workspace_id == workspace_id]
            asked = [c for c in handings if c.workspace_id == workspace_id]
            with scope(workspace_id):
                if ended:
                    _end(workspace_id, ended)
                if asked:
                    marked |= _hand(workspace_id, asked)
    return marked


def statements_prepared() -> None:
    """Let this thread's connection keep the plans of what it asks again and again.

    A sender holds a session lock, so its connections are never shared through a pooler.
    """
    connection.ensure_connection()
    connection.connection.prepare_threshold = PREPARE_AFTER


def _end(workspace_id: int, endings: list[Ending]) -> None:
    raw = cursor()
    columns = [
        [e.claim.id for e in endings],
        [e.claim.token for e in endings],
        [e.state.value for e in endings],
        [e.reason for e in endings],
        [e.due_at for e in endings],
        [e.at for e in endings],
        [int(e.was_tried) for e in endings],
    ]
    raw.execute(_END, [*columns, workspace_id])
    ended = {row[0] for row in raw.fetchall()}
    sent = [e for e in endings if e.claim.id in ended and e.state is MessageState.ACCEPTED]
    events.record_many(workspace_id, [_sent_event(ending) for ending in sent])
    if sent and _is_time_to_praise(workspace_id):
        raw.execute(_SERVER_WORKS, [workspace_id])
    for ending in endings:
        if ending.is_gone and ending.claim.id in ended:
            claim = ending.claim
            suppress_receiver(
                workspace_id, claim.customer_id, claim.address_hash, reason="bounce", at=ending.at
            )


_praised_at_s: dict[int, float] = {}


def _is_time_to_praise(workspace_id: int) -> bool:
    """True now and then: a server that works need not be told so with each letter."""
    now_s = clock.monotonic_s()
    if now_s - _praised_at_s.get(workspace_id, -PRAISE_EVERY_S) < PRAISE_EVERY_S:
        return False
    _praised_at_s[workspace_id] = now_s
    return True


def _sent_event(ending: Ending) -> NewEvent:
    claim = ending.claim
    return NewEvent(
        kind="message.sent",
        time=ending.at,
        key=f"message.sent:{claim.id}",
        customer_id=claim.planned_for,
        subject_id=claim.id,
        props={"message": claim.public_id, "campaign": claim.campaign_id, "channel": CHANNEL},
    )


def _hand(workspace_id: int, claims: list[Claim]) -> set[int]:
    raw, now = cursor(), clock.now()
    customers.lock_consents(workspace_id, is_shared=True)
    held = refuse_unwanted(workspace_id, claims)
    held |= _rewrite_moved(workspace_id, [claim for claim in claims if claim.id not in held])
    allowed = [claim for claim in claims if claim.id not in held]
    raw.execute(
        _HAND,
        {
            "workspace": workspace_id,
            "ids": [claim.id for claim in allowed],
            "tokens": [claim.token for claim in allowed],
            "hashes": [claim.address_hash for claim in allowed],
            "now": now,
            "until": now + HANDING_LEASE,
        },
    )
    return {row[0] for row in raw.fetchall()}


def refuse_unwanted(workspace_id: int, claims: Sequence[Claim]) -> set[int]:
    """Refuse messages whose receivers may not be written to now; returns their ids.

    A letter about an order whose receiver was merged a moment ago is given back, for the next
    claim to find who they are now.
    When it cannot be read, the error ends the transaction and nothing is sent.
    """
    reasons = refusals(workspace_id, claims)
    at = clock.now()
    endings = [
        Ending(claim, MessageState.PLANNED, at)
        if reasons[claim.id] == MERGED and not claim.is_marketing
        else Ending(claim, MessageState.REFUSED, at, reasons[claim.id])
        for claim in claims
        if claim.id in reasons
    ]
    if endings:
        _end(workspace_id, endings)
    return {ending.claim.id for ending in endings}


def _rewrite_moved(workspace_id: int, claims: Sequence[Claim]) -> set[int]:
    """Give back letters written to an address that is not their customer's any more.

    It may be somebody else's by now, who agreed to nothing: a split gives contacts back. Nor does
    a letter go to whom its customer was merged into once they were split again.
    """
    written = [claim for claim in claims if claim.address_hash is not None]
    ids = [claim.customer_id for claim in written]
    now = customer_queries.hashes_now(workspace_id, ids, channel=CHANNEL) if ids else {}
    led = [claim.planned_for for claim in written if claim.planned_for != claim.customer_id]
    roots = customer_queries.roots_of(workspace_id, led) if led else {}
    moved = [
        claim
        for claim in written
        if now.get(claim.customer_id) != claim.address_hash
        or roots.get(claim.planned_for, claim.customer_id) != claim.customer_id
    ]
    if moved:
        at = clock.now()
        _end(workspace_id, [Ending(claim, MessageState.PLANNED, at) for claim in moved])
    return {claim.id for claim in moved}
