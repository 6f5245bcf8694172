"""Template tags of the charts; the shapes of their data stand beside each function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from regulars.web import charts

register = template.Library()

for _draw in (charts.sparkline, charts.funnel, charts.rfm_grid):
    register.simple_tag(_draw)


def _with_format(draw: Callable[[Any, str], SafeString], default: str) -> None:
    """Registers a chart whose numbers are written by the tag's `format`."""

    def tag(data: Any, format: str = default) -> SafeString:  # noqa: A002 - the templates' word
        return draw(data, format)

    register.simple_tag(tag, name=draw.__name__)


_with_format(charts.bars, "number")
_with_format(charts.lines, "number")
_with_format(charts.cohorts, "percent")
_with_format(charts.interval_plot, "percent")
