"""The order of discounts: tier, then lanes of promotions, groups inside a lane, one world chosen.

An exclusive promotion stands alone. So the cart is worked out once without any of them and once
for each alone, and the customer gets the better; the order in which codes were typed decides
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from regulars.loyalty.pure.answers import NotApplied
from regulars.loyalty.pure.calculation.refusing import Refusal
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.calculation.spreading import share_of, spread_within
from regulars.loyalty.pure.calculation.trying import Outcome, attempt, commit, is_quiet
from regulars.loyalty.pure.promotions.model import Promotion

EXCLUSIVES_MAX = 10  # exclusive promotions compared for one cart, by priority

Codes = Mapping[str, str]  # slug of a promotion → the code that opened it


def discounted(scene: Scene, codes: Codes) -> State:
    """The cart after tier and promotions."""
    book = scene.live.promotions
    places = book.candidates(scene.cart, codes)
    lone = [at for at in places if is_lone(book.promotions[at])]
    common = [at for at in places if not is_lone(book.promotions[at])]
    best = _world(scene, codes, common)
    for at in lone[:EXCLUSIVES_MAX]:
        world = _world(scene, codes, [at])
        # On equal terms the exclusive promotion stands: it was meant to be the only one.
        if world.applied and world.discount_minor >= best.discount_minor:
            best = _better(world, best)
        else:
            _note(best, book.promotions[at], codes, _of(world, book.promotions[at], best))
    if best.exclusive:
        _note_excluded(best, scene, codes, places)
    return best


def is_lone(promotion: Promotion) -> bool:
    """Whether nothing else may stand beside it; one that only speaks may."""
    return promotion.stack.exclusive and not is_quiet(promotion)


def _better(world: State, best: State) -> State:
    """Between equals the exclusive one found first stays."""
    if best.exclusive and world.discount_minor == best.discount_minor:
        return best
    return world


def _of(world: State, promotion: Promotion, best: State) -> Refusal:
    refused = world.not_applied.get(promotion.id)
    if refused is None:
        return Refusal("others_better", by=next(iter(best.applied), ""))
    return Refusal(refused.reason, refused.missing, refused.by)


def _note_excluded(state: State, scene: Scene, codes: Codes, places: Sequence[int]) -> None:
    for at in places:
        promotion = scene.live.promotions.promotions[at]
        if promotion.id not in state.applied and promotion.id not in state.not_applied:
            _note(state, promotion, codes, Refusal("excluded", by=state.exclusive))


def _world(scene: Scene, codes: Codes, places: Sequence[int]) -> State:
    state = State(scene)
    _take_tier(scene, state)
    book = scene.live.promotions
    by_group = groupby(places, key=lambda at: (book.promotions[at].lane, book.groups[at]))
    for (_, (_, mode)), members in by_group:
        group = [book.promotions[at] for at in members]
        _GROUPS[mode if len(group) > 1 else "all"](group, scene, state, codes)
    return state


def _take_tier(scene: Scene, state: State) -> None:
    """The best of the tier's, the card's and the cumulative discount."""
    member = scene.member
    if member is None:
        return
    programme = scene.live.programme
    tier = programme.tier(member.tier)
    offered = [("card", member.card_discount), (member.tier, tier.discount if tier else 0)]
    for step in programme.pricing.cumulative:
        if member.lifetime_spend_minor >= step.least_minor:
            offered.append(("cumulative", step.discount))
    name, share = max(offered, key=lambda one: one[1])
    lines = scene.lines_of(scene.open_lines)
    if not share or not lines:
        return
    weights = [state.remaining[at] for at in lines]
    rooms = [max(0, state.remaining[at] - scene.floors[at]) for at in lines]
    desired = share_of(sum(weights), share)
    total = min(desired, sum(rooms))
    if not total:
        return
    amounts = spread_within(total, weights, rooms)
    state.take_off(list(zip(lines, amounts, strict=True)), name, "tier", "")


def _all(group: list[Promotion], scene: Scene, state: State, codes: Codes) -> None:
    for promotion in group:
        _try(promotion, scene, state, codes)


def _first(group: list[Promotion], scene: Scene, state: State, codes: Codes) -> None:
    taken = ""
    for promotion in group:
        if taken:
            _note(state, promotion, codes, Refusal("group_taken", by=taken))
        elif _try(promotion, scene, state, codes):
            taken = promotion.id


def _try(promotion: Promotion, scene: Scene, state: State, codes: Codes) -> bool:
    found = attempt(promotion, scene, state, codes.get(promotion.id, ""))
    if isinstance(found, Refusal):
        _note(state, promotion, codes, found)
        return False
    commit(found, scene, state)
    return True


def _best(group: list[Promotion], scene: Scene, state: State, codes: Codes) -> None:
    _choose(group, scene, state, codes, most=True)


def _lowest(group: list[Promotion], scene: Scene, state: State, codes: Codes) -> None:
    _choose(group, scene, state, codes, most=False)


def _choose(
    group: list[Promotion], scene: Scene, state: State, codes: Codes, *, most: bool
) -> None:
    """Each alone on the cart as it is; the largest or the smallest discount is taken."""
    found: list[Outcome] = []
    for promotion in group:
        tried = attempt(promotion, scene, state, codes.get(promotion.id, ""))
        if isinstance(tried, Refusal):
            _note(state, promotion, codes, tried)
        else:
            found.append(tried)
    if not found:
        return
    sign = -1 if most else 1
    chosen = min(found, key=lambda one: sign * one.discount_minor)
    commit(chosen, scene, state)
    for one in found:
        if one is not chosen:
            _note(state, one.promotion, codes, Refusal("group_taken", by=chosen.promotion.id))


_GROUPS = {"all": _all, "first": _first, "best_for_customer": _best, "lowest": _lowest}


def _note(state: State, promotion: Promotion, codes: Codes, refusal: Refusal) -> None:
    state.not_applied[promotion.id] = NotApplied(
        promotion_id=promotion.id,
        title=promotion.name,
        reason=refusal.reason,
        missing=refusal.missing,
        code=codes.get(promotion.id, ""),
        by=refusal.by,
    )
