"""Regular expressions of RE2 as Java reads them: the same matches from another engine."""

from __future__ import annotations

import re

# Without regard to the case of any alphabet; only \n ends a line.
FLAGS = "(?iud)"
_MULTILINE = re.compile(r"\(\?[a-zA-Z]*m[a-zA-Z]*[-:)]")

_SPACE = r"\t\n\f\r "
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7F", "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\x0B\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def to_java(pattern: str) -> str:
    """The pattern for Java; RE2 has accepted it before."""
    found: list[str] = []
    end_of_text = "$" if _MULTILINE.search(pattern) else r"\z"
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            piece, at = _escape(pattern, at, is_class=False)
        elif char == "[":
            piece, at = _class(pattern, at)
        elif char == "$":
            piece, at = end_of_text, at + 1
        elif pattern.startswith("(?P<", at):
            piece, at = "(?<", at + 4
        else:
            piece, at = char, at + 1
        found.append(piece)
    return FLAGS + "".join(found)


def _escape(pattern: str, at: int, *, is_class: bool) -> tuple[str, int]:
    following = pattern[at + 1 : at + 2]
    if following == "Q":
        end = pattern.find("\\E", at + 2)
        end = len(pattern) if end < 0 else end
        quoted = "".join(_literal(char) for char in pattern[at + 2 : end])
        return quoted, min(end + 2, len(pattern))
    if following == "s":
        return (_SPACE if is_class else f"[{_SPACE}]"), at + 2
    if following == "S" and not is_class:
        return f"[^{_SPACE}]", at + 2
    if following in ("p", "P") and pattern[at + 2 : at + 3] == "{":
        end = pattern.index("}", at)
        name = pattern[at + 3 : end]
        is_script = len(name.lstrip("^")) > 2
        negated = (following == "P") is not name.startswith("^")
        name = name.lstrip("^")
        letter = "P" if negated else "p"
        return f"\\{letter}{{{'Is' if is_script else ''}{name}}}", end + 1
    return pattern[at : at + 2], at + 2


def _class(pattern: str, at: int) -> tuple[str, int]:
    found, at = ["["], at + 1
    if pattern[at : at + 1] == "^":
        found.append("^")
        at += 1
    is_first = True
    while pattern[at] != "]" or is_first:
        is_first = False
        char = pattern[at]
        if pattern.startswith("[:", at) and ":]" in pattern[at:]:
            end = pattern.index(":]", at)
            name = pattern[at + 2 : end]
            inner = _POSIX[name.lstrip("^")]
            found.append(f"[^{inner}]" if name.startswith("^") else inner)
            at = end + 2
        elif char == "\\":
            piece, at = _escape(pattern, at, is_class=True)
            found.append(piece)
        else:
            # Inside a class Java reads a bracket and && as set arithmetic.
            found.append("\\" + char if char in "[]&" else char)
            at += 1
    return "".join([*found, "]"]), at + 1


def _literal(char: str) -> str:
    return char if char.isalnum() or char == "_" or ord(char) > 127 else "\\" + char
