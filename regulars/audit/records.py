"""Shapes of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.store.trail import Actor as Actor
from regulars.store.trail import Note as Note


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """One line: who did what to which thing, when and through which door."""

    id: int
    workspace_id: int
    at: datetime
    actor_kind: str
    actor: str
    door: str
    act: str
    object_kind: str
    object_id: str
    fields: tuple[str, ...]
    number: int | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which lines are wanted; an empty word chooses everything.

    actor  as `user:7` or `key:12`, or only the kind
    """

    act: str = ""
    actor: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, the newest first; `before` asks for the next page, None at the end."""

    rows: tuple[EntryRecord, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended once: kept elsewhere, it shows a trail that was wiped or set back.

    place  how many lines were sealed until then
    seal   of the last of them, in hexadecimal
    """

    place: int
    seal: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the chain of a workspace found.

    faults  as (kind, entry id, place), empty when the trail is whole
    """

    entries: int
    waiting: int
    faults: tuple[dict[str, object], ...]
