"""Drafts of transactions that give points, hold them, spend them and take them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from regulars.loyalty.point_records import Earn, Hold, Part
from regulars.loyalty.pure import lots, terms
from regulars.loyalty.pure.ledger import Account, Draft, Entry, NewLot, moves, points_unit
from regulars.loyalty.pure.lots import Lot
from regulars.loyalty.pure.terms import Dates


def dates_of(part: Part, now: datetime, zone: tzinfo) -> Dates:
    """When the points of a part live: by its terms, or by the dates it names itself."""
    if part.terms is not None:
        return terms.dates(part.terms, now, zone)
    if part.waits_for is not None:
        return Dates(None, part.expires_at, waits=True)
    return Dates(part.activates_at or now, part.expires_at)


def earn_draft(
    earn: Earn,
    debts: Mapping[str, int],
    now: datetime,
    zone: tzinfo,
    member_id: int | None = None,
) -> Draft | None:
    """A lot for each part; what may be spent at once repays debts first. None for no points.

    member_id  whose lots they are, when not of the member asked for (who was merged)
    """
    owner = earn.member_id if member_id is None else member_id
    parts = [part for part in earn.parts if part.points > 0]
    owed = dict(debts)
    new: list[NewLot] = []
    entries: list[Entry] = []
    slides: dict[str, datetime] = {}
    for part in parts:
        when = dates_of(part, now, zone)
        lot = _lot(earn, part, when, owner)
        entries.extend(_opening(lot, len(new), when, now))
        if when.activates_at is not None and when.activates_at <= now:
            repaid = min(owed.get(part.currency, 0), part.points)
            owed[part.currency] = owed.get(part.currency, 0) - repaid
            entries.extend(repaying(owner, part.currency, repaid, new_lot=len(new)))
        if when.slides_until is not None:
            slides[part.currency] = max(when.slides_until, slides.get(part.currency, now))
        new.append(lot)
    if not new:
        return None
    return Draft(
        kind=earn.kind,
        key=earn.key,
        entries=(*entries, *sliding(owner, slides)),
        lots=tuple(new),
        body=_body(earn),
        occurred_at=earn.occurred_at,
        actor=earn.actor,
        reason=earn.reason,
        rules_version=earn.rules_version,
        purchase_id=earn.purchase_id,
    )


def _lot(earn: Earn, part: Part, when: Dates, owner: int) -> NewLot:
    waits_for = part.waits_for
    if waits_for is None and when.waits and part.terms is not None:
        waits_for = f"{part.terms.pending.event}:{earn.purchase_id or earn.key}"
    return NewLot(
        member_id=owner,
        currency=part.currency,
        amount=part.points,
        activates_at=when.activates_at,
        expires_at=when.expires_at,
        slides=when.slides,
        waits_for=waits_for,
        partner_id=part.partner_id,
        cost_minor=part.cost_minor,
        purchase_id=earn.purchase_id,
        line_id=part.line_id or None,
    )


def _opening(lot: NewLot, place: int, when: Dates, now: datetime) -> tuple[Entry, Entry]:
    is_active = when.activates_at is not None and when.activates_at <= now
    account = Account.AVAILABLE if is_active else Account.PENDING
    unit = points_unit(lot.currency)
    return (
        Entry(Account.ISSUED, unit, -lot.amount, new_lot=place),
        Entry(
            account, unit, lot.amount, lot.member_id, new_lot=place,
            activates_at=when.activates_at, expires_at=when.expires_at,
        ),
    )  # fmt: skip


def repaying(
    member_id: int,
    currency: str,
    repaid: int,
    *,
    lot: int | None = None,
    new_lot: int | None = None,
) -> tuple[Entry, ...]:
    """Entries that pay so much of a member's debt out of a lot."""
    if not repaid:
        return ()
    unit = points_unit(currency)
    return (
        Entry(Account.AVAILABLE, unit, -repaid, member_id, lot=lot, new_lot=new_lot),
        Entry(Account.DEBT, unit, repaid, member_id),
    )


def _body(earn: Earn) -> dict[str, object]:
    return {
        "member": earn.member_id,
        "purchase": earn.purchase_id,
        "parts": [
            [part.currency, part.points, part.line_id or "", part.partner_id, part.waits_for,
             part.activates_at, part.expires_at]
            for part in earn.parts
        ],
    }  # fmt: skip


def sliding(member_id: int, slides: Mapping[str, datetime]) -> tuple[Entry, ...]:
    """Entries that keep a member's sliding points alive."""
    return tuple(
        Entry(Account.ACTIVE, points_unit(currency), 0, member_id, expires_at=until)
        for currency, until in sorted(slides.items())
    )


def hold_draft(hold: Hold, own: Sequence[Lot], now: datetime) -> Draft | None:
    """Points of the lots that end first, kept for a purchase; None when there are not enough."""
    chosen = [lot for lot in own if lot.currency == hold.currency]
    taken = lots.burn(chosen, hold.points, now)
    if taken is None:
        return None
    return Draft(
        kind="hold",
        key=hold.key,
        entries=moves(hold.member_id, hold.currency, Account.AVAILABLE, Account.HELD, taken),
        body={"member": hold.member_id, "currency": hold.currency, "points": hold.points},
        purchase_id=hold.purchase_id,
    )


def freed(
    member_id: int,
    currency: str,
    source: str,
    amounts: Mapping[int, int],
    known: Mapping[int, Lot],
    now: datetime,
    extra: timedelta,
) -> tuple[Entry, ...]:
    """Entries that bring points back to available; a lot past its date lives `extra` longer."""
    unit = points_unit(currency)
    entries: list[Entry] = []
    for lot_id, amount in sorted(amounts.items()):
        if not amount:
            continue
        owner = member_id if source == Account.HELD else None
        own = known[lot_id]
        until = lots.date_back(own.expires_at, now, extra)
        entries.append(Entry(source, unit, -amount, owner, lot=lot_id))
        if own.slides and until is not None and until == own.expires_at:
            # It goes on sliding: the date is its member's, not its own.
            entries.extend(sliding(member_id, {currency: until}))
            until = None
        entries.append(
            Entry(Account.AVAILABLE, unit, amount, member_id, lot=lot_id, expires_at=until)
        )
    return tuple(entries)
