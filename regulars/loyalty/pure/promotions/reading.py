"""A promotion from its JSON: the closed model of conditions, targets, effects and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.loyalty.pure.promotions.model import (
    LANES,
    Effect,
    EffectType,
    GroupMode,
    Hours,
    Lane,
    Limit,
    Pick,
    Promotion,
    Schedule,
    SetPart,
    Stack,
    Target,
    Trigger,
)
from regulars.loyalty.pure.promotions.reading_conditions import Names, read_condition, read_where
from regulars.loyalty.pure.reading import Reader, read_all

EFFECTS_MAX = 10
LIMITS_MAX = 10
SETS_MAX = 10
WEEKLY_MAX = 20
SHOPS_MAX = 1000
SKUS_MAX = 200
NOT_WITH_MAX = 100
UNITS_MAX = 1000
TEXT_CHARS_MAX = 500
MONEY_MAX = 10**12
FACTOR_MAX = 1_000_000  # ×100
LANGUAGES = ("en", "uk", "ru")
PICKS: tuple[Pick, ...] = ("all", "cheapest", "dearest", "every_nth")
# What is given for an event is an earning rule of the programme: no cart is there to discount.
TRIGGERS: tuple[Trigger, ...] = ("cart", "code")
MODES: tuple[GroupMode, ...] = ("all", "first", "best_for_customer", "lowest")
# Effects that take money off goods; one promotion may have only one of them.
PRICE_EFFECTS: tuple[EffectType, ...] = (
    "percent_off", "amount_off", "fixed_price", "set_price", "free_units",
)  # fmt: skip
EFFECTS: tuple[EffectType, ...] = (
    *PRICE_EFFECTS, "gift", "earn", "earn_multiplier", "issue_code", "message", "tier_set",
)  # fmt: skip


def read_promotion(value: object, *, slug: str, name: str = "", version: int = 1) -> Promotion:
    """The promotion that a decoded JSON definition holds.

    raises   Invalid("promotion_invalid", path=…, faults=[…]) naming every fault with its path
    """
    return read_all(
        value, lambda reader: _promotion(reader, slug, name, version), code="promotion_invalid"
    )


def _promotion(reader: Reader, slug: str, name: str, version: int) -> Promotion:
    reader.keys(
        "id", "version", "lane", "group", "priority", "schedule", "trigger", "shops", "when",
        "target", "effects", "limits", "stack", "on_return",
    )  # fmt: skip
    names = Names(slug)
    trigger = reader.at("trigger").choice(TRIGGERS, "cart")
    default: Lane = "code" if trigger == "code" else "cart"
    return Promotion(
        id=slug,
        name=name,
        version=version,
        lane=reader.at("lane").choice(LANES, default),
        group=reader.at("group").slug(""),
        priority=reader.at("priority").whole(100, most=10_000),
        trigger=trigger,
        shops=tuple(shop.text() for shop in reader.at("shops").each(most=SHOPS_MAX)),
        schedule=_schedule(reader.at("schedule")),
        when=read_condition(reader.at("when"), names),
        target=_target(reader.at("target")),
        effects=_effects(reader.at("effects")),
        limits=_limits(reader.at("limits")),
        stack=_stack(reader.at("stack"), slug),
        on_return=reader.at("on_return").choice(("keep", "reevaluate"), "keep"),
    )


def _schedule(reader: Reader) -> Schedule:
    if reader.value is None:
        return Schedule()
    reader.keys("from", "to", "tz", "weekly")
    starts_at, ends_at = read_moment(reader.at("from")), read_moment(reader.at("to"))
    if starts_at and ends_at and ends_at <= starts_at:
        reader.at("to").fault("not_ordered", other="from")
    zone = reader.at("tz").text("shop")
    if zone != "shop" and not is_zone(zone):
        reader.at("tz").fault("not_zone")
    weekly = tuple(_hours(item) for item in reader.at("weekly").each(most=WEEKLY_MAX))
    return Schedule(starts_at, ends_at, zone, weekly)


def read_moment(reader: Reader) -> datetime | None:
    """An instant with its offset; absent is None."""
    if reader.value is None:
        return None
    try:
        found = datetime.fromisoformat(str(reader.value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        reader.fault("not_moment")
        return None
    return found


def is_zone(name: str) -> bool:
    """Whether there is such a time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _hours(reader: Reader) -> Hours:
    reader.keys("days", "from", "to")
    days = [item.whole(least=1, most=7) for item in reader.at("days").each(most=7)]
    return Hours(
        tuple(sorted(set(days))) or tuple(range(1, 8)),
        _minute(reader.at("from"), 0),
        _minute(reader.at("to"), 24 * 60),
    )


def _minute(reader: Reader, default: int) -> int:
    if reader.value is None:
        return default
    hour, _, minute = str(reader.value).partition(":")
    if hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and len(hour) <= 2:
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= 24 * 60:
            return found
    reader.fault("not_clock")
    return default


def _target(reader: Reader) -> Target:
    if reader.value is None:
        return Target()
    reader.keys("where", "pick", "n", "max_units", "sets", "repeat")
    pick = reader.at("pick").choice(PICKS, "all")
    n = reader.at("n").whole(0, most=UNITS_MAX)
    if pick == "every_nth" and n < 1:
        reader.at("n").fault("missing")
    if pick == "all" and n:
        reader.at("n").fault("not_together", other="pick all")
    sets = tuple(_set(item) for item in reader.at("sets").each(most=SETS_MAX))
    if sets and all(part.side == "buy" for part in sets):
        reader.at("sets").fault("missing")
    if sets and (pick != "all" or reader.has("max_units")):
        reader.at("sets").fault("not_together", other="pick or max_units")
    if reader.has("repeat") and not (sets or n):
        reader.at("repeat").fault("not_together", other="no sets or n")
    return Target(
        read_where(reader.at("where")),
        pick,
        n,
        reader.at("max_units").whole(0, most=UNITS_MAX),
        sets,
        reader.at("repeat").whole(0, most=UNITS_MAX),
    )


