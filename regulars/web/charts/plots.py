"""Charts over time: bars, lines, sparkline.

The outer drawing has no viewBox: x in per cent, y in pixels, so text never scales. Lines live in
an inner drawing 100 wide that is stretched, with strokes that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.web.charts.svg import Axis, Write, axis_for, joined, path_points, px, writer
from regulars.web.charts.tables import figure, table_of
from regulars.web.parts import value_of

HEIGHT = 236
TOP, BOTTOM = 10, 26
PLOT = HEIGHT - TOP - BOTTOM
BAR_SHARE = 0.62
LABELS_MAX = 13
SPARK_HEIGHT = 34
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """The page's data in one shape."""

    label: str
    finding: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Values]]
    comparison: tuple[str, Values] | None
    is_unfinished: bool


def bars(data: Any, form: str = "number") -> SafeString:
    """Stacked bars from zero, with an optional dashed line of another period."""
    chart = _read(data)
    totals = [sum(_known(column)) for column in zip(*_values(chart), strict=False)]
    axis = axis_for([*totals, *_comparison(chart)], form)
    columns = joined(
        _column(chart, index, axis) for index in range(len(chart.labels))
    )  # fmt: skip
    drawing = _frame(chart, axis, joined([columns, _dashed(chart, axis), _bands(chart, form)]))
    return figure(chart.label, _legend(chart, "c"), axis.unit, drawing, _table(chart, form))


def lines(data: Any, form: str = "number") -> SafeString:
    """Up to four lines over the same periods."""
    chart = _read(data)
    every = [value for values in _values(chart) for value in _known(values)]
    axis = axis_for([*every, *_comparison(chart)], form)
    paths = joined(
        _path(values, axis, f"line l{place}") for place, values in enumerate(_values(chart), 1)
    )
    dots = joined(
        _dots(values, axis, place) for place, values in enumerate(_values(chart), 1)
    )  # fmt: skip
    drawing = _frame(
        chart, axis, joined([paths, _dashed(chart, axis), dots, _bands(chart, form)])
    )  # fmt: skip
    return figure(chart.label, _legend(chart, "l"), axis.unit, drawing, _table(chart, form))


def sparkline(values: Sequence[float]) -> SafeString:
    """A line of the past without axes, decoration beside the number it belongs to."""
    known = [float(value) for value in values]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = 100 / max(len(known) - 1, 1)
    bottom = SPARK_HEIGHT - 2
    points = [
        f"{px(step * index)} {px(bottom - (value - low) / span * (bottom - 3))}"
        for index, value in enumerate(known)
    ]
    line = "M" + "L".join(points if len(points) > 1 else [points[0], f"100 {points[0][2:]}"])
    return format_html(
        '<svg class="spark" width="100%" height="{h}" viewBox="0 0 100 {h}" '
        'preserveAspectRatio="none" aria-hidden="true"><path class="area" d="{d}V{h}H0Z"/>'
        '<path class="line" d="{d}"/></svg>',
        h=SPARK_HEIGHT, d=line,
    )  # fmt: skip


def _read(data: Any) -> Chart:
    compared = value_of(data, "comparison")
    return Chart(
        label=str(value_of(data, "label", "")),
        finding=str(value_of(data, "finding", "")),
        labels=[str(label) for label in value_of(data, "labels", ())],
        series=[
            (str(value_of(one, "name", "")), value_of(one, "values", ()))
            for one in value_of(data, "series", ())
        ],
        comparison=(
            (str(value_of(compared, "name", "")), value_of(compared, "values", ()))
            if compared
            else None
        ),
        is_unfinished=bool(value_of(data, "unfinished", False)),
    )


def _values(chart: Chart) -> list[Values]:
    return [values for _name, values in chart.series]


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def _comparison(chart: Chart) -> list[float]:
    return _known(chart.comparison[1]) if chart.comparison else []


def _y(axis: Axis, value: float) -> float:
    return TOP + PLOT * (1 - axis.place(value))


def _column(chart: Chart, index: int, axis: Axis) -> SafeString:
    """The stacked pieces of one period; the first series lies at the bottom."""
    band = 100 / len(chart.labels)
    x, width = px(band * (index + (1 - BAR_SHARE) / 2)), px(band * BAR_SHARE)
    is_open = chart.is_unfinished and index == len(chart.labels) - 1
    pieces, base = [], 0.0
    # A lone series is the subject and gets the strong colour; in a stack the last one does.
    colours = _colours(len(chart.series))
    for (_name, values), colour in zip(chart.series, colours, strict=True):
        value = values[index] if index < len(values) else None
        if not value:
            continue
        top, bottom = _y(axis, base + value), _y(axis, base)
        high, low = min(top, bottom), max(top, bottom)
        size = (x, px(high), width, px(max(low - high - (1 if base else 0), 1)))
        pieces.append(_rect(f"s{colour}", "", *size))
        if is_open:
            pieces.append(_rect("", "url(#hatch)", *size))
        base += value
    return joined(pieces)


