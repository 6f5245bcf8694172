"""From the inbox to the log: decode, drop what was seen, resolve identities, append.

One transaction a batch; what cannot be taken goes to failed events and its neighbours go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from itertools import groupby

from django.db import transaction

from regulars.customers import actions as customers
from regulars.customers.records import Membership
from regulars.events import actions as events
from regulars.events import claims
from regulars.events.claims import InboxRow
from regulars.events.records import NewEvent, Origin
from regulars.intake import segment
from regulars.intake.pure import context as contexts
from regulars.intake.segment import Incoming, Reject
from regulars.intake.sites import actions as site_actions
from regulars.intake.sites import queries as site_queries
from regulars.intake.sites import visits
from regulars.intake.sites.records import SiteRecord
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.store.faults import is_transient
from regulars.store.scope import scope

log = logging.getLogger(__name__)

Taker = Callable[[int, Sequence[InboxRow]], None]

_pace = claims.Pace()


def run_once(takers: Mapping[str, str]) -> int:
    """Process one batch of the inbox; returns how many requests were settled.

    takers  inbox kind → "module:function" that writes the effects of rows of one workspace
    """
    with transaction.atomic():
        rows = claims.claim(_pace.rows_max)
        if not rows:
            return 0
        _pace.learn(rows)
        try:
            with transaction.atomic():
                _take(takers, rows)
        except Exception as error:
            if is_transient(error):
                raise
            # One of them has a fault nobody foresaw: find it, so that the others go on.
            log.exception("a batch of the inbox failed; going row by row")
            _one_by_one(takers, rows)
        claims.settle(rows)
    return len(rows)


def _take(takers: Mapping[str, str], rows: Sequence[InboxRow]) -> None:
    ordered = sorted(rows, key=lambda row: (row.workspace_id, row.kind, row.id))
    for (workspace_id, kind), group in groupby(ordered, key=lambda r: (r.workspace_id, r.kind)):
        with scope(workspace_id):
            _taker(takers, kind)(workspace_id, list(group))


def _taker(takers: Mapping[str, str], kind: str) -> Taker:
    module, _, name = takers[kind].partition(":")
    found: Taker = getattr(import_module(module), name)
    return found


def _one_by_one(takers: Mapping[str, str], rows: Sequence[InboxRow]) -> None:
    for row in rows:
        try:
            with transaction.atomic():
                _take(takers, [row])
        except Exception as error:
            # Acknowledged requests wait in the inbox for as long as the database is unwell.
            if is_transient(error):
                raise
            log.exception("inbox row %s failed", row.id)
            with scope(row.workspace_id):
                events.keep_failed(
                    row.workspace_id,
                    source=row.source,
                    inbox_kind=row.kind,
                    received_at=row.received_at,
                    stage="process",
                    rejects=[(_reason(error), "", row.body)],
                )


def _reason(error: Exception) -> str:
    return error.code if isinstance(error, RegularsError) else f"fault_{type(error).__name__}"[:60]


def take_segment(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    """Messages of Segment's shape become events of their customers."""
    now = clock.now()
    good: list[tuple[InboxRow, Incoming]] = []
    bad: dict[int, list[Reject]] = {}
    for row in rows:
        for item in segment.decode(row):
            refused = item if isinstance(item, Reject) else _unfit(item, now)
            if refused is not None:
                bad.setdefault(row.id, []).append(refused)
            else:
                assert isinstance(item, Incoming)
                good.append((row, item))
    try:
        with transaction.atomic():
            _append(workspace_id, good)
    except Exception as error:
        if is_transient(error):
            raise
        # One of them cannot be written: message by message, so that its neighbours are.
        for row, item in good:
            refused = _append_alone(workspace_id, row, item)
            if refused is not None:
                bad.setdefault(row.id, []).append(refused)
    for row in rows:
        if row.id in bad:
            events.keep_failed(
                workspace_id,
                source=row.source,
                inbox_kind=row.kind,
                received_at=row.received_at,
                stage="decode",
                rejects=[(r.reason, r.detail, r.payload) for r in bad[row.id]],
            )


def _unfit(item: Incoming, now: datetime) -> Reject | None:
    try:
        events.check(_event(item, None), now)
    except RegularsError as error:
        return Reject(error.code, error.message, item.payload)
    return None


