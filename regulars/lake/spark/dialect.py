"""The product's DuckDB statements as Spark SQL with the same answers.

One place for every difference between the two engines. JSON members are read as VARIANT, so that
types stay apart; instants are TIMESTAMP_NTZ in UTC; values travel as parameters, but for moments
and lists of numbers, which Spark takes only as literals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import sqlglot
from sqlglot import exp

from regulars.lake.spark import asof, regex

OBJECT = "map<string,variant>"
LIST = "array<variant>"


@dataclass(slots=True)
class Statement:
    """One statement for Spark.

    files  name of a view → the lake's files it reads, as the statement named them
    """

    sql: str
    params: dict[str, Any]
    files: dict[str, tuple[str, ...]]


@dataclass(slots=True)
class _Work:
    given: Mapping[str, Any]
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[tuple[str, ...], str] = field(default_factory=dict)

    def keep(self, value: object) -> exp.Expression:
        """A parameter of the translation's own."""
        for name, known in self.params.items():
            if type(known) is type(value) and known == value:
                return exp.Placeholder(this=name)
        name = f"t{len(self.params) + 1}"
        self.params[name] = value
        return exp.Placeholder(this=name)


def translate(sql: str, params: Mapping[str, Any]) -> Statement:
    """A DuckDB statement with named parameters as one for Spark.

    raises   ValueError where a piece has no translation: a mistake of the product, not of data
    """
    work = _Work(params)
    tree = _walk(cast(exp.Expression, sqlglot.parse_one(sql, dialect="duckdb")), work)
    names = {placeholder.this for placeholder in tree.find_all(exp.Placeholder)}
    kept = {name: value for name, value in {**params, **work.params}.items() if name in names}
    files = {name: paths for paths, name in work.files.items()}
    return Statement(tree.sql("spark"), kept, files)


def _walk(node: exp.Expression, work: _Work) -> exp.Expression:
    """The node in Spark's words, from the outside in: a cast knows what it casts."""
    handler = _HANDLERS.get(type(node))
    found = node if handler is None else handler(node, work)
    if found is not node and node.parent is not None:
        node.replace(found)
    for child in list(found.iter_expressions()):
        _walk(child, work)
    return found


# ----- parameters


def _placeholder(node: exp.Placeholder, work: _Work) -> exp.Expression:
    if node.this not in work.given:
        return node
    value = work.given[node.this]
    if isinstance(value, datetime):
        return _typed(value.isoformat(sep=" "), "TIMESTAMP_NTZ")
    if isinstance(value, date):
        return _typed(value.isoformat(), "DATE")
    if isinstance(value, Decimal):
        return exp.cast(exp.Literal.string(str(value)), f"DECIMAL(38, {-_exponent(value)})")
    if isinstance(value, list | tuple):
        items = [exp.Literal.number(item) for item in value if isinstance(item, int)]
        if len(items) != len(value):
            raise ValueError("only lists of numbers are parameters")
        return exp.Array(expressions=items)
    return node


def _exponent(value: Decimal) -> int:
    return min(0, cast(int, value.as_tuple().exponent))


def _typed(text: str, kind: str) -> exp.Expression:
    return exp.Cast(this=exp.Literal.string(text), to=exp.DataType.build(kind, dialect="spark"))


# ----- JSON


def _member(node: exp.Expression, work: _Work) -> exp.Expression:
    """The VARIANT that a JSON pointer leads to."""
    document, pointer = node.this, node.expression
    if isinstance(node, exp.Anonymous):
        document, pointer = node.expressions
    if isinstance(pointer, exp.JSONPath) or (
        isinstance(pointer, exp.Literal) and pointer.this == "$"
    ):
        return cast(exp.Expression, document)
    if not isinstance(pointer, exp.Placeholder):
        raise ValueError("a member of JSON is named by a parameter")
    name = str(work.given[pointer.this]).removeprefix("/").replace("~1", "/").replace("~0", "~")
    parsed = _call("FROM_JSON", document, exp.Literal.string(OBJECT))
    return _call("ELEMENT_AT", parsed, work.keep(name))


def _variant_get(value: exp.Expression, kind: str) -> exp.Expression:
    return _call("TRY_VARIANT_GET", value, exp.Literal.string("$"), exp.Literal.string(kind))


def _is_json(node: exp.Expression) -> bool:
    return isinstance(node, exp.JSONExtract) or (
        isinstance(node, exp.Anonymous) and node.name.upper() == "JSON_EXTRACT"
    )


def _is_element(node: exp.Expression) -> bool:
    """Whether the node is the variable of a lambda over a list of JSON."""
    if not isinstance(node, exp.Column | exp.Identifier):
        return False
    found = node.find_ancestor(exp.Lambda)
    return found is not None and any(item.name == node.name for item in found.expressions)


def _cast(node: exp.Cast, work: _Work) -> exp.Expression:
    value, kind = node.this, node.to
    if _is_json(value):
        member = _member(value, work)
        if kind.is_type("array"):
            return _variant_get(member, LIST)
        text = _call("TO_JSON", member)
        return text if kind.is_type("text", "varchar") else _retyped(node, text)
    if kind.is_type("text", "varchar") and _is_element(value):
        return _call("TO_JSON", value)
    if kind.is_type("timestamptz"):
        return _recast(node, value, "TIMESTAMP_LTZ")
    if kind.is_type("timestamp"):
        return _recast(node, value, "TIMESTAMP_NTZ")
    if kind.is_type("bigint") and isinstance(value, exp.DPipe) and value.this.name == "0x":
        places = _call("CONV", value.expression, exp.Literal.number(16), exp.Literal.number(10))
        return exp.cast(places, "BIGINT")
    return node


