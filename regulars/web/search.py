"""What the palette and the search page find: pages, customers, segments, campaigns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.campaigns import queries as campaigns
from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.orders import queries as orders
from regulars.segments import queries as segments
from regulars.web.context import rights_of
from regulars.web.navigation import allowed_entries

PAGES_MAX = 20
THINGS_MAX = 6
# One letter would name half of the customers.
WORDS_CHARS_MIN = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the list."""

    label: str
    url: str
    icon: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """Results of one kind under a heading."""

    label: str
    results: tuple[Result, ...]


def results_for(request: HttpRequest, query: str) -> tuple[ResultGroup, ...]:
    """Everything found for the words, kind by kind; without words the pages alone."""
    groups = [ResultGroup(_("Pages"), pages_named(request, query))]
    workspace = getattr(request, "workspace", None)
    if workspace is not None and len(query) >= WORDS_CHARS_MIN:
        rights = rights_of(request) or ()
        groups += [
            ResultGroup(str(kind.label), kind.find(workspace.id, query))
            for kind in KINDS
            if kind.right in rights
        ]
    return tuple(group for group in groups if group.results)


def pages_named(request: HttpRequest, query: str) -> tuple[Result, ...]:
    """Pages of the product whose name or group holds the words."""
    words = query.casefold()
    found = (
        Result(str(entry.label), url, entry.icon, str(entry.group))
        for entry, url in allowed_entries(rights_of(request))
        if words in f"{entry.label} {entry.group}".casefold()
    )
    return tuple(found)[:PAGES_MAX]


def _customers(workspace_id: int, query: str) -> tuple[Result, ...]:
    found = customers.found(workspace_id, query, THINGS_MAX)
    return tuple(
        Result(
            row.title or row.public_id,
            reverse("customers:card", args=[row.public_id]),
            "user",
            _note(row),
        )
        for row in found
    )


def _note(row: Profile) -> str:
    """What tells two people of one name apart."""
    parts = [part for part in (row.phone, row.email) if part and part != row.title]
    return " · ".join(parts) or row.city or ""


def _companies(workspace_id: int, query: str) -> tuple[Result, ...]:
    return tuple(
        Result(one.title, reverse("customers:company", args=[one.public_id]), "building-2")
        for one in customers.companies_named(workspace_id, query, THINGS_MAX)
    )


def _orders(workspace_id: int, query: str) -> tuple[Result, ...]:
    """Orders of exactly this number, with or without a hash before it."""
    found = orders.page(
        workspace_id, orders.OrderFilter(number=query.removeprefix("#")), limit=THINGS_MAX
    )
    return tuple(
        Result(one.number, reverse("orders:order", args=[one.public_id]), "shopping-bag")
        for one in found
    )


def _segments(workspace_id: int, query: str) -> tuple[Result, ...]:
    words = query.casefold()
    named = [s for s in segments.segments(workspace_id) if words in s.name.casefold()]
    return tuple(
        Result(one.name, reverse("segments:segment", args=[one.public_id]), "funnel")
        for one in named[:THINGS_MAX]
    )


def _campaigns(workspace_id: int, query: str) -> tuple[Result, ...]:
    words = query.casefold()
    named = [c for c in campaigns.campaigns(workspace_id) if words in c.name.casefold()]
    return tuple(
        Result(one.name, reverse("campaigns:campaign", args=[one.public_id]), "send")
        for one in named[:THINGS_MAX]
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of things that can be found by name, and the right to see them."""

    label: Promise
    right: str
    find: Callable[[int, str], tuple[Result, ...]]


KINDS = (
    Kind(gettext_lazy("Customers"), "customers.view", _customers),
    Kind(gettext_lazy("Companies"), "customers.view", _companies),
    Kind(gettext_lazy("Orders"), "orders.view", _orders),
    Kind(gettext_lazy("Segments"), "segments.view", _segments),
    Kind(gettext_lazy("Campaigns"), "campaigns.view", _campaigns),
)
