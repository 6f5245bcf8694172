"""A rule as a sentence for people, in English, Ukrainian or Russian."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from regulars.kernel.money import minor_digits
from regulars.rules import operators, windows
from regulars.rules.facts import (
    EVENT_FIELDS,
    LINE_FIELDS,
    POINT_DIGITS,
    Fact,
    Facts,
    FactType,
    find_fact,
)
from regulars.rules.phrases import (
    EVENTS,
    LANGUAGES,
    MONTHS,
    PARTS,
    PROPS,
    TESTS,
    TOPICS,
    UNITS,
)
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    ConsentIs,
    Count,
    Did,
    Edge,
    Either,
    Everyone,
    FactIs,
    Filter,
    FromTo,
    Funnel,
    Gap,
    InList,
    InSegment,
    Last,
    LineFilter,
    Measure,
    Near,
    Node,
    Not,
    Overdue,
    Previous,
    PropFilter,
    Reachable,
    Rule,
    Scalar,
    Share,
    Test,
    This,
    Value,
    Window,
)

DURATION_OPERATORS = (
    "in_last", "in_next", "older_than", "anniversary_in_next", "anniversary_in_last",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Speech:
    language: str
    facts: Facts
    segments: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""

    def say(self, key: str, **parts: str) -> str:
        return PARTS[self.language][key].format(**parts)


def sentence(
    rule: Rule,
    language: str,
    facts: Facts,
    *,
    segments: Mapping[str, str] | None = None,
    lists: Mapping[str, str] | None = None,
    currency: str = "",
) -> str:
    """The rule in words; English where the language is not known.

    segments  what people call the segments that rules name; lists likewise
    currency  the one that money is kept in; without it, minor units are said as they are
    """
    known = language if language in LANGUAGES else "en"
    speech = _Speech(known, facts, segments or {}, lists or {}, currency)
    return speech.say("start", rule=_node(rule.where, speech))


def phrase(
    node: Node,
    language: str,
    facts: Facts,
    *,
    segments: Mapping[str, str] | None = None,
    lists: Mapping[str, str] | None = None,
    currency: str = "",
) -> str:
    """One condition in words, as it stands inside the sentence of a rule."""
    known = language if language in LANGUAGES else "en"
    return _node(node, _Speech(known, facts, segments or {}, lists or {}, currency))


def event_name(kind: str, language: str) -> str:
    """What customers did, as people say it; an unknown event by its own name."""
    language = language if language in LANGUAGES else "en"
    known = EVENTS[language].get(kind)
    return known or _Speech(language, {}).say("event", name=kind)


def amount(text: str, language: str) -> str:
    """A duration in words: "90 days", "90 днів"."""
    number, unit = windows.parse_duration(text)
    return _counted(number, unit, language)


def _counted(number: float, unit: str, language: str) -> str:
    forms = UNITS[language][unit]
    return f"{_number(number)} {forms[_plural(number, language)]}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _plural(number: float, language: str) -> int:
    if language == "en":
        return 0 if number == 1 else 2
    if number != int(number):
        return 1
    tens, ones = int(abs(number)) % 100, int(abs(number)) % 10
    if ones == 1 and tens != 11:
        return 0
    return 1 if 2 <= ones <= 4 and not 12 <= tens <= 14 else 2


def _node(node: Node, speech: _Speech) -> str:
    return _HANDLERS[type(node)](node, speech)


def _join(parts: tuple[Node, ...], joint: str, empty: str, speech: _Speech) -> str:
    said = [_inner(part, speech) if len(parts) > 1 else _node(part, speech) for part in parts]
    return speech.say(joint).join(said) or speech.say(empty)


def _inner(part: Node, speech: _Speech) -> str:
    said = _node(part, speech)
    is_group = isinstance(part, Everyone | Either) and len(part.parts) > 1
    return speech.say("group", part=said) if is_group else said


def _fact(node: FactIs, speech: _Speech) -> str:
    fact = find_fact(node.fact, speech.facts)
    if fact is None:
        return _test(node.fact, node.test, speech)
    test = _worded(fact, node.test, speech.language) if fact.words else node.test
    return _test(fact.label(speech.language), test, speech, kind=fact.type)


def _worded(fact: Fact, test: Test, language: str) -> Test:
    """The test with values as people call them; parts of values stay as they are."""
    if test.op not in operators.WHOLE_VALUES:
        return test
    if isinstance(test.value, tuple):
        return Test(test.op, tuple(fact.word(str(one), language) for one in test.value))
    return Test(test.op, fact.word(str(test.value), language))


def _test(name: str, test: Test, speech: _Speech, *, kind: FactType = "number") -> str:
    value = _value(test, speech, kind)
    return TESTS[speech.language][test.op].format(name=name, value=value)


def _value(test: Test, speech: _Speech, kind: FactType) -> str:
    if test.op in DURATION_OPERATORS:
        return amount(cast(str, test.value), speech.language)
    if test.op == "month_is":
        return MONTHS[speech.language][cast(int, test.value) - 1]
    if test.op.endswith("between"):
        low, high = cast(tuple[Scalar, Scalar], test.value)
        return speech.say(
            "pair",
            low=_said(low, speech, kind),
            high=_said(high, speech, kind),
        )
    return _said(test.value, speech, kind)


def _said(value: Value, speech: _Speech, kind: FactType = "number") -> str:
    if isinstance(value, tuple):
        return ", ".join(_said(item, speech, kind) for item in value)
    if isinstance(value, bool):
        return speech.say("true" if value else "false")
    if isinstance(value, str):
        is_moment = windows.parse_moment(value) is not None
        return value if is_moment else speech.say("quoted", text=value)
    if value is None:
        return ""
    if kind == "points":
        return _number(float(Decimal(str(value)).scaleb(-POINT_DIGITS)))
    return _money(value, speech.currency) if kind == "money" and speech.currency else _number(value)


def _money(minor: float, currency: str) -> str:
    sum_of_money = Decimal(str(minor)).scaleb(-minor_digits(currency))
    is_whole = sum_of_money == sum_of_money.to_integral_value()
    return f"{sum_of_money:.0f} {currency}" if is_whole else f"{sum_of_money:f} {currency}"


def _did(node: Did, speech: _Speech) -> str:
    return speech.say(
        "did",
        event=event_name(node.kind, speech.language),
        where=_where(node, speech),
        measure=_measure(node.measure, EVENT_FIELDS.get(node.kind, {}), speech),
        window=_window(node.within, speech),
    )


def _where(node: Did | Edge, speech: _Speech) -> str:
    fields = EVENT_FIELDS.get(node.kind, {})
    filters = speech.say("and").join(_filter(item, fields, speech) for item in node.where)
    return speech.say("where", filters=filters) if filters else ""


def _edge(node: Edge, speech: _Speech) -> str:
    fields = EVENT_FIELDS.get(node.kind, {})
    return speech.say(
        f"edge_{node.which}",
        event=event_name(node.kind, speech.language),
        where=_where(node, speech),
        window=_window(node.within, speech),
        test=_filter(PropFilter(node.prop, node.test), fields, speech),
    )


def _gap(node: Gap, speech: _Speech) -> str:
    return speech.say(
        f"gap_{node.which}",
        event=event_name(node.kind, speech.language),
        ago=speech.say(f"ago_{node.op}", value=amount(node.duration, speech.language)),
    )


def _overdue(node: Overdue, speech: _Speech) -> str:
    event = event_name(node.kind, speech.language)
    return speech.say("overdue", event=event, times=_number(node.times))


def _funnel(node: Funnel, speech: _Speech) -> str:
    steps = speech.say("then").join(
        event_name(step.kind, speech.language) + _where(step, speech) for step in node.steps
    )
    return speech.say(
        "funnel",
        steps=steps,
        value=amount(node.duration, speech.language),
        window=speech.say("funnel_window", window=_window(node.within, speech))
        if node.within
        else "",
        reached=_reached(node.reached, speech) if node.reached else "",
    )


def _reached(test: Test, speech: _Speech) -> str:
    steps = _counted(cast(float, test.value), "step", speech.language)
    return speech.say(f"reached_{test.op}", steps=steps)


def _listed(node: InList, speech: _Speech) -> str:
    window = _window(node.within, speech)
    return speech.say(
        "list",
        name=speech.lists.get(node.name, node.name),
        window=speech.say("list_window", window=window) if window else "",
    )


def _near(node: Near, speech: _Speech) -> str:
    return speech.say("near", km=_number(node.km), lat=_number(node.lat), lon=_number(node.lon))


def _filter(item: Filter, fields: Mapping[str, FactType], speech: _Speech) -> str:
    if isinstance(item, LineFilter):
        columns = {name: kind for name, (_, kind) in LINE_FIELDS.items()}
        parts = (_filter(part, columns, speech) for part in item.filters)
        return speech.say("line", filters=speech.say("and").join(parts))
    # Only what the product itself writes has a name in words; the shop's own stays as it is.
    name = property_name(item.prop, speech.language) if item.prop in fields else item.prop
    return _test(name, item.test, speech, kind=fields.get(item.prop, "number"))


def property_name(prop: str, language: str) -> str:
    """What people call a property of the product's own events and of order lines."""
    return PROPS[language if language in LANGUAGES else "en"].get(prop, prop)


