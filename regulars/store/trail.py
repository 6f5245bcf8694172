"""One line of the audit trail, written in the transaction of what it tells.

The room `audit` owns the table, seals the lines and shows them. Writing stands here, because
workspaces lie below that room and change rights and keys too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from regulars.kernel import clock
from regulars.store.scope import cursor

FIELDS_MAX = 100
WORD_LENGTH_MAX = 120

# The line and its place in the queue of those that wait for the seal, in one statement.
WRITE = """
WITH written AS (
    INSERT INTO audit_entry
        (workspace_id, at, actor_kind, actor, door, act, object_kind, object_id, fields, number)
    SELECT %(workspace)s, %(now)s, %(kind)s, %(actor)s, %(door)s,
           n.act, n.object_kind, n.object_id, n.fields, n.number
    FROM json_to_recordset(%(notes)s::json)
        AS n (act text, object_kind text, object_id text, fields jsonb, number bigint)
    RETURNING id, workspace_id)
INSERT INTO audit_waiting (entry_id, workspace_id) SELECT id, workspace_id FROM written
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through which door; ids only.

    kind  user, key, customer or system
    door  page, api, public, command or worker
    """

    kind: str
    id: str
    door: str


SYSTEM = Actor("system", "", "worker")
COMMAND = Actor("system", "", "command")
# Whoever opens a page without a sign-in: a customer behind a link of theirs.
PUBLIC = Actor("customer", "", "public")
_actor: ContextVar[Actor] = ContextVar("regulars_actor", default=SYSTEM)


@dataclass(frozen=True, slots=True)
class Note:
    """What was done to which thing.

    object_id  the public id, never a name or an address
    fields     names of what was changed, never the values
    number     how many things it was about, where it was about many
    """

    act: str
    object_kind: str
    object_id: str
    fields: tuple[str, ...] = ()
    number: int | None = None


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Everything noted inside was done by this actor."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def act_as(actor: Actor) -> None:
    """From now on this process acts as this actor; for commands."""
    _actor.set(actor)


def actor() -> Actor:
    """Who acts now: the system, unless a door said otherwise."""
    return _actor.get()


def note(
    workspace_id: int,
    act: str,
    object_kind: str,
    object_id: str,
    *,
    fields: Sequence[str] = (),
    number: int | None = None,
) -> None:
    """Write one line; it stands or falls with the transaction of the act."""
    note_many(workspace_id, [Note(act, object_kind, object_id, tuple(fields), number)])


def note_many(workspace_id: int, notes: Sequence[Note]) -> None:
    """Write a line for each, in one statement."""
    if not notes:
        return
    who = _actor.get()
    rows = [
        {
            "act": one.act,
            "object_kind": one.object_kind,
            "object_id": one.object_id[:WORD_LENGTH_MAX],
            "fields": [name[:WORD_LENGTH_MAX] for name in one.fields[:FIELDS_MAX]],
            "number": one.number,
        }
        for one in notes
    ]
    cursor().execute(
        WRITE,
        {
            "workspace": workspace_id,
            "now": clock.now(),
            "kind": who.kind,
            "actor": who.id,
            "door": who.door,
            "notes": json.dumps(rows),
        },
    )
