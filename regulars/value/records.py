"""What leaves the room of value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.analytics import rfm, stages
from regulars.analytics.rfm import Borders

CLASS_LABELS: dict[str, Promise] = {
    rfm.CHAMPIONS: gettext_lazy("Champions"),
    rfm.LOYAL: gettext_lazy("Loyal"),
    rfm.POTENTIAL_LOYALISTS: gettext_lazy("Potential loyalists"),
    rfm.NEW: pgettext_lazy("customers", "New"),
    rfm.PROMISING: gettext_lazy("Promising"),
    rfm.NEED_ATTENTION: gettext_lazy("Need attention"),
    rfm.ABOUT_TO_SLEEP: gettext_lazy("About to sleep"),
    rfm.AT_RISK: gettext_lazy("At risk"),
    rfm.CANT_LOSE: gettext_lazy("Can’t lose"),
    rfm.HIBERNATING: gettext_lazy("Hibernating"),
}
STAGE_LABELS: dict[str, Promise] = {
    stages.PROSPECT: gettext_lazy("Prospect"),
    stages.FIRST: gettext_lazy("First purchase"),
    stages.REPEAT: gettext_lazy("Repeat"),
    stages.LOYAL: gettext_lazy("Loyal"),
    stages.COOLING: gettext_lazy("Cooling"),
    stages.LOST: pgettext_lazy("stage", "Lost"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one customer stands; class and scores are absent until something was bought."""

    customer_id: int
    orders: int
    money_minor: int
    last_on: date | None
    recency_fifth: int | None
    frequency_fifth: int | None
    money_fifth: int | None
    rfm_class: str | None
    gap_days: float | None
    stage: str
    stage_since: date
    cooling_on: date | None
    lost_on: date | None
    cluster: str | None


@dataclass(frozen=True, slots=True)
class StageSum:
    """The stored customers of one stage."""

    stage: str
    customers: int
    money_minor: int


@dataclass(frozen=True, slots=True)
class Settings:
    """How the workspace scores; the instants say as of when the stored scores are true.

    borders    None: by fifths
    is_behind  something changed since, and new scores are on their way
    """

    borders: Borders | None
    scored_at: datetime | None
    took_ms: int
    is_behind: bool
    clustered_at: datetime | None
    cluster_note: str


@dataclass(frozen=True, slots=True)
class Found:
    """A cluster of the last run, with the rule that comes nearest to it."""

    slug: str
    size: int
    money_minor: int
    profile: Mapping[str, Any]
    rule: Mapping[str, Any]
    covered: float
    exact: float