def _set(reader: Reader) -> SetPart:
    reader.keys("where", "qty", "side")
    return SetPart(
        read_where(reader.at("where")),
        reader.at("qty").whole(1, least=1, most=UNITS_MAX),
        reader.at("side").choice(("get", "buy"), "get"),
    )


def _effects(reader: Reader) -> tuple[Effect, ...]:
    items = reader.each(most=EFFECTS_MAX)
    if not items:
        reader.fault("no_effect")
    found = []
    for item in items:
        kind = item.at("type").choice(EFFECTS)
        found.append(_EFFECTS[kind](item, kind))
        if kind in PRICE_EFFECTS and sum(one.type in PRICE_EFFECTS for one in found) > 1:
            item.at("type").fault("not_together", other="another change of price")
    return tuple(found)


def _percent(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "base", "spread", "cap")
    return Effect(
        kind,
        reader.at("value").scaled(2, least=1, most=100_00),
        base=reader.at("base").choice(("remaining", "initial"), "remaining"),
        spread=reader.at("spread").choice(("proportional", "each_line"), "proportional"),
        cap_minor=_cap(reader),
    )


def _amount(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "spread", "per", "cap")
    return Effect(
        kind,
        reader.at("value").whole(least=1, most=MONEY_MAX),
        spread=reader.at("spread").choice(("proportional",), "proportional"),
        per=reader.at("per").choice(("total", "unit", "set"), "total"),
        cap_minor=_cap(reader),
    )


def _price(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "cap")
    return Effect(kind, reader.at("value").whole(most=MONEY_MAX), cap_minor=_cap(reader))


def _units(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "cap")
    return Effect(
        kind, reader.at("value").whole(0, least=0, most=UNITS_MAX), cap_minor=_cap(reader)
    )


def _gift(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "skus")
    skus = tuple(item.text() for item in reader.at("skus").each(most=SKUS_MAX, least=1))
    return Effect(kind, reader.at("value").whole(1, least=1, most=UNITS_MAX), skus=skus)


def _earn(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "per_minor", "currency", "terms")
    return Effect(
        kind,
        reader.at("value").whole(least=1, most=MONEY_MAX),
        per_minor=reader.at("per_minor").whole(0, most=MONEY_MAX),
        currency=reader.at("currency").slug(""),
        terms=reader.at("terms").slug(""),
    )


def _multiplier(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "currency")
    return Effect(
        kind,
        reader.at("value").scaled(4, least=0, most=FACTOR_MAX),
        currency=reader.at("currency").slug(""),
    )


def _issue(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "value", "promotion")
    return Effect(
        kind,
        reader.at("value").whole(1, least=1, most=10),
        from_promotion=reader.at("promotion").slug(),
    )


def _message(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "to", "text")
    return Effect(
        kind,
        to=reader.at("to").choice(("cashier", "receipt"), "cashier"),
        text=read_text(reader.at("text")),
    )


def _tier(reader: Reader, kind: EffectType) -> Effect:
    reader.keys("type", "tier", "days")
    return Effect(kind, tier=reader.at("tier").slug(), days=reader.at("days").whole(0, most=3660))


_EFFECTS: Mapping[EffectType, Callable[[Reader, EffectType], Effect]] = {
    "percent_off": _percent,
    "amount_off": _amount,
    "fixed_price": _price,
    "set_price": _price,
    "free_units": _units,
    "gift": _gift,
    "earn": _earn,
    "earn_multiplier": _multiplier,
    "issue_code": _issue,
    "message": _message,
    "tier_set": _tier,
}


def _cap(reader: Reader) -> int:
    return reader.at("cap").whole(0, most=MONEY_MAX)


def read_text(reader: Reader) -> dict[str, str]:
    """Words in one language for all, or one text a language."""
    if isinstance(reader.value, str):
        said = reader.text(most=TEXT_CHARS_MAX)
        return dict.fromkeys(LANGUAGES, said)
    reader.keys(*LANGUAGES)
    found = {
        language: reader.at(language).text(most=TEXT_CHARS_MAX)
        for language in LANGUAGES
        if reader.has(language)
    }
    if not found:
        reader.fault("missing")
        return {}
    return {language: found.get(language) or next(iter(found.values())) for language in LANGUAGES}


def _limits(reader: Reader) -> tuple[Limit, ...]:
    found: list[Limit] = []
    for item in reader.each(most=LIMITS_MAX):
        item.keys("what", "per", "period", "value", "on_exceed")
        limit = Limit(
            item.at("what").choice(("uses", "discount", "points")),
            item.at("per").choice(("total", "member", "code", "shop", "identifier")),
            item.at("period").choice(("all", "day", "week", "month", "year"), "all"),
            item.at("value").whole(least=1),
            item.at("on_exceed").choice(("cut", "reject"), "cut"),
        )
        if any(limit.name == other.name for other in found):
            item.fault("twice")
        found.append(limit)
    return tuple(found)


def _stack(reader: Reader, slug: str) -> Stack:
    if reader.value is None:
        return Stack()
    reader.keys("group_mode", "exclusive", "not_with")
    for item in reader.at("not_with").each(most=NOT_WITH_MAX):
        if item.value == slug:
            item.fault("not_together", other=slug)
    return Stack(
        reader.at("group_mode").choice(MODES, "all"),
        reader.at("exclusive").flag(False),
        tuple(item.slug() for item in reader.at("not_with").each(most=NOT_WITH_MAX)),
    )
