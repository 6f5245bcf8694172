"""What the builder's template shows: every control with its name, its choices and its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.rules import limits, operators, windows
from regulars.rules.facts import ADDRESS_COLUMNS
from regulars.rules.operators import GAP_OPERATORS
from regulars.rules.phrases import MONTHS
from regulars.segments import words
from regulars.segments.offers import Choices, Offers, Pick, id_of, said_in, suggest_url
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    EdgeDraft,
    FactDraft,
    FilterDraft,
    FunnelDraft,
    GapDraft,
    GroupDraft,
    LineDraft,
    ListDraft,
    NearDraft,
    NodeDraft,
    OverdueDraft,
    RawDraft,
    ReachableDraft,
    SegmentDraft,
    ShareDraft,
    TestDraft,
    WindowDraft,
)
from regulars.segments.pure.fixing import ORDER_KIND_PREFIX
from regulars.segments.pure.opening import GROUPS_DEEP_MAX
from regulars.segments.pure.vocabulary import COUNT_OPERATORS, Subject, Vocabulary

CHANNELS = ("email", "sms", "telegram", "call")
PURPOSES = ("marketing", "profiling")
# Which control an operand takes; a scalar and a pair depend on the family.
# A text of few words is chosen from them.
WORD_OPERATORS = ("text.eq", "text.ne")
CONTROLS = {
    "nothing": "none", "text": "text", "regex": "text", "number": "number", "moment": "date",
    "scalars": "lines", "texts": "lines", "duration": "duration", "days": "duration",
    "month": "month", "numbers2": "numbers",
}  # fmt: skip


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
    choices: Choices = field(default_factory=list)


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
class StepView:
    """One step of a funnel, and the filters of its event."""

    place: str
    number: int
    event: Pick
    filters: tuple[FilterView, ...]
    has_lines: bool
    may_remove: bool

    @property
    def id(self) -> str:
        """Unique on the page."""
        return id_of(self.place)


@dataclass(frozen=True, slots=True)
class NodeView:
    """A condition or a group.

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
    units: Choices = field(default_factory=list)
    steps: tuple[StepView, ...] = ()
    may_step: bool = False

    @property
    def id(self) -> str:
        """Unique on the page."""
        return id_of(self.place)


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the views of one draft.

    problems  place → what is wrong there, as code or as text
    details   place → what the words of that code name
    """

    vocabulary: Vocabulary
    offers: Offers
    problems: Mapping[str, str | words.Text] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def root(self, draft: GroupDraft) -> NodeView:
        """The view of the whole rule."""
        return self.node(draft, "n")

    def node(self, draft: NodeDraft, place: str) -> NodeView:
        """The view of the condition or group at this place."""
        shown = _VIEWS[type(draft)](self, draft, place)
        return NodeView(draft=draft, place=place, problem=self._problem(place), **shown)

    def _problem(self, place: str) -> words.Text:
        problem = self.problems.get(place, "")
        text = words.PROBLEMS.get(str(problem), problem)
        details = self.details.get(place)
        return str(text) % details if details and text is not problem else text

    def group(self, draft: GroupDraft, place: str) -> dict[str, Any]:
        """Its parts, and whether one more group fits below."""
        parts = tuple(self.node(part, f"{place}.{at}") for at, part in enumerate(draft.parts))
        return {
            "kind": "group",
            "parts": parts,
            "joint": words.JOINTS[draft.op],
            "may_group": place.count(".") + 1 < GROUPS_DEEP_MAX,
        }

    def fact(self, draft: FactDraft, place: str) -> dict[str, Any]:
        """Which fact, compared how."""
        subject = self.vocabulary.of_fact(draft.fact)
        suggest = suggest_url(fact=draft.fact) if draft.fact else ""
        pick = Pick(f"{place}.fact", draft.fact, self.offers.facts(draft.fact), can_type=True)
        test = self.test(draft.test, place, subject, suggest)
        return {"kind": "fact", "picks": {"fact": pick}, "test": test}

    def did(self, draft: DidDraft, place: str) -> dict[str, Any]:
        """Which event, how often or how much, when, and with which properties."""
        measures = [("", list(words.MEASURES.items()))]
        return {
            "kind": "did",
            "picks": {
                "event": self._event(f"{place}.event", draft.event),
                "measure": Pick(f"{place}.m", draft.measure, measures),
                "of": self._prop(f"{place}.of", draft.event, draft.of),
            },
            "test": self._measured(draft, place) if draft.measure else None,
            "window": self.window(draft.window, f"{place}.in"),
            "filters": self._filters(draft.where, draft.event, place),
            "has_lines": draft.event.startswith(ORDER_KIND_PREFIX),
        }

    def edge(self, draft: EdgeDraft, place: str) -> dict[str, Any]:
        """A property of the last or the first event."""
        subject = self.vocabulary.of_prop(draft.event, draft.prop)
        suggest = suggest_url(event=draft.event, prop=draft.prop) if draft.prop else ""
        return {
            "kind": "edge",
            "picks": {
                "which": self._which(place, draft.which),
                "event": self._event(f"{place}.event", draft.event),
                "prop": self._prop(f"{place}.prop", draft.event, draft.prop),
            },
            "test": self.test(draft.test, place, subject, suggest),
            "window": self.window(draft.window, f"{place}.in"),
            "filters": self._filters(draft.where, draft.event, place),
            "has_lines": draft.event.startswith(ORDER_KIND_PREFIX),
        }

    def gap(self, draft: GapDraft, place: str) -> dict[str, Any]:
        """How long ago the last or the first event was."""
        compared = [("", [(op, words.AGO[op]) for op in GAP_OPERATORS])]
        return {
            "kind": "gap",
            "picks": {
                "which": self._which(place, draft.which),
                "event": self._event(f"{place}.event", draft.event),
                "cmp": Pick(f"{place}.cmp", draft.op, compared),
            },
            "units": _units(tuple(words.UNITS)),
        }

    def overdue(self, draft: OverdueDraft, place: str) -> dict[str, Any]:
        """Longer ago than usual for them."""
        return {"kind": "overdue", "picks": {"event": self._event(f"{place}.event", draft.event)}}

    def funnel(self, draft: FunnelDraft, place: str) -> dict[str, Any]:
        """Steps, how long they may take, since when, and how many were reached."""
        may_remove = len(draft.steps) > limits.FUNNEL_STEPS_MIN
        steps = tuple(
            StepView(
                place=f"{place}.s.{at}",
                number=at + 1,
                event=self._event(f"{place}.s.{at}.event", step.event),
                filters=self._filters(step.where, step.event, f"{place}.s.{at}"),
                has_lines=step.event.startswith(ORDER_KIND_PREFIX),
                may_remove=may_remove,
            )
            for at, step in enumerate(draft.steps)
        )
        reached = [("", list(words.REACHED.items()))]
        return {
            "kind": "funnel",
            "steps": steps,
            "may_step": len(steps) < limits.FUNNEL_STEPS_MAX,
            "picks": {"reached": Pick(f"{place}.r", draft.reached, reached)},
            "units": _units(tuple(words.UNITS)),
            "window": self.window(draft.window, f"{place}.in"),
        }

    def list(self, draft: ListDraft, place: str) -> dict[str, Any]:
        """Which static list, and when they were added to it."""
        pick = Pick(f"{place}.list", draft.list, self.offers.lists(draft.list))
        window = self.window(draft.window, f"{place}.in")
        return {"kind": "list", "picks": {"list": pick}, "window": window}

    def consent(self, draft: ConsentDraft, place: str) -> dict[str, Any]:
        """Channel, purpose, state, and when it was said."""
        never = draft.state == "never"
        return {
            "kind": "consent",
            "picks": {
                "channel": self.offers.topics(f"{place}.channel", draft.channel, CHANNELS),
                "purpose": self.offers.topics(f"{place}.purpose", draft.purpose, PURPOSES),
                "state": Pick(f"{place}.state", draft.state, [("", list(words.STATES.items()))]),
            },
            "window": None if never else self.window(draft.window, f"{place}.in"),
        }

    def reachable(self, draft: ReachableDraft, place: str) -> dict[str, Any]:
        """By which channel."""
        names = tuple(ADDRESS_COLUMNS)
        pick = self.offers.topics(f"{place}.channel", draft.channel, names, can_type=False)
        return {"kind": "reachable", "picks": {"channel": pick}}

    def segment(self, draft: SegmentDraft, place: str) -> dict[str, Any]:
        """Which segment."""
        pick = Pick(f"{place}.segment", draft.segment, self.offers.segments(draft.segment))
        return {"kind": "segment", "picks": {"segment": pick}}

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
        named = _words(subject, draft.a) if control == "text" else []
        if named and draft.op in WORD_OPERATORS:
            control = "word"
        takes_words = control == "text" or (control == "lines" and draft.family != "number")
        return TestView(
            place=place,
            op=Pick(f"{place}.op", draft.op, groups),
            control=control,
            draft=draft,
            is_money=bool(subject.money.digits)
            and not subject.money.is_points
            and draft.family == "number"
            and not draft.operator.startswith("size_"),
            units=_units(words.DAY_UNITS if _is_in_days(draft, subject) else tuple(words.UNITS)),
            suggest_url=suggest if takes_words and draft.operator != "regex" else "",
            choices=[("", named)] if control == "word" else [],
        )

    def _measured(self, draft: DidDraft, place: str) -> TestView:
        subject = self.vocabulary.of_measure(draft.measure, draft.event, draft.of)
        labels = [(op, words.OPERATORS[op]) for op in COUNT_OPERATORS]
        return self._shown_test(draft.test, place, [("", labels)], subject, "")

    def window(self, draft: WindowDraft, place: str) -> WindowView:
        """All time or a stretch of it."""
        return WindowView(
            place=place,
            kind=Pick(f"{place}.k", draft.kind, [("", [*words.WINDOWS.items()])]),
            draft=draft,
            units=_units(tuple(words.UNITS)),
            periods=[("", [(unit, words.PERIODS[unit]) for unit in windows.UNITS])],
        )

    def _filters(
        self, where: tuple[FilterDraft | LineDraft, ...], event: str, place: str
    ) -> tuple[FilterView, ...]:
        return tuple(self._filter(item, event, f"{place}.w.{at}") for at, item in enumerate(where))

    def _filter(self, item: FilterDraft | LineDraft, event: str, place: str) -> FilterView:
        if isinstance(item, LineDraft):
            lines = tuple(
                self._line(one, f"{place}.l.{index}") for index, one in enumerate(item.filters)
            )
            return FilterView(place, lines=lines)
        prop = self._prop(f"{place}.prop", event, item.prop)
        suggest = suggest_url(event=event, prop=item.prop) if item.prop else ""
        subject = self.vocabulary.of_prop(event, item.prop)
        return FilterView(place, prop, self.test(item.test, place, subject, suggest))

    def _line(self, item: FilterDraft, place: str) -> FilterView:
        prop = Pick(f"{place}.prop", item.prop, self.offers.columns(item.prop))
        subject = self.vocabulary.of_line(item.prop)
        test = self.test(item.test, place, subject, suggest_url(line=item.prop))
        return FilterView(place, prop, test)

    def _event(self, name: str, event: str) -> Pick:
        return Pick(name, event, self.offers.events(event), can_type=True)

    def _prop(self, name: str, event: str, prop: str) -> Pick:
        return Pick(name, prop, self.offers.properties(event, prop), can_type=True)

    def _which(self, place: str, which: str) -> Pick:
        return Pick(f"{place}.which", which, [("", [*words.WHICH.items()])])


def _plain(kind: str) -> Callable[..., dict[str, Any]]:
    """A condition whose controls the template knows by itself."""
    return lambda builder, draft, place: {"kind": kind}


_VIEWS: dict[type, Callable[..., dict[str, Any]]] = {
    GroupDraft: Builder.group,
    FactDraft: Builder.fact,
    DidDraft: Builder.did,
    EdgeDraft: Builder.edge,
    GapDraft: Builder.gap,
    OverdueDraft: Builder.overdue,
    FunnelDraft: Builder.funnel,
    ConsentDraft: Builder.consent,
    ReachableDraft: Builder.reachable,
    SegmentDraft: Builder.segment,
    ListDraft: Builder.list,
    NearDraft: _plain("near"),
    ShareDraft: _plain("share"),
    RawDraft: _plain("raw"),
}


def months() -> list[tuple[str, str]]:
    """The months by number, in the reader's language."""
    return [(str(number), name) for number, name in enumerate(MONTHS[said_in()], start=1)]


def _control(draft: TestDraft) -> str:
    operand = operators.OPERAND[draft.operator]
    if operand == "scalar":
        return {"number": "number", "bool": "bool"}.get(draft.family, "text")
    if operand == "pair":
        return "dates" if draft.family == "moment" else "numbers"
    return CONTROLS[operand]


def _words(subject: Subject, current: str) -> list[tuple[str, words.Text]]:
    """The few values a text may have, as people call them; another one that is chosen besides."""
    place = {"uk": 2, "ru": 3}.get(said_in(), 1)
    chosen = current.strip().lower()
    found: list[tuple[str, words.Text]] = [
        (current if one[0] == chosen else one[0], one[place]) for one in subject.words
    ]
    is_known = any(value == current for value, _ in found)
    return found if not found or is_known else [(current, current), *found]


def _is_in_days(draft: TestDraft, subject: Subject) -> bool:
    return subject.type == "date" or operators.OPERAND[draft.operator] == "days"


def _units(names: Iterable[str]) -> Choices:
    return [("", [(unit, words.UNITS[unit]) for unit in names])]
