"""Points that live as long as their member is active: what counts as active moves their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty.actions import ledger
from regulars.loyalty.pure import accrual, terms
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.ledger import Draft
from regulars.loyalty.queries import members, programme
from regulars.store.scope import cursor

BURN = "burn"
# Members who have points of a currency that slides; others have no end to move.
SLIDING = """
SELECT member_id, currency FROM loyalty_balance
WHERE workspace_id = %s AND member_id = ANY(%s::bigint[]) AND slides_until IS NOT NULL
"""


def after_burn(live: Live, currency: str, now: datetime) -> datetime | None:
    """Until when sliding points of a currency live once some were burnt; None: as before."""
    expiry = live.programme.terms_of("", currency).expiry
    return terms.silence_ends(expiry, now, live.zone) if terms.resets(expiry, BURN) else None


def asks_for(live: Live) -> set[str]:
    """Kinds of events that keep points of any currency alive."""
    found: set[str] = set()
    for currency in live.programme.currencies:
        expiry = live.programme.terms_of("", currency.slug).expiry
        found |= set(expiry.activities) if expiry.kind == "inactivity" else set()
    return found


def take(workspace_id: int, events: Sequence[Event], now: datetime | None = None) -> int:
    """Members who did one of these keep their sliding points longer; how many members."""
    moment = now or clock.now()
    live = programme.live(workspace_id)
    wanted = asks_for(live)
    active = [e for e in events if e.kind in wanted and e.customer_id is not None]
    if not active:
        return 0
    latest = {e.customer_id: e for e in active if e.customer_id is not None}
    known = members.of_customers(workspace_id, sorted(latest))
    raw = cursor()
    raw.execute(SLIDING, [workspace_id, [one.id for one in known.values()]])
    held: dict[int, list[str]] = {}
    for member_id, currency in raw.fetchall():
        held.setdefault(member_id, []).append(currency)
    ledger.lock_members(workspace_id, sorted(held), moment)
    drafts = []
    for customer_id, member in known.items():
        until = _ends(live, latest[customer_id], held.get(member.id, ()))
        if until:
            key = f"{member.id}:{latest[customer_id].id}"
            drafts.append(Draft("active", key, accrual.sliding(member.id, until)))
    ledger.post(workspace_id, drafts, moment)
    return len(drafts)


def _ends(live: Live, event: Event, currencies: Sequence[str]) -> Mapping[str, datetime]:
    found = {}
    for currency in currencies:
        expiry = live.programme.terms_of("", currency).expiry
        if terms.resets(expiry, event.kind):
            found[currency] = terms.silence_ends(expiry, event.time, live.zone)
    return found
