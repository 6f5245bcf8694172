"""Conditions from JSON, refusing whatever the closed set does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure.promotions.conditions import (
    CART_FIELDS,
    CONTEXT_FIELDS,
    LINE_ATTR,
    LINE_FIELDS,
    MEMBER_FIELDS,
    All,
    Any,
    Challenge,
    ChallengeUnit,
    Condition,
    Field,
    InSegment,
    Lines,
    MemberRule,
    Not,
    Op,
    Personal,
    Quantifier,
    Summed,
    Value,
)
from regulars.loyalty.pure.reading import Reader
from regulars.rules import language

DEPTH_MAX = 6
PARTS_MAX = 50
VALUES_MAX = 1000
MEMBER_RULES_MAX = 5
ANYWHERE_FIELDS = {**CART_FIELDS, **CONTEXT_FIELDS, **MEMBER_FIELDS}
TEXT_OPS: tuple[Op, ...] = ("eq", "ne", "in", "not_in", "contains", "starts", "set", "not_set")
NUMBER_OPS: tuple[Op, ...] = ("eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "not_in")
OPS: Mapping[str, tuple[Op, ...]] = {
    "text": TEXT_OPS,
    "bool": ("eq",),
    "attr": ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "set", "not_set"),
}
LISTS: tuple[Op, ...] = ("in", "not_in")
QUANTIFIERS: tuple[Quantifier, ...] = ("any", "every", "none", "count", "sum", "distinct")
SUMS: tuple[Summed, ...] = ("quantity", "amount", "initial_amount")
COUNT_OPS: tuple[Op, ...] = ("eq", "gt", "gte", "lt", "lte")
CHALLENGES: tuple[ChallengeUnit, ...] = ("purchase", "day", "week", "month", "amount")
WITHIN_DAYS_MAX = 400
QUANTITY_DIGITS = 3


@dataclass(slots=True)
class Names:
    """Gives each member rule of one promotion or earning rule its key."""

    owner: str
    rules: list[MemberRule] = field(default_factory=list)

    def key(self) -> str:
        number = len(self.rules)
        return self.owner if number == 0 else f"{self.owner}#{number + 1}"


def read_condition(reader: Reader, names: Names, depth: int = 0) -> Condition:
    """A condition about the cart, the moment and the member; {} and absence always hold."""
    return _node(reader, depth, lambda at, below: _leaf(at, names, below))


def read_where(reader: Reader, depth: int = 0) -> Condition:
    """A condition about one line."""
    return _node(reader, depth, lambda at, below: _field(at, LINE_FIELDS, with_attrs=True))


Leaf = Callable[[Reader, int], Condition]


def _node(reader: Reader, depth: int, leaf: Leaf) -> Condition:
    if reader.value is None or reader.value == {}:
        return All()
    if not isinstance(reader.value, dict):
        reader.fault("not_object")
        return All()
    if depth > DEPTH_MAX:
        reader.fault("too_deep", most=DEPTH_MAX)
        return All()
    for key, make in (("all", All), ("any", Any)):
        if key in reader.value:
            reader.keys(key)
            parts = reader.at(key).each(most=PARTS_MAX)
            return make(tuple(_node(part, depth + 1, leaf) for part in parts))
    if "not" in reader.value:
        reader.keys("not")
        return Not(_node(reader.at("not"), depth + 1, leaf))
    return leaf(reader, depth + 1)


def _leaf(reader: Reader, names: Names, depth: int) -> Condition:
    assert isinstance(reader.value, dict)
    for key, read in _LEAVES.items():
        if key in reader.value:
            reader.keys(key)
            return read(reader.at(key), names, depth)
    return _field(reader, ANYWHERE_FIELDS, with_attrs=False)


def _segment(reader: Reader, names: Names, depth: int) -> Condition:
    return InSegment(reader.slug(most=100))


def _member(reader: Reader, names: Names, depth: int) -> Condition:
    rule = reader.value
    if isinstance(rule, dict) and "where" not in rule:
        rule = {"version": 1, "where": rule}
    try:
        text = language.dumps(language.parse(rule))
    except Invalid as fault:
        reader.fault("not_rule", why=fault.message)
        return All()
    if len(names.rules) >= MEMBER_RULES_MAX:
        reader.fault("too_many", most=MEMBER_RULES_MAX)
    found = MemberRule(text, names.key())
    names.rules.append(found)
    return found


def _personal(reader: Reader, names: Names, depth: int) -> Condition:
    if reader.value is not True:
        reader.fault("not_choice", choices="true")
    return Personal(names.owner)


def _lines(reader: Reader, names: Names, depth: int) -> Condition:
    reader.keys("quantifier", "where", "op", "value", "of")
    quantifier = reader.at("quantifier").choice(QUANTIFIERS)
    where = read_where(reader.at("where"), depth)
    if quantifier in ("any", "every", "none"):
        for key in ("op", "value", "of"):
            if reader.has(key):
                reader.at(key).fault("not_together", other=f"quantifier {quantifier}")
        return Lines(quantifier, where)
    op = reader.at("op").choice(COUNT_OPS, "gte")
    if quantifier != "sum":
        return Lines(quantifier, where, op, reader.at("value").whole(), "lines")
    of = reader.at("of").choice(SUMS, "quantity")
    digits = QUANTITY_DIGITS if of == "quantity" else 0
    return Lines("sum", where, op, reader.at("value").scaled(digits), of)


def _challenge(reader: Reader, names: Names, depth: int) -> Condition:
    reader.keys("of", "value", "within_days", "in_a_row", "counts_this")
    of = reader.at("of").choice(CHALLENGES)
    in_a_row = reader.at("in_a_row").flag(False)
    if in_a_row and of not in ("day", "week", "month"):
        reader.at("in_a_row").fault("not_together", other=of)
    return Challenge(
        of,
        reader.at("value").whole(least=1),
        reader.at("within_days").whole(365, least=1, most=WITHIN_DAYS_MAX),
        in_a_row,
        reader.at("counts_this").flag(True),
    )


_LEAVES: Mapping[str, Callable[[Reader, Names, int], Condition]] = {
    "segment": _segment,
    "member": _member,
    "personal": _personal,
    "lines": _lines,
    "challenge": _challenge,
}


def _field(reader: Reader, fields: Mapping[str, str], *, with_attrs: bool) -> Condition:
    reader.keys("field", "op", "value")
    name = reader.at("field").text("")
    is_attr = with_attrs and name.startswith(LINE_ATTR) and len(name) > len(LINE_ATTR)
    kind = "attr" if is_attr else fields.get(name, "")
    if not kind:
        reader.at("field").fault("no_field")
        return All()
    ops = OPS.get(kind, NUMBER_OPS)
    op: Op = reader.at("op").choice(ops)
    value = reader.at("value")
    if op in ("set", "not_set"):
        if value.value is not None:
            value.fault("no_value")
        return Field(name, op)
    if op in LISTS:
        items = value.each(most=VALUES_MAX, least=1)
        return Field(name, op, tuple(_value(item, kind) for item in items))
    if op == "between":
        pair = tuple(_value(item, kind) for item in value.each(most=2, least=2))
        return Field(name, op, pair if len(pair) == 2 else (0, 0))
    return Field(name, op, _value(value, kind))


def _value(reader: Reader, kind: str) -> Value:
    if kind == "text":
        return reader.text("")
    if kind == "bool":
        return reader.flag(True)
    if kind == "quantity":
        return reader.scaled(QUANTITY_DIGITS)
    if kind == "attr":
        if isinstance(reader.value, str | int | bool):
            return reader.value
        reader.fault("not_text", most=200)
        return ""
    return reader.whole(least=-(10**12))
