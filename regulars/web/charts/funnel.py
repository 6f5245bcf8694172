"""A funnel: horizontal bars with the rate of the step before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.web import format as written
from regulars.web.charts.svg import joined, meter
from regulars.web.parts import value_of


def funnel(steps: Sequence[Any]) -> SafeString:
    """Each step with its count, its share of the step before, and a bar against the first."""
    counts = [value_of(step, "count", 0) or 0 for step in steps]
    rows = [
        _row(step, counts, index) for index, step in enumerate(steps)
    ]  # fmt: skip
    return format_html('<ol class="funnel">{}</ol>', joined(rows))


def _row(step: Any, counts: Sequence[int], index: int) -> SafeString:
    first, count = counts[0], counts[index]
    note = value_of(step, "note", "")
    return format_html(
        '<li><div class="funnel-row"><span>{}</span>{}<span>{}</span></div>{}{}</li>',
        value_of(step, "name", ""),
        _figure(count, value_of(step, "url", "")),
        _rate(counts, index),
        meter(count / first if first else 0),
        format_html("<small>{}</small>", note) if note else "",
    )


def _figure(count: int, url: str) -> SafeString:
    text = written.number(count)
    if url:
        return format_html('<b><a class="figure" href="{}">{}</a></b>', url, text)
    return format_html("<b>{}</b>", text)


def _rate(counts: Sequence[int], index: int) -> str:
    if index == 0 or not counts[index - 1]:
        return written.NOTHING
    return _("%(share)s of previous") % {
        "share": written.percent(counts[index] / counts[index - 1])
    }
