"""Estimates with their intervals on one scale around zero."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.web import format as written
from regulars.web.charts.svg import Axis, Write, axis_for, joined, px, writer
from regulars.web.charts.tables import figure, table_of
from regulars.web.parts import value_of

ROW_HEIGHT = 34
AXIS_HEIGHT = 22
TICKS_AIM = 3


def interval_plot(data: Any, form: str = "percent") -> SafeString:
    """A whisker from low to high with a dot at the estimate, one row a measure."""
    rows = list(value_of(data, "rows", ()))
    write = _signed(form)
    ends = [value_of(row, name) for row in rows for name in ("low", "high")]
    axis = axis_for([end for end in ends if end is not None], form, aim=TICKS_AIM)
    drawn = joined(_row(row, axis, write) for row in rows)
    body = format_html(
        '<div class="interval" role="img" aria-label="{}">{}<div class="iv iv-axis">{}</div></div>',
        value_of(data, "finding") or value_of(data, "label", ""), drawn, _ticks(axis),
    )  # fmt: skip
    names = [_("Measure"), _("Estimate"), _("Lower end"), _("Upper end")]
    lines = [
        [value_of(row, "name", ""), *(value_of(row, end) for end in ("mid", "low", "high"))]
        for row in rows
    ]
    label = str(value_of(data, "label", ""))
    return figure(label, joined(()), axis.unit, body, table_of(label, names, lines, write))


def _row(row: Any, axis: Axis, write: Write) -> SafeString:
    low, mid, high = (value_of(row, name) for name in ("low", "mid", "high"))
    note = value_of(row, "note", "")
    small = format_html("<small>{}</small>", note) if note else ""
    if mid is None or low is None or high is None:
        return format_html(
            '<div class="iv"><span>{}</span><span class="muted">{}</span>'
            '<span class="est">{}</span></div>',
            value_of(row, "name", ""), note or _("Not enough data yet"), written.NOTHING,
        )  # fmt: skip
    tone = "up" if low > 0 else "down" if high < 0 else ""
    return format_html(
        '<div class="iv"><span>{}</span>{}<span class="est"><b>{}</b>{}</span></div>',
        value_of(row, "name", ""), _whisker(low, mid, high, axis, tone), write(mid), small,
    )  # fmt: skip


def _whisker(low: float, mid: float, high: float, axis: Axis, tone: str) -> SafeString:
    half = ROW_HEIGHT // 2
    at = [px(100 * axis.place(value)) for value in (low, mid, high, 0)]
    return format_html(
        '<svg class="{tone}" width="100%" height="{h}" aria-hidden="true">'
        '<line class="zero" x1="{zero}%" x2="{zero}%" y1="0" y2="{h}"/>'
        '<line class="whisker" x1="{low}%" x2="{high}%" y1="{y}" y2="{y}"/>'
        '<circle class="mid" cx="{mid}%" cy="{y}" r="5"/></svg>',
        tone=tone, h=ROW_HEIGHT, y=half, low=at[0], mid=at[1], high=at[2], zero=at[3],
    )  # fmt: skip


def _ticks(axis: Axis) -> SafeString:
    labels = format_html_join(
        "",
        '<text class="{}" x="{}%" y="14" text-anchor="middle">{}</text>',
        (
            ("" if place % 2 == 0 or tick == 0 else "thin", px(100 * axis.place(tick)),
             axis.text(tick))
            for place, tick in enumerate(axis.ticks)
        ),
    )  # fmt: skip
    return format_html(
        '<svg width="100%" height="{}" aria-hidden="true" overflow="visible">{}</svg>',
        AXIS_HEIGHT, labels,
    )  # fmt: skip


def _signed(form: str) -> Write:
    write = writer(form)
    return lambda value: written.plus(value) + write(value)