def topic_name(word: str, language: str) -> str:
    """What people call a channel or a purpose of consent; the shop's own as it is written."""
    return TOPICS[language if language in LANGUAGES else "en"].get(word, word)


def _measure(measure: Measure | None, fields: Mapping[str, FactType], speech: _Speech) -> str:
    if measure is None:
        return ""
    if not isinstance(measure, Count):
        prop = measure.prop
        said = property_name(prop, speech.language) if prop in fields else prop
        name = speech.say(f"{measure.function}_name", prop=said)
        kind = "number" if measure.function == "distinct" else fields.get(prop, "number")
        return speech.say("figure", test=_test(name, measure.test, speech, kind=kind))
    value = measure.test.value
    low, high = value if isinstance(value, tuple) else (0, value)
    times = _counted(cast(float, high), "time", speech.language)
    return speech.say(f"count_{measure.test.op}", times=times, low=_said(low, speech))


def _window(window: Window | None, speech: _Speech) -> str:
    return "" if window is None else _WINDOWS[type(window)](window, speech)


def _from_to(window: FromTo, speech: _Speech) -> str:
    key = "from_to" if window.start and window.end else "from" if window.start else "to"
    return speech.say(key, start=window.start or "", end=window.end or "")


def _between_ago(window: BetweenAgo, speech: _Speech) -> str:
    far, near = amount(window.far, speech.language), amount(window.near, speech.language)
    return speech.say("between_ago", far=far, near=near)


