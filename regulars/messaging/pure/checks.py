"""A letter looked at before anybody gets it: mistakes with their lines, links, size."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from regulars.messaging.pure.links import HREF, may_follow
from regulars.messaging.pure.mime import SUBJECT_CHARS_MAX
from regulars.messaging.pure.mjml import html_from_mjml, is_mjml, tag_faults
from regulars.messaging.pure.plain_text import text_from_html
from regulars.messaging.pure.rendering import (
    Compiled,
    TemplateInvalid,
    compile_html,
    compile_text,
    try_out,
)
from regulars.messaging.records import Problem, SourceCheck

UNSUBSCRIBE = "unsubscribe_url"
# Gmail shows the first 102 kB and hides the rest, the unsubscribe line too.
CLIP_BYTES = 102_000
LINKS_MAX = 500
PROBLEMS_MAX = 50

_LINKED = re.compile(r"<(?:a|mj-button|mj-image|mj-navbar-link)\s[^<>]*>", re.IGNORECASE)
_BLOCK = re.compile(
    r"\{%-?\s*((?:end)?(?:if|unless|case|for|tablerow|capture|comment|ifchanged))\b"
)
_IMAGE = re.compile(r"<(?:img|mj-image)\s[^<>]*>", re.IGNORECASE)
_ALT = re.compile(r"\salt\s*=", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"(?:mailto|tel|sms):|#.", re.IGNORECASE)

IsKnown = Callable[[str], bool]


def check_letter(subject: str, source: str, text: str, *, is_known: IsKnown) -> SourceCheck:
    """Everything that can be told without a customer; mistakes are told and never raised.

    is_known  answers whether a placeholder of this name exists
    """
    problems = [*_missing_parts(subject, source)]
    compiled: dict[str, Compiled] = {}
    for part, words in (("subject", subject), ("source", source), ("text", text)):
        compile_part = compile_html if part == "source" else compile_text
        try:
            compiled[part] = compile_part(words)
            try_out(compiled[part])
        except TemplateInvalid as error:
            problems.append(_of_error(part, words, error))
    body = ""
    if "source" in compiled:
        body, faults = _html_of(source)
        problems += faults
    names = frozenset().union(*(one.names for one in compiled.values()))
    given = {"subject": subject, "source": source, "text": text}
    for part, one in compiled.items():
        problems += _unknown_names(part, given[part], one.names, is_known)
    problems += _looks(source, body)
    has_unsubscribe = UNSUBSCRIBE in source
    if body and not has_unsubscribe:
        problems.append(Problem("source", 0, "unsubscribe_added"))
    links = tuple(address for _, address in _links(body))[:LINKS_MAX]
    size = len(body.encode("utf-8", "replace"))
    return SourceCheck(tuple(problems[:PROBLEMS_MAX]), links, size, has_unsubscribe, names)


def _missing_parts(subject: str, source: str) -> Iterator[Problem]:
    if not subject.strip():
        yield Problem("subject", 0, "subject_missing", is_blocking=True)
    elif len(subject) > SUBJECT_CHARS_MAX or not subject.strip().isprintable():
        yield Problem("subject", 0, "subject_invalid", str(SUBJECT_CHARS_MAX), is_blocking=True)
    if not source.strip():
        yield Problem("source", 0, "source_missing", is_blocking=True)


def _of_error(part: str, words: str, error: TemplateInvalid) -> Problem:
    line, detail = int(str(error.details.get("line", 0))), str(error.details.get("detail", ""))
    if error.code == "template_syntax" and (left_open := _open_block(words)) is not None:
        # The library tells of a block without an end at the end; its beginning is the place.
        line, detail = left_open
        return Problem(part, line, "template_open", detail, is_blocking=True)
    return Problem(part, line, error.code, detail, is_blocking=True)


def _open_block(words: str) -> tuple[int, str] | None:
    """The line and the tag of the innermost block that never ends; None when all do."""
    blocks: list[tuple[int, str]] = []
    for tag in _BLOCK.finditer(words):
        name = tag.group(1)
        if not name.startswith("end"):
            blocks.append((words.count("\n", 0, tag.start()) + 1, f"{{% {name} %}}"))
        elif blocks:
            blocks.pop()
    return blocks[-1] if blocks else None


def _html_of(source: str) -> tuple[str, list[Problem]]:
    """The HTML that leaves, or none with what stands in its way."""
    if not source.strip():
        return "", []
    if not is_mjml(source):
        return source, []
    faults = [
        Problem("source", fault.line, fault.code, fault.detail, is_blocking=fault.is_fatal)
        for fault in tag_faults(source)
    ]
    if any(fault.is_blocking for fault in faults):
        return "", faults
    try:
        body = html_from_mjml(source)
        compile_text(text_from_html(body))
    except TemplateInvalid as error:
        return "", [*faults, _of_error("source", "", error)]
    return body, faults


def _unknown_names(
    part: str, words: str, names: frozenset[str], is_known: IsKnown
) -> Iterator[Problem]:
    for name in sorted(names):
        if not is_known(name):
            position = words.find(name)
            line = words.count("\n", 0, position) + 1 if position >= 0 else 0
            yield Problem(part, line, "placeholder_unknown", name)


def _looks(source: str, body: str) -> Iterator[Problem]:
    """Faults that a reader would see; links and pictures are looked for where they were written."""
    for line, address in _links(source):
        code = _link_fault(address)
        if code:
            yield Problem("source", line, code, address[:200])
    for image in _IMAGE.finditer(source):
        if _ALT.search(image.group()) is None:
            line = source.count("\n", 0, image.start()) + 1
            yield Problem("source", line, "picture_without_words")
    if len(body.encode("utf-8", "replace")) > CLIP_BYTES:
        yield Problem("source", 0, "letter_clipped", str(CLIP_BYTES // 1_000))


def _links(text: str) -> Iterator[tuple[int, str]]:
    for tag in _LINKED.finditer(text):
        found = HREF.search(tag.group())
        if found is not None:
            yield text.count("\n", 0, tag.start()) + 1, html.unescape(found.group(2)[1:-1]).strip()


def _link_fault(address: str) -> str:
    if "{{" in address or "{%" in address or _OTHER_SCHEME.match(address):
        return ""
    if not address or address == "#":
        return "link_empty"
    if not may_follow(address):
        return "link_wrong"
    return "link_insecure" if address.lower().startswith("http://") else ""
