"""The JSON Schema of rules, made from the same tables as the reader.

`python -m regulars.rules.schema` writes schema.json beside this file. The reader is stricter
where a schema cannot say it: depth, the number of conditions, dates, order, expressions.
"""

from __future__ import annotations

import json
from pathlib import Path

from regulars.rules import limits, operators, reading, reading_events, windows
from regulars.rules.facts import LINE_FIELDS

Schema = dict[str, object]

PATH = Path(__file__).parent / "schema.json"


def schema() -> Schema:
    """The whole schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule of the segment language, version 1",
        **_object({"version": {"const": reading.VERSION}, "where": _ref("node")}),
        "$defs": {
            "node": {"anyOf": [_ref(name) for name in _nodes()]},
            **_nodes(),
            **_shapes(),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _nodes() -> Schema:
    parts = {"type": "array", "items": _ref("node")}
    within = {"within": _ref("window")}
    topic = _object({"channel": _ref("name"), "purpose": _ref("name")})
    did = _object({"did": _ref("name")}, {"where": _ref("filters"), **within})
    return {
        "all": _object({"all": parts}),
        "any": _object({"any": parts}),
        "not": _object({"not": _ref("node")}),
        "fact": {"anyOf": _tested({"fact": _ref("name")})},
        "did": did,
        "did_count": _with(did, "count", _measured({})),
        **{
            f"did_{function}": _with(did, function, _measured({"of": _ref("name")}))
            for function in reading_events.FIGURES
        },
        **_edges(),
        **_gaps(),
        "funnel": _funnel(),
        "consent": _object(
            {"consent": topic, "is": {"enum": ["given", "withdrawn"]}}, dict(within)
        ),
        "consent_never": _object({"consent": topic, "is": {"const": "never"}}),
        "reachable": _object({"reachable": _ref("name")}),
        "segment": _object({"segment": _ref("name")}),
        "list": _object({"list": _ref("name")}, dict(within)),
        "near": _object({"near": _object(_place())}),
        "share": {"anyOf": [_share({"of": _ref("fraction")}), _share(_fraction_range())]},
    }


def _edges() -> Schema:
    optional: Schema = {"where": _ref("filters"), "within": _ref("window")}
    return {
        which: {
            "anyOf": _tested({which: _ref("name"), "prop": _ref("name")}, optional=optional),
        }
        for which in ("last", "first")
    }


def _gaps() -> Schema:
    gaps: Schema = {
        f"since_{which}": {
            "anyOf": [
                _object({f"since_{which}": _ref("name"), op: _ref("duration")})
                for op in operators.GAP_OPERATORS
            ]
        }
        for which in ("last", "first")
    }
    times = {"type": "number", "exclusiveMinimum": 0, "maximum": limits.OWN_GAPS_MAX}
    own = _object({"of": _ref("name"), "times_own_gap": times})
    return {**gaps, "overdue": _object({"overdue": own})}


def _funnel() -> Schema:
    steps = {
        "type": "array",
        "minItems": limits.FUNNEL_STEPS_MIN,
        "maxItems": limits.FUNNEL_STEPS_MAX,
        "items": _object({"did": _ref("name")}, {"where": _ref("filters")}),
    }
    number = {"type": "integer", "minimum": 0, "maximum": limits.FUNNEL_STEPS_MAX}
    reached = {"anyOf": [number, _object({"gte": number})]}
    return _object(
        {"funnel": steps, "in": _ref("duration")}, {"within": _ref("window"), "reached": reached}
    )


def _place() -> Schema:
    return {
        "lat": _within_degrees(reading.LATITUDE_MAX),
        "lon": _within_degrees(reading.LONGITUDE_MAX),
        "km": {"type": "number", "minimum": 0, "maximum": limits.KM_MAX},
    }


def _within_degrees(degrees: int) -> Schema:
    return {"type": "number", "minimum": -degrees, "maximum": degrees}


def _with(base: Schema, key: str, value: Schema) -> Schema:
    properties = {**_dict(base["properties"]), key: value}
    return {**base, "properties": properties, "required": ["did", key]}


def _dict(value: object) -> Schema:
    assert isinstance(value, dict)
    return value


def _share(part: Schema) -> Schema:
    return _object({"share": _object({"salt": _ref("text"), **part})})


def _fraction_range() -> Schema:
    return {"from": _ref("fraction"), "to": _ref("fraction")}


def _measured(extra: Schema) -> Schema:
    return {
        "anyOf": [
            _object({**extra, op: _ref("numbers2" if op == "between" else "number")})
            for op in operators.MEASURE_OPERATORS
        ]
    }


def _tested(base: Schema, *, optional: Schema | None = None) -> list[Schema]:
    """One shape for each shape of right-hand side, with the operators that take it."""
    kinds: dict[str, list[str]] = {}
    for op, kind in operators.OPERAND.items():
        kinds.setdefault(kind, []).append(op)
    return [
        _object(
            {**base, "op": {"enum": ops}, **({} if kind == "nothing" else _value(kind))}, optional
        )
        for kind, ops in kinds.items()
    ]


def _value(kind: str) -> Schema:
    return {"value": _ref(kind)}


def _shapes() -> Schema:
    text = {"type": "string", "maxLength": limits.TEXT_CHARS_MAX}
    number = {"type": "number", "minimum": -limits.NUMBER_MAX, "maximum": limits.NUMBER_MAX}
    durations: Schema = {"type": "string", "pattern": "^[0-9]{1,9}(min|h|d|w|mo|y)$"}
    pair = {"type": "array", "minItems": 2, "maxItems": 2}
    line = _tested({"prop": {"enum": list(LINE_FIELDS)}})
    return {
        "name": {"type": "string", "minLength": 1, "maxLength": limits.NAME_CHARS_MAX},
        "text": text,
        "number": number,
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
        "scalar": {"anyOf": [text, number, {"type": "boolean"}]},
        "scalars": {"anyOf": [_values(text), _values(number)]},
        "texts": _values(text),
        "regex": {"type": "string", "maxLength": limits.REGEX_CHARS_MAX},
        "numbers2": {**pair, "items": number},
        "pair": {"anyOf": [{**pair, "items": number}, {**pair, "items": _ref("moment")}]},
        "moment": {
            "type": "string",
            "pattern": f"^({windows.DAY_PATTERN}|{windows.INSTANT_PATTERN})$",
        },
        "duration": durations,
        "days": {"type": "string", "pattern": "^[0-9]{1,9}(d|w|mo|y)$"},
        "month": {"type": "integer", "minimum": 1, "maximum": 12},
        "window": {"anyOf": _windows(durations, pair)},
        "filter": {"anyOf": _tested({"prop": _ref("name")})},
        "line_filter": _object(
            {
                "line": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": limits.FILTERS_MAX,
                    "items": {"anyOf": line},
                }
            }
        ),
        "filters": {
            "type": "array",
            "maxItems": limits.FILTERS_MAX,
            "items": {"anyOf": [_ref("filter"), _ref("line_filter")]},
        },
    }


def _values(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": limits.VALUES_MAX}


def _windows(durations: Schema, pair: Schema) -> list[Schema]:
    unit = {"enum": list(windows.UNITS)}
    return [
        _object({"last": durations}),
        _object({"before_last": durations}),
        _object({"this": unit}),
        _object({"previous": unit}),
        _object({"between_ago": {**pair, "items": durations}}),
        _object({"from": _ref("moment")}, {"to": _ref("moment")}),
        _object({"to": _ref("moment")}),
    ]


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
