"""Acts on many customers: begun with an exact count, done chunk by chunk, never twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from regulars.customers import asked
from regulars.customers.actions.consents import suppress
from regulars.customers.actions.notes import add_notes, clean_text
from regulars.customers.actions.tasks import clean_title, give_tasks
from regulars.customers.pure.traits import ATTR_NAME_LENGTH_MAX, ATTR_TEXT_LENGTH_MAX, ATTRS_MAX
from regulars.customers.queries.batches import BATCH_COLUMNS, batch_of_row
from regulars.customers.queries.cards import profiles
from regulars.customers.queries.lists import exact_count, ids_after
from regulars.customers.records import ADDRESS_COLUMNS, BatchRecord
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.kernel.texts import json_without_nul
from regulars.store.scope import cursor

CHUNK_ROWS = 500
CHOSEN_MAX = 500
TAG_LENGTH_MAX = 60
TAGS_MAX = 100
SUPPRESSED_BY_HAND = "by_hand"
EXPORT = "export"

LOCK = """
SELECT id, attrs -> %s, (SELECT count(*) FROM jsonb_object_keys(attrs)) FROM customers_customer
WHERE workspace_id = %s AND id = ANY(%s) AND merged_into IS NULL ORDER BY id FOR UPDATE
"""
SET = """
UPDATE customers_customer c SET attrs = c.attrs || jsonb_build_object(%s::text, given.value),
       updated_at = %s