def _rect(name: str, fill: str, x: str, y: str, width: str, height: str) -> SafeString:
    look = format_html('fill="{}"', fill) if fill else format_html('class="{}"', name)
    return format_html(
        '<rect {} x="{}%" y="{}" width="{}%" height="{}" rx="2"/>', look, x, y, width, height
    )


def _colours(count: int) -> list[int]:
    return {0: [], 1: [1], 2: [2, 1], 3: [2, 1, 3]}.get(count, [2, 1, 3, 4])


def _path(values: Values, axis: Axis, name: str) -> SafeString:
    return format_html(
        '<svg x="0" y="{top}" width="100%" height="{h}" viewBox="0 0 100 {h}" '
        'preserveAspectRatio="none"><path class="{name}" d="{d}"/></svg>',
        top=TOP, h=PLOT, name=name, d=path_points(values, axis, PLOT),
    )  # fmt: skip


def _dashed(chart: Chart, axis: Axis) -> SafeString:
    if not chart.comparison:
        return joined(())
    return _path(chart.comparison[1], axis, "line dashed")


def _dots(values: Values, axis: Axis, place: int) -> SafeString:
    band = 100 / max(len(values), 1)
    return format_html_join(
        "",
        '<circle class="dot l{}" cx="{}%" cy="{}" r="3"/>',
        (
            (place, px(band * (index + 0.5)), px(_y(axis, value)))
            for index, value in enumerate(values)
            if value is not None
        ),
    )


def _bands(chart: Chart, form: str) -> SafeString:
    """Invisible columns that carry the tooltip of each period."""
    write, band = writer(form), 100 / max(len(chart.labels), 1)
    return format_html_join(
        "",
        '<rect class="band" x="{}%" y="{}" width="{}%" height="{}" data-tip="{}"/>',
        (
            (px(band * index), TOP, px(band), PLOT, _tip(chart, index, write))
            for index in range(len(chart.labels))
        ),
    )


def _tip(chart: Chart, index: int, write: Write) -> str:
    everything = [*chart.series, *([chart.comparison] if chart.comparison else [])]
    rows = [
        f"{name}: {write(value)}"
        for name, values in everything
        for value in values[index : index + 1]
        if value is not None
    ]
    return "\n".join([chart.labels[index], *rows])


def _frame(chart: Chart, axis: Axis, inside: SafeString) -> SafeString:
    """Axis labels in their own drawing, then grid, content and period labels."""
    ticks = format_html_join(
        "",
        '<text x="36" y="{}" text-anchor="end" dominant-baseline="middle">{}</text>',
        ((px(_y(axis, tick)), axis.text(tick)) for tick in axis.ticks),
    )
    grid = format_html_join(
        "",
        '<line class="gridline{}" x1="0" x2="100%" y1="{}" y2="{}"/>',
        (
            (" zero" if tick == 0 else "", px(_y(axis, tick)), px(_y(axis, tick)))
            for tick in axis.ticks
        ),
    )
    return format_html(
        '<div class="plot" role="img" aria-label="{}"><svg width="44" height="{}" '
        'aria-hidden="true">{}</svg><svg width="100%" height="{}" aria-hidden="true">{}{}{}</svg>'
        "</div>",
        chart.finding or chart.label, HEIGHT, ticks, HEIGHT, grid, inside, _periods(chart),
    )  # fmt: skip


def _periods(chart: Chart) -> SafeString:
    """Labels under the plot, thinned when there are many; a narrow card shows every third."""
    count = len(chart.labels)
    band, every = 100 / max(count, 1), -(-count // LABELS_MAX)
    return format_html_join(
        "",
        '<text class="{}" x="{}%" y="{}" text-anchor="middle">{}</text>',
        (
            (
                "" if (count - 1 - index) % (every * 3) == 0 or count <= 6 else "thin",
                px(band * (index + 0.5)),
                HEIGHT - 8,
                label,
            )
            for index, label in enumerate(chart.labels)
            if (count - 1 - index) % every == 0
        ),
    )


def _legend(chart: Chart, kind: str) -> SafeString:
    if len(chart.series) < 2 and not chart.comparison:
        return joined(())
    places = _colours(len(chart.series)) if kind == "c" else range(1, len(chart.series) + 1)
    names = format_html_join(
        "",
        '<li><span class="swatch {}{}"></span>{}</li>',
        ((kind, place, name) for place, (name, _v) in zip(places, chart.series, strict=False)),
    )
    dash = (
        format_html('<li><span class="swatch dash"></span>{}</li>', chart.comparison[0])
        if chart.comparison
        else ""
    )
    return format_html('<ul class="legend">{}{}</ul>', names, dash)


def _table(chart: Chart, form: str) -> SafeString:
    everything = [*chart.series, *([chart.comparison] if chart.comparison else [])]
    last = len(chart.labels) - 1
    heads = [
        f"{label} ({_('so far')})" if chart.is_unfinished and index == last else label
        for index, label in enumerate(chart.labels)
    ]
    rows = [
        [head, *(values[index] if index < len(values) else None for _name, values in everything)]
        for index, head in enumerate(heads)
    ]
    names = [_("Period"), *(name for name, _values_ in everything)]
    return table_of(chart.label, names, rows, writer(form))