def _append_alone(workspace_id: int, row: InboxRow, item: Incoming) -> Reject | None:
    try:
        with transaction.atomic():
            _append(workspace_id, [(row, item)])
    except RegularsError as error:
        return Reject(error.code, error.message, item.payload)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("a message of workspace %s could not be written", workspace_id)
        return Reject(_reason(error), "", item.payload)
    return None


def _append(workspace_id: int, items: Sequence[tuple[InboxRow, Incoming]]) -> None:
    # Seen first: a repeat must not bring old traits back.
    is_new = events.mark_seen(workspace_id, [(item.source, item.key) for _, item in items])
    pairs = [pair for pair, is_first in zip(items, is_new, strict=True) if is_first]
    new = [item for _, item in pairs]
    # Events stay with the id they named, so that they go along when a merge is undone.
    ids = _identified(workspace_id, new)
    sites = _sites_of(workspace_id, new)
    if sites:
        new = [_may_promise(item, sites) for item in visits.place(workspace_id, new, ids, sites)]
        _note(workspace_id, pairs, sites)
    events.append(workspace_id, [_event(item, id_) for item, id_ in zip(new, ids, strict=True)])
    _join_companies(workspace_id, new, ids)


def _identified(workspace_id: int, items: Sequence[Incoming]) -> list[int]:
    """The customer of each message, in their order; each side is believed as what it is.

    What a server sends goes first: whoever reads the page of a site may send in its name.
    """
    ids = [0] * len(items)
    for source, is_site in (("api", False), ("site", True)):
        places = [n for n, one in enumerate(items) if bool(one.site) is is_site]
        found = customers.identify_many(
            workspace_id, [items[n].identity for n in places], as_named=True, source=source
        )
        for n, customer_id in zip(places, found, strict=True):
            ids[n] = customer_id
    return ids


def _sites_of(workspace_id: int, items: Sequence[Incoming]) -> dict[str, SiteRecord]:
    named = {item.site for item in items if item.site}
    return site_queries.sites_by_public_id(workspace_id, named) if named else {}


def _may_promise(item: Incoming, sites: Mapping[str, SiteRecord]) -> Incoming:
    """The item, with a word for the orders desk when its site may promise goods."""
    site = sites.get(item.site)
    if site is None or not site.promises_stock or item.kind != "Order Completed":
        return item
    kept = {**item.props.get(contexts.NAME, {}), "promises": True}
    return replace(item, props={**item.props, contexts.NAME: kept})


def _note(
    workspace_id: int, pairs: Sequence[tuple[InboxRow, Incoming]], sites: Mapping[str, SiteRecord]
) -> None:
    newest = {
        sites[item.site].id: (row.received_at, item.kind)
        for row, item in sorted(pairs, key=lambda pair: pair[0].received_at)
        if item.site in sites and item.origin is not Origin.REPLAY
    }
    site_actions.note_events(workspace_id, newest)


def _join_companies(workspace_id: int, items: Sequence[Incoming], ids: Sequence[int]) -> None:
    rows = [
        Membership(customer_id=id_, group_id=item.group[0], traits=item.group[1], at=item.time)
        for item, id_ in zip(items, ids, strict=True)
        if item.group is not None
    ]
    if rows:
        customers.join_companies(workspace_id, rows)


def _event(item: Incoming, customer_id: int | None) -> NewEvent:
    return NewEvent(
        kind=item.kind,
        time=item.time,
        key=item.key,
        customer_id=customer_id,
        props=item.props,
        source=item.source,
        origin=item.origin,
    )


def keep_refused(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    """Requests that came from a page of a foreign domain wait among the failed events.

    The row's source is "call@site origin"; a replay takes the body as if it had been let in.
    """
    refusals: dict[str, tuple[str, datetime, str]] = {}
    for row in rows:
        source, _, origin = row.source.partition(" ")
        _, site = segment.call_and_site(source)
        refusals[site] = (site, row.received_at, origin)
        events.keep_failed(
            workspace_id,
            source=source,
            inbox_kind="segment",
            received_at=row.received_at,
            stage="door",
            rejects=[("origin_refused", origin, row.body)],
        )
    site_actions.note_refusals(workspace_id, list(refusals.values()))
