"""Points for what was really paid: without points, gift cards, delivery and lines that earn none.

Each rule's points are rounded once, on the whole cart, and then shared out over its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.loyalty.pure.answers import EarnPart, Use
from regulars.loyalty.pure.calculation.asking import holds, mask
from regulars.loyalty.pure.calculation.limiting import ceiling_of, left_of
from regulars.loyalty.pure.calculation.scene import Earner, Scene, State
from regulars.loyalty.pure.calculation.spreading import BASIS, spread
from regulars.loyalty.pure.cart import Balance, LimitKey
from regulars.loyalty.pure.programme import FULL, Currency, EarnRule, Multiplier

POINT = 100


def earn(scene: Scene, state: State, *, burns: bool) -> list[EarnPart]:
    """Every part of the points this cart gives, by line; `state.remaining` is the money paid."""
    programme = scene.live.programme
    if scene.member is None or not scene.live.is_open:
        return []
    if burns and not programme.burning.earns_beside:
        return []
    paid = [
        amount if line.earns else 0
        for amount, line in zip(state.remaining, scene.cart.lines, strict=True)
    ]
    parts: list[EarnPart] = []
    for rule, lines in _rules(scene, state):
        parts += _by_rule(rule, lines, paid, scene, state)
    given: dict[LimitKey, int] = {}
    for earner in state.earners:
        if earner.effect.type == "earn":
            parts += _by_promotion(earner, paid, scene, given)
    return _within_balance(parts, scene)


def _rules(scene: Scene, state: State) -> list[tuple[EarnRule, list[int]]]:
    """The rules that meet this cart, each with its lines; a line is taken by one plain rule."""
    found = []
    taken: dict[str, int] = {}
    for rule in scene.live.programme.earning:
        if rule.trigger != "cart" or not rule.is_on:
            continue
        if rule.payment_kinds and scene.cart.payment_kind not in rule.payment_kinds:
            continue
        if not holds(rule.when, scene, state):
            continue
        lines = mask(rule.where, scene, state)
        if not rule.adds:
            before = taken.get(rule.currency, 0)
            lines &= ~before
            taken[rule.currency] = before | lines
        if lines:
            found.append((rule, scene.lines_of(lines)))
    return found


def _by_rule(
    rule: EarnRule, lines: Sequence[int], paid: Sequence[int], scene: Scene, state: State
) -> list[EarnPart]:
    currency = scene.live.programme.currency(rule.currency)
    if currency is None:
        return []
    weights = [paid[at] for at in lines]
    whole = _base_points(rule, currency, sum(weights))
    base = spread(whole, weights) if sum(weights) else [0] * len(lines)
    common = _common_factors(rule, scene)
    total, raised = 0, []
    # Lines with the same factors are rounded together, so splitting a line changes nothing.
    sums: dict[tuple[int, ...], int] = {}
    for at, points in zip(lines, base, strict=True):
        factors = (*common, *_line_factors(at, currency, scene, state))
        sums[factors] = sums.get(factors, 0) + points
        raised.append(_times(points * 10**6, factors))
    total = sum(_times(points, factors) for factors, points in sums.items())
    if rule.points_max:
        total = min(total, rule.points_max)
    total -= total % currency.earn_step
    return _parts(total, lines, raised, currency, rule=rule.id, terms=rule.terms)


def _base_points(rule: EarnRule, currency: Currency, paid: int) -> int:
    """Points before multipliers, in hundredths, rounded down."""
    if rule.share:
        worth = currency.minor_per_point or POINT
        return paid * rule.share * POINT // (BASIS * worth)
    if not rule.per_minor:
        return rule.points if paid else 0
    return paid // rule.per_minor * rule.points


def _times(points: int, factors: tuple[int, ...]) -> int:
    below = 1
    for factor in factors:
        points *= factor
        below *= FULL
    return points // below


def _common_factors(rule: EarnRule, scene: Scene) -> tuple[int, ...]:
    """What multiplies a rule's points on every line: the tier, and multipliers that hold now."""
    programme = scene.live.programme
    factors = []
    tier = programme.tier(scene.member.tier) if scene.member else None
    if tier is not None and tier.earn != FULL:
        factors.append(tier.earn)
    for times in (*programme.multipliers, *rule.multipliers):
        if multiplies(times, scene):
            factors.append(times.factor)
    return tuple(sorted(factors))


