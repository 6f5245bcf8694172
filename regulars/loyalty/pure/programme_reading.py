"""The programme's settings from their JSON, with the path of every fault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from regulars.loyalty.pure.programme import (
    EXPIRING_DAYS,
    FULL,
    Burning,
    Cumulative,
    Currency,
    EarnRule,
    Expiry,
    ExpiryKind,
    Holding,
    MonthDay,
    Multiplier,
    OncePer,
    Pending,
    PendingKind,
    Pricing,
    Programme,
    Returns,
    Rounded,
    RuleTrigger,
    Span,
    Terms,
    Tier,
    TierPolicy,
    Unit,
)
from regulars.loyalty.pure.promotions.conditions import All
from regulars.loyalty.pure.promotions.reading import is_zone, read_moment
from regulars.loyalty.pure.promotions.reading_conditions import Names, read_condition, read_where
from regulars.loyalty.pure.reading import Reader, read_all

CURRENCIES_MAX = 10
TERMS_MAX = 20
RULES_MAX = 200
MULTIPLIERS_MAX = 50
TIERS_MAX = 20
STEPS_MAX = 20
DATES_MAX = 20
BENEFITS_MAX = 20
SHOPS_MAX = 5000
ACTIVITIES_MAX = 20
EXPIRING_DAYS_MAX = 60
POINTS_MAX = 10**12
FACTOR_MAX = 1_000_000
UNITS: Mapping[str, Unit] = {"d": "d", "w": "w", "mo": "mo", "y": "y"}
ROUNDED: tuple[Rounded, ...] = get_args(Rounded)
TRIGGERS: tuple[RuleTrigger, ...] = get_args(RuleTrigger)
PENDINGS: tuple[PendingKind, ...] = get_args(PendingKind)
EXPIRIES: tuple[ExpiryKind, ...] = get_args(ExpiryKind)
ONCE_PER: tuple[OncePer, ...] = get_args(OncePer)
ONCE: Mapping[RuleTrigger, OncePer] = {
    "birthday": "year",
    "first_purchase": "ever",
    "joined": "ever",
}
DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MEMBER_RULE_OWNER = "rule:"  # + the earning rule's id: its key in Member.matched
DEFAULT_SETTINGS: Mapping[str, object] = {
    "currencies": [{"slug": "points", "name": "Points", "is_main": True}]
}


def read_programme(value: object) -> Programme:
    """The programme that stored settings hold; {} is a programme of one currency.

    raises   Invalid("programme_invalid", path=…, faults=[…]) naming every fault with its path
    """
    if value == {}:
        value = DEFAULT_SETTINGS
    return read_all(value, _programme, code="programme_invalid")


def _programme(reader: Reader) -> Programme:
    reader.keys(
        "name", "currencies", "terms", "earning", "multipliers", "burning", "returns", "tiers",
        "pricing", "holding", "shop_zones", "expiring_days",
    )  # fmt: skip
    programme = Programme(
        name=reader.at("name").text(""),
        currencies=_currencies(reader.at("currencies")),
        terms=_terms_by_name(reader.at("terms")),
        earning=tuple(_rule(item) for item in reader.at("earning").each(most=RULES_MAX)),
        multipliers=_multipliers(reader.at("multipliers")),
        burning=_burning(reader.at("burning")),
        returns=_returns(reader.at("returns")),
        tiers=_tiers(reader.at("tiers")),
        pricing=_pricing(reader.at("pricing")),
        holding=_holding(reader.at("holding")),
        shop_zones=_zones(reader.at("shop_zones")),
        expiring_days=reader.at("expiring_days").whole(
            EXPIRING_DAYS, least=1, most=EXPIRING_DAYS_MAX
        ),
    )
    _check_names(reader, programme)
    return programme


def _check_names(reader: Reader, programme: Programme) -> None:
    known = {one.slug for one in programme.currencies}
    for number, currency in enumerate(programme.currencies):
        if currency.terms and currency.terms not in programme.terms:
            reader.at(f"currencies[{number}].terms").fault("not_known")
    seen: set[str] = set()
    tiers = {one.slug for one in programme.tiers.tiers}
    for number, rule in enumerate(programme.earning):
        at = f"earning[{number}]"
        if rule.id in seen:
            reader.at(f"{at}.id").fault("twice")
        seen.add(rule.id)
        if rule.currency and rule.currency not in known:
            reader.at(f"{at}.currency").fault("not_known")
        if rule.terms and rule.terms not in programme.terms:
            reader.at(f"{at}.terms").fault("not_known")
        for slug in (slug for times in rule.multipliers for slug in times.tiers):
            if slug not in tiers:
                reader.at(f"{at}.multipliers").fault("not_known")
    if programme.returns.policy == "negative" and _anything_expires(programme):
        reader.at("returns.policy").fault("negative_expires")


def _anything_expires(programme: Programme) -> bool:
    return any(terms.expiry.kind != "never" for terms in programme.terms.values())


def _currencies(reader: Reader) -> tuple[Currency, ...]:
    found: list[Currency] = []
    for item in reader.each(most=CURRENCIES_MAX, least=1):
        item.keys("slug", "name", "is_main", "minor_per_point", "earn_step", "terms", "balance_max")
        one = Currency(
            slug=item.at("slug").slug(),
            name=item.at("name").text(),
            is_main=item.at("is_main").flag(False),
            minor_per_point=item.at("minor_per_point").whole(100, most=10**9),
            earn_step=item.at("earn_step").whole(1, least=1, most=10**9),
            terms=item.at("terms").slug(""),
            balance_max=item.at("balance_max").whole(0, most=POINTS_MAX),
        )
        if any(one.slug == other.slug for other in found):
            item.at("slug").fault("twice")
        if one.is_main and any(other.is_main for other in found):
            item.at("is_main").fault("twice")
        found.append(one)
    return tuple(found) or (Currency("points", "Points", is_main=True),)


def _terms_by_name(reader: Reader) -> dict[str, Terms]:
    if reader.value is None:
        return {}
    if not isinstance(reader.value, dict):
        reader.fault("not_object")
        return {}
    if len(reader.value) > TERMS_MAX:
        reader.fault("too_many", most=TERMS_MAX)
    return {str(name): _terms(reader.at(str(name))) for name in reader.value}


def _terms(reader: Reader) -> Terms:
    reader.keys("pending", "expiry")
    return Terms(_pending(reader.at("pending")), _expiry(reader.at("expiry")))


def _pending(reader: Reader) -> Pending:
    if reader.value is None:
        return Pending()
    reader.keys("kind", "span", "rounded", "dates", "event", "cancel_after")
    kind = reader.at("kind").choice(PENDINGS)
    cancel = reader.at("cancel_after")
    return Pending(
        kind,
        _span(reader.at("span"), Span(0) if kind != "period" else None),
        reader.at("rounded").choice(ROUNDED, "none"),
        _dates(reader.at("dates"), least=1 if kind == "dates" else 0),
        reader.at("event").text("" if kind != "event" else None),
        None if cancel.value is None else _span(cancel, None),
    )


def _expiry(reader: Reader) -> Expiry:
    if reader.value is None:
        return Expiry()
    reader.keys("kind", "span", "rounded", "dates", "at_least", "activities")
    kind = reader.at("kind").choice(EXPIRIES)
    needs_span = kind in ("rolling", "inactivity")
    activities = reader.at("activities").each(
        most=ACTIVITIES_MAX, least=1 if kind == "inactivity" else 0
    )
    return Expiry(
        kind,
        _span(reader.at("span"), None if needs_span else Span(0)),
        reader.at("rounded").choice(ROUNDED, "none"),
        _dates(reader.at("dates"), least=1 if kind == "calendar" else 0),
        _span(reader.at("at_least"), Span(0)),
        tuple(item.text() for item in activities),
    )


def _span(reader: Reader, default: Span | None) -> Span:
    """A length such as "14d", "2w", "12mo", "1y"."""
    if reader.value is None and default is not None:
        return default
    text = reader.text(most=10)
    digits = text.rstrip("dwmoy")
    unit = UNITS.get(text[len(digits) :])
    if unit is None or not digits.isdecimal() or not 0 < int(digits) <= 3660:
        if text:
            reader.fault("not_choice", choices="14d, 2w, 12mo, 1y")
        return Span(1)
    return Span(int(digits), unit)


def _dates(reader: Reader, *, least: int) -> tuple[MonthDay, ...]:
    return tuple(sorted(
        (_date(item) for item in reader.each(most=DATES_MAX, least=least)),
        key=lambda day: (day.month, day.day),
    ))  # fmt: skip


def _date(reader: Reader) -> MonthDay:
    month, _, day = reader.text(most=5).partition("-")
    if not (month.isdecimal() and day.isdecimal() and 1 <= int(month) <= 12):
        reader.fault("not_day")
        return MonthDay(1, 1)
    if not 1 <= int(day) <= DAYS_IN_MONTH[int(month) - 1]:
        reader.fault("not_day")
    return MonthDay(int(month), int(day))


def _rule(reader: Reader) -> EarnRule:
    reader.keys(
        "id", "trigger", "name", "currency", "points", "per_minor", "share", "where", "when",
        "payment_kinds", "multipliers", "adds", "terms", "points_max", "event", "event_where",
        "once_per", "days_before", "is_on",
    )  # fmt: skip
    trigger = reader.at("trigger").choice(TRIGGERS, "cart")
    rule_id = reader.at("id").slug()
    share = reader.at("share").scaled(2, 0, most=1000_00)
    points = reader.at("points").whole(0, most=POINTS_MAX)
    if not points and not share:
        reader.at("points").fault("missing")
    if points and share:
        reader.at("share").fault("not_together", other="points")
    if trigger == "cart" and points and not reader.has("per_minor"):
        reader.at("per_minor").fault("missing")
    if trigger != "cart" and share:
        reader.at("share").fault("not_together", other=f"trigger {trigger}")
    return EarnRule(
        id=rule_id,
        trigger=trigger,
        name=reader.at("name").text(""),
        currency=reader.at("currency").slug(""),
        points=points,
        per_minor=reader.at("per_minor").whole(0, most=10**12),
        share=share,
        where=read_where(reader.at("where")),
        when=read_condition(reader.at("when"), Names(f"{MEMBER_RULE_OWNER}{rule_id}")),
        payment_kinds=tuple(kind.text() for kind in reader.at("payment_kinds").each(most=50)),
        multipliers=_multipliers(reader.at("multipliers")),
        adds=reader.at("adds").flag(False),
        terms=reader.at("terms").slug(""),
        points_max=reader.at("points_max").whole(0, most=POINTS_MAX),
        event=reader.at("event").text("" if trigger != "event" else None),
        event_where=_event_where(reader.at("event_where")),
        once_per=reader.at("once_per").choice(ONCE_PER, ONCE.get(trigger, "event")),
        days_before=reader.at("days_before").whole(0, most=60),
        is_on=reader.at("is_on").flag(True),
    )


def _event_where(reader: Reader) -> dict[str, str | int | bool]:
    if reader.value is None:
        return {}
    if not isinstance(reader.value, dict) or len(reader.value) > 20:
        reader.fault("not_object")
        return {}
    for key, value in reader.value.items():
        if not isinstance(value, str | int | bool):
            reader.at(str(key)).fault("not_text", most=200)
    return {str(key): value for key, value in reader.value.items()}


def _multipliers(reader: Reader) -> tuple[Multiplier, ...]:
    found = []
    for item in reader.each(most=MULTIPLIERS_MAX):
        item.keys("factor", "tiers", "segments", "from", "to", "weekdays", "name")
        starts_at, ends_at = read_moment(item.at("from")), read_moment(item.at("to"))
        _check_order(item, starts_at, ends_at)
        found.append(
            Multiplier(
                factor=item.at("factor").scaled(4, least=0, most=FACTOR_MAX),
                tiers=tuple(one.slug() for one in item.at("tiers").each(most=TIERS_MAX)),
                segments=tuple(one.slug() for one in item.at("segments").each(most=50)),
                starts_at=starts_at,
                ends_at=ends_at,
                weekdays=tuple(
                    one.whole(least=1, most=7) for one in item.at("weekdays").each(most=7)
                ),
                name=item.at("name").text(""),
            )
        )
    return tuple(found)


def _check_order(reader: Reader, starts_at: datetime | None, ends_at: datetime | None) -> None:
    if starts_at and ends_at and ends_at <= starts_at:
        reader.at("to").fault("not_ordered", other="from")


def _burning(reader: Reader) -> Burning:
    if reader.value is None:
        return Burning()
    reader.keys(
        "is_on", "share", "excluded", "least", "step", "cart_least_minor", "earns_beside",
        "asks_code",
    )  # fmt: skip
    excluded = reader.at("excluded")
    where = read_where(excluded) if excluded.value else None
    return Burning(
        is_on=reader.at("is_on").flag(True),
        share=reader.at("share").scaled(2, FULL, most=FULL),
        excluded=None if where == All() else where,
        least=reader.at("least").whole(0, most=POINTS_MAX),
        step=reader.at("step").whole(1, least=1, most=POINTS_MAX),
        cart_least_minor=reader.at("cart_least_minor").whole(0),
        earns_beside=reader.at("earns_beside").flag(True),
        asks_code=reader.at("asks_code").flag(False),
    )


def _returns(reader: Reader) -> Returns:
    if reader.value is None:
        return Returns()
    reader.keys("policy", "debt_from_refund", "restored_days", "release_grace_hours")
    return Returns(
        reader.at("policy").choice(
            ("only_pending", "within_balance", "negative"), "within_balance"
        ),
        reader.at("debt_from_refund").flag(False),
        reader.at("restored_days").whole(30, most=3660),
        reader.at("release_grace_hours").whole(24, most=24 * 366),
    )


def _tiers(reader: Reader) -> TierPolicy:
    if reader.value is None:
        return TierPolicy()
    reader.keys("basis", "period", "span", "starts", "keeps", "downgrade", "grace_days", "tiers")
    tiers: list[Tier] = []
    for item in reader.at("tiers").each(most=TIERS_MAX):
        tier = _tier(item)
        if any(tier.slug == other.slug for other in tiers):
            item.at("slug").fault("twice")
        if tiers and tier.least <= tiers[-1].least:
            item.at("least").fault("not_ordered", other=tiers[-1].slug)
        tiers.append(tier)
    return TierPolicy(
        reader.at("basis").choice(("spend", "earned", "orders", "balance"), "spend"),
        reader.at("period").choice(
            ("lifetime", "rolling", "year", "half", "quarter", "month"), "lifetime"
        ),
        _span(reader.at("span"), Span(12, "mo")),
        reader.at("starts").choice(("now", "next_period"), "now"),
        reader.at("keeps").choice(("period", "next_period", "span"), "next_period"),
        reader.at("downgrade").choice(("none", "one_down", "earned"), "earned"),
        reader.at("grace_days").whole(0, most=3660),
        tuple(tiers),
    )


def _tier(reader: Reader) -> Tier:
    reader.keys("slug", "name", "least", "discount", "earn", "burn_share", "benefits", "color")
    share = reader.at("burn_share")
    return Tier(
        slug=reader.at("slug").slug(),
        name=reader.at("name").text(),
        least=reader.at("least").whole(0),
        discount=reader.at("discount").scaled(2, 0, most=FULL),
        earn=reader.at("earn").scaled(4, FULL, most=FACTOR_MAX),
        burn_share=None if share.value is None else share.scaled(2, most=FULL),
        benefits=tuple(item.text() for item in reader.at("benefits").each(most=BENEFITS_MAX)),
        color=reader.at("color").text("", most=20),
    )


def _pricing(reader: Reader) -> Pricing:
    if reader.value is None:
        return Pricing()
    reader.keys("floor_minor", "round_step_minor", "cumulative", "zero_prices", "unknown_goods")
    steps: list[Cumulative] = []
    for item in reader.at("cumulative").each(most=STEPS_MAX):
        item.keys("least_minor", "discount")
        step = Cumulative(
            item.at("least_minor").whole(), item.at("discount").scaled(2, least=0, most=FULL)
        )
        if steps and step.least_minor <= steps[-1].least_minor:
            item.at("least_minor").fault("not_ordered", other=str(steps[-1].least_minor))
        steps.append(step)
    return Pricing(
        reader.at("floor_minor").whole(0, most=10**9),
        reader.at("round_step_minor").whole(0, most=10_000),
        tuple(steps),
        reader.at("zero_prices").flag(False),
        reader.at("unknown_goods").choice(("take", "refuse"), "take"),
    )


def _holding(reader: Reader) -> Holding:
    if reader.value is None:
        return Holding()
    reader.keys("minutes", "order_days", "approval_points")
    return Holding(
        reader.at("minutes").whole(15, least=1, most=24 * 60),
        reader.at("order_days").whole(30, least=1, most=30),
        reader.at("approval_points").whole(1_000_00, most=POINTS_MAX),
    )


def _zones(reader: Reader) -> dict[str, str]:
    if reader.value is None:
        return {}
    if not isinstance(reader.value, dict) or len(reader.value) > SHOPS_MAX:
        reader.fault("not_object")
        return {}
    for shop, zone in reader.value.items():
        if not isinstance(zone, str) or not is_zone(zone):
            reader.at(str(shop)).fault("not_zone")
    return {str(shop): str(zone) for shop, zone in reader.value.items()}
