"""Screens of the reports."""

from __future__ import annotations

from regulars.reports.pages.figures import campaign, cohorts, overview, revenue
from regulars.reports.pages.grid import borders, rfm
from regulars.reports.pages.groups import clusters, find_clusters
from regulars.reports.pages.keeping import keep_segment
from regulars.reports.pages.moves import migration, moved
from regulars.reports.pages.stages import stages

__all__ = [
    "borders",
    "campaign",
    "clusters",
    "cohorts",
    "find_clusters",
    "keep_segment",
    "migration",
    "moved",
    "overview",
    "revenue",
    "rfm",
    "stages",
]
