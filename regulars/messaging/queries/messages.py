"""Messages: where they stand, and why."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.messaging.records import MessageRecord, MessageState
from regulars.store.scope import cursor

MESSAGE_COLUMNS = (
    "id, public_id, occurrence, campaign_id, customer_id, channel, state, reason, due_at,"
    " accepted_at, bounced_at, handed_at, finished_at, attempts"
)
PAGE_ROWS_MAX = 1_000


def counts_by_state(workspace_id: int, campaign_id: int) -> dict[MessageState, int]:
    """How many messages of the campaign stand where."""
    raw = cursor()
    raw.execute(
        "SELECT state, count(*) FROM messaging_message"
        " WHERE workspace_id = %s AND campaign_id = %s GROUP BY state",
        [workspace_id, campaign_id],
    )
    return {MessageState(state): count for state, count in raw.fetchall()}


def counts_of_campaigns(
    workspace_id: int, campaign_ids: Sequence[int]
) -> dict[int, dict[MessageState, int]]:
    """For each campaign that has messages, how many of them stand where."""
    raw = cursor()
    raw.execute(
        "SELECT campaign_id, state, count(*) FROM messaging_message"
        " WHERE workspace_id = %s AND campaign_id = ANY(%s) GROUP BY campaign_id, state",
        [workspace_id, list(campaign_ids)],
    )
    found: dict[int, dict[MessageState, int]] = {}
    for campaign_id, state, count in raw.fetchall():
        found.setdefault(campaign_id, {})[MessageState(state)] = count
    return found


def campaign_messages(
    workspace_id: int,
    campaign_id: int,
    *,
    states: Sequence[MessageState] = (),
    reason: str = "",
    after_id: int = 0,
    limit: int = 50,
) -> list[MessageRecord]:
    """A page of the campaign's messages by id; `after_id` is the last one shown.

    states, reason  only those that stand there, all when empty
    """
    where = "workspace_id = %s AND campaign_id = %s AND id > %s"
    values: list[object] = [workspace_id, campaign_id, after_id]
    if states:
        where += " AND state = ANY(%s)"
        values.append([state.value for state in states])
    if reason:
        where += " AND reason = %s"
        values.append(reason)
    raw = cursor()
    raw.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messaging_message WHERE {where} ORDER BY id LIMIT %s",
        [*values, min(limit, PAGE_ROWS_MAX)],
    )
    return [_message(row) for row in raw.fetchall()]


def campaign_message(workspace_id: int, campaign_id: int, customer_id: int) -> MessageRecord | None:
    """The customer's message of the campaign, the newest when there are several."""
    raw = cursor()
    raw.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messaging_message WHERE workspace_id = %s"
        " AND customer_id = %s AND campaign_id = %s ORDER BY id DESC LIMIT 1",
        [workspace_id, customer_id, campaign_id],
    )
    row = raw.fetchone()
    return None if row is None else _message(row)


def message(workspace_id: int, public_id: str) -> MessageRecord | None:
    """The message of this public id, None for one that is not ours, such as a test letter."""
    raw = cursor()
    raw.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messaging_message WHERE workspace_id = %s"
        " AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    return None if row is None else _message(row)


def written_to(workspace_id: int, public_id: str) -> bytes | None:
    """What stands for the address the message was written to; None before it is handed over."""
    raw = cursor()
    raw.execute(
        "SELECT address_hash FROM messaging_message WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def reasons(workspace_id: int, campaign_id: int) -> dict[tuple[MessageState, str], int]:
    """Why messages of the campaign were refused, rejected or bounced."""
    raw = cursor()
    raw.execute(
        "SELECT state, reason, count(*) FROM messaging_message"
        " WHERE workspace_id = %s AND campaign_id = %s AND reason <> '' GROUP BY state, reason",
        [workspace_id, campaign_id],
    )
    return {(MessageState(state), reason): count for state, reason, count in raw.fetchall()}


def messages_of(workspace_id: int, customer_id: int, *, limit: int = 50) -> list[MessageRecord]:
    """The customer's newest messages."""
    raw = cursor()
    raw.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM messaging_message"
        " WHERE workspace_id = %s AND customer_id = %s ORDER BY id DESC LIMIT %s",
        [workspace_id, customer_id, limit],
    )
    return [_message(row) for row in raw.fetchall()]


def _message(row: Sequence[object]) -> MessageRecord:
    values = list(row)
    values[6] = MessageState(str(values[6]))
    return MessageRecord(*values)  # type: ignore[arg-type]


def occurrences(workspace_id: int, public_ids: Sequence[str], *, prefix: str) -> dict[str, str]:
    """What each of these messages was sent for, of those whose occurrence begins so."""
    raw = cursor()
    raw.execute(
        "SELECT public_id, occurrence FROM messaging_message"
        " WHERE workspace_id = %s AND public_id = ANY(%s) AND starts_with(occurrence, %s)",
        [workspace_id, list(public_ids), prefix],
    )
    return dict(raw.fetchall())
