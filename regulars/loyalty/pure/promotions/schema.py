"""The JSON Schema of a promotion, made from the same lists that the reader checks by."""

from __future__ import annotations

from typing import Any

from regulars.loyalty.pure.promotions import reading as limits
from regulars.loyalty.pure.promotions import reading_conditions as conditions
from regulars.loyalty.pure.promotions.conditions import LINE_ATTR, LINE_FIELDS
from regulars.loyalty.pure.promotions.model import LANES

Json = dict[str, Any]
SCALAR: Json = {"type": ["string", "integer", "boolean"]}
MOMENT: Json = {"type": "string", "format": "date-time"}
CLOCK: Json = {"type": "string", "pattern": "^([01]?[0-9]|2[0-4]):[0-5][0-9]$"}
SLUG: Json = {"type": "string", "pattern": "^[a-z0-9_-]+$", "maxLength": 60}
DECIMAL: Json = {"type": ["string", "number"]}


def _object(required: tuple[str, ...] = (), **properties: Json) -> Json:
    found: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _whole(most: int, least: int = 0) -> Json:
    return {"type": "integer", "minimum": least, "maximum": most}


def _list(items: Json, most: int, least: int = 0) -> Json:
    return {"type": "array", "items": items, "maxItems": most, "minItems": least}


def _enum(*values: str) -> Json:
    return {"enum": list(values)}


def _group(name: str) -> list[Json]:
    """all, any and not over conditions of one kind; {} always holds."""
    node = {"$ref": f"#/$defs/{name}"}
    return [
        {"type": "object", "maxProperties": 0},
        _object(("all",), all=_list(node, conditions.PARTS_MAX)),
        _object(("any",), any=_list(node, conditions.PARTS_MAX)),
        _object(("not",), **{"not": node}),
    ]


def _field(names: Json) -> Json:
    value = {"anyOf": [SCALAR, {"type": "number"}, _list(SCALAR, conditions.VALUES_MAX)]}
    ops = sorted({*conditions.TEXT_OPS, *conditions.NUMBER_OPS})
    return _object(("field", "op"), field=names, op=_enum(*ops), value=value)


def _lines() -> Json:
    return _object(
        ("quantifier",),
        quantifier=_enum(*conditions.QUANTIFIERS),
        where={"$ref": "#/$defs/where"},
        op=_enum(*conditions.COUNT_OPS),
        value=DECIMAL,
        of=_enum(*conditions.SUMS),
    )


def _challenge() -> Json:
    return _object(
        ("of", "value"),
        of=_enum(*conditions.CHALLENGES),
        value=_whole(10**12, 1),
        within_days=_whole(conditions.WITHIN_DAYS_MAX, 1),
        in_a_row={"type": "boolean"},
        counts_this={"type": "boolean"},
    )


def _conditions() -> Json:
    line = {
        "anyOf": [
            _enum(*LINE_FIELDS),
            {"type": "string", "pattern": f"^{LINE_ATTR.replace('.', '[.]')}.+"},
        ]
    }
    return {
        "where": {"anyOf": [*_group("where"), _field(line)]},
        "condition": {
            "anyOf": [
                *_group("condition"),
                _field(_enum(*conditions.ANYWHERE_FIELDS)),
                _object(("segment",), segment=SLUG | {"maxLength": 100}),
                _object(("member",), member={"type": "object"}),
                _object(("personal",), personal={"const": True}),
                _object(("lines",), lines=_lines()),
                _object(("challenge",), challenge=_challenge()),
            ]
        },
    }


def _effect() -> Json:
    money, units = _whole(limits.MONEY_MAX), _whole(limits.UNITS_MAX)
    said = {
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": limits.TEXT_CHARS_MAX},
            {"type": "object", "propertyNames": _enum(*limits.LANGUAGES), "minProperties": 1},
        ]
    }
    points = {"value": _whole(limits.MONEY_MAX, 1), "currency": SLUG}
    kinds: dict[str, tuple[tuple[str, ...], Json]] = {
        "percent_off": (("value",), {
            "value": DECIMAL, "base": _enum("remaining", "initial"),
            "spread": _enum("proportional", "each_line"), "cap": money,
        }),
        "amount_off": (("value",), {
            "value": _whole(limits.MONEY_MAX, 1), "spread": _enum("proportional"),
            "per": _enum("total", "unit", "set"), "cap": money,
        }),
        "fixed_price": (("value",), {"value": money, "cap": money}),
        "set_price": (("value",), {"value": money, "cap": money}),
        "free_units": ((), {"value": units, "cap": money}),
        "gift": (("skus",), {
            "value": units, "skus": _list({"type": "string"}, limits.SKUS_MAX, 1),
        }),
        "earn": (("value",), {**points, "per_minor": money, "terms": SLUG}),
        "earn_multiplier": (("value",), {"value": DECIMAL, "currency": SLUG}),
        "issue_code": (("promotion",), {"value": _whole(10, 1), "promotion": SLUG}),
        "message": (("text",), {"to": _enum("cashier", "receipt"), "text": said}),
        "tier_set": (("tier",), {"tier": SLUG, "days": _whole(3660)}),
    }  # fmt: skip
    return {
        "anyOf": [
            _object(("type", *needed), type={"const": kind}, **fields)
            for kind, (needed, fields) in kinds.items()
        ]
    }


def _target() -> Json:
    part = _object(
        where={"$ref": "#/$defs/where"}, qty=_whole(limits.UNITS_MAX, 1), side=_enum("get", "buy")
    )
    units = _whole(limits.UNITS_MAX)
    return _object(
        where={"$ref": "#/$defs/where"},
        pick=_enum(*limits.PICKS),
        n=units,
        max_units=units,
        sets=_list(part, limits.SETS_MAX),
        repeat=units,
    )


def _schedule() -> Json:
    days = _list(_whole(7, 1), 7)
    hours = _object((), days=days, **{"from": CLOCK, "to": CLOCK})
    dates = {"from": MOMENT, "to": MOMENT}
    return _object((), tz={"type": "string"}, weekly=_list(hours, limits.WEEKLY_MAX), **dates)


def _limit() -> Json:
    return _object(
        ("what", "per", "value"),
        what=_enum("uses", "discount", "points"),
        per=_enum("total", "member", "code", "shop", "identifier"),
        period=_enum("all", "day", "week", "month", "year"),
        value=_whole(10**12, 1),
        on_exceed=_enum("cut", "reject"),
    )


SCHEMA: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Promotion",
    **_object(
        ("effects",),
        id=SLUG,
        version=_whole(10**9, 1),
        lane=_enum(*LANES),
        group=SLUG,
        priority=_whole(10_000),
        schedule=_schedule(),
        trigger=_enum(*limits.TRIGGERS),
        shops=_list({"type": "string"}, limits.SHOPS_MAX),
        when={"$ref": "#/$defs/condition"},
        target=_target(),
        effects=_list(_effect(), limits.EFFECTS_MAX, 1),
        limits=_list(_limit(), limits.LIMITS_MAX),
        stack=_object(
            group_mode=_enum(*limits.MODES),
            exclusive={"type": "boolean"},
            not_with=_list(SLUG, limits.NOT_WITH_MAX),
        ),
        on_return=_enum("keep", "reevaluate"),
    ),
    "$defs": _conditions(),
}
