"""Points that wait for an event start to count when it comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty.actions import due, ledger
from regulars.loyalty.pure import terms
from regulars.loyalty.pure.ledger import NEVER, Account, Draft, Entry, points_unit
from regulars.loyalty.pure.lots import Lot
from regulars.loyalty.pure.programme import Programme, Terms
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries import programme


def names_of(event: Event) -> list[str]:
    """What points that wait for this event may wait for, as "kind:subject".

    An order that reaches a stage is an event of its own: order.delivered.
    """
    kinds = [event.kind]
    if event.kind == "order.status_changed":
        kinds.append(f"order.{event.props.get('status')}")
    subjects = [
        str(event.props[name]) for name in ("purchase", "number", "key") if event.props.get(name)
    ]
    if event.subject_id:
        subjects.append(f"order:{event.subject_id}")
    return [f"{kind}:{subject}" for kind in kinds for subject in subjects]


def take(workspace_id: int, events: Sequence[Event], now: datetime | None = None) -> int:
    """Wake what waits for any of these events; how many lots."""
    names = {name for event in events for name in names_of(event)}
    return awaken(workspace_id, sorted(names), now) if names else 0


def awaken(workspace_id: int, names: Sequence[str], now: datetime | None = None) -> int:
    """Points waiting for these become active now, and live by their terms from now on."""
    moment = now or clock.now()
    found = books.waiting(workspace_id, names)
    if not found:
        return 0
    members = sorted({lot.member_id for lot in found})
    ledger.lock_members(workspace_id, members, moment)
    live = programme.live(workspace_id)
    # Asked again: what waited too long was withdrawn while we locked.
    waiting = books.waiting(workspace_id, names)
    drafts = [
        Draft(
            kind="awaken",
            key=str(lot.id),
            entries=(_entry(lot, _terms_of(live.programme, lot), moment, live.zone),),
            purchase_id=lot.purchase_id,
        )
        for lot in waiting
    ]
    ledger.post(workspace_id, drafts, moment)
    due.settle(workspace_id, members, moment)
    return len(drafts)


def _terms_of(settled: Programme, lot: Lot) -> Terms:
    """The currency's own terms when they wait so, else the first that wait for this event."""
    event = (lot.waits_for or "").partition(":")[0]
    own = settled.terms_of("", lot.currency)
    candidates = [own, *settled.terms.values()]
    return next((one for one in candidates if one.pending.event == event), own)


def _entry(lot: Lot, own: Terms, now: datetime, zone: tzinfo) -> Entry:
    when = terms.awakened(own, now, zone)
    return Entry(
        Account.PENDING,
        points_unit(lot.currency),
        0,
        lot.member_id,
        lot=lot.id,
        activates_at=now,
        expires_at=when.expires_at or when.slides_until or NEVER,
    )
