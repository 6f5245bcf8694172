"""What live rules ask of the member, so that only that is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.pure.promotions.conditions import (
    Challenge,
    Condition,
    Field,
    InSegment,
    MemberRule,
    Personal,
)
from regulars.loyalty.pure.promotions.model import Promotion
from regulars.loyalty.pure.promotions.walking import leaves

VALUE_FIELDS = frozenset({"member.is_first_purchase", "member.purchases", "member.lifetime_spend"})
BIRTH_FIELDS = frozenset({"member.days_to_birthday", "member.days_since_birthday"})


@dataclass(frozen=True, slots=True)
class Asks:
    """Parts of the member's snapshot that some live rule looks at."""

    segments: frozenset[str] = frozenset()
    rules: tuple[MemberRule, ...] = ()
    history: bool = False
    offers: bool = False
    value: bool = False
    birth: bool = False


NOTHING = Asks()


def asks_of(programme: Programme, promotions: Iterable[Promotion]) -> Asks:
    """What a programme and its promotions ask together."""
    found = [leaf for condition in _conditions(programme, promotions) for leaf in leaves(condition)]
    fields = {leaf.field for leaf in found if isinstance(leaf, Field)}
    times = [
        *programme.multipliers,
        *(one for rule in programme.earning for one in rule.multipliers),
    ]
    segments = {leaf.segment for leaf in found if isinstance(leaf, InSegment)}
    segments.update(slug for one in times for slug in one.segments)
    return Asks(
        segments=frozenset(segments),
        rules=tuple(leaf for leaf in found if isinstance(leaf, MemberRule)),
        history=any(isinstance(leaf, Challenge) for leaf in found),
        offers=any(isinstance(leaf, Personal) for leaf in found),
        value=bool(fields & VALUE_FIELDS) or bool(programme.pricing.cumulative),
        birth=bool(fields & BIRTH_FIELDS),
    )


def _conditions(programme: Programme, promotions: Iterable[Promotion]) -> Iterator[Condition]:
    for rule in programme.earning:
        yield rule.when
    for promotion in promotions:
        yield promotion.when
