"""Which operators there are, what each compares with, and which types it belongs to."""

from __future__ import annotations

from regulars.rules.tree import Test, Value

# What the right-hand side must look like; the readers and the schema know each word.
OPERAND = {
    "set": "nothing", "not_set": "nothing",
    "eq": "scalar", "ne": "scalar", "in": "scalars", "not_in": "scalars",
    "contains": "text", "not_contains": "text", "starts": "text", "ends": "text",
    "regex": "regex",
    "gt": "number", "gte": "number", "lt": "number", "lte": "number",
    "before": "moment", "after": "moment",
    "in_last": "duration", "in_next": "duration", "older_than": "duration",
    "anniversary_in_next": "days", "anniversary_in_last": "days",
    "anniversary_today": "nothing", "month_is": "month",
    "has": "text", "has_any": "texts", "has_all": "texts", "has_none": "texts",
    "size_eq": "number", "size_ne": "number", "size_gt": "number", "size_gte": "number",
    "size_lt": "number", "size_lte": "number", "size_between": "numbers2",
    "between": "pair",
}  # fmt: skip

# An operator that is the exact complement of another: a missing value makes it true.
NEGATIVE_TWIN = {
    "ne": "eq", "not_in": "in", "not_contains": "contains", "has_none": "has_any",
    "not_set": "set", "size_ne": "size_eq",
}  # fmt: skip

TEXT = ("eq", "ne", "in", "not_in", "contains", "not_contains", "starts", "ends", "regex")
NUMBER = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "between")
BOOL = ("eq", "ne")
MOMENT = (
    "before", "after", "between", "in_last", "in_next", "older_than",
    "anniversary_in_next", "anniversary_in_last", "anniversary_today", "month_is",
)  # fmt: skip
LIST = (
    "has", "has_any", "has_all", "has_none", "size_eq", "size_ne", "size_gt", "size_gte",
    "size_lt", "size_lte", "size_between",
)  # fmt: skip
ANY = ("set", "not_set")
# Tests that name whole values, which may have words of their own.
WHOLE_VALUES = ("eq", "ne", "in", "not_in")

OPERATORS_OF = {
    "text": (*ANY, *TEXT),
    "number": (*ANY, *NUMBER),
    "money": (*ANY, *NUMBER),
    "points": (*ANY, *NUMBER),
    "bool": (*ANY, *BOOL),
    "date": (*ANY, *MOMENT),
    "time": (*ANY, *MOMENT),
    "list": (*ANY, *LIST),
}

# Tests of a count, a sum and the like: a number is always there.
MEASURE_OPERATORS = ("eq", "gt", "gte", "lt", "lte", "between")
# Figures that are added up exactly, so that what they are compared with has as few decimals.
EXACT_FIGURES = frozenset(("sum", "avg"))
# Tests of how long ago something was.
GAP_OPERATORS = ("gt", "gte", "lt", "lte")

_BY_OPERAND = {
    "nothing": "any", "text": "text", "regex": "text", "number": "number", "moment": "moment",
    "duration": "moment", "days": "moment", "month": "moment",
}  # fmt: skip


def family_of(test: Test) -> str:
    """What kind of value the test speaks about: any, text, number, bool, moment or list."""
    if test.op in LIST:
        return "list"
    if test.op == "anniversary_today":
        return "moment"
    operand = OPERAND[test.op]
    return _BY_OPERAND.get(operand) or _family_of_value(test.value, is_pair=operand == "pair")


def _family_of_value(value: Value, *, is_pair: bool) -> str:
    sample = value[0] if isinstance(value, tuple) else value
    if isinstance(sample, bool):
        return "bool"
    if isinstance(sample, str):
        return "moment" if is_pair else "text"
    return "number"


FAMILY_OF_TYPE = {
    "text": "text", "number": "number", "money": "number", "points": "number", "bool": "bool",
    "date": "moment", "time": "moment", "list": "list",
}  # fmt: skip


def positive(test: Test) -> tuple[Test, bool]:
    """The test without its negation, and whether it was negated: ne becomes (eq, True)."""
    twin = NEGATIVE_TWIN.get(test.op)
    return (test, False) if twin is None else (Test(twin, test.value), True)
