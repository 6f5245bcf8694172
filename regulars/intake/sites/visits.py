"""Visits of sites: each event of a batch gets its visit, new visits are told to the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from regulars.customers import actions as customers
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.intake.pure import context as contexts
from regulars.intake.pure import sessions
from regulars.intake.pure.sessions import Hit, Span
from regulars.intake.pure.touch import Touch, derive
from regulars.intake.segment import Incoming
from regulars.intake.sites.records import SiteRecord
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

# Events later than this begin a visit of their own.
KEPT = timedelta(days=35)
EXPIRED_AT_ONCE_MAX = 10_000
COMMANDS = frozenset({"customer.grouped", "customer.aliased"})

Key = tuple[int, str]
# Visits of a site are placed by one worker at a time, else two would begin the same visit.
LOCK = "SELECT pg_advisory_xact_lock(0, %s::int)"
READ = """
SELECT s.id, s.site_id, s.visitor, s.started_at, s.last_at, s.source, s.medium, s.campaign,
       s.term, s.content, s.click, s.is_marked, s.public_id
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])
  AS asked (site_id, visitor, since, until)
JOIN intake_session AS s ON s.site_id = asked.site_id AND s.visitor = asked.visitor
WHERE s.workspace_id = %s AND s.last_at > asked.since AND s.started_at < asked.until
ORDER BY s.id
"""
MOVE = """
UPDATE intake_session AS s
SET started_at = given.started_at, last_at = given.last_at, hits = s.hits + given.hits
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[])
  AS given (id, started_at, last_at, hits)
WHERE s.workspace_id = %s AND s.id = given.id
"""
BEGIN = """
INSERT INTO intake_session (workspace_id, public_id, site_id, visitor, started_at, last_at, hits,
  is_marked, source, medium, campaign, term, content, click)
SELECT %s, * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::timestamptz[],
  %s::timestamptz[], %s::int[], %s::bool[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::text[])
