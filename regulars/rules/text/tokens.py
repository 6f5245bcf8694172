"""The words of the text form, each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from regulars.kernel.errors import Invalid

Kind = Literal["word", "text", "number", "sign", "end"]

# A bare word: names, operators, durations and days; anything else is written in quotes.
WORD = r"[^\W\d][\w.\-]*"
# What begins with a digit and is no plain number: 90d, 2026-01-31, 2026-01-31T12:00:00+02:00.
# Digits are 0 to 9: Unicode has more, which no engine reads.
STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2}))?"
DURATION = r"[0-9]{1,9}(?:min|mo|h|d|w|y)(?![\w.\-])"

_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)
    |(?P<stamp>{STAMP}(?![\w.\-:+]))
    |(?P<duration>{DURATION})
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))
    |(?P<word>{WORD})
    |(?P<text>"(?:[^"\\\n]|\\.)*")
    |(?P<sign>>=|<=|!=|[=<>()\[\]{{}},:])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text.

    value  what it says: the decoded text, the number, the word or the sign itself
    line   of its first character, from 1; column likewise
    start  offset of its first character
    """

    kind: Kind
    value: str | int | float
    line: int
    column: int
    start: int

    def shown(self) -> str:
        """The word as an error names it."""
        return "the end" if self.kind == "end" else json.dumps(str(self.value)[:40])


def fault(problem: str, line: int, column: int) -> Invalid:
    """The one error of reading a text: where the fault is and what to do about it."""
    return Invalid(
        "rule_text_invalid",
        f"Line {line}, column {column}: {problem}.",
        line=line,
        column=column,
        problem=problem,
    )


def tokens(text: str) -> Iterator[Token]:
    """The words in order, the end last. raises Invalid(rule_text_invalid)"""
    at, line, line_start = 0, 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        column = at - line_start + 1
        if found is None:
            raise fault(f"{json.dumps(text[at])} is not understood here", line, column)
        if found.lastgroup != "space":
            yield _token(found, line, column)
        breaks = found[0].count("\n")
        if breaks:
            line, line_start = line + breaks, at + found[0].rindex("\n") + 1
        at = found.end()
    yield Token("end", "", line, at - line_start + 1, at)


def _token(found: re.Match[str], line: int, column: int) -> Token:
    written, start = found[0], found.start()
    if found.lastgroup == "number":
        return Token("number", _number(written, line, column), line, column, start)
    if found.lastgroup == "text":
        try:
            return Token("text", json.loads(written), line, column, start)
        except ValueError as error:
            problem = 'the text in quotes is not as JSON writes it: use \\" and \\\\'
            raise fault(problem, line, column) from error
    if found.lastgroup in ("stamp", "duration"):
        return Token("text", written, line, column, start)
    kind: Kind = "word" if found.lastgroup == "word" else "sign"
    return Token(kind, written, line, column, start)


def _number(written: str, line: int, column: int) -> int | float:
    try:
        found: int | float = json.loads(_plain_number(written))
    except ValueError as error:
        # Python refuses to read whole numbers of thousands of digits.
        raise fault("the number has too many digits", line, column) from error
    return found


def _plain_number(written: str) -> str:
    """Without leading zeros, which people write and JSON refuses: 007 is 7."""
    return re.sub(r"^(-?)0+(?=\d)", r"\1", written)
