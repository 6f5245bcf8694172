"""Tests of single values as DuckDB expressions, over columns, order lines and JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

import sqlglot
from sqlglot import exp

from regulars.rules import operators, windows
from regulars.rules.duck_slots import Slots, sides_of, speaks_of_days
from regulars.rules.facts import FactType
from regulars.rules.tree import Scalar, Test
from regulars.rules.words import FINAL_SIGMA, SIGMA, folded

# The one letter that DuckDB lowers otherwise than Python, and what Python makes of it.
DOTTED_I, DOTTED_I_LOWERED = "İ", "i̇"


@cache
def _template(text: str) -> exp.Expression:
    return cast(exp.Expression, sqlglot.parse_one(text, dialect="duckdb"))


def sql(text: str, /, **parts: exp.Expression) -> exp.Expression:
    """A constant piece of SQL with expressions in place of its $names."""
    filled = exp.replace_placeholders(_template(text).copy(), **parts)
    return cast(exp.Expression, filled)


def all_of(conditions: list[exp.Expression]) -> exp.Expression:
    """Every condition holds."""
    return cast(exp.Expression, exp.and_(*conditions) if conditions else exp.true())


def any_of(conditions: list[exp.Expression]) -> exp.Expression:
    """Some condition holds."""
    return cast(exp.Expression, exp.or_(*conditions) if conditions else exp.false())


def known(condition: exp.Expression) -> exp.Expression:
    """The condition, false where it is unknown."""
    return sql("COALESCE($condition, FALSE)", condition=condition)


class Place(Protocol):
    """Where a value is read from, in whichever type a test needs it."""

    def is_set(self) -> exp.Expression: ...
    def text(self) -> exp.Expression: ...
    def lowered(self) -> exp.Expression: ...
    def is_text(self) -> exp.Expression | None: ...
    def number(self) -> exp.Expression: ...
    def is_bool(self, wanted: exp.Expression) -> exp.Expression: ...
    def instant(self) -> exp.Expression | None: ...
    def day(self) -> exp.Expression | None: ...
    def items(self) -> exp.Expression: ...


@dataclass(frozen=True, slots=True)
class Typed:
    """A column or figure whose type is known."""

    value: exp.Expression
    type: FactType
    twin: exp.Expression | None = None

    def is_set(self) -> exp.Expression:
        return sql("$value IS NOT NULL", value=self.value)

    def text(self) -> exp.Expression:
        return self.value

    def lowered(self) -> exp.Expression:
        return self.twin or _lower(self.value)

    def is_text(self) -> exp.Expression | None:
        return None

    def number(self) -> exp.Expression:
        return sql("CAST($value AS DOUBLE)", value=self.value)

    def is_bool(self, wanted: exp.Expression) -> exp.Expression:
        return sql("$value = $wanted", value=self.value, wanted=wanted)

    def instant(self) -> exp.Expression | None:
        return self.value if self.type == "time" else None

    def day(self) -> exp.Expression | None:
        return self.value if self.type == "date" else None

    def items(self) -> exp.Expression:
        return self.value


@dataclass(frozen=True, slots=True)
class InJson:
    """A member of a JSON object; a value of another type than asked for is missing."""

    document: exp.Expression
    pointer: exp.Expression

    def json(self) -> exp.Expression:
        return sql("CAST($found AS TEXT)", found=self._call("JSON_EXTRACT"))

    def _call(self, function: str) -> exp.Expression:
        # Not sqlglot's own node: it writes arrows, which bind weakly and look like lambdas.
        return exp.Anonymous(this=function, expressions=[self.document, self.pointer])

    def is_set(self) -> exp.Expression:
        return sql("$text IS NOT NULL", text=self.text())

    def text(self) -> exp.Expression:
        return self._call("JSON_EXTRACT_STRING")

    def lowered(self) -> exp.Expression:
        return _lower(self.text())

    def folded(self) -> exp.Expression:
        """The text as tests compare it."""
        return _one_sigma(self.lowered())

    def is_text(self) -> exp.Expression | None:
        return self.is_json_text()

    def is_json_text(self) -> exp.Expression:
        """Whether the member is a text."""
        return sql("STARTS_WITH($json, '\"')", json=self.json())

    def number(self) -> exp.Expression:
        return sql("TRY_CAST($json AS DOUBLE)", json=self.json())

    def is_bool(self, wanted: exp.Expression) -> exp.Expression:
        return sql("$json = CAST($wanted AS TEXT)", json=self.json(), wanted=wanted)

    def instant(self) -> exp.Expression | None:
        return sql(
            "CASE WHEN REGEXP_FULL_MATCH($text, $pattern) AND $is_text"
            " THEN TIMEZONE('UTC', TRY_CAST($text AS TIMESTAMPTZ)) END",
            text=self.text(),
            is_text=self.is_json_text(),
            pattern=exp.Literal.string(windows.INSTANT_PATTERN),
        )

    def day(self) -> exp.Expression | None:
        return sql(
            "CASE WHEN REGEXP_FULL_MATCH($text, $pattern) AND $is_text"
            " THEN TRY_CAST($text AS DATE) END",
            text=self.text(),
            is_text=self.is_json_text(),
            pattern=exp.Literal.string(windows.DAY_PATTERN),
        )

    def items(self) -> exp.Expression:
        return sql("TRY_CAST($found AS JSON[])", found=self._call("JSON_EXTRACT"))


def pointer_to(name: str, slots: Slots) -> exp.Expression:
    """The JSON pointer to a member, whatever characters its name has."""
    return slots.value("/" + name.replace("~", "~0").replace("/", "~1"))


def _lower(value: exp.Expression) -> exp.Expression:
    return sql(
        "LOWER(REPLACE($value, $dotted, $lowered))",
        value=value,
        dotted=exp.Literal.string(DOTTED_I),
        lowered=exp.Literal.string(DOTTED_I_LOWERED),
    )


def _one_sigma(lowered: exp.Expression) -> exp.Expression:
    return sql(
        "REPLACE($lowered, $last, $sigma)",
        lowered=lowered,
        last=exp.Literal.string(FINAL_SIGMA),
        sigma=exp.Literal.string(SIGMA),
    )


def passes(place: Place, test: Test, slots: Slots) -> exp.Expression:
    """The test as a condition; unknown (NULL) counts as false, negations are always known."""
    plain, is_negated = operators.positive(test)
    if plain.op == "set":
        condition = place.is_set()
    else:
        condition = _HANDLERS[operators.family_of(plain)](place, plain, slots)
    return exp.not_(known(condition)) if is_negated else condition


def _text(place: Place, test: Test, slots: Slots) -> exp.Expression:
    if test.op == "regex":
        condition = sql(
            "REGEXP_MATCHES($text, $pattern, 'i')",
            text=place.text(),
            pattern=slots.value(test.value),
        )
    else:
        condition = _folded_test(place, test, slots)
    is_text = place.is_text()
    return condition if is_text is None else all_of([condition, is_text])


def _folded_test(place: Place, test: Test, slots: Slots) -> exp.Expression:
    written = test.value if isinstance(test.value, tuple) else (test.value,)
    wanted = sorted({folded(str(item)) for item in written})
    mine = place.lowered()
    if any(SIGMA in item for item in wanted):
        mine = _one_sigma(mine)
    if test.op == "in":
        return mine.isin(*(slots.value(item) for item in wanted))
    return sql(_TEXT[test.op], mine=mine, other=slots.value(wanted[0]))


_TEXT = {
    "eq": "$mine = $other",
    "contains": "CONTAINS($mine, $other)",
    "starts": "STARTS_WITH($mine, $other)",
    "ends": "SUFFIX($mine, $other)",
}


def _number(place: Place, test: Test, slots: Slots) -> exp.Expression:
    return compares(place.number(), test, slots, float)


def compares(
    mine: exp.Expression, test: Test, slots: Slots, convert: Callable[[Scalar], object]
) -> exp.Expression:
    """A numeric test, its values brought to the column's type first."""
    values = test.value if isinstance(test.value, tuple) else (cast(Scalar, test.value),)
    return stands(mine, test.op, [slots.value(convert(value)) for value in values])


