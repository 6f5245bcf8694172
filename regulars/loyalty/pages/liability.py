"""What the shop owes in points, and what should be looked at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.loyalty import code_words
from regulars.loyalty.pages.ledger import named
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.queries import gift_cards, signals
from regulars.loyalty.queries import liability as owing
from regulars.loyalty.queries import programme as programmes
from regulars.workspaces import queries as workspaces
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def liability(request: HttpRequest) -> HttpResponse:
    """What is owed, what it is worth, when it burns, how it came about."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    programme = programmes.programme(workspace.id).programme
    asked = request.GET.get("currency", "")[:60]
    currency = programme.currency(asked) or programme.main
    owed = {one.currency: one for one in owing.owed(workspace.id)}
    own = owed.get(currency.slug)
    moved = owing.moved(workspace.id, currency.slug)
    context = {
        "programme": programme,
        "currency": currency,
        "options": [(one.slug, one.name) for one in programme.currencies],
        "owed": own,
        "worth_minor": worth(programme, currency.slug, own.points) if own else 0,
        "moved": moved[::-1],
        "chart": _chart(moved),
        "ending": [
            (one, worth(programme, currency.slug, one.points))
            for one in owing.ending(workspace.id, currency.slug)
        ],
        "tiers": _tiers(workspace.id, programme, currency.slug),
        "people": reverse("customers:list") + "?loyalty=points",
        "gift_minor": gift_cards.gift_liability(workspace.id),
    }
    return render(request, "loyalty/liability.html", context)


def worth(programme: Programme, currency: str, points: int) -> int:
    """What points are worth when they pay, in minor units, rounded down."""
    known = programme.currency(currency)
    return int(Decimal(points) * known.minor_per_point // 100) if known else 0


def _chart(moved: list[owing.MovedIn]) -> dict[str, Any]:
    return {
        "label": _("Points by month"),
        "finding": _("Given, spent and burned in each month"),
        "labels": [str(MONTHS_3[one.month.month]) for one in moved],
        "series": [
            {"name": _("Points given"), "values": [one.issued // 100 for one in moved]},
            {"name": _("Points spent"), "values": [one.spent // 100 for one in moved]},
            {"name": _("Burned"), "values": [one.expired // 100 for one in moved]},
        ],
        "unfinished": True,
    }


def _tiers(
    workspace_id: int, programme: Programme, currency: str
) -> list[tuple[str, str, int, int]]:
    found = owing.by_tier(workspace_id, currency)
    names = {tier.slug: tier.name for tier in programme.tiers.tiers}
    order = [*names, *(slug for slug in found if slug not in names)]
    return [
        (slug, names.get(slug, "") or _("No tier"), *found[slug]) for slug in order if slug in found
    ]


@login_required
@require_safe
def frauds(request: HttpRequest) -> HttpResponse:
    """What is unusual enough for a person to look at it."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    fast = signals.fast(workspace.id)
    returned = signals.spent_and_returned(workspace.id)
    cards = signals.many_cards(workspace.id)
    people = named(workspace.id, sorted({one.member_id for one in (*fast, *returned, *cards)}))
    team = {
        f"user:{one.user_id}": one.name or one.email for one in workspaces.members(workspace.id)
    }

    def rows(found: list[signals.Signal]) -> list[dict[str, Any]]:
        return [{"signal": one, "person": people.get(one.member_id)} for one in found]

    context = {
        "fast": rows(fast),
        "returned": rows(returned),
        "cards": rows(cards),
        "by_hand": [(one, team.get(one.actor, one.actor)) for one in signals.by_hand(workspace.id)],
        "referrals": [
            (code_words.reason_of(code), count)
            for code, count in signals.refused_referrals(workspace.id)
        ],
        "days": signals.WINDOW.days,
        "daily": signals.PURCHASES_DAILY_MIN,
    }
    return render(request, "loyalty/frauds.html", context)
