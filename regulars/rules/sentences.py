"""A rule as a sentence for people, in English, Ukrainian or Russian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from regulars.rules import windows
from regulars.rules.facts import Facts, find_fact
from regulars.rules.phrases import EVENTS, LANGUAGES, PARTS, TESTS, UNITS
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    ConsentIs,
    Count,
    Did,
    Either,
    Everyone,
    FactIs,
    Filter,
    FromTo,
    InSegment,
    Last,
    LineFilter,
    Measure,
    Node,
    Not,
    Previous,
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

    def say(self, key: str, **parts: str) -> str:
        return PARTS[self.language][key].format(**parts)


def sentence(rule: Rule, language: str, facts: Facts) -> str:
    """The rule in words; English where the language is not known."""
    speech = _Speech(language if language in LANGUAGES else "en", facts)
    return speech.say("start", rule=_node(rule.where, speech))


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
    return _test(fact.label(speech.language) if fact else node.fact, node.test, speech)


def _test(name: str, test: Test, speech: _Speech) -> str:
    return TESTS[speech.language][test.op].format(name=name, value=_value(test, speech))


def _value(test: Test, speech: _Speech) -> str:
    if test.op in DURATION_OPERATORS:
        return amount(cast(str, test.value), speech.language)
    if test.op.endswith("between"):
        low, high = cast(tuple[Scalar, Scalar], test.value)
        return speech.say("pair", low=_said(low, speech), high=_said(high, speech))
    return _said(test.value, speech)


def _said(value: Value, speech: _Speech) -> str:
    if isinstance(value, tuple):
        return ", ".join(_said(item, speech) for item in value)
    if isinstance(value, bool):
        return speech.say("true" if value else "false")
    if isinstance(value, str):
        is_moment = windows.parse_moment(value) is not None
        return value if is_moment else speech.say("quoted", text=value)
    return "" if value is None else _number(value)


def _did(node: Did, speech: _Speech) -> str:
    filters = speech.say("and").join(_filter(item, speech) for item in node.where)
    return speech.say(
        "did",
        event=event_name(node.kind, speech.language),
        where=speech.say("where", filters=filters) if filters else "",
        measure=_measure(node.measure, speech),
        window=_window(node.within, speech),
    )


def _filter(item: Filter, speech: _Speech) -> str:
    if isinstance(item, LineFilter):
        inner = speech.say("and").join(_filter(part, speech) for part in item.filters)
        return speech.say("line", filters=inner)
    return _test(item.prop, item.test, speech)


def _measure(measure: Measure | None, speech: _Speech) -> str:
    if measure is None:
        return ""
    if not isinstance(measure, Count):
        name = speech.say("sum_name", prop=measure.prop)
        return speech.say("sum", test=_test(name, measure.test, speech))
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
        channel=node.channel,
        purpose=node.purpose,
        window=_window(node.within, speech),
    )


def _share(node: Share, speech: _Speech) -> str:
    return speech.say("share", start=str(node.start), end=str(node.end), salt=node.salt)


_HANDLERS: dict[type, Callable[..., str]] = {
    Everyone: lambda node, speech: _join(node.parts, "and", "everyone", speech),
    Either: lambda node, speech: _join(node.parts, "or", "nobody", speech),
    Not: lambda node, speech: speech.say("not", part=_node(node.part, speech)),
    FactIs: _fact,
    Did: _did,
    ConsentIs: _consent,
    Reachable: lambda node, speech: speech.say("reachable", channel=node.channel),
    InSegment: lambda node, speech: speech.say("segment", name=node.segment),
    Share: _share,
}
