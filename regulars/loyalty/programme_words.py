"""The programme as sentences: If something happens, then this follows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_skeleton
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from regulars.kernel.money import decimal_string
from regulars.loyalty.pure.programme import (
    FULL,
    EarnRule,
    Expiry,
    MonthDay,
    Multiplier,
    Pending,
    Programme,
    Returns,
    Span,
    TierPolicy,
)
from regulars.loyalty.pure.promotions.conditions import ALWAYS

Text = str | Promise
TRIGGERS: dict[str, Text] = {
    "cart": gettext_lazy("buys something"),
    "birthday": gettext_lazy("has a birthday"),
    "joined": gettext_lazy("joins the programme"),
    "first_purchase": gettext_lazy("buys for the first time"),
    "review": gettext_lazy("leaves a review"),
    "survey": gettext_lazy("answers a survey"),
    "referral": gettext_lazy("brings a friend who buys"),
    "referred": gettext_lazy("comes by a friend’s invitation and buys"),
    "receipt": gettext_lazy("registers a receipt"),
    "event": gettext_lazy("does something named below"),
}
ONCE: dict[str, Text] = {
    "ever": gettext_lazy("once"),
    "year": gettext_lazy("once a year"),
    "month": gettext_lazy("once a month"),
    "day": gettext_lazy("once a day"),
    "event": gettext_lazy("each time"),
}
RETURNS: dict[str, Text] = {
    "only_pending": gettext_lazy(
        "If a purchase is returned, then only points that are not active yet are taken back."
    ),
    "within_balance": gettext_lazy(
        "If a purchase is returned, then its points are taken back, as far as there are any left."
    ),
    "negative": gettext_lazy(
        "If a purchase is returned, then its points are taken back, and what was spent is owed."
    ),
}
BASES: dict[str, Text] = {
    "spend": gettext_lazy("money spent"),
    "earned": gettext_lazy("points earned"),
    "orders": gettext_lazy("number of purchases"),
    "balance": gettext_lazy("points on the balance"),
}
PERIODS: dict[str, Text] = {
    "lifetime": gettext_lazy("since joining"),
    "rolling": gettext_lazy("over the last months"),
    "year": gettext_lazy("in a calendar year"),
    "half": gettext_lazy("in half a calendar year"),
    "quarter": gettext_lazy("in a quarter"),
    "month": gettext_lazy("in a month"),
}
STARTS: dict[str, Text] = {
    "now": gettext_lazy("at once"),
    "next_period": gettext_lazy("from the next period on"),
}
KEEPS: dict[str, Text] = {
    "period": gettext_lazy("until the end of the period"),
    "next_period": gettext_lazy("until the end of the next period"),
    "span": gettext_lazy("for as long as the period is"),
}
DOWNGRADES: dict[str, Text] = {
    "none": gettext_lazy("A tier once reached is kept."),
    "one_down": gettext_lazy("If it is not confirmed, then one tier is lost."),
    "earned": gettext_lazy("If it is not confirmed, then the tier that was earned follows."),
}


def points(hundredths: int) -> str:
    """Points with their unit word: 5 points."""
    amount = Decimal(hundredths).scaleb(-2)
    if amount != amount.to_integral_value():
        return _("%(points)s points") % {"points": f"{amount.normalize():f}"}
    whole = int(amount)
    text = ngettext("%(n)s point", "%(n)s points", whole)
    return text % {"n": whole}


def share(basis_points: int) -> str:
    """A share as per cent: 5%."""
    return f"{Decimal(basis_points).scaleb(-2).normalize():f}%"


def money(minor: int, currency: str) -> str:
    """An amount with its currency; whole amounts without the fraction."""
    text = decimal_string(minor, currency)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {currency}"


def span(one: Span) -> str:
    """A length of time: 14 days."""
    said = {
        "d": ngettext("%(n)s day", "%(n)s days", one.number),
        "w": ngettext("%(n)s week", "%(n)s weeks", one.number),
        "mo": ngettext("%(n)s month", "%(n)s months", one.number),
        "y": ngettext("%(n)s year", "%(n)s years", one.number),
    }
    return said[one.unit] % {"n": one.number}


def day_of_year(one: MonthDay) -> str:
    """31 December."""
    # Any leap year: only day and month are written.
    return str(format_skeleton("MMMMd", date(2024, one.month, one.day), locale=_locale()))


def _locale() -> str:
    return (get_language() or "en").split("-")[0]


def rule(one: EarnRule, currency: str) -> str:
    """If …, then …: one way to earn."""
    return _("If a customer %(does)s%(where)s, then they get %(gain)s%(limit)s.") % {
        "does": TRIGGERS[one.trigger] if one.trigger != "event" else _did(one),
        "where": _(" of certain goods") if one.where != ALWAYS else "",
        "gain": gain(one, currency),
        "limit": _limit(one),
    }


def _did(one: EarnRule) -> str:
    return _("does “%(event)s”") % {"event": one.event}


def gain(one: EarnRule, currency: str) -> str:
    """What a rule gives."""
    if one.share:
        return _("%(share)s of what they pay in points") % {"share": share(one.share)}
    if one.trigger == "cart" and one.per_minor:
        return _("%(points)s for every %(amount)s paid") % {
            "points": points(one.points), "amount": money(one.per_minor, currency),
        }  # fmt: skip
    return points(one.points)


def _limit(one: EarnRule) -> str:
    said = []
    if one.trigger != "cart":
        said.append(str(ONCE[one.once_per]))
    if one.points_max:
        said.append(_("at most %(points)s") % {"points": points(one.points_max)})
    if one.when != ALWAYS:
        said.append(_("under further conditions"))
    return "".join(f", {part}" for part in said)


def multiplier(one: Multiplier, programme: Programme) -> str:
    """If …, then points are multiplied."""
    names = [tier.name for tier in programme.tiers.tiers if tier.slug in one.tiers]
    who = _("has the tier %(tiers)s") % {"tiers": ", ".join(names)} if names else _("buys")
    times = f"{Decimal(one.factor) / FULL:f}".rstrip("0").rstrip(".")
    return _("If a customer %(does)s, then points count %(times)s times%(name)s.") % {
        "does": who, "times": times, "name": f" ({one.name})" if one.name else "",
    }  # fmt: skip


def pending(one: Pending) -> str:
    """When earned points may be spent."""
    if one.kind == "immediate":
        return _("If points are earned, then they can be spent at once.")
    if one.kind == "period":
        return _("If points are earned, then they can be spent after %(span)s.") % {
            "span": span(one.span)
        }
    if one.kind == "dates":
        return _("If points are earned, then they can be spent from the next of these days on:"
                 " %(days)s.") % {"days": ", ".join(map(day_of_year, one.dates))}  # fmt: skip
    return _("If points are earned, then they can be spent once “%(event)s” happened.") % {
        "event": one.event
    }


def expiry(one: Expiry) -> str:
    """When points burn."""
    if one.kind == "never":
        return _("Points do not burn.")
    if one.kind == "rolling":
        return _("If points are not spent within %(span)s, then they burn.") % {
            "span": span(one.span)
        }
    if one.kind == "calendar":
        return _("If points are not spent by the next of these days, then they burn: %(days)s.") % {
            "days": ", ".join(map(day_of_year, one.dates))
        }
    return _("If a customer does nothing for %(span)s, then all their points burn.") % {
        "span": span(one.span)
    }


def expiring(days: int) -> str:
    """When members are told that points will burn."""
    text = ngettext(
        "If points burn in %(n)s day, then members can be told of it.",
        "If points burn in %(n)s days, then members can be told of it.",
        days,
    )
    return text % {"n": days}


def burning(programme: Programme, currency: str) -> list[str]:
    """How points pay."""
    one, main = programme.burning, programme.main
    if not one.is_on or not main.minor_per_point:
        return [_("Points do not pay for goods.")]
    said = [
        _("If a customer pays with points, then one point is worth %(amount)s.")
        % {"amount": money(main.minor_per_point, currency)}
    ]
    if one.share < FULL:
        said.append(_("Points pay at most %(share)s of a purchase.") % {"share": share(one.share)})
    if one.least:
        said.append(
            _("If fewer than %(points)s are to be spent, then none are.")
            % {"points": points(one.least)}
        )
    if one.step > 1:
        said.append(_("They are spent in steps of %(points)s.") % {"points": points(one.step)})
    if one.excluded is not None:
        said.append(_("Certain goods are never paid with points."))
    if not one.earns_beside:
        said.append(_("If a purchase is paid with points, then it earns none."))
    if one.asks_code:
        said.append(_("If points are spent at a till, then a code from a letter is asked for."))
    return said


def returned(one: Returns) -> list[str]:
    """What a return does."""
    said = [str(RETURNS[one.policy])]
    if one.debt_from_refund:
        said.append(_("If points are missing then, their money is kept from the refund."))
    if one.restored_days:
        text = ngettext(
            "If spent points come back after their day, then they live %(n)s day more.",
            "If spent points come back after their day, then they live %(n)s days more.",
            one.restored_days,
        )
        said.append(text % {"n": one.restored_days})
    return said


def tiers(policy: TierPolicy) -> list[str]:
    """How tiers are reached and lost."""
    if not policy.tiers:
        return [_("There are no tiers.")]
    window = (
        _("over the last %(span)s") % {"span": span(policy.span)}
        if policy.period == "rolling"
        else PERIODS[policy.period]
    )
    said = [
        _("Tiers are reached by %(basis)s, counted %(period)s, and begin %(starts)s.")
        % {"basis": BASES[policy.basis], "period": window, "starts": STARTS[policy.starts]}
    ]
    if policy.period != "lifetime" and policy.downgrade != "none":
        said.append(_("A tier is kept %(keeps)s.") % {"keeps": KEEPS[policy.keeps]})
    said.append(str(DOWNGRADES[policy.downgrade]))
    return said


def least(policy: TierPolicy, amount: int, currency: str) -> str:
    """What a tier asks for, in the unit that counts."""
    if policy.basis == "spend":
        return money(amount, currency)
    if policy.basis == "orders":
        return ngettext("%(n)s purchase", "%(n)s purchases", amount) % {"n": amount}
    return points(amount)


CHANGES: dict[str, Text] = {
    "settings": gettext_lazy("Rules of the programme"),
    "opened": gettext_lazy("Opened"),
    "closed": pgettext_lazy("programme", "Closed"),
}


def changed(what: str) -> str:
    """What a version of the programme changed; a word nobody knows is said as it is."""
    kind, _colon, slug = what.partition(":")
    if kind == "promotion" and slug:
        return _("Promotion %(slug)s") % {"slug": slug}
    return str(CHANGES.get(what, what))
