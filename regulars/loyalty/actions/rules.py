"""Earning outside a cart: by events, birthdays, a first purchase, and what other rooms tell of.

Each grant is keyed by its rule and what it is for, so a rule gives as often as it says and a
repeat gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from regulars.kernel import clock
from regulars.loyalty.actions import points
from regulars.loyalty.point_records import Earn, Part
from regulars.loyalty.pure.calculation.asking import holds
from regulars.loyalty.pure.calculation.earning import multiplies
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.cart import Cart, Member
from regulars.loyalty.pure.programme import FULL, EarnRule
from regulars.loyalty.pure.promotions.conditions import ALWAYS
from regulars.loyalty.queries import members, programme, simulator
from regulars.loyalty.queries.members import MemberRecord
from regulars.store.scope import cursor

KIND = "bonus"
# Members whose birthday is one of these days of the year.
BIRTHDAYS = """
SELECT m.id FROM loyalty_member m
JOIN customers_customer c ON c.id = m.customer_id
WHERE m.workspace_id = %(workspace)s AND c.workspace_id = %(workspace)s AND m.id > %(after)s
  AND m.merged_into IS NULL AND c.birth_on IS NOT NULL
  AND to_char(c.birth_on, 'MM-DD') = ANY(%(days)s::text[])
ORDER BY 1
"""
BORN = """
SELECT m.id, m.customer_id, to_char(c.birth_on, 'MM-DD') FROM loyalty_member m
JOIN customers_customer c ON c.id = m.customer_id
WHERE m.workspace_id = %s AND m.id = ANY(%s::bigint[]) ORDER BY 1
"""
KNOWN = """
SELECT natural_key FROM loyalty_txn
WHERE workspace_id = %s AND kind = %s AND natural_key = ANY(%s::text[])
"""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something for which a rule may give points.

    trigger  as rules name it: event, joined, first_purchase, review, survey, referral, referred,
             receipt, birthday
    key      what names the occasion for ever
    rules    only these, when any are named
    purchase_id  what the points were given for and are taken back with
    """

    customer_id: int
    trigger: str
    key: str
    at: datetime
    rules: frozenset[str] = frozenset()
    purchase_id: str | None = None


def give(workspace_id: int, occasions: Sequence[Occasion], now: datetime | None = None) -> int:
    """Points for these occasions by the programme's rules; how many grants were new.

    Who takes no part earns nothing.
    """
    moment = now or clock.now()
    live = programme.live(workspace_id)
    wanted = [
        (rule, occasion)
        for occasion in occasions
        for rule in live.programme.earning
        if rule.is_on and rule.trigger == occasion.trigger and live.is_open
        if not occasion.rules or rule.id in occasion.rules
    ]
    if not wanted:
        return 0
    known = members.of_customers(workspace_id, sorted({one.customer_id for _, one in wanted}))
    asked: dict[str, Earn] = {}
    for rule, occasion in wanted:
        member = known.get(occasion.customer_id)
        if member is not None:
            earn = _earn(workspace_id, live, rule, occasion, member, moment)
            asked.update({earn.key: earn} if earn else {})
    new = _without_known(workspace_id, asked)
    for wave in _waves(new):
        points.earn_many(workspace_id, wave, moment)
    return len(new)


def _without_known(workspace_id: int, asked: Mapping[str, Earn]) -> list[Earn]:
    raw = cursor()
    raw.execute(KNOWN, [workspace_id, KIND, list(asked)])
    before = {row[0] for row in raw.fetchall()}
    return [earn for key, earn in asked.items() if key not in before]


def _waves(asked: Iterable[Earn]) -> Iterable[list[Earn]]:
    """Grants in lists in which a member stands at most once."""
    rest = list(asked)
    while rest:
        wave: dict[int, Earn] = {}
        for earn in rest[: points.EARNED_AT_ONCE_MAX]:
            wave.setdefault(earn.member_id, earn)
        chosen = {earn.key for earn in wave.values()}
        yield list(wave.values())
        rest = [earn for earn in rest if earn.key not in chosen]


