"""Notes of the team about a customer: plain text, changed and removed by their author alone."""

from __future__ import annotations

from typing import Any

from regulars.customers.actions.present import customer_there
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

NOTE_LENGTH_MAX = 4_000
KEY_LENGTH_MAX = 200

ADD = """
INSERT INTO customers_note (workspace_id, public_id, customer_id, author_id, author, text,
                            is_pinned, created_at, key)
SELECT %s, public_id, customer_id, %s, %s, %s, false, %s, key
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS given (public_id, customer_id, key)
ON CONFLICT (workspace_id, key) DO NOTHING RETURNING public_id, customer_id
"""


def add_note(
    workspace_id: int,
    customer_id: int,
    *,
    text: str,
    author_id: int | None,
    author: str,
    key: str | None = None,
) -> str:
    """Write a note about the customer; its public id, that of the first one under the key.

    raises  NotFound(customer_unknown), Invalid(note_empty | note_too_long | key_too_long)
    """
    customer_there(workspace_id, customer_id)
    if key is not None and len(key) > KEY_LENGTH_MAX:
        raise Invalid("key_too_long", f"A key has at most {KEY_LENGTH_MAX} characters.")
    added = add_notes(
        workspace_id, {customer_id: key}, text=text, author_id=author_id, author=author
    )
    return added.get(customer_id) or _public_id_of_key(workspace_id, key)


def add_notes(
    workspace_id: int,
    keys: dict[int, str | None],
    *,
    text: str,
    author_id: int | None,
    author: str,
) -> dict[int, str]:
    """The same note about many customers; public ids of those written now, by customer."""
    body = clean_text(text)
    now = clock.now()
    raw = cursor()
    raw.execute(
        ADD,
        [
            workspace_id, author_id, author, body, now,
            [new_public_id() for _ in keys], [*keys], [*keys.values()],
        ],
    )  # fmt: skip
    added = {row[1]: row[0] for row in raw.fetchall()}
    news = [
        NewEvent(
            kind="note.added",
            time=now,
            key=f"note:{public_id}:added",
            customer_id=customer_id,
            props={"note": public_id, "actor": author},
        )
        for customer_id, public_id in added.items()
    ]
    events.record_many(workspace_id, news)
    return added


def change_note(workspace_id: int, public_id: str, *, text: str, author_id: int) -> None:
    """Write one's own note anew.

    raises  NotFound(note_unknown), Refused(note_of_another), Invalid(note_empty | note_too_long)
    """
    body = clean_text(text)
    _own(workspace_id, public_id, author_id)
    cursor().execute(
        "UPDATE customers_note SET text = %s, edited_at = %s"
        " WHERE workspace_id = %s AND public_id = %s AND text <> %s",
        [body, clock.now(), workspace_id, public_id, body],
    )


def pin_note(workspace_id: int, public_id: str, *, is_pinned: bool) -> None:
    """Keep the note above the others, or let it go. raises NotFound(note_unknown)"""
    raw = cursor()
    raw.execute(
        "UPDATE customers_note SET is_pinned = %s WHERE workspace_id = %s AND public_id = %s",
        [is_pinned, workspace_id, public_id],
    )
    if not raw.rowcount:
        raise NotFound("note_unknown", "There is no such note.")


def delete_note(workspace_id: int, public_id: str, *, author_id: int) -> None:
    """Remove one's own note. raises NotFound(note_unknown), Refused(note_of_another)"""
    customer_id = _own(workspace_id, public_id, author_id)
    cursor().execute(
        "DELETE FROM customers_note WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    news = NewEvent(
        kind="note.removed",
        time=clock.now(),
        key=f"note:{public_id}:removed",
        customer_id=customer_id,
        props={"note": public_id},
    )
    events.record_many(workspace_id, [news])


def clean_text(text: str) -> str:
    """The text as it is kept. raises Invalid(note_empty | note_too_long)"""
    body = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body:
        raise Invalid("note_empty", "Write something; an empty note says nothing.", field="text")
    if len(body) > NOTE_LENGTH_MAX:
        raise Invalid(
            "note_too_long", f"A note has at most {NOTE_LENGTH_MAX} characters.", field="text"
        )
    return body


def _own(workspace_id: int, public_id: str, author_id: int) -> int:
    """The customer of the member's own note, locked."""
    raw = cursor()
    raw.execute(
        "SELECT author_id, customer_id FROM customers_note"
        " WHERE workspace_id = %s AND public_id = %s FOR UPDATE",
        [workspace_id, public_id],
    )
    row: tuple[Any, ...] | None = raw.fetchone()
    if row is None:
        raise NotFound("note_unknown", "There is no such note.")
    if row[0] != author_id:
        raise Refused("note_of_another", "Only its author changes or removes a note.")
    return int(row[1])


def _public_id_of_key(workspace_id: int, key: str | None) -> str:
    raw = cursor()
    raw.execute(
        "SELECT public_id FROM customers_note WHERE workspace_id = %s AND key = %s",
        [workspace_id, key],
    )
    row = raw.fetchone()
    assert row is not None, "a note is written or was there under its key"
    return str(row[0])
