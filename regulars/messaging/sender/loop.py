"""The sender: finds due messages, loads what they need in bulk, and feeds the lanes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import uvloop
from django.db import close_old_connections, connections, transaction

from regulars.customers import queries as customer_queries
from regulars.customers.records import Profile
from regulars.kernel import clock
from regulars.kernel.errors import Outside, RegularsError
from regulars.messaging import placeholders, queries
from regulars.messaging.adapters.smtp.client import Timeouts
from regulars.messaging.letters import Account, recipe_of
from regulars.messaging.models import Sender as SenderRow
from regulars.messaging.pure.sending import sender_pause
from regulars.messaging.records import Asked, MessageState, letter_key
from regulars.messaging.sender import claims
from regulars.messaging.sender.courier import Lane
from regulars.messaging.sender.items import Claim, Ending, Item
from regulars.messaging.sender.ledger import CHANNEL, Ledger, refuse_unwanted, statements_prepared
from regulars.messaging.sender.writers import Writers
from regulars.messaging.writing import Reading, read_recipe
from regulars.store.scope import scope

log = logging.getLogger(__name__)

POLL_S = 0.5
BUSY_POLL_S = 0.05
FAULT_PAUSE_S = 2.0
RECOVER_EVERY_S = 15.0
BATCH = 400
READINGS_KEPT = 200
STOP_WAIT_S = 15.0


class SendLoop:
    """One sender of a worker: a feeding thread, a writing thread and an event loop."""

    def __init__(
        self, *, timeouts: Timeouts | None = None, writing_processes: int | None = None
    ) -> None:
        self.ledger = Ledger()
        self._timeouts = timeouts or Timeouts()
        self._loop = uvloop.new_event_loop()
        self._writers = Writers(self._loop, processes=writing_processes)
        self._lanes: dict[int, Lane] = {}
        self._accounts: dict[int, tuple[datetime, Account]] = {}
        self._readings: OrderedDict[tuple[int, int, bool, datetime], Reading] = OrderedDict()
        self._faults: list[tuple[int, Outside]] = []
        self._worker: int | None = None
        self._next_recovery_s = 0.0

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; then finish what is under way and give back the rest."""
        self.ledger.start()
        network = threading.Thread(
            target=self._loop.run_forever, name="messaging-smtp", daemon=True
        )
        network.start()
        while not stop.is_set():
            try:
                fed = self.feed()
            except Exception:
                # The database may be restarting; nothing is lost, claims run out or are recovered.
                log.exception("the sender failed; it goes on in %s s", FAULT_PAUSE_S)
                self._worker = None
                close_old_connections()
                stop.wait(FAULT_PAUSE_S)
                continue
            stop.wait(BUSY_POLL_S if fed or self.backlog else POLL_S)
        stopping = asyncio.run_coroutine_threadsafe(self._stop_lanes(), self._loop)
        with suppress(TimeoutError):
            stopping.result(STOP_WAIT_S)
        self._writers.stop()
        self.ledger.stop(STOP_WAIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        network.join(STOP_WAIT_S)
        connections.close_all()

    @property
    def backlog(self) -> int:
        """Letters claimed and not finished."""
        return sum(lane.backlog for lane in self._lanes.values())

    def feed(self) -> int:
        """Claim a batch for each workspace that has work; returns how many messages."""
        statements_prepared()
        if self._worker is None:
            self._worker = claims.new_worker()
            self._next_recovery_s = 0.0
        if clock.monotonic_s() >= self._next_recovery_s:
            with transaction.atomic():
                claims.recover(self._worker)
            self._next_recovery_s = clock.monotonic_s() + RECOVER_EVERY_S
        self._store_faults()
        return sum(self._feed_workspace(one) for one in claims.workspaces_with_work())

    async def _stop_lanes(self) -> None:
        await asyncio.gather(*(lane.stop() for lane in self._lanes.values()))

    def _feed_workspace(self, workspace_id: int) -> int:
        lane = self._lanes.get(workspace_id)
        room = BATCH - (lane.backlog if lane is not None else 0)
        if room < BATCH // 2:
            return 0
        with scope(workspace_id):
            account = self._account(workspace_id)
            if account is None:
                return 0
            assert self._worker is not None
            taken = claims.claim(workspace_id, self._worker, room)
            items, endings = self._items(workspace_id, account, taken)
        # The ledger writes on a connection of its own, which sees the claims only from here on.
        for ending in endings:
            self.ledger.finish(ending)
        if items:
            self._loop.call_soon_threadsafe(self._hand_to_lane, account, items)
        return len(taken)

    def _hand_to_lane(self, account: Account, items: list[Item]) -> None:
        workspace_id = account.workspace.id
        lane = self._lanes.get(workspace_id)
        if lane is None or lane.account is not account:
            if lane is not None:
                task = self._loop.create_task(lane.stop())
                task.add_done_callback(lambda _: None)
            lane = Lane(account, self.ledger, self._writers, self._note_fault, self._timeouts)
            self._lanes[workspace_id] = lane
        lane.add(items)

    def _account(self, workspace_id: int) -> Account | None:
        """The workspace's sender, None while it is missing, switched off or paused."""
        row = SenderRow.objects.filter(workspace_id=workspace_id).first()
        is_paused = row is not None and row.paused_until and row.paused_until > clock.now()
        if row is None or not row.is_enabled or is_paused:
            return None
        known = self._accounts.get(workspace_id)
        if known is not None and known[0] == row.updated_at:
            return known[1]
        try:
            account = queries.account(workspace_id)
        except RegularsError as error:
            self._note_fault(workspace_id, Outside(error.code, error.message, is_permanent=True))
            return None
        self._accounts[workspace_id] = (row.updated_at, account)
        return account

    def _items(
        self, workspace_id: int, account: Account, taken: list[Claim]
    ) -> tuple[list[Item], list[Ending]]:
        """What the claims need, loaded in bulk, and endings for those that cannot be written.

        Those whose receivers may not be written to are refused here.
        """
        refused = refuse_unwanted(workspace_id, taken)
        wanted = [claim for claim in taken if claim.id not in refused]
        profiles = customer_queries.profiles(workspace_id, [c.customer_id for c in wanted])
        wanted = _addressed(workspace_id, wanted, profiles)
        items: list[Item] = []
        endings: list[Ending] = []
        for claim in wanted:
            reading = self._reading(workspace_id, account, claim)
            if isinstance(reading, Reading):
                items.append(Item(claim, account, reading, profiles[claim.customer_id]))
            else:
                endings.append(Ending(claim, MessageState.REFUSED, clock.now(), reading))
        return _with_values(workspace_id, items), endings

    def _reading(self, workspace_id: int, account: Account, claim: Claim) -> Reading | str:
        """The version compiled for this account, or the code of what is wrong with it."""
        changed_at = self._accounts[workspace_id][0]
        key = (workspace_id, claim.template_version_id, claim.is_marketing, changed_at)
        if key in self._readings:
            self._readings.move_to_end(key)
            return self._readings[key]
        try:
            version = queries.version(workspace_id, claim.template_version_id)
            recipe = recipe_of(version, account, is_marketing=claim.is_marketing)
            reading = read_recipe(recipe)
        except RegularsError as error:
            return error.code
        self._readings[key] = reading
        if len(self._readings) > READINGS_KEPT:
            self._readings.popitem(last=False)
        return reading

    def _note_fault(self, workspace_id: int, fault: Outside) -> None:
        self._faults.append((workspace_id, fault))

    def _store_faults(self) -> None:
        """Pause senders whose server refused us, longer each time, and say why on their page."""
        faults, self._faults = dict(self._faults), []
        for workspace_id, fault in faults.items():
            with scope(workspace_id):
                row = SenderRow.objects.filter(workspace_id=workspace_id).first()
                if row is None:
                    continue
                row.paused_until = clock.now() + sender_pause(row.faults)
                row.faults += 1
                row.last_error = fault.message
                row.save(update_fields=["paused_until", "faults", "last_error"])


def _with_values(workspace_id: int, items: list[Item]) -> list[Item]:
    """The items, each with what its template asks of other rooms."""
    groups: defaultdict[frozenset[str], list[Item]] = defaultdict(list)
    for item in items:
        groups[item.reading.names].append(item)
    found: list[Item] = []
    for names, group in groups.items():
        asked = [_asked(item.claim) for item in group]
        values = placeholders.values_for(workspace_id, names, asked)
        found += [replace(i, values=v) if v else i for i, v in zip(group, values, strict=True)]
    return found


def _asked(claim: Claim) -> Asked:
    key = letter_key(claim.occurrence, claim.planned_for)
    return Asked(claim.customer_id, claim.public_id, key)


def _addressed(
    workspace_id: int, wanted: Sequence[Claim], profiles: Mapping[int, Profile]
) -> list[Claim]:
    """The claims, each with what stands for the address its letter is written to."""
    addresses = [profiles[claim.customer_id].email or "" for claim in wanted]
    hashes = customer_queries.address_hashes(workspace_id, addresses, channel=CHANNEL)
    return [replace(claim, address_hash=hash_) for claim, hash_ in zip(wanted, hashes, strict=True)]