FROM json_to_recordset(%s::json) AS given (id bigint, value jsonb)
WHERE c.workspace_id = %s AND c.id = given.id
"""


def begin_batch(
    workspace_id: int,
    *,
    act: str,
    owner_id: int,
    owner: str,
    query: str,
    chosen: Sequence[int],
    given: Mapping[str, Any],
    key: str,
) -> BatchRecord:
    """Write down an act on the customers of the filter, or on those chosen; nothing is done yet.

    The same key gives the same batch. raises  Invalid of the act's own words
    """
    if act not in CHECKS:
        raise Invalid("act_unknown", "Choose what to do.")
    if len(chosen) > CHOSEN_MAX:
        raise Invalid("chosen_too_many", f"Choose at most {CHOSEN_MAX} by hand.")
    CHECKS[act](given)
    total = exact_count(workspace_id, asked.filter_of_query(query), chosen)
    raw = cursor()
    raw.execute(
        "INSERT INTO customers_batch (workspace_id, public_id, act, owner_id, owner, query, chosen,"
        " given, state, total, done, skipped, last_id, reason, created_at, key)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'waiting', %s, 0, 0, 0, '', %s, %s)"
        " ON CONFLICT (workspace_id, key) DO UPDATE SET key = excluded.key"
        f" RETURNING {BATCH_COLUMNS}",
        [
            workspace_id, new_public_id(), act, owner_id, owner, query, json.dumps([*chosen]),
            json.dumps(dict(given)), total, clock.now(), key,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    assert row is not None
    return batch_of_row(row)


def step_batch(workspace_id: int, batch_id: int, limit: int = CHUNK_ROWS) -> BatchRecord:
    """Do the next chunk; what is done and how far it came are written together."""
    batch = _locked(workspace_id, batch_id)
    if batch.is_over:
        return batch
    chosen = asked.filter_of_query(batch.query)
    ids = ids_after(workspace_id, chosen, batch.last_id, limit, batch.chosen)
    done = ACTS[batch.act](workspace_id, batch, ids) if ids else 0
    return _moved(workspace_id, batch, ids, done, is_last=len(ids) < limit)


def move_export(
    workspace_id: int, batch_id: int, *, last_id: int, done: int, is_last: bool
) -> BatchRecord:
    """How far the file of an export is written; at its end the log hears of it."""
    batch = _locked(workspace_id, batch_id)
    raw = cursor()
    raw.execute(
        "UPDATE customers_batch SET state = %s, done = %s, last_id = %s, finished_at = %s"
        f" WHERE workspace_id = %s AND id = %s RETURNING {BATCH_COLUMNS}",
        [
            "done" if is_last else "running", done, last_id, clock.now() if is_last else None,
            workspace_id, batch_id,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    assert row is not None
    if is_last:
        news = NewEvent(
            kind="customers.exported",
            time=clock.now(),
            key=f"batch:{batch.public_id}:exported",
            props={"batch": batch.public_id, "actor": batch.owner, "customers": done},
        )
        events.record_many(workspace_id, [news])
    return batch_of_row(row)


def fail_batch(workspace_id: int, batch_id: int, reason: str) -> None:
    """The rest of the batch is given up; what was done stays."""
    cursor().execute(
        "UPDATE customers_batch SET state = 'failed', reason = %s, finished_at = %s"
        " WHERE workspace_id = %s AND id = %s AND finished_at IS NULL",
        [reason[:300], clock.now(), workspace_id, batch_id],
    )


def _locked(workspace_id: int, batch_id: int) -> BatchRecord:
    raw = cursor()
    raw.execute(
        f"SELECT {BATCH_COLUMNS} FROM customers_batch WHERE workspace_id = %s AND id = %s"
        " FOR UPDATE",
        [workspace_id, batch_id],
    )
    row = raw.fetchone()
    assert row is not None, "a batch is never removed while its job is there"
    return batch_of_row(row)


def _moved(
    workspace_id: int, batch: BatchRecord, ids: Sequence[int], done: int, *, is_last: bool
) -> BatchRecord:
    raw = cursor()
    raw.execute(
        "UPDATE customers_batch SET state = %s, done = done + %s, skipped = skipped + %s,"
        " last_id = %s, finished_at = %s WHERE workspace_id = %s AND id = %s"
        f" RETURNING {BATCH_COLUMNS}",
        [
            "done" if is_last else "running", done, len(ids) - done,
            ids[-1] if ids else batch.last_id, clock.now() if is_last else None,
            workspace_id, batch.id,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    assert row is not None
    return batch_of_row(row)


def _tag(workspace_id: int, batch: BatchRecord, ids: Sequence[int]) -> int:
    tag = str(batch.given["tag"]).strip()

    def with_tag(old: Any) -> Any:
        tags = old if isinstance(old, list) else []
        return tags if tag in tags or len(tags) >= TAGS_MAX else [*tags, tag]

    return _change_attribute(workspace_id, batch, ids, "tags", with_tag)


def _attribute(workspace_id: int, batch: BatchRecord, ids: Sequence[int]) -> int:
    value = str(batch.given["value"]).strip()
    return _change_attribute(
        workspace_id, batch, ids, str(batch.given["name"]).strip(), lambda _old: value
    )


def _change_attribute(
    workspace_id: int,
    batch: BatchRecord,
    ids: Sequence[int],
    name: str,
    new_of: Callable[[Any], Any],
) -> int:
    raw = cursor()
    raw.execute(LOCK, [name, workspace_id, list(ids)])
    changes = {
        customer_id: (old, new)
        for customer_id, old, names in raw.fetchall()
        if (new := new_of(old)) != old and (old is not None or names < ATTRS_MAX)
    }
    rows = [{"id": customer_id, "value": new} for customer_id, (_old, new) in changes.items()]
    now = clock.now()
    text = json_without_nul(msgspec.json.encode(rows).decode())
    raw.execute(SET, [name, now, text, workspace_id])
    news = [
        NewEvent(
            kind="customer.changed",
            time=now,
            key=f"batch:{batch.public_id}:{customer_id}",
            customer_id=customer_id,
            props={"changes": {f"attr.{name}": {"old": old, "new": new}}, "actor": batch.owner},
        )
        for customer_id, (old, new) in changes.items()
    ]
    events.record_many(workspace_id, news)
    return len(changes)


def _note(workspace_id: int, batch: BatchRecord, ids: Sequence[int]) -> int:
    keys: dict[int, str | None] = {one: f"batch:{batch.public_id}:{one}" for one in ids}
    text = str(batch.given["text"])
    return len(
        add_notes(workspace_id, keys, text=text, author_id=batch.owner_id, author=batch.owner)
    )


def _task(workspace_id: int, batch: BatchRecord, ids: Sequence[int]) -> int:
    keys: dict[int | None, str | None] = {one: f"batch:{batch.public_id}:{one}" for one in ids}
    day = batch.given.get("due_on")
    return len(
        give_tasks(
            workspace_id,
            keys,
            title=str(batch.given["title"]),
            due_on=date.fromisoformat(str(day)) if day else None,
            assignee_id=int(batch.given["assignee"]),
            author=batch.owner,
        )
    )


def _suppress(workspace_id: int, batch: BatchRecord, ids: Sequence[int]) -> int:
    """Nothing goes to any address of theirs but what they wait for; who has none is left out."""
    done = 0
    for customer_id, profile in sorted(profiles(workspace_id, ids).items()):
        addresses = {ch: getattr(profile, column) for ch, column in ADDRESS_COLUMNS.items()}
        for channel, address in addresses.items():
            if address:
                suppress(
                    workspace_id, channel=channel, reason=SUPPRESSED_BY_HAND, address=address,
                    customer_id=customer_id,
                )  # fmt: skip
        done += any(addresses.values())
    return done


def _check_tag(given: Mapping[str, Any]) -> None:
    if not 0 < len(str(given.get("tag", "")).strip()) <= TAG_LENGTH_MAX:
        raise Invalid("tag_length", f"A tag has 1 to {TAG_LENGTH_MAX} characters.")


def _check_attribute(given: Mapping[str, Any]) -> None:
    name, value = str(given.get("name", "")).strip(), str(given.get("value", "")).strip()
    if not 0 < len(name) <= ATTR_NAME_LENGTH_MAX or name == "tags":
        raise Invalid("attribute_name", "Give the attribute a name of its own.")
    if not 0 < len(value) <= ATTR_TEXT_LENGTH_MAX:
        raise Invalid("attribute_value", "Give the attribute a value.")


def _check_task(given: Mapping[str, Any]) -> None:
    clean_title(str(given.get("title", "")))
    if not given.get("assignee"):
        raise Invalid("assignee_unknown", "Choose somebody of the team.", field="assignee")


def _check_export(given: Mapping[str, Any]) -> None:
    if given.get("format") not in ("csv", "xlsx"):
        raise Invalid("format_unknown", "Choose CSV or XLSX.")


ACTS: dict[str, Callable[[int, BatchRecord, Sequence[int]], int]] = {
    "tag": _tag,
    "attribute": _attribute,
    "note": _note,
    "task": _task,
    "suppress": _suppress,
}
CHECKS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "tag": _check_tag,
    "attribute": _check_attribute,
    "note": lambda given: clean_text(str(given.get("text", ""))),
    "task": _check_task,
    "suppress": lambda _given: None,
    EXPORT: _check_export,
}
