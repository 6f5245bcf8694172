"""MJML, the mark-up for letters, turned into the HTML that mail programs understand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import mrml

from regulars.messaging.pure.rendering import SOURCE_CHARS_MAX, TemplateInvalid

DEPTH_MAX = 100

KNOWN_TAGS = frozenset(
    f"mj-{name}"
    for name in (
        "accordion", "accordion-element", "accordion-text", "accordion-title", "all", "attributes",
        "body", "breakpoint", "button", "carousel", "carousel-image", "class", "column", "divider",
        "font", "group", "head", "hero", "html-attribute", "html-attributes", "image", "include",
        "navbar", "navbar-link", "preview", "raw", "section", "selector", "social",
        "social-element", "spacer", "style", "table", "text", "title", "wrapper",
    )
) | {"mjml"}  # fmt: skip

_MJ_TAG = re.compile(r"<(/?)(mjml|mj-[a-z-]+)\b[^<>]*?(/?)>", re.IGNORECASE)
_SILENT = re.compile(r"<!--.*?-->|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG = re.compile(r"<(/?)[A-Za-z][^<>]*?(/?)>")
_MJML = re.compile(r"\s*(?:<!--.*?-->\s*)*<mjml[\s>]", re.DOTALL)
_VOID = re.compile(r"<(?:br|hr|img|input|link|meta|wbr)\b", re.IGNORECASE)


def is_mjml(source: str) -> bool:
    """True when the source is MJML and not HTML."""
    return _MJML.match(source[:2000]) is not None


def html_from_mjml(source: str) -> str:
    """The HTML of a letter written in MJML; Liquid tags inside pass through unchanged.

    Nothing is fetched: includes are refused and no remote font is linked.
    raises  TemplateInvalid
    """
    _check(source)
    # Browsers send CRLF, over which the library stumbles.
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        output = mrml.to_html(
            source,
            parser_options=mrml.ParserOptions(include_loader=mrml.noop_loader()),
            render_options=mrml.RenderOptions(disable_comments=True, fonts={}),
        )
    except OSError as error:
        raise TemplateInvalid("mjml_invalid", f"The MJML cannot be read: {error}.") from error
    return str(output.content)


@dataclass(frozen=True, slots=True)
class TagFault:
    """A tag that stands wrong; without fatal ones the letter can be made."""

    line: int
    code: str
    detail: str
    is_fatal: bool


def tag_faults(source: str) -> Iterator[TagFault]:
    """Tags of MJML that are unknown, never closed, or closed where they were not opened.

    The library tells of such mistakes without a line, or passes over them.
    """
    # Blanked and not removed, so that lines keep their numbers.
    text = _SILENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), source)
    open_tags: list[tuple[str, int]] = []
    for tag in _MJ_TAG.finditer(text):
        name, line = tag.group(2).lower(), text.count("\n", 0, tag.start()) + 1
        if name not in KNOWN_TAGS:
            yield TagFault(line, "mjml_tag_unknown", f"<{name}>", is_fatal=False)
        if tag.group(3):
            continue
        if not tag.group(1):
            open_tags.append((name, line))
        elif open_tags and open_tags[-1][0] == name:
            open_tags.pop()
        else:
            yield TagFault(line, "mjml_tag_crossed", f"</{name}>", is_fatal=True)
            return
    for name, line in open_tags[-1:]:
        yield TagFault(line, "mjml_tag_open", f"<{name}>", is_fatal=True)


def _check(source: str) -> None:
    if len(source) > SOURCE_CHARS_MAX:
        message = f"The template is longer than {SOURCE_CHARS_MAX} characters; shorten it."
        raise TemplateInvalid("template_too_long", message)
    depth = 0
    for tag in _TAG.finditer(source):
        if tag.group(2) or _VOID.match(tag.group()):
            continue
        depth += -1 if tag.group(1) else 1
        if depth > DEPTH_MAX:
            message = f"The MJML is nested deeper than {DEPTH_MAX} levels."
            raise TemplateInvalid("template_too_deep", message)