def _earn(
    workspace_id: int,
    live: Live,
    rule: EarnRule,
    occasion: Occasion,
    member: MemberRecord,
    now: datetime,
) -> Earn | None:
    currency = live.programme.currency(rule.currency)
    if currency is None or rule.points <= 0:
        return None
    scene = _scene(workspace_id, live, rule, occasion, member, now)
    if rule.when != ALWAYS and not holds(rule.when, scene, State(scene)):
        return None
    amount = _times(rule, live, scene)
    amount -= amount % currency.earn_step
    part = Part(
        currency=currency.slug,
        points=amount,
        terms=live.programme.terms_of(rule.terms, currency.slug),
        cost_minor=amount * currency.minor_per_point // 100,
    )
    return Earn(
        member_id=member.id,
        key=_key(rule, occasion, member.id, live),
        parts=(part,),
        reason=rule.name or rule.id,
        kind=KIND,
        purchase_id=occasion.purchase_id,
        occurred_at=occasion.at,
        rules_version=live.version,
    )


def _key(rule: EarnRule, occasion: Occasion, member_id: int, live: Live) -> str:
    """What the grant is for: with `once_per` a member's period, else the occasion itself."""
    local = occasion.at.astimezone(live.zone).date()
    spans = {"ever": "ever", "year": f"{local:%Y}", "month": f"{local:%Y-%m}", "day": f"{local}"}
    if rule.once_per in spans:
        return f"rule:{rule.id}:{spans[rule.once_per]}:member:{member_id}"
    return f"rule:{rule.id}:{occasion.key}:member:{member_id}"


def _scene(
    workspace_id: int,
    live: Live,
    rule: EarnRule,
    occasion: Occasion,
    member: MemberRecord,
    now: datetime,
) -> Scene:
    """An empty cart to ask conditions and multipliers of; the member in full only when needed."""
    cart = Cart(currency=live.currency, lines=(), occurred_at=occasion.at)
    times = (*live.programme.multipliers, *rule.multipliers)
    if rule.when != ALWAYS or any(one.segments for one in times):
        found, usage = simulator.load(workspace_id, live, cart, member.id, now)
        return Scene(live, cart, found, usage, now)
    plain = Member(member_id=member.id, customer_id=member.customer_id, tier=member.tier_slug)
    return Scene(live, cart, plain, {}, now)


def _times(rule: EarnRule, live: Live, scene: Scene) -> int:
    amount, below = rule.points, 1
    tier = live.programme.tier(scene.member.tier) if scene.member else None
    factors = [tier.earn] if tier else []
    factors += [
        one.factor
        for one in (*live.programme.multipliers, *rule.multipliers)
        if multiplies(one, scene)
    ]
    for factor in factors:
        amount, below = amount * factor, below * FULL
    found = amount // below
    return min(found, rule.points_max) if rule.points_max else found


def has_birthdays(live: Live) -> bool:
    """Whether any rule gives points for a birthday."""
    return live.is_open and any(_birthday_rules(live))


def _birthday_rules(live: Live) -> list[EarnRule]:
    return [r for r in live.programme.earning if r.trigger == "birthday" and r.is_on]


def _days(rule: EarnRule, day: date) -> list[str]:
    """The birthdays a rule is about today; who was born on a leap day has theirs every year."""
    born = day + timedelta(days=rule.days_before)
    is_leap = (born + timedelta(days=1)).day == 29
    if (born.month, born.day) == (2, 28) and not is_leap:
        return ["02-28", "02-29"]
    return [f"{born:%m-%d}"]


def born_on(live: Live, day: date) -> dict[str, Any]:
    """The values BIRTHDAYS asks for."""
    return {"days": sorted({one for rule in _birthday_rules(live) for one in _days(rule, day)})}


def congratulation(live: Live, day: date) -> Callable[[int, Sequence[int], datetime], int]:
    """What the night does for members whose birthday is near."""

    def congratulate(workspace_id: int, member_ids: Sequence[int], at: datetime) -> int:
        raw = cursor()
        raw.execute(BORN, [workspace_id, list(member_ids)])
        born = raw.fetchall()
        occasions = [
            Occasion(
                customer_id=customer_id,
                trigger="birthday",
                key=f"birthday:{(day + timedelta(days=rule.days_before)).year}",
                at=at,
                rules=frozenset({rule.id}),
            )
            for rule in _birthday_rules(live)
            for _, customer_id, birthday in born
            if birthday in _days(rule, day)
        ]
        return give(workspace_id, occasions, at)

    return congratulate
