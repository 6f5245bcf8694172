"""What the list of customers may be narrowed by, as scores know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.analytics.rfm import FIFTHS, class_of
from regulars.customers.records import ListCondition
from regulars.value import queries
from regulars.value.records import CLASS_LABELS, STAGE_LABELS

Part = tuple[str, list[Any]]
Choices = list[tuple[str, str]]
SCORES = range(1, FIFTHS + 1)


def _where(workspace_id: int, condition: str, values: list[Any]) -> Part:
    # Independent of the outer row, so that it is read once and hashed.
    sql = (
        "c.id IN (SELECT s.customer_id FROM value_score s"
        f" WHERE s.workspace_id = {int(workspace_id)} AND NOT s.is_gone AND {condition})"
    )
    return sql, values


def _class(workspace_id: int, given: str) -> Part:
    return _where(workspace_id, "s.rfm_class = %s", [given])


def _stage(workspace_id: int, given: str) -> Part:
    return _where(workspace_id, "s.stage = %s", [given])


def _cluster(workspace_id: int, given: str) -> Part:
    return _where(workspace_id, "s.cluster = %s", [given])


def _cell(workspace_id: int, given: str) -> Part:
    recency, _dash, frequency = given.partition("-")
    scores = [int(part) if part in {str(s) for s in SCORES} else 0 for part in (recency, frequency)]
    return _where(workspace_id, "s.recency_fifth = %s AND s.frequency_fifth = %s", scores)


def _labelled(labels: Mapping[str, Promise]) -> Choices:
    return [(name, str(label)) for name, label in labels.items()]


def _classes(_workspace_id: int) -> Choices:
    return _labelled(CLASS_LABELS)


def _stages(_workspace_id: int) -> Choices:
    return _labelled(STAGE_LABELS)


def _cells(_workspace_id: int) -> Choices:
    return [
        (f"{r}-{f}", f"R{r} F{f} · {CLASS_LABELS[class_of(r, f)]}")
        for r in reversed(SCORES)
        for f in reversed(SCORES)
    ]


def _clusters(workspace_id: int) -> Choices:
    return [
        (one.slug, _("Cluster %(number)s") % {"number": one.slug.removeprefix("c")})
        for one in queries.clusters(workspace_id)
    ]


RIGHT = "reports.view"
CONDITIONS: dict[str, ListCondition] = {
    "stage": ListCondition(gettext_lazy("Stage"), "choice", _stage, _stages, RIGHT),
    "rfm_class": ListCondition(gettext_lazy("RFM class"), "choice", _class, _classes, RIGHT),
    "rfm_cell": ListCondition(gettext_lazy("RFM scores"), "choice", _cell, _cells, RIGHT),
    "cluster": ListCondition(gettext_lazy("Cluster"), "choice", _cluster, _clusters, RIGHT),
}
