"""What each fact and property is, so that the form offers operators that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from regulars.rules import operators
from regulars.rules.facts import ATTRIBUTE_PREFIX, EVENT_FIELDS, LINE_FIELDS, Facts, find_fact
from regulars.segments.pure.drafts import ANY_FAMILIES
from regulars.segments.pure.typed import PLAIN, POINTS, Money

FAMILY_OPERATORS = {
    "text": operators.TEXT,
    "number": operators.NUMBER,
    "bool": operators.BOOL,
    "moment": operators.MOMENT,
    "list": operators.LIST,
    "any": operators.ANY,
}
COUNT_OPERATORS = tuple(f"number.{op}" for op in ("gte", "eq", "lte", "gt", "lt", "between"))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a test may be about.

    type      a type of the rule language; "untyped" where nobody declared it
    families  the operators that fit, without those for any type
    money     how typed amounts are scaled
    words     of a text that has few values: value, in English, Ukrainian and Russian
    """

    type: str
    families: tuple[str, ...]
    money: Money = PLAIN
    words: tuple[tuple[str, str, str, str], ...] = ()

    def operators(self, current: str = "") -> tuple[str, ...]:
        """Operators to offer, one that is already chosen among them."""
        found = [f"{family}.{op}" for family in self.families for op in FAMILY_OPERATORS[family]]
        found += [f"any.{op}" for op in operators.ANY]
        return tuple(found if not current or current in found else [current, *found])


NUMBER = Subject("number", ("number",))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The facts of the workspace and the decimal places of its currency.

    seen  what the values of undeclared fields are, by the kind of event ("" for attributes of
          customers) and the name; it chooses what is offered first and forbids nothing
    """

    facts: Facts
    minor_digits: int
    seen: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of_fact(self, name: str) -> Subject:
        """What is known about a fact or an attribute."""
        fact = find_fact(name, self.facts)
        short = name.removeprefix(ATTRIBUTE_PREFIX)
        found = self._of_type("untyped" if fact is None else fact.type, ("", short))
        return found if fact is None or not fact.words else replace(found, words=fact.words)

    def of_prop(self, event: str, prop: str) -> Subject:
        """What is known about a property of an event."""
        return self._of_type(EVENT_FIELDS.get(event, {}).get(prop, "untyped"), (event, prop))

    def of_measure(self, measure: str, event: str, prop: str) -> Subject:
        """What a count or a figure over a property is: always a number."""
        if measure in ("count", "distinct"):
            return NUMBER
        return Subject("number", ("number",), self.of_prop(event, prop).money)

    def of_line(self, prop: str) -> Subject:
        """What is known about a column of an order line."""
        return self._of_type(LINE_FIELDS[prop][1] if prop in LINE_FIELDS else "untyped", ("", ""))

    def _of_type(self, kind: str, key: tuple[str, str]) -> Subject:
        if kind == "untyped":
            family = operators.FAMILY_OF_TYPE.get(self.seen.get(key, ""), "")
            others = tuple(one for one in ANY_FAMILIES if one != family)
            return Subject(kind, (family, *others) if family else ANY_FAMILIES)
        money = {"money": Money(self.minor_digits), "points": POINTS}.get(kind, PLAIN)
        return Subject(kind, (operators.FAMILY_OF_TYPE[kind],), money)
