"""Which letters may be handed over now: consent by topic, pauses, and how often is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from regulars.customers import queries as customers
from regulars.customers.records import TOPIC_MARK, Purpose
from regulars.kernel import clock
from regulars.store.scope import cursor

CHANNEL = "email"
_TOPICS = """
SELECT id, topic FROM messaging_message WHERE workspace_id = %s AND id = ANY(%s) AND topic <> ''
"""
# A letter without an outcome may have arrived, so it counts. Letters to a customer before they
# were merged into another do not: at worst one letter more than wanted, once.
_NEWEST = """
SELECT customer_id, max(handed_at) FROM messaging_message
WHERE workspace_id = %s AND customer_id = ANY(%s) AND is_marketing AND channel = %s
  AND state IN ('handing', 'accepted', 'unknown', 'bounced') AND NOT id = ANY(%s)
GROUP BY customer_id
"""


class Letter(Protocol):
    """A message about to be written or handed over."""

    @property
    def id(self) -> int: ...
    @property
    def customer_id(self) -> int: ...
    @property
    def is_marketing(self) -> bool: ...


def refusals(workspace_id: int, letters: Sequence[Letter]) -> dict[int, str]:
    """Why each of these messages may not go now, by the id of the message; absent when it may.

    Of two letters at once to a customer who wants few, the first goes. When something cannot be
    read the error ends the transaction, and nothing is sent.
    """
    topics = _topics(workspace_id, [one.id for one in letters if one.is_marketing])
    groups: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        groups[_purpose(letter, topics)].append(letter)
    refused: dict[int, str] = {}
    for purpose, group in groups.items():
        reasons = customers.contact_refusals(
            workspace_id, [one.customer_id for one in group], channel=CHANNEL, purpose=purpose
        )
        refused |= {one.id: reasons[one.customer_id] for one in group if one.customer_id in reasons}
    wanted = [one for one in letters if one.is_marketing and one.id not in refused]
    return refused | _too_often(workspace_id, wanted)


def _purpose(letter: Letter, topics: dict[int, str]) -> str:
    if not letter.is_marketing:
        return Purpose.TRANSACTIONAL.value
    topic = topics.get(letter.id)
    return f"{TOPIC_MARK}{topic}" if topic else Purpose.MARKETING.value


def _topics(workspace_id: int, ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    raw = cursor()
    raw.execute(_TOPICS, [workspace_id, ids])
    return dict(raw.fetchall())


def _too_often(workspace_id: int, letters: Sequence[Letter]) -> dict[int, str]:
    if not letters:
        return {}
    gaps = customers.gaps_locked(workspace_id, [one.customer_id for one in letters], CHANNEL)
    if not gaps:
        return {}
    newest = _newest(workspace_id, [*gaps], [one.id for one in letters])
    refused, now = {}, clock.now()
    for letter in letters:
        gap = gaps.get(letter.customer_id)
        if gap is None:
            continue
        last_at = newest.get(letter.customer_id)
        if last_at is not None and now < last_at + timedelta(days=gap):
            refused[letter.id] = "too_often"
        else:
            newest[letter.customer_id] = now
    return refused


def _newest(workspace_id: int, customer_ids: list[int], but: list[int]) -> dict[int, datetime]:
    raw = cursor()
    raw.execute(_NEWEST, [workspace_id, customer_ids, CHANNEL, but])
    return dict(raw.fetchall())
