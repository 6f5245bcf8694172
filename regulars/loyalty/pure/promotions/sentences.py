"""A promotion as sentences for people: "If …, then …." in English, Ukrainian or Russian."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from regulars.loyalty.pure.promotions.conditions import (
    ALWAYS,
    CART_FIELDS,
    LINE_ATTR,
    LINE_FIELDS,
    MEMBER_FIELDS,
    All,
    Any,
    Challenge,
    Condition,
    Field,
    InSegment,
    Lines,
    MemberRule,
    Not,
    Personal,
    Value,
)
from regulars.loyalty.pure.promotions.model import (
    Effect,
    Hours,
    Limit,
    Promotion,
    SetPart,
    Target,
)
from regulars.loyalty.pure.promotions.phrases import money, quantity
from regulars.loyalty.pure.promotions.vocabulary import FIELDS, OPS, WEEKDAYS, WORDS

Language = Literal["en", "uk", "ru"]
PLACES: Mapping[str, int] = {"en": 0, "uk": 1, "ru": 2}
ALL_OF_IT = 10_000  # a discount of a hundred per cent
LISTED_MAX = 6  # values said one by one; of more only the first are said


@dataclass(frozen=True, slots=True)
class Names:
    """How to call what a rule only points at.

    rule   a member rule (JSON text) in words
    """

    currency: str
    segments: Mapping[str, str] = field(default_factory=dict)
    promotions: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    rule: Callable[[str], str] = lambda text: text


@dataclass(frozen=True, slots=True)
class Speech:
    """One language and its names."""

    at: int
    names: Names

    def say(self, word: str, **values: object) -> str:
        return WORDS[word][self.at].format(**values)


def sentence(promotion: Promotion, language: str, names: Names) -> str:
    """The promotion in one language: condition, effects, then when, how often, beside what."""
    speech = Speech(PLACES.get(language, 0), names)
    return " ".join(part for part in _parts(promotion, speech) if part)


def offer_sentence(promotion: Promotion, language: str, names: Names) -> str:
    """What the promotion gives, to a customer: no word of cashiers, groups or total limits."""
    speech = Speech(PLACES.get(language, 0), names)
    effects = "; ".join(_effect(one, promotion.target, speech) for one in promotion.effects)
    asked = _asked(promotion, speech)
    main = speech.say("if", c=asked, e=effects) if asked else f"{effects}."
    own = [_limit(limit, speech) for limit in promotion.limits if limit.per == "member"]
    said = " ".join([main, *_schedule(promotion, speech), *own])
    return said[:1].upper() + said[1:]


def condition_phrase(condition: Condition, language: str, names: Names) -> str:
    """A condition in words, for pages that explain an earning rule."""
    return _condition(condition, Speech(PLACES.get(language, 0), names))


def goods_phrase(where: Condition, language: str, names: Names) -> str:
    """The goods a line condition picks, in words."""
    return _goods(where, Speech(PLACES.get(language, 0), names))


def _parts(promotion: Promotion, speech: Speech) -> list[str]:
    effects = "; ".join(_effect(one, promotion.target, speech) for one in promotion.effects)
    asked = _asked(promotion, speech)
    main = speech.say("if", c=asked, e=effects) if asked else speech.say("every", e=effects)
    return [
        main,
        *_schedule(promotion, speech),
        *(_limit(limit, speech) for limit in promotion.limits),
        *_stack(promotion, speech),
    ]


def _asked(promotion: Promotion, speech: Speech) -> str:
    asked = []
    if promotion.trigger != "cart":
        asked.append(speech.say(promotion.trigger))
    if promotion.when != ALWAYS:
        asked.append(_condition(promotion.when, speech))
    return speech.say("and").join(asked)


def _condition(node: Condition, speech: Speech) -> str:
    return _CONDITIONS[type(node)](node, speech)


def _joined(node: All | Any, speech: Speech, joint: str, empty: str) -> str:
    if not node.parts:
        return speech.say(empty)
    parts = [
        f"({_condition(part, speech)})"
        if isinstance(part, All | Any) and len(part.parts) > 1
        else _condition(part, speech)
        for part in node.parts
    ]
    return speech.say(joint).join(parts)


def _field(node: Field, speech: Speech) -> str:
    kind = _kind(node.field)
    name = FIELDS[node.field][speech.at] if node.field in FIELDS else node.field[len(LINE_ATTR) :]
    if kind == "bool":
        return name if node.value is True else speech.say("no", f=name)
    if node.op == "between" and isinstance(node.value, tuple):
        low, high = (_value(one, node.field, kind, speech) for one in node.value)
        return OPS["between"][speech.at].format(f=name, a=low, b=high)
    return OPS[node.op][speech.at].format(f=name, v=_values(node, kind, speech))


def _kind(name: str) -> str:
    return {**CART_FIELDS, **LINE_FIELDS, **MEMBER_FIELDS}.get(name, "text")


def _values(node: Field, kind: str, speech: Speech) -> str:
    if not isinstance(node.value, tuple):
        return "" if node.value is None else _value(node.value, node.field, kind, speech)
    said = [_value(one, node.field, kind, speech) for one in node.value[:LISTED_MAX]]
    more = len(node.value) - len(said)
    return ", ".join(said) + (f" … (+{more})" if more else "")


def _value(value: Value, name: str, kind: str, speech: Speech) -> str:
    if isinstance(value, str):
        said = speech.names.tiers.get(value, value) if name == "member.tier" else value
        return f"“{said}”" if speech.at == 0 else f"«{said}»"
    if isinstance(value, bool):
        return speech.say("true" if value else "false")
    if isinstance(value, int):
        if kind == "money":
            return money(value, speech.names.currency)
        if kind == "quantity":
            return quantity(value)
        if kind == "points":
            return points(value)
        if name == "context.weekday" and 1 <= value <= 7:
            return WEEKDAYS[value - 1][speech.at]
    return str(value)


def points(hundredths: int) -> str:
    """Hundredths of a point as people read them."""
    return format(Decimal(hundredths).scaleb(-2).normalize(), "f")


def percent(basis: int) -> str:
    """Basis points as percent: 12.5."""
    return format(Decimal(basis).scaleb(-2).normalize(), "f")


def _segment(node: InSegment, speech: Speech) -> str:
    return speech.say("segment", x=speech.names.segments.get(node.segment, node.segment))


def _lines(node: Lines, speech: Speech) -> str:
    goods = _goods(node.where, speech)
    words = {"any": "any", "every": "all_lines", "none": "none"}
    if node.quantifier in words:
        return speech.say(words[node.quantifier], g=goods)
    word = f"sum_{node.of}" if node.quantifier == "sum" else node.quantifier
    kind = "number"
    if node.quantifier == "sum":
        kind = "quantity" if node.of == "quantity" else "money"
    said = _value(node.value, "", kind, speech)
    return OPS[node.op][speech.at].format(f=speech.say(word, g=goods), v=said)


def _challenge(node: Challenge, speech: Speech) -> str:
    kind = "money" if node.of == "amount" else "number"
    return speech.say(
        f"challenge_{node.of}",
        v=_value(node.value, "", kind, speech),
        r=speech.say("in_a_row") if node.in_a_row else "",
        d=node.within_days,
    )


_CONDITIONS: dict[type, Callable[..., str]] = {
    All: lambda node, speech: _joined(node, speech, "and", "always"),
    Any: lambda node, speech: _joined(node, speech, "or", "never"),
    Not: lambda node, speech: speech.say("not", x=_condition(node.part, speech)),
    Field: _field,
    InSegment: _segment,
    MemberRule: lambda node, speech: speech.say("member", x=speech.names.rule(node.rule)),
    Personal: lambda node, speech: speech.say("personal"),
    Lines: _lines,
    Challenge: _challenge,
}


def _goods(where: Condition, speech: Speech) -> str:
    if where == ALWAYS:
        return speech.say("goods")
    return speech.say("goods_where", x=_condition(where, speech))


def _target(target: Target, speech: Speech) -> str:
    if target.sets:
        return _sets(target.sets, speech)
    goods = _goods(target.where, speech)
    if target.pick == "every_nth":
        return speech.say("every_nth", n=target.n, g=goods)
    if target.pick != "all":
        word = f"{target.pick}_n" if target.n else target.pick
        return speech.say(word, n=target.n, g=goods)
    if target.max_units:
        return speech.say("up_to", n=target.max_units, g=goods)
    return speech.say("cart") if target.where == ALWAYS else goods


def _sets(sets: tuple[SetPart, ...], speech: Speech) -> str:
    def said(parts: list[SetPart]) -> str:
        return " + ".join(f"{part.quantity} × {_goods(part.where, speech)}" for part in parts)

    bought = [part for part in sets if part.side == "buy"]
    got = [part for part in sets if part.side == "get"]
    if not bought:
        return speech.say("set", x=said(got))
    return speech.say("for_buying", get=said(got), buy=said(bought))


def _effect(effect: Effect, target: Target, speech: Speech) -> str:
    goods = _target(target, speech)
    said = _EFFECTS[effect.type](effect, goods, speech)
    if effect.base == "initial":
        said += speech.say("initial")
    if effect.cap_minor:
        said += speech.say("cap", v=money(effect.cap_minor, speech.names.currency))
    return said


def _amount(effect: Effect, goods: str, speech: Speech) -> str:
    word = "amount_off" if effect.per == "total" else f"amount_off_{effect.per}"
    return speech.say(word, v=money(effect.value, speech.names.currency), g=goods)


def _percent(effect: Effect, goods: str, speech: Speech) -> str:
    if effect.value == ALL_OF_IT:
        return speech.say("free_units", g=goods)
    return speech.say("percent_off", v=percent(effect.value), g=goods)


def _price(effect: Effect, goods: str, speech: Speech) -> str:
    return speech.say(effect.type, v=money(effect.value, speech.names.currency), g=goods)


def _earn(effect: Effect, goods: str, speech: Speech) -> str:
    given = points(effect.value)
    if not effect.per_minor:
        return speech.say("earn", v=given)
    return speech.say(
        "earn_per", v=given, m=money(effect.per_minor, speech.names.currency), g=goods
    )


def _message(effect: Effect, goods: str, speech: Speech) -> str:
    language = ("en", "uk", "ru")[speech.at]
    return speech.say("message", w=speech.say(effect.to), x=effect.text.get(language, ""))


def _tier(effect: Effect, goods: str, speech: Speech) -> str:
    name = speech.names.tiers.get(effect.tier, effect.tier)
    word = "tier_set_days" if effect.days else "tier_set"
    return speech.say(word, x=f"“{name}”" if speech.at == 0 else f"«{name}»", n=effect.days)


def _issue(effect: Effect, goods: str, speech: Speech) -> str:
    slug = effect.from_promotion
    return speech.say("issue_code", x=speech.names.promotions.get(slug, slug))


_EFFECTS: dict[str, Callable[[Effect, str, Speech], str]] = {
    "percent_off": _percent,
    "amount_off": _amount,
    "fixed_price": _price,
    "set_price": _price,
    "free_units": lambda effect, goods, speech: speech.say("free_units", g=goods),
    "gift": lambda effect, goods, speech: speech.say(
        "gift", n=effect.value, x=", ".join(effect.skus[:LISTED_MAX])
    ),
    "earn": _earn,
    "earn_multiplier": lambda effect, goods, speech: speech.say(
        "earn_multiplier",
        v=format(Decimal(effect.value).scaleb(-4).normalize(), "f"),
        g=goods,
    ),
    "issue_code": _issue,
    "message": _message,
    "tier_set": _tier,
}


def _schedule(promotion: Promotion, speech: Speech) -> list[str]:
    schedule = promotion.schedule
    said = []
    if promotion.shops:
        said.append(speech.say("shops", x=", ".join(promotion.shops[:LISTED_MAX])))
    for word, moment in (("from", schedule.starts_at), ("to", schedule.ends_at)):
        if moment is not None:
            said.append(speech.say(word, x=f"{moment:%d.%m.%Y %H:%M}"))
    if schedule.weekly:
        said.append(
            speech.say("hours", x="; ".join(_hours(one, speech) for one in schedule.weekly))
        )
    return said


def _hours(hours: Hours, speech: Speech) -> str:
    days = ", ".join(WEEKDAYS[day - 1][speech.at] for day in hours.days)
    start, end = (
        f"{minute // 60:02}:{minute % 60:02}" for minute in (hours.start_min, hours.end_min)
    )
    return f"{days} {start}–{end}"


def _limit(limit: Limit, speech: Speech) -> str:
    value = {"discount": money(limit.value, speech.names.currency), "points": points(limit.value)}
    return speech.say(
        "limit",
        w=speech.say(limit.what),
        v=value.get(limit.what, str(limit.value)),
        per=speech.say(f"per_{limit.per}"),
        period=speech.say(f"period_{limit.period}"),
    )


def _stack(promotion: Promotion, speech: Speech) -> list[str]:
    stack, said = promotion.stack, []
    if stack.exclusive:
        said.append(speech.say("exclusive"))
    if stack.not_with:
        names = [speech.names.promotions.get(slug, slug) for slug in stack.not_with]
        said.append(speech.say("not_with", x=", ".join(names[:LISTED_MAX])))
    if promotion.group and stack.group_mode != "all":
        said.append(speech.say(f"group_{stack.group_mode}", x=promotion.group))
    return said
