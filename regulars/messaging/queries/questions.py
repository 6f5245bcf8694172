"""Consents asked for by letter."""

from __future__ import annotations

from regulars.messaging.records import QuestionRecord
from regulars.store.scope import cursor

OCCURRENCE_PREFIX = "opt-in:"
_READ = f"""
SELECT q.public_id, m.public_id, q.customer_id, q.channel, q.purpose, q.text_version, q.source,
       q.asked_at, q.expires_at, q.confirmed_at
FROM messaging_message m
JOIN messaging_question q
  ON q.workspace_id = m.workspace_id AND m.occurrence = '{OCCURRENCE_PREFIX}' || q.public_id
WHERE m.workspace_id = %s AND m.public_id = %s
"""


def question(workspace_id: int, message_public_id: str) -> QuestionRecord | None:
    """The question this letter asks, None for a letter that asks nothing."""
    raw = cursor()
    raw.execute(_READ, [workspace_id, message_public_id])
    row = raw.fetchone()
    return None if row is None else QuestionRecord(*row)