def multiplies(times: Multiplier, scene: Scene) -> bool:
    """Whether a multiplier holds for this member and moment."""
    member = scene.member
    if times.tiers and (member is None or member.tier not in times.tiers):
        return False
    if times.segments and (member is None or member.segments.isdisjoint(times.segments)):
        return False
    if not _is_within(times, scene.now):
        return False
    return not times.weekdays or scene.local.isoweekday() in times.weekdays


def _is_within(times: Multiplier, now: datetime) -> bool:
    if times.starts_at is not None and now < times.starts_at:
        return False
    return times.ends_at is None or now < times.ends_at


def _line_factors(at: int, currency: Currency, scene: Scene, state: State) -> tuple[int, ...]:
    """What promotions multiply on this line."""
    main = scene.live.programme.main.slug
    return tuple(
        sorted(
            earner.effect.value
            for earner in state.earners
            if earner.effect.type == "earn_multiplier"
            and earner.lines >> at & 1
            and (earner.effect.currency or main) == currency.slug
        )
    )


def _by_promotion(
    earner: Earner, paid: Sequence[int], scene: Scene, given: dict[LimitKey, int]
) -> list[EarnPart]:
    effect, promotion = earner.effect, earner.promotion
    currency = scene.live.programme.currency(effect.currency)
    if currency is None:
        return []
    lines = scene.lines_of(earner.lines)
    weights = [paid[at] for at in lines]
    points = effect.value
    if effect.per_minor:
        points = sum(weights) // effect.per_minor * effect.value
    points = _limited(earner, points, scene, given)
    points -= points % currency.earn_step
    for limit, key in earner.keys:
        if limit.what == "points":
            given[key] = given.get(key, 0) + points
    return _parts(points, lines, weights, currency, promotion_id=promotion.id, terms=effect.terms)


def _limited(earner: Earner, points: int, scene: Scene, given: Mapping[LimitKey, int]) -> int:
    """Points within the promotion's limits, after what its other effects have given here."""
    for limit, key in earner.keys:
        left = left_of(key, limit, scene) - given.get(key, 0)
        if limit.what == "points" and points > left:
            points = 0 if limit.on_exceed == "reject" else max(0, left)
    return points


def _parts(
    total: int,
    lines: Sequence[int],
    weights: Sequence[int],
    currency: Currency,
    *,
    promotion_id: str = "",
    rule: str = "",
    terms: str = "",
) -> list[EarnPart]:
    """The points of one giver over its lines."""
    return [
        EarnPart(currency.slug, share, str(at), promotion_id, rule, terms)
        for at, share in zip(lines, spread(total, weights), strict=True)
        if share
    ]


def _within_balance(parts: list[EarnPart], scene: Scene) -> list[EarnPart]:
    """Points cut to what the member's balance may still take, last givers first."""
    member = scene.member
    found: list[EarnPart] = []
    room: dict[str, int] = {}
    for part in parts:
        currency = scene.live.programme.currency(part.currency)
        if member is None or currency is None or not currency.balance_max:
            found.append(part)
            continue
        held = member.balances.get(part.currency) or Balance()
        left = room.setdefault(
            part.currency, max(0, currency.balance_max - held.available - held.pending)
        )
        points = min(part.points, left)
        room[part.currency] = left - points
        if points:
            found.append(
                EarnPart(
                    part.currency, points, part.line_id, part.promotion_id, part.rule, part.terms
                )
            )
    return found


def uses_of_points(parts: Sequence[EarnPart], scene: Scene, state: State) -> list[Use]:
    """What the hold must reserve of limits of points, after every cut."""
    given: dict[str, int] = {}
    for part in parts:
        if part.promotion_id:
            given[part.promotion_id] = given.get(part.promotion_id, 0) + part.points
    found: dict[object, Use] = {}
    for earner in state.earners:
        points = given.get(earner.promotion.id, 0)
        for limit, key in earner.keys:
            if limit.what == "points" and points:
                ceiling = ceiling_of(key, limit, scene)
                found[key] = Use(key, points, ceiling, earner.promotion.id, earner.code)
    return list(found.values())
