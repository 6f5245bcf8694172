"""The frame of a chart and its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.web.charts.svg import Write
from regulars.web.format import NOTHING


def figure(
    label: str, legend: SafeString, unit: str, drawing: SafeString, table: SafeString
) -> SafeString:
    """A chart with its unit and legend above and its table below."""
    head = ""
    if unit or legend:
        head = format_html('<div class="chart-head"><span>{}</span>{}</div>', unit, legend)
    return format_html(
        '<figure class="chart">{}{}<details class="as-table"><summary>{}'
        '<span class="vh">: {}</span></summary>{}</details></figure>',
        head, drawing, _("Show as table"), label, table,
    )  # fmt: skip


def table_of(
    caption: str, names: Sequence[str], rows: Sequence[Sequence[Any]], write: Write
) -> SafeString:
    """A plain table: first column names, the others numbers or ready text."""
    head = format_html_join(
        "",
        '<th scope="col" class="{}">{}</th>',
        (("num" if place else "", name) for place, name in enumerate(names)),
    )
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        ((row[0], _cells(row[1:], write)) for row in rows),
    )
    return format_html(
        '<div class="table-box" tabindex="0" role="region" aria-label="{}">'
        '<table class="table fixed"><caption class="vh">{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        caption, caption, head, body,
    )  # fmt: skip


def _cells(values: Sequence[Any], write: Write) -> SafeString:
    return format_html_join(
        "", '<td class="num">{}</td>', ((_text(value, write),) for value in values)
    )


def _text(value: Any, write: Write) -> str:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else write(value)
