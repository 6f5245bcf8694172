"""Limits and budgets: which counters a promotion has for this cart, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.calculation.scene import Scene
from regulars.loyalty.pure.cart import Cart, CodeState, LimitKey, Member, meant
from regulars.loyalty.pure.promotions.model import Limit, Promotion


def period_start(limit: Limit, local: date) -> str:
    """The first local day of the limit's period; "" for all time."""
    if limit.period == "all":
        return ""
    if limit.period == "week":
        local -= timedelta(days=local.weekday())
    elif limit.period == "month":
        local = local.replace(day=1)
    elif limit.period == "year":
        local = local.replace(month=1, day=1)
    return local.isoformat()


def key_of(
    promotion: Promotion, limit: Limit, cart: Cart, member: Member | None, code: str, today: date
) -> LimitKey | None:
    """The counter of a limit for this cart; None when nobody is there to count for."""
    who: str | None
    if limit.per == "total":
        who = ""
    elif limit.per == "member":
        who = str(member.member_id) if member else None
    elif limit.per == "code":
        # However it was typed, a code has one counter.
        who = meant(code) if code else None
    elif limit.per == "shop":
        who = cart.shop
    else:
        who = cart.identifier or None
    if who is None:
        return None
    return LimitKey(promotion.id, limit.name, who, period_start(limit, today))


def keys_wanted(
    live: Live, cart: Cart, member: Member | None, codes: Iterable[CodeState], now: datetime
) -> list[LimitKey]:
    """Every counter a calculation of this cart may look at, for loading `Usage` at once."""
    today = today_of(live, cart, now)
    code_of = opened_by(cart, codes)
    found = []
    for at in live.promotions.candidates(cart, code_of):
        promotion = live.promotions.promotions[at]
        for limit in promotion.limits:
            key = key_of(promotion, limit, cart, member, code_of.get(promotion.id, ""), today)
            if key is not None:
                found.append(key)
    return found


def opened_by(cart: Cart, codes: Iterable[CodeState]) -> dict[str, str]:
    """Promotion → the code that opens it; of two the first by the alphabet, not as typed."""
    typed = set(cart.codes)
    opened: dict[str, str] = {}
    for one in sorted(codes, key=lambda state: (meant(state.code), state.code), reverse=True):
        if one.status == "usable" and one.promotion_id and one.code in typed:
            opened[one.promotion_id] = one.code
    return opened


def today_of(live: Live, cart: Cart, now: datetime) -> date:
    """The shop's day by the server's clock: a till's clock moves no budget."""
    named = live.programme.shop_zones.get(cart.shop)
    return now.astimezone(ZoneInfo(named) if named else live.zone).date()


def inherited(key: LimitKey) -> LimitKey:
    """Where `Usage` keeps what those used who were merged into the member of a key."""
    return key._replace(who=f"merged:{key.who}")


def ceiling_of(key: LimitKey, limit: Limit, scene: Scene) -> int:
    """The most the key's own counter may come to."""
    return limit.value - scene.usage.get(inherited(key), 0)


def left_of(key: LimitKey, limit: Limit, scene: Scene) -> int:
    """What is left of a limit, never below 0."""
    return max(0, ceiling_of(key, limit, scene) - scene.usage.get(key, 0))