def _retyped(node: exp.Cast, value: exp.Expression) -> exp.Expression:
    return type(node)(this=value, to=node.to)


def _recast(node: exp.Cast, value: exp.Expression, kind: str) -> exp.Expression:
    return type(node)(this=value, to=exp.DataType.build(kind, dialect="spark"))


def _json_text(node: exp.Expression, work: _Work) -> exp.Expression:
    return _variant_get(_member(node, work), "string")


# ----- functions


def _regex(node: exp.RegexpLike, work: _Work) -> exp.Expression:
    return _matches(node.this, node.expression, work, is_full=False)


def _full_match(node: exp.RegexpFullMatch, work: _Work) -> exp.Expression:
    return _matches(node.this, node.expression, work, is_full=True)


def _matches(
    text: exp.Expression, pattern: exp.Expression, work: _Work, *, is_full: bool
) -> exp.Expression:
    if isinstance(pattern, exp.Placeholder):
        written = regex.to_java(str(work.given[pattern.this]))
    else:
        written = pattern.name
    if is_full:
        written = rf"\A(?:{written})\z"
    return _call("REGEXP_LIKE", text, work.keep(written))


def _zone(node: exp.Expression, work: _Work) -> exp.Expression:
    """TIMEZONE: of a naive instant its local time; of an absolute one its time in UTC."""
    zone, value = node.expressions
    if isinstance(value, exp.Anonymous) and value.name.upper() == "TIMEZONE":
        utc = exp.Literal.string("UTC")
        inner = value.expressions[1]
        return _call("CONVERT_TIMEZONE", utc, zone, inner)
    if isinstance(value, exp.Cast) and value.to.is_type("timestamptz", "timestampltz"):
        return exp.Cast(this=value, to=exp.DataType.build("TIMESTAMP_NTZ", dialect="spark"))
    # Left for the outer call, which puts the naive instant into a zone.
    return node


def _call(name: str, *parts: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=list(parts))


def _micros(node: exp.Anonymous, _work: _Work) -> exp.Expression:
    moment = exp.Cast(
        this=node.expressions[0], to=exp.DataType.build("TIMESTAMP_LTZ", dialect="spark")
    )
    return _call("UNIX_MICROS", moment)


def _microseconds(node: exp.Anonymous, work: _Work) -> exp.Expression:
    length_us = int(_given(node.expressions[0], work))
    zero = exp.Literal.number(0)
    seconds = exp.cast(exp.Literal.string(str(Decimal(length_us).scaleb(-6))), "DECIMAL(18, 6)")
    return _call("MAKE_DT_INTERVAL", zero, zero.copy(), zero.copy(), seconds)


def _months(node: exp.Anonymous, work: _Work) -> exp.Expression:
    months = exp.Literal.number(int(_given(node.expressions[0], work)))
    return _call("MAKE_YM_INTERVAL", exp.Literal.number(0), months)


def _given(node: exp.Expression, work: _Work) -> Any:
    return work.given[node.this] if isinstance(node, exp.Placeholder) else node.this


def _select(node: exp.Select, _work: _Work) -> exp.Expression:
    asof.spread(node)
    return node


def _has_all(node: exp.Anonymous, _work: _Work) -> exp.Expression:
    mine, wanted = node.expressions
    missing = _call("ARRAY_SIZE", _call("ARRAY_EXCEPT", wanted, mine))
    return exp.EQ(this=missing, expression=exp.Literal.number(0))


def _files(node: exp.Expression, work: _Work) -> exp.Expression:
    """A scan of Parquet files as a view that the engine puts over them."""
    array = next(part for part in node.expressions if isinstance(part, exp.Array))
    paths = tuple(part.name for part in array.expressions)
    name = work.files.setdefault(paths, f"regulars_files_{len(work.files) + 1}")
    return exp.to_identifier(name)


def _anonymous(node: exp.Anonymous, work: _Work) -> exp.Expression:
    handler = _FUNCTIONS.get(node.name.upper())
    return handler(node, work) if handler is not None else node


def _cte(node: exp.CTE, _work: _Work) -> exp.Expression:
    node.set("materialized", None)
    return node


_FUNCTIONS: dict[str, Callable[[Any, _Work], exp.Expression]] = {
    "JSON_EXTRACT_STRING": _json_text,
    "TIMEZONE": _zone,
    "EPOCH_US": _micros,
    "TO_MICROSECONDS": _microseconds,
    "TO_MONTHS": _months,
    "ROW": lambda node, _work: _call("STRUCT", *node.expressions),
    "SUFFIX": lambda node, _work: _call("ENDSWITH", *node.expressions),
    "LIST_HAS_ALL": _has_all,
}
_HANDLERS: dict[type, Callable[[Any, _Work], exp.Expression]] = {
    exp.Placeholder: _placeholder,
    exp.Anonymous: _anonymous,
    exp.ReadParquet: _files,
    exp.JSONExtractScalar: _json_text,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.RegexpLike: _regex,
    exp.RegexpFullMatch: _full_match,
    exp.ArrayOverlaps: lambda node, _work: _call("ARRAYS_OVERLAP", node.this, node.expression),
    # Only lists are measured in our statements, never texts.
    exp.Length: lambda node, _work: _call("ARRAY_SIZE", node.this),
    exp.CTE: _cte,
    exp.Select: _select,
}
