"""What the palette and the search page find: pages now, things of each room as they come."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.web.context import rights_of
from regulars.web.navigation import allowed_entries

PAGES_MAX = 20


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
    groups = (ResultGroup(_("Pages"), pages_named(request, query)),)
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
