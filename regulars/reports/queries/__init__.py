"""Reads of reports: questions to the lake, their kept answers, and documents for programs."""

from __future__ import annotations

from regulars.reports.pure.tables import table
from regulars.reports.queries.campaigns import launched_campaigns
from regulars.reports.queries.documents import base, campaign, cohorts, report, rfm
from regulars.reports.queries.first_steps import first_steps
from regulars.reports.queries.instants import instant_of
from regulars.reports.queries.questions import answer, scope_of
from regulars.reports.queries.snapshots import snapshot

__all__ = [
    "answer",
    "base",
    "campaign",
    "cohorts",
    "first_steps",
    "instant_of",
    "launched_campaigns",
    "report",
    "rfm",
    "scope_of",
    "snapshot",
    "table",
]
