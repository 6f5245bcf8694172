"""What runs now for one member, for pages that tell customers about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.kernel import clock
from regulars.loyalty.pure.promotions.conditions import Personal
from regulars.loyalty.pure.promotions.model import Effect, Promotion
from regulars.loyalty.pure.promotions.walking import leaves
from regulars.loyalty.queries import programme as programmes
from regulars.store.scope import cursor

OFFERS_MAX = 50
# What a customer is told of; a word to the cashier is not for them.
TOLD = frozenset(
    {"percent_off", "amount_off", "fixed_price", "set_price", "free_units", "gift", "earn",
     "earn_multiplier", "issue_code"}
)  # fmt: skip
OPEN = """
SELECT slug, until FROM loyalty_offer
WHERE workspace_id = %s AND member_id = %s AND withdrawn_at IS NULL
  AND (until IS NULL OR until > %s)
"""


@dataclass(frozen=True, slots=True)
class RunningOffer:
    """A promotion that the member may meet, and what it gives.

    is_own      made to them in person
    needs_code  it works with a code alone
    ends_at     the earlier of the promotion's end and the offer's
    """

    name: str
    effects: tuple[Effect, ...]
    ends_at: datetime | None
    is_own: bool
    needs_code: bool


def running(workspace_id: int, member_id: int) -> list[RunningOffer]:
    """What runs now: the member's own offers first, those that need a code last.

    Whether a cart meets the other conditions is left to the till.
    """
    now = clock.now()
    raw = cursor()
    raw.execute(OPEN, [workspace_id, member_id, now])
    own: dict[str, datetime | None] = dict(raw.fetchall())
    live = programmes.live(workspace_id)
    found = [one for p in live.promotions.promotions if (one := _offer(p, own, now)) is not None]
    found.sort(key=lambda offer: (not offer.is_own, offer.needs_code, offer.name))
    return found[:OFFERS_MAX]


def _offer(
    promotion: Promotion, own: dict[str, datetime | None], now: datetime
) -> RunningOffer | None:
    schedule = promotion.schedule
    is_early = schedule.starts_at is not None and schedule.starts_at > now
    is_late = schedule.ends_at is not None and schedule.ends_at <= now
    effects = tuple(effect for effect in promotion.effects if effect.type in TOLD)
    if is_early or is_late or not effects or promotion.trigger == "event":
        return None
    named = {leaf.promotion for leaf in leaves(promotion.when) if isinstance(leaf, Personal)}
    is_own = promotion.id in own or bool(named & own.keys())
    if named and not is_own:
        return None
    ends = [at for at in (schedule.ends_at, own.get(promotion.id)) if at is not None]
    return RunningOffer(
        promotion.name, effects, min(ends, default=None), is_own, promotion.trigger == "code"
    )
