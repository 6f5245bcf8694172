"""MJML, the mark-up for letters, turned into the HTML that mail programs understand."""

from __future__ import annotations

import re

import mrml

from regulars.messaging.pure.rendering import SOURCE_CHARS_MAX, TemplateInvalid

DEPTH_MAX = 100

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
    try:
        output = mrml.to_html(
            source,
            parser_options=mrml.ParserOptions(include_loader=mrml.noop_loader()),
            render_options=mrml.RenderOptions(disable_comments=True, fonts={}),
        )
    except OSError as error:
        raise TemplateInvalid("mjml_invalid", f"The MJML cannot be read: {error}.") from error
    return str(output.content)


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
