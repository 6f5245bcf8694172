"""What the pages of codes, rewards and partners share: their tabs, keys, refusals, choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.loyalty import code_words as words
from regulars.loyalty.queries import cards, members, promotions
from regulars.workspaces.asking import member_of

KEY_CHARS_MAX = 60
CODE_TABS = {"codes": _("Codes"), "gift_cards": _("Gift certificates")}
REWARD_TABS = {
    "rewards": _("Catalogue"),
    "reward_orders": _("Orders"),
    "activities": _("Activities"),
    "queue": _("To check"),
    "referrals": _("Referrals"),
    "coalition": _("Coalition"),
    "wallet": _("Cards and wallets"),
}


def tabs_of(names: Mapping[str, object], current: str) -> list[tuple[str, object, bool]]:
    """Pages beside this one: address, name, whether it is this one."""
    return [(reverse(f"loyalty:{one}"), label, one == current) for one, label in names.items()]


def actor_of(request: HttpRequest) -> str:
    """Who writes, as records keep it."""
    return member_of(request).email


def key_of(request: HttpRequest) -> str:
    """The key a form was given when it was shown, so that sending it twice is once."""
    return f"form:{request.POST.get('key', '')[:KEY_CHARS_MAX] or new_public_id()}"


def tried(
    request: HttpRequest, act: Callable[[], object], done: str, to: str, *of: str
) -> HttpResponse:
    """Do it, say what came of it, and go there. What is not there is a page not found."""
    try:
        act()
    except NotFound:
        raise
    except RegularsError as error:
        messages.error(request, words.told(error))
    else:
        if done:
            messages.success(request, done)
    return redirect(f"loyalty:{to}", *of)


def currencies(workspace_id: int) -> list[tuple[str, str]]:
    """Point currencies as choices, the main one first."""
    return list(cards.currency_names(workspace_id).items())


def promotion_choices(workspace_id: int) -> list[tuple[str, str]]:
    """Promotions as choices."""
    return [(one.slug, one.name) for one in promotions.promotions(workspace_id)]


def people(workspace_id: int, member_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """By member: the customer's public id and name."""
    found = members.customers_of(workspace_id, sorted(set(member_ids)))
    return _named(workspace_id, found)


def customers_named(workspace_id: int, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """By customer: the public id and the name."""
    return _named(workspace_id, {one: one for one in ids})


def _named(workspace_id: int, found: dict[int, int]) -> dict[int, tuple[str, str]]:
    profiles = customers.profiles(workspace_id, sorted(set(found.values())))
    return {
        name: (profiles[one].public_id, profiles[one].title or profiles[one].public_id)
        for name, one in found.items()
        if one in profiles
    }
