"""The shapes of events that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

PARTITIONS = 64
# A consumer of this kind wants every kind.
ALL_KINDS = "*"
# After so many tries parked events wait for a person.
PARKED_TRIES_MAX = 12


class Origin(StrEnum):
    """Where an event came from; only live ones send, grant or start anything."""

    LIVE = "live"
    IMPORT = "import"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append; (source, key) is its identity for ever.

    key  None where no retry can tell it twice: it stands or falls with the write it tells of
    """

    kind: str
    time: datetime
    key: str | None
    customer_id: int | None = None
    props: Mapping[str, Any] = field(default_factory=dict)
    origin: str = Origin.LIVE.value
    subject_id: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the log."""

    id: int
    workspace_id: int
    customer_id: int | None
    time: datetime
    received_at: datetime
    kind: str
    origin: str
    source: str
    subject_id: int | None
    props: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A line of wiring: who reads what.

    handler     "package.module:function" taking (workspace_id, list of Event)
    kinds       event kinds it wants; ALL_KINDS among them is every kind
    from_start  a new consumer starts at now unless this is true
    live_only   skips imported and replayed history
    max_age     skips events older than this when they are read
    """

    handler: str
    kinds: tuple[str, ...]
    from_start: bool = False
    live_only: bool = False
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A failed event as shown to people."""

    id: int
    source: str
    received_at: datetime
    stage: str
    reason: str
    detail: str
    payload: bytes
    attempts: int
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """The events of one customer that wait for one consumer, told by the first of them.

    id           of any of them, to name them all by
    is_given_up  true when only a person sets them going again
    """

    id: int
    consumer: str
    kind: str
    time: datetime
    events: int
    reason: str
    attempts: int
    next_try_at: datetime
    is_given_up: bool
