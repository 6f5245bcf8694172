"""What the builder's lists offer: facts, events, properties, segments, lists, channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language

from regulars.fields.records import FieldRecord
from regulars.rules.facts import ATTRIBUTE_PREFIX, LINE_FIELDS
from regulars.rules.phrases import LANGUAGES
from regulars.rules.sentences import property_name, topic_name
from regulars.segments import queries, registry, suggestions, words

Choices = list[tuple[str, list[tuple[str, words.Text]]]]


@dataclass(frozen=True, slots=True)
class Pick:
    """A list to choose from; groups with an empty label are not titled.

    can_type  the list has a last entry for what it does not know, typed beside it
    """

    name: str
    value: str
    groups: Choices
    can_type: bool = False

    @property
    def id(self) -> str:
        """Unique on the page."""
        return id_of(self.name)


def id_of(name: str) -> str:
    """A field's name as an id that selectors can name."""
    return name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Offers:
    """The choices of one workspace.

    slug  of the segment that is being edited, which is not offered to itself
    """

    workspace_id: int
    slug: str = ""
    dictionary: Mapping[tuple[str, str], FieldRecord] = field(default_factory=dict)

    def facts(self, current: str) -> Choices:
        """Declared facts and attributes of the shop, what is chosen among them."""
        groups: dict[str, list[tuple[str, words.Text]]] = {"customer": [], "order": []}
        for name, fact in registry.facts().items():
            room = name.partition(".")[0]
            groups.setdefault(room if room in words.ROOMS else "other", []).append(
                (name, fact.label(said_in()))
            )
        own = [
            ATTRIBUTE_PREFIX + name
            for name in self._offered("", suggestions.attributes(self.workspace_id))
        ]
        groups["attr"] = [
            (name, self._named("", name.removeprefix(ATTRIBUTE_PREFIX)))
            for name in _and(own, current, groups)
        ]
        return [(str(words.ROOMS[room]), found) for room, found in groups.items() if found]

    def events(self, current: str) -> Choices:
        """The product's own events, and those that came."""
        known = list(words.EVENTS)
        groups: dict[str, list[tuple[str, words.Text]]] = {}
        for name in known:
            room = name.partition(".")[0]
            room = words.LOYALTY if room in words.LOYALTY_WORDS else room
            groups.setdefault(room if room in words.EVENT_GROUPS else "other", []).append(
                (name, words.EVENTS[name])
            )
        seen = [
            kind for kind in suggestions.kinds(self.workspace_id) if not self._is_hidden(kind, "")
        ]
        groups["other"] = [
            *groups.pop("other", []),
            *(
                (kind, self._named(kind, ""))
                for kind in _and(seen, current, groups)
                if kind not in words.EVENTS
            ),
        ]
        return [(str(words.EVENT_GROUPS[room]), found) for room, found in groups.items() if found]

    def properties(self, event: str, current: str) -> Choices:
        """What comes with the event."""
        language = said_in()
        found = self._offered(event, suggestions.properties(self.workspace_id, event))
        known = [
            (name, self._label(event, name) or property_name(name, language)) for name in found
        ]
        return [("", _with(known, current))]

    def _offered(self, kind: str, seen: Sequence[str]) -> list[str]:
        # Attributes that somebody made are offered before their first value comes.
        made = [
            one.name
            for one in self.dictionary.values()
            if one.kind == kind and one.is_made and one.name not in seen
        ]
        return [name for name in (*seen, *made) if not self._is_hidden(kind, name)]

    def _is_hidden(self, kind: str, name: str) -> bool:
        one = self.dictionary.get((kind, name))
        return one is not None and one.is_hidden

    def _label(self, kind: str, name: str) -> str:
        one = self.dictionary.get((kind, name))
        return one.label if one is not None else ""

    def _named(self, kind: str, name: str) -> str:
        return self._label(kind, name) or name or kind

    def topics(self, name: str, value: str, known: Sequence[str], *, can_type: bool = True) -> Pick:
        """Channels or purposes, and perhaps one that is not known here."""
        labels = [(word, topic_name(word, said_in())) for word in known]
        return Pick(name, value, [("", _with(labels, value))], can_type=can_type)

    def columns(self, current: str) -> Choices:
        """Columns of an order line."""
        known = [(name, property_name(name, said_in())) for name in LINE_FIELDS]
        return [("", _with(known, current))]

    def segments(self, current: str) -> Choices:
        """Segments in use; not the one that is being edited."""
        known = [
            (one.slug, one.name)
            for one in queries.segments(self.workspace_id)
            if one.slug != self.slug
        ]
        return [("", _with(known, current))]

    def lists(self, current: str) -> Choices:
        """Static lists in use."""
        known = [(one.slug, one.name) for one in queries.lists(self.workspace_id)]
        return [("", _with(known, current))]


def _with(known: Sequence[tuple[str, Any]], current: str) -> list[tuple[str, words.Text]]:
    """The choices, and what is chosen even when nobody offers it any more."""
    extra = [(current, current)] if current and current not in dict(known) else []
    return [*known, *extra]


def _and(
    seen: Sequence[str], current: str, groups: Mapping[str, Sequence[tuple[str, Any]]]
) -> list[str]:
    offered = {name for found in groups.values() for name, _ in found} | set(seen)
    return [*seen, current] if current and current not in offered else list(seen)


def suggest_url(**about: str) -> str:
    """Where values are suggested for a fact, a property or a column."""
    return f"{reverse('segments:values')}?{urlencode(about)}"


def said_in() -> str:
    """The reader's language as rules know it."""
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"