"""


@dataclass(slots=True)
class _Visitor:
    """A visitor of a site in this batch: places of their messages, and their visits."""

    site: SiteRecord
    visitor: str
    places: list[int]
    spans: list[Span]
    public_ids: dict[int, str]


def place(
    workspace_id: int,
    items: Sequence[Incoming],
    customer_ids: Sequence[int],
    sites: dict[str, SiteRecord],
) -> list[Incoming]:
    """The items, those of sites with their visit; visits that begin are told to the log."""
    visitors = _gather(items, sites)
    if not visitors:
        return list(items)
    _load(workspace_id, items, visitors)
    answer = list(items)
    begun: list[tuple[_Visitor, Span, Incoming, int, str]] = []
    moved: list[Span] = []
    for visitor in visitors:
        own = [items[place] for place in visitor.places]
        placed, spans = sessions.place(visitor.spans, [_hit(item, visitor.site) for item in own])
        names = {id(span): new_public_id() for span in spans if span.id is None}
        for place_, item, span in zip(visitor.places, own, placed, strict=True):
            name = names.get(id(span)) or visitor.public_ids[span.id or 0]
            answer[place_] = _told(item, name)
        for span in spans:
            if span.id is None:
                assert span.first_hit is not None
                first = visitor.places[span.first_hit]
                begun.append((visitor, span, items[first], customer_ids[first], names[id(span)]))
            elif span.hits:
                moved.append(span)
    _store(workspace_id, moved, begun)
    _tell(workspace_id, begun)
    return answer


def expire_sessions(before: datetime) -> int:
    """Forget visits no late event can belong to any more; engine only; returns how many."""
    raw = cursor()
    raw.execute(
        "DELETE FROM intake_session WHERE id IN (SELECT id FROM intake_session"
        " WHERE last_at < %s ORDER BY last_at LIMIT %s)",
        [before, EXPIRED_AT_ONCE_MAX],
    )
    return raw.rowcount


def _gather(items: Sequence[Incoming], sites: dict[str, SiteRecord]) -> list[_Visitor]:
    found: dict[Key, _Visitor] = {}
    for place_, item in enumerate(items):
        site = sites.get(item.site)
        # Replays are history, and commands are no visit of a page.
        if site is None or item.kind in COMMANDS or item.origin != "live":
            continue
        key = (site.id, item.visitor)
        if key not in found:
            found[key] = _Visitor(site, item.visitor, [], [], {})
        found[key].places.append(place_)
    return [found[key] for key in sorted(found)]


def _load(workspace_id: int, items: Sequence[Incoming], visitors: Sequence[_Visitor]) -> None:
    raw = cursor()
    for site_id in sorted({visitor.site.id for visitor in visitors}):
        raw.execute(LOCK, [site_id % (1 << 31)])
    times = [[items[place].time for place in visitor.places] for visitor in visitors]
    raw.execute(
        READ,
        [
            [visitor.site.id for visitor in visitors],
            [visitor.visitor for visitor in visitors],
            [min(own) - sessions.GAP for own in times],
            [max(own) + sessions.GAP for own in times],
            workspace_id,
        ],
    )
    by_key = {(visitor.site.id, visitor.visitor): visitor for visitor in visitors}
    for id_, site_id, visitor_name, started, last, *told, is_marked, public_id in raw.fetchall():
        visitor = by_key[(site_id, visitor_name)]
        visitor.spans.append(Span(started, last, Touch(*told), is_marked, id=id_))
        visitor.public_ids[id_] = public_id


def _hit(item: Incoming, site: SiteRecord) -> Hit:
    kept = contexts.kept(item.context)
    touch, is_marked = derive(
        kept.get("campaign", {}), kept.get("click", {}), kept.get("referrer", ""), site.domains
    )
    return Hit(item.time, touch, is_marked)


def _told(item: Incoming, name: str) -> Incoming:
    kept = {**item.props.get(contexts.NAME, {}), "session": name}
    return replace(item, props={**item.props, contexts.NAME: kept})


def _store(
    workspace_id: int,
    moved: Sequence[Span],
    begun: Sequence[tuple[_Visitor, Span, Incoming, int, str]],
) -> None:
    raw = cursor()
    if moved:
        raw.execute(
            MOVE,
            [
                [span.id for span in moved],
                [span.started_at for span in moved],
                [span.last_at for span in moved],
                [span.hits for span in moved],
                workspace_id,
            ],
        )
    if begun:
        rows = [
            (
                name, visitor.site.id, visitor.visitor, span.started_at, span.last_at, span.hits,
                span.is_marked, span.touch.source, span.touch.medium, span.touch.campaign,
                span.touch.term, span.touch.content, span.touch.click,
            )
            for visitor, span, _, _, name in begun
        ]  # fmt: skip
        raw.execute(BEGIN, [workspace_id, *(list(column) for column in zip(*rows, strict=True))])


def _tell(workspace_id: int, begun: Sequence[tuple[_Visitor, Span, Incoming, int, str]]) -> None:
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="session.started",
                time=item.time,
                key=f"session:{name}",
                customer_id=customer_id,
                props=_props(visitor.site, span, item, name),
                source=item.source,
                origin=item.origin,
            )
            for visitor, span, item, customer_id, name in begun
        ],
    )
    first: defaultdict[int, list[tuple[datetime, Span, Incoming]]] = defaultdict(list)
    for _, span, item, customer_id, _ in begun:
        first[customer_id].append((item.time, span, item))
    # A source that is known already stays: the first one counts for ever.
    identities = []
    for own in first.values():
        _, span, item = min(own, key=lambda one: one[0])
        traits = {
            "first_source": span.touch.source,
            "first_medium": span.touch.medium,
            "first_campaign": span.touch.campaign or None,
        }
        identities.append(
            replace(item.identity, traits={k: v for k, v in traits.items() if v is not None})
        )
    customers.identify_many(workspace_id, identities, only_missing=True, source="site")


def _props(site: SiteRecord, span: Span, item: Incoming, name: str) -> dict[str, Any]:
    kept = contexts.kept(item.context)
    told = {
        "session": name,
        "site": site.public_id,
        "source": span.touch.source,
        "medium": span.touch.medium,
        "campaign": span.touch.campaign,
        "term": span.touch.term,
        "content": span.touch.content,
        "click": span.touch.click,
        "landing": contexts.without_query(kept.get("url", "")),
        "referrer": kept.get("referrer", ""),
        "browser": kept.get("browser", ""),
        "device": kept.get("device", ""),
        "first_touch": kept.get("first_touch"),
        "last_touch": kept.get("last_touch"),
    }
    return {key: value for key, value in told.items() if value}
