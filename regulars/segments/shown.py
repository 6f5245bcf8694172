"""What the builder's template shows: every control with its name, its choices and its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language

from regulars.fields.records import FieldRecord
from regulars.rules import limits, operators, windows
from regulars.rules.facts import ADDRESS_COLUMNS, ATTRIBUTE_PREFIX, LINE_FIELDS
from regulars.rules.phrases import LANGUAGES, MONTHS
from regulars.rules.sentences import property_name, topic_name
from regulars.segments import queries, registry, suggestions, words
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    FactDraft,
    FilterDraft,
    GroupDraft,
    LineDraft,
    NodeDraft,
    RawDraft,
    ReachableDraft,
    SegmentDraft,
    ShareDraft,
    TestDraft,
    WindowDraft,
)
from regulars.segments.pure.fixing import ORDER_KIND_PREFIX
from regulars.segments.pure.vocabulary import COUNT_OPERATORS, Subject, Vocabulary

Choices = list[tuple[str, list[tuple[str, words.Text]]]]
CHANNELS = ("email", "sms", "telegram", "call")
PURPOSES = ("marketing", "profiling")
# Which control an operand takes; a scalar and a pair depend on the family.
CONTROLS = {
    "nothing": "none", "text": "text", "regex": "text", "number": "number", "moment": "date",
    "scalars": "lines", "texts": "lines", "duration": "duration", "days": "duration",
    "month": "month", "numbers2": "numbers",
}  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class TestView:
    """The operator and the control for its value."""

    __test__ = False  # pytest must not collect it

    place: str
    op: Pick
    control: str
    draft: TestDraft
    is_money: bool = False
    units: Choices = field(default_factory=list)
    suggest_url: str = ""


@dataclass(frozen=True, slots=True)
class WindowView:
    """When."""

    place: str
    kind: Pick
    draft: WindowDraft
    units: Choices
    periods: Choices


@dataclass(frozen=True, slots=True)
class FilterView:
    """One property test, or the tests of one order line."""

    place: str
    prop: Pick | None = None
    test: TestView | None = None
    lines: tuple[FilterView, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeView:
    """A condition or a group.

    level  how deep it stands in the rule, so that no group goes deeper than rules may
    picks  the lists of the condition by the name of what they choose
    """

    kind: str
    place: str
    draft: NodeDraft
    problem: words.Text = ""
    joint: words.Text = ""
    parts: tuple[NodeView, ...] = ()
    may_group: bool = False
    picks: Mapping[str, Pick] = field(default_factory=dict)
    test: TestView | None = None
    window: WindowView | None = None
    filters: tuple[FilterView, ...] = ()
    has_lines: bool = False

    @property
    def id(self) -> str:
        """Unique on the page."""
        return id_of(self.place)


def id_of(name: str) -> str:
    """A field's name as an id that selectors can name."""
    return name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the views of one draft."""

    workspace_id: int
    vocabulary: Vocabulary
    problems: Mapping[str, str | words.Text]
    slug: str = ""
    dictionary: Mapping[tuple[str, str], FieldRecord] = field(default_factory=dict)

    def root(self, draft: GroupDraft) -> NodeView:
        """The view of the whole rule."""
        return self.node(draft, "n", 0)

    def node(self, draft: NodeDraft, place: str, level: int) -> NodeView:
        """The view of a condition or group that stands at this level of the rule."""
        problem = self.problems.get(place, "")
        shown = _VIEWS[type(draft)](self, draft, place, level)
        return NodeView(
            draft=draft, place=place, problem=words.PROBLEMS.get(str(problem), problem), **shown
        )

    def group(self, draft: GroupDraft, place: str, level: int) -> dict[str, Any]:
        """Its parts, and whether one more group fits below."""
        level += 1 if draft.is_not else 0
        parts = tuple(
            self.node(part, f"{place}.{index}", level + 1) for index, part in enumerate(draft.parts)
        )
        return {
            "kind": "group",
            "parts": parts,
            "joint": words.JOINTS[draft.op],
            "may_group": level + 1 < limits.DEPTH_MAX,
        }

    def fact(self, draft: FactDraft, place: str, level: int) -> dict[str, Any]:
        """Which fact, compared how."""
        subject = self.vocabulary.of_fact(draft.fact)
        suggest = _suggest_url(fact=draft.fact) if draft.fact else ""
        pick = Pick(f"{place}.fact", draft.fact, self._facts(draft.fact), can_type=True)
        test = self.test(draft.test, place, subject, suggest)
        return {"kind": "fact", "picks": {"fact": pick}, "test": test}

    def did(self, draft: DidDraft, place: str, level: int) -> dict[str, Any]:
        """Which event, how often or how much, when, and with which properties."""
        event = Pick(f"{place}.event", draft.event, self._events(draft.event), can_type=True)
        measure = Pick(f"{place}.m", draft.measure, [("", list(words.MEASURES.items()))])
        props = self._properties(draft.event, draft.of)
        return {
            "kind": "did",
            "picks": {
                "event": event,
                "measure": measure,
                "of": Pick(f"{place}.of", draft.of, props, can_type=True),
            },
            "test": self._measured(draft, place) if draft.measure else None,
            "window": self.window(draft.window, f"{place}.in"),
            "filters": tuple(
                self._filter(item, draft.event, f"{place}.w.{index}")
                for index, item in enumerate(draft.where)
            ),
            "has_lines": draft.event.startswith(ORDER_KIND_PREFIX),
        }

    def consent(self, draft: ConsentDraft, place: str, level: int) -> dict[str, Any]:
        """Channel, purpose, state, and when it was said."""
        never = draft.state == "never"
        return {
            "kind": "consent",
            "picks": {
                "channel": self._topics(f"{place}.channel", draft.channel, CHANNELS),
                "purpose": self._topics(f"{place}.purpose", draft.purpose, PURPOSES),
                "state": Pick(f"{place}.state", draft.state, [("", list(words.STATES.items()))]),
            },
            "window": None if never else self.window(draft.window, f"{place}.in"),
        }

    def reachable(self, draft: ReachableDraft, place: str, level: int) -> dict[str, Any]:
        """By which channel."""
        names = tuple(ADDRESS_COLUMNS)
        pick = self._topics(f"{place}.channel", draft.channel, names, can_type=False)
        return {"kind": "reachable", "picks": {"channel": pick}}

    def segment(self, draft: SegmentDraft, place: str, level: int) -> dict[str, Any]:
        """Which segment; not the one that is being edited."""
        known = [
            (one.slug, one.name)
            for one in queries.segments(self.workspace_id)
            if one.slug != self.slug
        ]
        pick = Pick(f"{place}.segment", draft.segment, [("", _with(known, draft.segment))])
        return {"kind": "segment", "picks": {"segment": pick}}

    def share(self, draft: ShareDraft, place: str, level: int) -> dict[str, Any]:
        """How much of everyone; its controls are plain."""
        return {"kind": "share"}

    def raw(self, draft: RawDraft, place: str, level: int) -> dict[str, Any]:
        """As JSON; its control is plain."""
        return {"kind": "raw"}

    def test(self, draft: TestDraft, place: str, subject: Subject, suggest: str) -> TestView:
        """The operators that fit and the control for the value."""
        groups: dict[str, list[tuple[str, words.Text]]] = {}
        for op in subject.operators(draft.op):
            groups.setdefault(op.partition(".")[0], []).append((op, words.OPERATORS[op]))
        is_titled = len(groups) > 2
        named = [
            (str(words.FAMILIES[family]) if is_titled else "", found)
            for family, found in groups.items()
        ]
        return self._shown_test(draft, place, named, subject, suggest)

    def _shown_test(
        self, draft: TestDraft, place: str, groups: Choices, subject: Subject, suggest: str
    ) -> TestView:
        control = _control(draft)
        takes_words = control == "text" or (control == "lines" and draft.family != "number")
        return TestView(
            place=place,
            op=Pick(f"{place}.op", draft.op, groups),
            control=control,
            draft=draft,
            is_money=bool(subject.money.digits)
            and draft.family == "number"
            and not draft.operator.startswith("size_"),
            units=_units(words.DAY_UNITS if _is_in_days(draft, subject) else tuple(words.UNITS)),
            suggest_url=suggest if takes_words and draft.operator != "regex" else "",
        )

    def _measured(self, draft: DidDraft, place: str) -> TestView:
        subject = (
            self.vocabulary.of_prop(draft.event, draft.of)
            if draft.measure == "sum"
            else Subject("number", ("number",))
        )
        labels = [(op, words.OPERATORS[op]) for op in COUNT_OPERATORS]
        return self._shown_test(draft.test, place, [("", labels)], subject, "")

    def window(self, draft: WindowDraft, place: str) -> WindowView:
        """All time or a stretch of it."""
        return WindowView(
            place=place,
            kind=Pick(f"{place}.k", draft.kind, [("", list(words.WINDOWS.items()))]),
            draft=draft,
            units=_units(tuple(words.UNITS)),
            periods=[("", [(unit, words.PERIODS[unit]) for unit in windows.UNITS])],
        )

    def _filter(self, item: FilterDraft | LineDraft, event: str, place: str) -> FilterView:
        if isinstance(item, LineDraft):
            lines = tuple(
                self._line(one, f"{place}.l.{index}") for index, one in enumerate(item.filters)
            )
            return FilterView(place, lines=lines)
        prop = Pick(f"{place}.prop", item.prop, self._properties(event, item.prop), can_type=True)
        suggest = _suggest_url(event=event, prop=item.prop) if item.prop else ""
        subject = self.vocabulary.of_prop(event, item.prop)
        return FilterView(place, prop, self.test(item.test, place, subject, suggest))

    def _line(self, item: FilterDraft, place: str) -> FilterView:
        known = [(name, property_name(name, _language())) for name in LINE_FIELDS]
        prop = Pick(f"{place}.prop", item.prop, [("", _with(known, item.prop))])
        subject = self.vocabulary.of_line(item.prop)
        test = self.test(item.test, place, subject, _suggest_url(line=item.prop))
        return FilterView(place, prop, test)

    def _facts(self, current: str) -> Choices:
        groups: dict[str, list[tuple[str, words.Text]]] = {"customer": [], "order": []}
        for name, fact in registry.facts().items():
            room = name.partition(".")[0]
            groups.setdefault(room if room in words.ROOMS else "other", []).append(
                (name, fact.label(_language()))
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

    def _events(self, current: str) -> Choices:
        known = list(words.EVENTS)
        groups: dict[str, list[tuple[str, words.Text]]] = {}
        for name in known:
            groups.setdefault(name.partition(".")[0], []).append((name, words.EVENTS[name]))
        seen = [
            kind for kind in suggestions.kinds(self.workspace_id) if not self._is_hidden(kind, "")
        ]
        groups["other"] = [
            *groups.pop("customer", []),
            *(
                (kind, self._named(kind, ""))
                for kind in _and(seen, current, groups)
                if kind not in words.EVENTS
            ),
        ]
        return [(str(words.EVENT_GROUPS[room]), found) for room, found in groups.items() if found]

    def _properties(self, event: str, current: str) -> Choices:
        language = _language()
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

    def _topics(
        self, name: str, value: str, known: Sequence[str], *, can_type: bool = True
    ) -> Pick:
        labels = [(word, topic_name(word, _language())) for word in known]
        return Pick(name, value, [("", _with(labels, value))], can_type=can_type)


_VIEWS: dict[type, Callable[..., dict[str, Any]]] = {
    GroupDraft: Builder.group,
    FactDraft: Builder.fact,
    DidDraft: Builder.did,
    ConsentDraft: Builder.consent,
    ReachableDraft: Builder.reachable,
    SegmentDraft: Builder.segment,
    ShareDraft: Builder.share,
    RawDraft: Builder.raw,
}


def months() -> list[tuple[str, str]]:
    """The months by number, in the reader's language."""
    return [(str(number), name) for number, name in enumerate(MONTHS[_language()], start=1)]


def _control(draft: TestDraft) -> str:
    operand = operators.OPERAND[draft.operator]
    if operand == "scalar":
        return {"number": "number", "bool": "bool"}.get(draft.family, "text")
    if operand == "pair":
        return "dates" if draft.family == "moment" else "numbers"
    return CONTROLS[operand]


def _is_in_days(draft: TestDraft, subject: Subject) -> bool:
    return subject.type == "date" or operators.OPERAND[draft.operator] == "days"


def _units(names: Iterable[str]) -> Choices:
    return [("", [(unit, words.UNITS[unit]) for unit in names])]


def _with(known: Sequence[tuple[str, Any]], current: str) -> list[tuple[str, words.Text]]:
    """The choices, and what is chosen even when nobody offers it any more."""
    extra = [(current, current)] if current and current not in dict(known) else []
    return [*known, *extra]


def _and(
    seen: Sequence[str], current: str, groups: Mapping[str, Sequence[tuple[str, Any]]]
) -> list[str]:
    offered = {name for found in groups.values() for name, _ in found} | set(seen)
    return [*seen, current] if current and current not in offered else list(seen)


def _suggest_url(**about: str) -> str:
    return f"{reverse('segments:values')}?{urlencode(about)}"


def _language() -> str:
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"
