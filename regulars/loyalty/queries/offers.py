"""What runs now for one member, for pages that tell customers about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from regulars.kernel import clock
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.calculation.partly import NEVER, settled
from regulars.loyalty.pure.calculation.scene import Scene
from regulars.loyalty.pure.cart import Cart
from regulars.loyalty.pure.promotions.conditions import Personal
from regulars.loyalty.pure.promotions.model import Promotion, Schedule
from regulars.loyalty.pure.promotions.sentences import Names, offer_sentence
from regulars.loyalty.pure.promotions.walking import leaves
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries import simulator
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

    text        what it gives and what is asked of the cart, as a sentence
    is_own      made to them in person
    needs_code  it works with a code alone
    ends_at     the earlier of the promotion's end and the offer's
    """

    name: str
    text: str
    ends_at: datetime | None
    is_own: bool
    needs_code: bool


def running(workspace_id: int, member_id: int, language: str = "en") -> list[RunningOffer]:
    """What runs now for the member: their own offers first, those that need a code last.

    What is not for this member is left out; whether a cart meets the rest is left to the till.
    """
    now = clock.now()
    raw = cursor()
    raw.execute(OPEN, [workspace_id, member_id, now])
    own: dict[str, datetime | None] = dict(raw.fetchall())
    live = programmes.live(workspace_id)
    member = simulator.snapshot(workspace_id, live, member_id, now)
    scene = Scene(live, Cart(currency=live.currency, lines=(), occurred_at=now), member, {}, now)
    names = _names(live)
    found = []
    for promotion in live.promotions.promotions:
        left = settled(promotion.when, scene)
        if left == NEVER or not _is_on(promotion, now):
            continue
        said = _said(replace(promotion, when=left))
        if said.effects:
            text = offer_sentence(said, language, names)
            found.append(_offer(promotion, own, text))
    found.sort(key=lambda offer: (not offer.is_own, offer.needs_code, offer.name))
    return found[:OFFERS_MAX]


def _is_on(promotion: Promotion, now: datetime) -> bool:
    schedule = promotion.schedule
    is_early = schedule.starts_at is not None and schedule.starts_at > now
    is_late = schedule.ends_at is not None and schedule.ends_at <= now
    return not is_early and not is_late


def _said(promotion: Promotion) -> Promotion:
    """What of it a customer is told; its last day is shown beside the sentence."""
    return replace(
        promotion,
        effects=tuple(effect for effect in promotion.effects if effect.type in TOLD),
        schedule=Schedule(weekly=promotion.schedule.weekly),
    )


def _names(live: Live) -> Names:
    return Names(
        currency=live.currency,
        promotions={one.id: one.name for one in live.promotions.promotions},
        tiers={one.slug: one.name for one in live.programme.tiers.tiers},
    )


def _offer(promotion: Promotion, own: dict[str, datetime | None], text: str) -> RunningOffer:
    named = {leaf.promotion for leaf in leaves(promotion.when) if isinstance(leaf, Personal)}
    is_own = promotion.id in own or bool(named & own.keys())
    ends = [at for at in (promotion.schedule.ends_at, own.get(promotion.id)) if at is not None]
    return RunningOffer(
        promotion.name, text, min(ends, default=None), is_own, promotion.trigger == "code"
    )
