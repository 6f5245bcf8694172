"""Refusals of the rooms in the reader's language.

Rooms below the pages know no language: they raise an English sentence, the API's answer too. Here
such a sentence is looked up in the catalogues; one with values in it is known by its pattern, in
which the values are called v1, v2 and so on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext

from regulars.web import translations
from regulars.web.translations import NAMED, PACKAGE, Text

KINDS = {"NotFound", "Refused", "Invalid", "Conflict", "Outside", "RegularsError"}
# The rooms whose refusals a member can meet on a page.
ROOMS = ("campaigns", "customers", "fields", "intake", "messaging", "orders", "privacy", "reports",
         "segments")  # fmt: skip
WORD = re.compile("[A-Za-z]{2}")
VALUE = re.compile(r"%\\\(v(\d+)\\\)s")


def said(sentence: str) -> str:
    """The sentence in the reader's language; as it is when no catalogue knows it."""
    found = gettext(sentence) if sentence else ""
    if found != sentence:
        return found
    for pattern, source in _patterns():
        match = pattern.fullmatch(sentence)
        if match:
            values = {f"v{number}": value for number, value in enumerate(match.groups(), start=1)}
            return gettext(source) % values
    return sentence


def sentences() -> dict[Text, str]:
    """Every sentence of a refusal in the rooms with pages, with the place it is raised at."""
    found: dict[Text, str] = {}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            # What only a program is told stays English.
            if "tests" not in path.parts and path.name != "api.py":
                for sentence in _raised_in(path):
                    found.setdefault(Text(sentence), str(path.relative_to(PACKAGE)))
    return found


def _raised_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        if isinstance(node.func, ast.Name) and node.func.id in KINDS:
            sentence = _sentence(node.args[1])
            if WORD.search(NAMED.sub("", sentence)):
                yield sentence


def _sentence(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts: list[str] = []
    count = 0
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value))
        else:
            count += 1
            parts.append(f"%(v{count})s")
    return "".join(parts)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    known = translations.translations_in(translations.LANGUAGES[0])
    sources = [text.singular for text in known if "%(v1)s" in text.singular]
    return tuple((re.compile(VALUE.sub("(.+)", re.escape(source))), source) for source in sources)
