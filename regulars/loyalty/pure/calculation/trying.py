"""One promotion against the cart as it is: what it would do, or why it does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from regulars.loyalty.pure.answers import Applied, GiftChoice, IssuedCode, Message, TierSet, Use
from regulars.loyalty.pure.calculation.asking import holds
from regulars.loyalty.pure.calculation.limiting import ceiling_of, key_of, left_of
from regulars.loyalty.pure.calculation.picking import Picked, pick
from regulars.loyalty.pure.calculation.pricing import Taken, take
from regulars.loyalty.pure.calculation.refusing import Refusal, missing, why_not
from regulars.loyalty.pure.calculation.scene import Earner, Scene, State
from regulars.loyalty.pure.calculation.scheduling import is_on
from regulars.loyalty.pure.cart import LimitKey
from regulars.loyalty.pure.promotions.model import Effect, Limit, Promotion
from regulars.loyalty.pure.promotions.reading import PRICE_EFFECTS


@dataclass(slots=True)
class Outcome:
    """What a promotion would do; nothing is changed until `commit`."""

    promotion: Promotion
    code: str
    lines: int
    taken: Taken | None = None
    keys: list[tuple[Limit, LimitKey]] = field(default_factory=list)

    @property
    def discount_minor(self) -> int:
        return self.taken.total if self.taken else 0


def attempt(promotion: Promotion, scene: Scene, state: State, code: str = "") -> Outcome | Refusal:
    """What the promotion would do to the cart now."""
    refusal = _is_shut(promotion, scene, state)
    if refusal is not None:
        return refusal
    if not holds(promotion.when, scene, state):
        return why_not(promotion.when, scene, state)
    keys: list[tuple[Limit, LimitKey]] = []
    most: int | None = None
    for limit in promotion.limits:
        key = key_of(promotion, limit, scene.cart, scene.member, code, scene.server_day)
        if key is None:
            return Refusal(f"{limit.per}_unknown")
        left = left_of(key, limit, scene)
        if left <= 0:
            return Refusal("limit_reached" if limit.what == "uses" else "budget_spent")
        keys.append((limit, key))
        if limit.what == "discount":
            most = left if most is None else min(most, left)
    return _change(promotion, scene, state, code, keys, most)


def _is_shut(promotion: Promotion, scene: Scene, state: State) -> Refusal | None:
    closed = is_on(promotion.schedule, scene.now, scene.cart.occurred_at, scene.zone)
    if closed:
        return Refusal(closed)
    if state.exclusive:
        return Refusal("excluded", by=state.exclusive)
    other = state.blocked.get(promotion.id, "")
    other = other or next((one for one in promotion.stack.not_with if one in state.applied), "")
    return Refusal("excluded", by=other) if other else None


def _change(
    promotion: Promotion,
    scene: Scene,
    state: State,
    code: str,
    keys: list[tuple[Limit, LimitKey]],
    most: int | None,
) -> Outcome | Refusal:
    price = next((one for one in promotion.effects if one.type in PRICE_EFFECTS), None)
    picked = pick(promotion.target, scene, state, per_group=_per_group(price))
    if not picked.counts:
        return _too_few(picked, scene)
    lines = sum(1 << at for at in picked.counts)
    outcome = Outcome(promotion, code, lines, keys=keys)
    if price is None:
        return outcome
    taken = take(price, picked, scene, state, most)
    if taken.why_cut == "limit" and _rejects(keys):
        return Refusal("budget_spent")
    if not taken.total:
        return Refusal("nothing_to_discount")
    outcome.taken = taken
    return outcome


def _per_group(price: Effect | None) -> int:
    return price.value or 1 if price and price.type == "free_units" else 1


def _rejects(keys: list[tuple[Limit, LimitKey]]) -> bool:
    return any(limit.what == "discount" and limit.on_exceed == "reject" for limit, _ in keys)


def _too_few(picked: Picked, scene: Scene) -> Refusal:
    if not scene.open_lines:
        return Refusal("goods_excluded")
    return Refusal("goods_few", missing("quantity_milli", max(1, picked.short) * 1000, scene))


def commit(outcome: Outcome, scene: Scene, state: State) -> None:
    """Do what the promotion would do."""
    promotion, taken, code = outcome.promotion, outcome.taken, outcome.code
    if taken is not None:
        pairs = list(zip(taken.lines, taken.amounts, strict=True))
        state.take_off(pairs, promotion.id, "code" if code else "offer", code)
    state.applied[promotion.id] = Applied(
        promotion_id=promotion.id,
        title=promotion.name,
        lane=promotion.lane,
        discount_minor=taken.total if taken else 0,
        desired_minor=taken.desired if taken else 0,
        why_cut=taken.why_cut if taken else "",
        code=code,
    )
    _block(promotion, state)
    for effect in promotion.effects:
        _leave(effect, outcome, state)
    for limit, key in outcome.keys:
        amount = {"uses": 1, "discount": outcome.discount_minor}.get(limit.what, 0)
        if amount:
            ceiling = ceiling_of(key, limit, scene)
            state.uses.append(Use(key, amount, ceiling, promotion.id, code))


def is_quiet(promotion: Promotion) -> bool:
    """A promotion that only says something excludes nothing."""
    return all(effect.type == "message" for effect in promotion.effects)


def _block(promotion: Promotion, state: State) -> None:
    if is_quiet(promotion):
        return
    if promotion.stack.exclusive:
        state.exclusive = promotion.id
    for other in promotion.stack.not_with:
        state.blocked.setdefault(other, promotion.id)


def _leave(effect: Effect, outcome: Outcome, state: State) -> None:
    """What an effect leaves for after the discounts."""
    promotion = outcome.promotion
    if effect.type in ("earn", "earn_multiplier"):
        state.earners.append(Earner(promotion, effect, outcome.lines, outcome.code, outcome.keys))
    elif effect.type == "gift":
        state.gifts.append(GiftChoice(promotion.id, effect.skus, effect.value))
    elif effect.type == "issue_code":
        state.issued.append(IssuedCode(promotion.id, effect.from_promotion, effect.value))
    elif effect.type == "tier_set":
        state.tiers.append(TierSet(promotion.id, effect.tier, effect.days))
    elif effect.type == "message":
        state.messages.append((effect.to, Message(promotion.id, effect.text)))
