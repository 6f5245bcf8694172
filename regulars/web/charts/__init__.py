"""SVG charts drawn on the server: one function a kind, plain data in, safe markup out."""

from __future__ import annotations

from regulars.web.charts.funnel import funnel
from regulars.web.charts.heat import cohorts, rfm_grid
from regulars.web.charts.interval import interval_plot
from regulars.web.charts.plots import bars, lines, sparkline

__all__ = ["bars", "cohorts", "funnel", "interval_plot", "lines", "rfm_grid", "sparkline"]