def stands(mine: exp.Expression, op: str, wanted: list[exp.Expression]) -> exp.Expression:
    """The figure stands to what is wanted as the operator says."""
    if op == "in":
        return mine.isin(*wanted)
    if op == "between":
        return sql("$mine BETWEEN $low AND $high", mine=mine, low=wanted[0], high=wanted[1])
    return sql(f"$mine {_SIGNS[op]} $other", mine=mine, other=wanted[0])


_SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def _bool(place: Place, test: Test, slots: Slots) -> exp.Expression:
    return place.is_bool(slots.value(test.value))


def _moment(place: Place, test: Test, slots: Slots) -> exp.Expression:
    instant, day = place.instant(), place.day()
    if test.op not in windows.SPAN_OPERATORS:
        return any_of(_anniversaries(instant, day, test, slots))
    found = []
    if instant is not None:
        edges = [(side, slots.instant(test, side)) for side in sides_of(test)]
        found.append(_within(instant, edges))
    if day is not None and speaks_of_days(test):
        edges = [(side, slots.day(test, side)) for side in sides_of(test)]
        found.append(_within(day, edges))
    return any_of(found)


def _within(value: exp.Expression, sides: list[tuple[str, exp.Expression]]) -> exp.Expression:
    signs = {"start": "$value >= $edge", "end": "$value < $edge"}
    return all_of([sql(signs[side], value=value, edge=edge) for side, edge in sides])


