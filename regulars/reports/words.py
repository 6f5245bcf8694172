"""What the reports say in words: names of periods, measures, classes and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from regulars.analytics import lift as verdicts
from regulars.analytics import rfm as fifths
from regulars.analytics import stages
from regulars.analytics.lift import Lift
from regulars.analytics.rfm import Rfm, scores_of_class
from regulars.reports.queries.questions import YEAR

# The classes the overview names: who carries the shop, and whom a letter may still win.
KEY_CLASSES = (fifths.CHAMPIONS, fifths.LOYAL, fifths.AT_RISK, fifths.CANT_LOSE)

CLASS_HINTS: dict[str, Promise] = {
    fifths.CHAMPIONS: gettext_lazy("Bought lately and often: thank them, show news first."),
    fifths.LOYAL: gettext_lazy("Buy often: offer more of what they like."),
    fifths.POTENTIAL_LOYALISTS: gettext_lazy("Bought lately, more than once: invite them back."),
    fifths.NEW: gettext_lazy("First order just now: help them to the second."),
    fifths.PROMISING: gettext_lazy("One order not long ago: remind them that you exist."),
    fifths.NEED_ATTENTION: gettext_lazy("In the middle of everything: give a reason to come now."),
    fifths.ABOUT_TO_SLEEP: gettext_lazy("Few orders and cooling: write before they are gone."),
    fifths.AT_RISK: gettext_lazy("Used to buy often, silent for long: win them back."),
    fifths.CANT_LOSE: gettext_lazy("Your best of old, silent for long: call them."),
    fifths.HIBERNATING: gettext_lazy("Few orders long ago: write seldom or not at all."),
}


def period_name(days: int) -> str:
    """The period on its button."""
    if days == YEAR:
        return _("12 months")
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def day_and_month(day: date) -> str:
    """25 Aug."""
    return format_date(day, "d MMM", locale=_locale())


def month(day: date) -> str:
    """Aug."""
    return format_date(day, "LLL", locale=_locale())


def month_of_year(day: date) -> str:
    """Aug 2026."""
    return format_date(day, "LLL y", locale=_locale())


def tile_label(name: str, days: int) -> str:
    """The words above a figure of a period."""
    labels = {
        "revenue": _("Revenue, %(period)s"),
        "orders": _("Orders, %(period)s"),
        "claimed": _("From campaigns, %(period)s"),
        "customers": _("Active customers, %(period)s"),
        "repeat_share": _("Repeat customers, %(period)s"),
        "new_customers": _("New customers, %(period)s"),
    }
    return labels[name] % {"period": period_name(days)}


def note_of_change(value: float | None, delta: float | None) -> str:
    """What the change beside a figure is a change from; nothing is said of nothing."""
    if delta is not None:
        return _("vs the period before")
    return _("nothing to compare with") if value else ""


def measures() -> list[tuple[str, str, str]]:
    """The state of the base: name of the rate, its label, how it is written."""
    return [
        ("order_value", _("Average order"), "money"),
        ("first_order_value", _("Average first order"), "money"),
        ("repeat_order_value", _("Average repeat order"), "money"),
        ("revenue_per_customer", _("Revenue per customer"), "money"),
        ("orders_per_customer", _("Orders per customer"), "decimal"),
        ("lines_per_order", _("Lines per order"), "decimal"),
        ("products_per_order", _("Products per order"), "decimal"),
        ("items_per_order", _("Pieces per order"), "decimal"),
        ("repeat_share", _("Customers with more than one order"), "percent"),
        ("mean_lifetime_days", _("Days from the first to the last order"), "decimal"),
    ]


def bounds_text(rfm: Rfm, name: str) -> str:
    """What the class means today in orders and days; empty when it has nobody."""
    bounds = rfm.bounds(*scores_of_class(name))
    if bounds is None:
        return ""
    return f"{_orders_text(bounds)}, {_days_text(bounds)}"


def stage_hint(stage: str) -> str:
    """How the stage is told, with its numbers."""
    return {
        stages.PROSPECT: _("Known to the shop, nothing bought yet."),
        stages.FIRST: _("Bought on one day, not yet overdue."),
        stages.REPEAT: _("Bought on two or three days and keeps the own rhythm."),
        stages.LOYAL: _("Bought on %(n)s days or more and keeps the own rhythm.")
        % {"n": stages.LOYAL_DAYS_MIN},
        stages.COOLING: _("Silent for more than %(n)s times the expected gap between purchases.")
        % {"n": stages.COOLING_TIMES},
        stages.LOST: _("Silent for more than %(n)s times the expected gap between purchases.")
        % {"n": stages.LOST_TIMES},
    }[stage]


def cluster_text(profile: Mapping[str, Any]) -> str:
    """What sets a cluster apart, in one line: buys often, small baskets, mostly tea."""
    told = {
        ("recency_days", "low"): _("bought lately"),
        ("recency_days", "high"): _("silent for long"),
        ("orders", "high"): _("buys often"),
        ("orders", "low"): _("buys seldom"),
        ("money_minor", "high"): _("spends much"),
        ("money_minor", "low"): _("spends little"),
        ("basket_minor", "high"): _("large baskets"),
        ("basket_minor", "low"): _("small baskets"),
        ("gap_days", "high"): _("long gaps between purchases"),
        ("gap_days", "low"): _("short gaps between purchases"),
        ("returns_share", "high"): _("returns much"),
        ("returns_share", "low"): _("returns nothing"),
    }
    parts = [told[(name, side)] for name, side in profile["traits"]]
    if profile["category"]:
        parts.append(_("mostly %(category)s") % {"category": profile["category"]})
    if not parts:
        return _("Like most of your buyers")
    line = ", ".join(parts)
    return line[0].upper() + line[1:]


def verdict(lift: Lift) -> tuple[str, str]:
    """The tone and the few words of what the comparison with the control group says."""
    return {
        verdicts.CONTROL_ABSENT: ("neutral", _("No control group")),
        verdicts.SPLIT_BROKEN: ("bad", _("The split is broken")),
        verdicts.DATA_SHORT: ("neutral", _("Too early to tell")),
        verdicts.GAIN: ("good", _("Brought more money")),
        verdicts.LOSS: ("bad", _("Brought less money")),
        verdicts.UNCLEAR: ("info", _("No clear difference")),
    }[lift.verdict]


def _orders_text(bounds: fifths.Bounds) -> str:
    least, most = bounds.frequency_min or 1, bounds.frequency_max
    if most is None:
        return ngettext("%(n)s order or more", "%(n)s orders or more", least) % _named(n=least)
    if least == most:
        return ngettext("%(n)s order", "%(n)s orders", least) % _named(n=least)
    words = ngettext("%(least)s–%(n)s order", "%(least)s–%(n)s orders", most)
    return words % _named(least=least, n=most)


def _days_text(bounds: fifths.Bounds) -> str:
    least, most = bounds.recency_days_min or 0, bounds.recency_days_max
    if most is None:
        words = ngettext(
            "last one %(n)s day ago or earlier", "last one %(n)s days ago or earlier", least
        )
        return words % _named(n=least)
    if least == 0:
        words = ngettext("last one in the last %(n)s day", "last one in the last %(n)s days", most)
        return words % _named(n=most)
    words = ngettext("last one %(least)s–%(n)s day ago", "last one %(least)s–%(n)s days ago", most)
    return words % _named(least=least, n=most)


def _locale() -> str:
    """English here is international English: the day stands before the month."""
    language = (get_language() or "en").split("-")[0]
    return "en_GB" if language == "en" else language


def _named(**numbers: int) -> dict[str, str]:
    """Whole numbers as people write them, by name."""
    return {name: number_format(value, force_grouping=True) for name, value in numbers.items()}