_WINDOWS: dict[type, Callable[..., str]] = {
    Last: lambda w, speech: speech.say("last", value=amount(w.duration, speech.language)),
    FromTo: _from_to,
    BeforeLast: lambda w, speech: speech.say(
        "before_last", value=amount(w.duration, speech.language)
    ),
    This: lambda w, speech: speech.say("this", unit=speech.say(w.unit)),
    Previous: lambda w, speech: speech.say("previous", unit=speech.say(w.unit)),
    BetweenAgo: _between_ago,
}


def _consent(node: ConsentIs, speech: _Speech) -> str:
    return speech.say(
        node.state,
        channel=topic_name(node.channel, speech.language),
        purpose=topic_name(node.purpose, speech.language),
        window=_window(node.within, speech),
    )


def _share(node: Share, speech: _Speech) -> str:
    start, end = (_number(float(Decimal(str(side)) * 100)) for side in (node.start, node.end))
    return speech.say("share", start=start, end=end, salt=node.salt)


_HANDLERS: dict[type, Callable[..., str]] = {
    Everyone: lambda node, speech: _join(node.parts, "and", "everyone", speech),
    Either: lambda node, speech: _join(node.parts, "or", "nobody", speech),
    Not: lambda node, speech: speech.say("not", part=_node(node.part, speech)),
    FactIs: _fact,
    Did: _did,
    Edge: _edge,
    Gap: _gap,
    Overdue: _overdue,
    Funnel: _funnel,
    ConsentIs: _consent,
    Reachable: lambda node, speech: speech.say(
        "reachable", channel=topic_name(node.channel, speech.language)
    ),
    InSegment: lambda node, speech: speech.say(
        "segment", name=speech.segments.get(node.segment, node.segment)
    ),
    InList: _listed,
    Near: _near,
    Share: _share,
}
