"""Text to the tree: words to the JSON of the language, which then judges it.

Chains bind as everywhere: `not` before `and` before `or`; brackets keep a chain of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.rules import language, limits, operators, reading
from regulars.rules.text.tokens import Token, fault, tokens
from regulars.rules.text.writing import SIGNS, WITHOUT_VALUE
from regulars.rules.tree import Rule

OPERATOR_OF = {sign: op for op, sign in SIGNS.items()}
MEASURES = ("count", "sum", "avg", "min", "max", "distinct")
TEXT_CHARS_MAX = limits.RULE_BYTES_MAX
# Brackets deeper than any rule may be are refused before they are followed.
BRACKETS_MAX = 4 * limits.DEPTH_MAX

Json = dict[str, Any]


def read(text: str) -> Rule:
    """The rule that the text spells.

    raises   Invalid(rule_text_invalid, line=…, column=…, problem=…); a fault that the language
             itself finds also carries its path
    """
    if len(text) > TEXT_CHARS_MAX:
        raise fault(f"A rule has at most {TEXT_CHARS_MAX} characters", 1, 1)
    reader = _Reader(text)
    node = reader.chain()
    reader.end()
    try:
        return language.parse({"version": reading.VERSION, "where": node})
    except Invalid as error:
        raise reader.placed(error, node) from error


class _Reader:
    """One pass over the words; every node's place is kept under its path."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._depth = 0
        self._places: dict[int, Token] = {}

    # ----- words

    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._now()
        if token.kind != "end":
            self._at += 1
        return token

    def _is(self, *words: str, ahead: int = 0) -> bool:
        at = min(self._at + ahead, len(self._tokens) - 1)
        token = self._tokens[at]
        return token.kind in ("word", "sign") and token.value in words

    def _took(self, *words: str) -> bool:
        if self._is(*words):
            self._at += 1
            return True
        return False

    def _expect(self, word: str, what: str = "") -> None:
        if not self._took(word):
            raise self._unexpected(what or f'"{word}"')

    def _unexpected(self, wanted: str) -> Invalid:
        token = self._now()
        return fault(f"{wanted} is expected, not {token.shown()}", token.line, token.column)

    def end(self) -> None:
        """Nothing may follow."""
        if self._now().kind != "end":
            raise self._unexpected('"and", "or" or the end')

    # ----- nodes

    def chain(self) -> Json:
        """Conditions joined by or, then by and."""
        self._depth += 1
        if self._depth > BRACKETS_MAX:
            raise self._unexpected("fewer brackets inside one another")
        node = self._joined("or", "any", lambda: self._joined("and", "all", self._unary))
        self._depth -= 1
        return node

    def _joined(self, word: str, key: str, part: Callable[[], Json]) -> Json:
        start = self._now()
        parts = [part()]
        while self._took(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else self._kept({key: parts}, start)

    def _kept(self, node: Json, start: Token) -> Json:
        self._places[id(node)] = start
        return node

    def _unary(self) -> Json:
        start = self._now()
        if self._took("not"):
            return self._kept({"not": self._deeper(self._unary)}, start)
        if self._took("("):
            node = self.chain()
            self._expect(")")
            return node
        return self._kept(self._leaf(), start)

    def _deeper(self, part: Callable[[], Json]) -> Json:
        self._depth += 1
        if self._depth > BRACKETS_MAX:
            raise self._unexpected("fewer conditions inside one another")
        node = part()
        self._depth -= 1
        return node

    def _leaf(self) -> Json:
        token = self._now()
        read_leaf = _LEAVES.get(str(token.value)) if token.kind == "word" else None
        if read_leaf is None:
            return self._fact_or_edge()
        self._take()
        return read_leaf(self)

    def _fact_or_edge(self) -> Json:
        named = self._name("a condition")
        if not self._took("of"):
            return {"fact": named, **self._test()}
        if not self._is("last", "first"):
            raise self._unexpected('"last" or "first"')
        which = str(self._take().value)
        node: Json = {which: self._name("an event"), "prop": named, **self._test()}
        return node | self._where() | self._within()

    def _group(self, key: str) -> Json:
        self._expect("(")
        node = {key: [self.chain()]}
        self._expect(")")
        return node

    def _did(self) -> Json:
        node = {"did": self._name("an event"), **self._where()}
        if self._is(*MEASURES):
            node |= self._measure()
        return node | self._within()

    def _measure(self) -> Json:
        key = str(self._take().value)
        if key == "count":
            return {key: self._compared()}
        self._expect("of")
        return {key: {"of": self._name("a property"), **self._compared()}}

    def _compared(self) -> Json:
        op = self._operator()
        return {op: self._value()}

    def _where(self) -> Json:
        if not self._took("where"):
            return {}
        filters = [self._filter()]
        # In a funnel a comma also parts the steps, and each step begins with did.
        while self._is(",") and not self._is("did", ahead=1):
            self._at += 1
            filters.append(self._filter())
        return {"where": filters}

    def _filter(self) -> Json:
        start = self._now()
        if self._is("line") and self._is("(", ahead=1):
            self._at += 2
            node: Json = {"line": self._list_of(self._filter)}
            self._expect(")")
        else:
            node = {"prop": self._name("a property"), **self._test()}
        return self._kept(node, start)

    def _list_of(self, part: Callable[[], Json]) -> list[Json]:
        found = [part()]
        while self._took(","):
            found.append(part())
        return found

    def _test(self) -> Json:
        op = self._operator()
        return {"op": op} if op in WITHOUT_VALUE else {"op": op, "value": self._value()}

    def _operator(self) -> str:
        token = self._now()
        op = OPERATOR_OF.get(str(token.value), str(token.value))
        if token.kind not in ("word", "sign") or op not in operators.OPERAND:
            raise self._unexpected("an operator (=, in, contains, in_last …)")
        self._take()
        return op

    def _within(self) -> Json:
        return {"within": self._window()} if self._took("within") else {}

    def _window(self) -> Json:
        if self._is("from", "to"):
            found: Json = {}
            for side in ("from", "to"):
                if self._took(side):
                    found[side] = self._value()
            return found
        if not self._is("last", "before_last", "this", "previous", "between_ago"):
            raise self._unexpected("from, to, last, before_last, this, previous or between_ago")
        key = str(self._take().value)
        if key in ("this", "previous"):
            return {key: self._name("day, week, month, quarter or year")}
        if key == "between_ago":
            return {key: [self._value(), self._value()]}
        return {key: self._value()}

    def _since(self) -> Json:
        if not self._is("last", "first"):
            raise self._unexpected('"last" or "first"')
        key = f"since_{self._take().value}"
        return {key: self._name("an event"), **self._compared()}

    def _overdue(self) -> Json:
        kind = self._name("an event")
        self._expect("by")
        return {"overdue": {"of": kind, "times_own_gap": self._value()}}

    def _funnel(self) -> Json:
        self._expect("(")
        steps = self._list_of(self._step)
        self._expect(")")
        self._expect("in")
        node: Json = {"funnel": steps, "in": self._value(), **self._within()}
        if self._took("reached"):
            is_number = self._now().kind == "number"
            node["reached"] = self._value() if is_number else self._compared()
        return node

    def _step(self) -> Json:
        start = self._now()
        self._expect("did")
        return self._kept(self._did(), start)

    def _consent(self) -> Json:
        topic = {"channel": self._name("a channel"), "purpose": self._name("a purpose")}
        return {"consent": topic, "is": self._name("given, withdrawn or never"), **self._within()}

    def _near(self) -> Json:
        place = {"lat": self._value(), "lon": self._value()}
        self._expect("km")
        return {"near": {**place, "km": self._value()}}

    def _share(self) -> Json:
        low = self._value()
        part = {"from": low, "to": self._value()} if self._took("to") else {"of": low}
        self._expect("salt")
        return {"share": {**part, "salt": self._value()}}

    def _json(self) -> Json:
        token = self._now()
        try:
            node, end = json.JSONDecoder().raw_decode(self._text, token.start)
        except (ValueError, RecursionError) as error:
            raise fault("a condition as JSON is expected", token.line, token.column) from error
        if not isinstance(node, dict):
            raise fault("a condition as JSON is an object", token.line, token.column)
        while self._now().kind != "end" and self._now().start < end:
            self._at += 1
        return node

    # ----- names and values

    def _name(self, what: str) -> str:
        token = self._now()
        if token.kind not in ("word", "text"):
            raise self._unexpected(what)
        self._take()
        return str(token.value)

    def _value(self) -> Any:
        if self._took("["):
            return self._items()
        token = self._now()
        if token.kind in ("text", "number"):
            return self._take().value
        if self._is("true", "false"):
            return self._take().value == "true"
        raise self._unexpected("a value: a number, a text in quotes, true, false or a list")

    def _items(self) -> list[Any]:
        found: list[Any] = []
        if self._took("]"):
            return found
        while True:
            found.append(self._value())
            if self._took("]"):
                return found
            self._expect(",", '"," or "]"')

    # ----- faults of the language

    def placed(self, error: Invalid, root: Json) -> Invalid:
        """The language's fault, at the place in the text that its path leads to."""
        path = str(error.details.get("path", "$"))
        node: Any = {"where": root}
        token = self._tokens[0]
        for step in _steps(path):
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                break
            token = self._places.get(id(node), token)
        problem = error.message.removeprefix(path).strip()
        found = fault(problem, token.line, token.column)
        found.details["path"] = path
        return found


def _steps(path: str) -> list[str | int]:
    """$.where.all[2].value as where, all, 2, value."""
    found: list[str | int] = []
    for part in path.removeprefix("$").split("."):
        member, *indexes = part.split("[")
        found += [member] if member else []
        found += [int(index.rstrip("]")) for index in indexes]
    return found


_LEAVES: dict[str, Callable[[_Reader], Json]] = {
    "all": lambda reader: reader._group("all"),
    "any": lambda reader: reader._group("any"),
    "everyone": lambda reader: {"all": []},
    "nobody": lambda reader: {"any": []},
    "did": _Reader._did,
    "since": _Reader._since,
    "overdue": _Reader._overdue,
    "funnel": _Reader._funnel,
    "consent": _Reader._consent,
    "reachable": lambda reader: {"reachable": reader._name("a channel")},
    "segment": lambda reader: {"segment": reader._name("a segment")},
    "list": lambda reader: {"list": reader._name("a list"), **reader._within()},
    "near": _Reader._near,
    "share": _Reader._share,
    "json": _Reader._json,
}