def _anniversaries(
    instant: exp.Expression | None, day: exp.Expression | None, test: Test, slots: Slots
) -> list[exp.Expression]:
    days = [] if day is None else [day]
    if instant is not None:
        days.append(
            sql(
                "CAST(TIMEZONE($zone, TIMEZONE('UTC', $instant)) AS DATE)",
                zone=slots.zone(),
                instant=instant,
            )
        )
    return [
        sql(
            "LIST_CONTAINS($days, MONTH($day) * 100 + DAY($day))",
            days=slots.month_days(test),
            day=one,
        )
        for one in days
    ]


def _list(place: Place, test: Test, slots: Slots) -> exp.Expression:
    if test.op.startswith("size_"):
        size = Test(test.op.removeprefix("size_"), test.value)
        mine = sql("CAST(LEN($items) AS DOUBLE)", items=place.items())
        return compares(mine, size, slots, float)
    written = test.value if isinstance(test.value, tuple) else (test.value,)
    wanted = tuple(sorted({folded(str(item)) for item in written}))
    texts = sql(
        "LIST_TRANSFORM($items, LAMBDA e : CASE WHEN STARTS_WITH(CAST(e AS TEXT), '\"')"
        " THEN REPLACE($lowered, $last, $sigma) END)",
        items=place.items(),
        lowered=_lower(InJson(exp.column("e"), exp.Literal.string("$")).text()),
        last=exp.Literal.string(FINAL_SIGMA),
        sigma=exp.Literal.string(SIGMA),
    )
    function = "LIST_HAS_ALL" if test.op == "has_all" else "LIST_HAS_ANY"
    others = exp.array(*(slots.value(item) for item in wanted), dialect="duckdb")
    return sql(f"{function}($texts, $others)", texts=texts, others=others)


_HANDLERS: dict[str, Callable[[Place, Test, Slots], exp.Expression]] = {
    "text": _text,
    "number": _number,
    "bool": _bool,
    "moment": _moment,
    "list": _list,
}
