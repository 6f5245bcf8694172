"""Texts of the interface: what must be translated, what is missing, and the compiled catalogues.

    python -m regulars.web.translations check [room]     lists what lacks Ukrainian or Russian
    python -m regulars.web.translations extract room     adds what is missing to the room's files
    python -m regulars.web.translations compile          writes every .mo that is older than its .po

Each room keeps its own catalogue; a text translated in any room is translated everywhere.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[1]
LANGUAGES = ("uk", "ru")
PLURALS = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 "
    "&& (n%100<12 || n%100>14) ? 1 : 2);"
)
PLURAL_COUNT = 3
LINE_CHARS = 100
# Functions whose arguments are texts: positions of singular, plural and context.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
TEMPLATE_CALL = re.compile(
    r"\b(_|gettext|ngettext|pgettext|npgettext)\("
    r"((?:\s*u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")\s*,?)+)"
)
LITERAL = re.compile(r"u?('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")")
NAMED = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True, slots=True)
class Text:
    """A text as the catalogues know it: singular, plural and context, empty when it has none."""

    singular: str
    plural: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A text that a language cannot show, and where it is used."""

    language: str
    text: Text
    reason: str
    place: str

    def __str__(self) -> str:
        return f"{self.language}  {self.reason}  {self.text.singular!r}  ({self.place})"


def compile_all() -> list[Path]:
    """Writes each .mo that is missing or older than its .po; gives those written."""
    written = []
    for source in sorted(PACKAGE.glob("*/locale/*/LC_MESSAGES/django.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        holder = BytesIO()
        write_mo(holder, _read(source))
        # Several processes may start at once: each writes its own file, then renames it.
        fresh = target.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_bytes(holder.getvalue())
        fresh.replace(target)
        written.append(target)
    return written


def problems(room: str = "") -> list[Problem]:
    """Texts of one room, or of all, that are not translated well in some language."""
    places = texts_of(room)
    found: list[Problem] = []
    for language in LANGUAGES:
        known = translations_in(language)
        for text, place in places.items():
            reason = fault_of(text, known.get(text, []))
            if reason:
                found.append(Problem(language, text, reason, place))
    return found


def fault_of(text: Text, candidates: Sequence[Message]) -> str:
    """What is wrong with the translations of a text: missing, fuzzy, plural, names; or nothing."""
    if not candidates:
        return "missing"
    for message in candidates:
        forms = message.string if isinstance(message.string, list | tuple) else [message.string]
        if message.fuzzy:
            return "fuzzy"
        if not all(forms):
            return "missing"
        if text.plural and len(forms) != PLURAL_COUNT:
            return "plural"
        if any(not _has_names_of(text, form) for form in forms):
            return "names"
    return ""


def texts_of(room: str = "") -> dict[Text, str]:
    """Every text in the templates and modules of a room, or of all, with the first place."""
    found: dict[Text, str] = {}
    for path in sorted((PACKAGE / room).rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or "tests" in path.parts:
            continue
        texts = _texts_of_module(path) if path.suffix == ".py" else _texts_of_template(path)
        for text in texts:
            found.setdefault(text, str(path.relative_to(PACKAGE)))
    return found


def translations_in(language: str) -> dict[Text, list[Message]]:
    """All catalogue entries of a language, room by room."""
    known: dict[Text, list[Message]] = {}
    for source in sorted(PACKAGE.glob(f"*/locale/{language}/LC_MESSAGES/django.po")):
        for message in _read(source):
            if message.id:
                known.setdefault(_text_of(message), []).append(message)
    return known


def add_missing(room: str) -> dict[str, int]:
    """Adds the room's untranslated texts to its catalogues, empty; how many by language."""
    places = texts_of(room)
    added = {}
    for language in LANGUAGES:
        source = PACKAGE / room / "locale" / language / "LC_MESSAGES" / "django.po"
        catalogue = _read(source) if source.exists() else Catalog(locale=language)
        known = translations_in(language)
        missing = [text for text in places if text not in known]
        for text in missing:
            identity = (text.singular, text.plural) if text.plural else text.singular
            catalogue.add(identity, context=text.context or None)
        if missing:
            _write(source, language, catalogue)
        added[language] = len(missing)
    return added


def _texts_of_module(path: Path) -> Iterator[Text]:
    with path.open("rb") as file:
        for _line, found, _comments, context in extract("python", file, keywords=KEYWORDS):
            singular, plural = found if isinstance(found, tuple) else (found, "")
            yield Text(singular, plural, context or "")


def _texts_of_template(path: Path) -> Iterator[Text]:
    code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for function, arguments in TEMPLATE_CALL.findall(code):
        parts = [ast.literal_eval(literal) for literal in LITERAL.findall(arguments)]
        context = parts.pop(0) if "p" in function else ""
        yield Text(parts[0], parts[1] if function.startswith("n") else "", context)


def _text_of(message: Message) -> Text:
    if isinstance(message.id, list | tuple):
        return Text(message.id[0], message.id[1], message.context or "")
    return Text(message.id, "", message.context or "")


def _has_names_of(text: Text, form: str | None) -> bool:
    """Whether a form uses only names the text has, and all of them unless it counts."""
    wanted = set(NAMED.findall(text.singular)) | set(NAMED.findall(text.plural))
    used = set(NAMED.findall(form or ""))
    return used <= wanted and (bool(text.plural) or used == wanted)


def _read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def _write(source: Path, language: str, catalogue: Catalog) -> None:
    holder = BytesIO()
    write_po(holder, catalogue, omit_header=True, no_location=True, width=LINE_CHARS)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {PLURALS}\\n"\n\n'
    )
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(header + holder.getvalue().decode(), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """The command: its word, then perhaps a room."""
    word, room = [*arguments, "check", ""][0], [*arguments, "", ""][1]
    if room and not (PACKAGE / room).is_dir():
        print(f"no room named {room}")
        return 2
    if word == "check":
        found = problems(room)
        print(*found, f"{len(found)} problems", sep="\n")
        return 1 if found else 0
    if word == "compile":
        print(f"{len(compile_all())} catalogues written")
        return 0
    if word == "extract" and room:
        for language, count in add_missing(room).items():
            print(f"{language}: {count} texts added to {room}/locale")
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
