"""Who is believed about an attribute when two sources say different things.

The written order stands in docs/decisions; the newer word wins among equals, and newer means the
one that came later: sources tell when something happened, seldom when they learned it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Stamp = list[str]


class Source(StrEnum):
    """Where a word about a customer comes from, the most believed first."""

    HAND = "hand"
    PREFERENCES = "preferences"
    FORM = "form"
    API = "api"
    TILL = "till"
    SITE = "site"
    IMPORT = "import"


RANKS: Mapping[str, int] = {
    Source.HAND: 6,
    Source.PREFERENCES: 5,
    Source.FORM: 4,
    Source.API: 3,
    Source.TILL: 3,
    Source.SITE: 2,
    Source.IMPORT: 1,
}
# Ids of other systems say who somebody is, not how they are: whoever names one is believed.
UNRANKED = frozenset({"external_id"})
# Where letters and messages go: a browser may tell them, and replaces only what a browser told.
CONTACTS = frozenset({"email", "phone"})


def stamp(source: Source, at: datetime) -> Stamp:
    """What is kept beside an attribute: who told it, and when, to the second."""
    return [source.value, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]


def may_replace(kept: Sequence[Any] | None, source: str) -> bool:
    """Whether a word of this source may stand where one with this stamp stands.

    kept  None for what was told before anybody wrote down by whom
    """
    return RANKS[source] >= (RANKS.get(str(kept[0]), 0) if kept else 0)


def believed(
    changes: Mapping[str, tuple[Any, Any]],
    sources: Mapping[str, Any],
    source: str,
    *,
    prefix: str = "",
) -> dict[str, tuple[Any, Any]]:
    """The changes this source may make; what is unknown is anybody's to tell.

    prefix  stands before the names among the sources
    """
    return {
        name: (old, new)
        for name, (old, new) in changes.items()
        if old is None or name in UNRANKED or _may_stand(name, sources.get(prefix + name), source)
    }


def _may_stand(name: str, kept: Sequence[Any] | None, source: str) -> bool:
    if name in CONTACTS and source == Source.SITE:
        return kept is not None and str(kept[0]) == Source.SITE
    return may_replace(kept, source)
