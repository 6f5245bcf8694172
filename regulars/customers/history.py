"""What happened to one person under every id of theirs, page by page."""

from __future__ import annotations

import base64
import binascii
import heapq
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from regulars.customers.records import Card
from regulars.events import queries as events
from regulars.events.records import Event
from regulars.kernel.errors import Invalid

# Ids of one person asked about in a statement; of whoever has more all are read, in several.
IDS_AT_ONCE = events.TIMELINE_IDS_MAX
# One less than a timeline gives at once: the one more tells whether there is another page.
BATCH_ROWS = events.TIMELINE_PAGE_MAX - 1
Place = tuple[datetime, int]


def ids_of(card: Card) -> tuple[int, ...]:
    """The customer and whoever was merged into them."""
    return (card.profile.id, *card.merged_ids)


def page_of(
    workspace_id: int,
    ids: Sequence[int],
    key: str,
    limit: int,
    kinds: Sequence[str] = (),
    *,
    but: Sequence[str] = (),
) -> tuple[list[Event], str]:
    """The newest events after the place of the key, and the key of the next page or "".

    kinds  only these, when any are named
    but    none of these
    raises  Invalid(list_key)
    """
    before = _read(key)
    lists = [
        events.timeline_of_all(workspace_id, some, limit + 1, before, kinds, but)
        for some in _chunks(ids)
    ]
    merged = heapq.merge(*lists, key=lambda event: (event.time, event.id), reverse=True)
    found = list(itertools.islice(merged, limit + 1))
    if len(found) <= limit:
        return found, ""
    last = found[limit - 1]
    return found[:limit], _write((last.time, last.id))


def last_at(workspace_id: int, ids: Sequence[int], *, but: Sequence[str] = ()) -> datetime | None:
    """When something last happened with the customer, these kinds left out; None for never."""
    last = [
        event.time
        for some in _chunks(ids)
        for event in events.timeline_of_all(workspace_id, some, 1, but=but)
    ]
    return max(last, default=None)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))


def every(workspace_id: int, ids: Sequence[int]) -> Iterator[Event]:
    """All that happened, the newest first, a batch in memory at a time."""
    key = ""
    while True:
        rows, key = page_of(workspace_id, ids, key, BATCH_ROWS)
        yield from rows
        if not key:
            return


def _write(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(key: str) -> Place | None:
    if not key:
        return None
    try:
        text = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        place: Place = msgspec.json.decode(text, type=tuple[datetime, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Invalid(
            "list_key", "The page is not one of this list; start from the top."
        ) from error
    return place
