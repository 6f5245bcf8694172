"""Classes, stages and clusters over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.money import decimal_string
from regulars.value import queries

router = Router(tags=["value"])

DAY_EXAMPLE = "Give the day as 2026-12-31, not later than today."


class CellOut(Schema):
    recency: int
    frequency: int
    rfm_class: str
    customers: int
    share: float
    revenue: str
    average: str


class GridOut(Schema):
    at: datetime | None
    by: Literal["fifths", "borders"]
    customers: int
    revenue: str
    currency: str
    cells: list[CellOut]


class StageOut(Schema):
    stage: str
    customers: int
    revenue: str


class StagesOut(Schema):
    at: datetime | None
    currency: str
    stages: list[StageOut]


class MoveOut(Schema):
    was: str
    now: str
    customers: int


class MigrationOut(Schema):
    what: str
    before: date
    after: date
    customers: int
    moved: int
    moves: list[MoveOut]


@router.get("/grid", response=GridOut)
def grid(request: HttpRequest, at: date | None = None) -> dict[str, Any]:
    """Customers by recency and frequency: as stored, or counted as of the end of a local day."""
    workspace = request.workspace  # type: ignore[attr-defined]
    found = queries.grid(workspace.id) if at is None else queries.grid_on(workspace.id, _day(at))
    settings = queries.settings(workspace.id)
    return {
        "at": settings.scored_at if at is None else queries.end_of(workspace.id, at),
        "by": "fifths" if settings.borders is None else "borders",
        "customers": found.customers,
        "revenue": decimal_string(found.money_minor, workspace.currency),
        "currency": workspace.currency,
        "cells": [
            {
                "recency": cell.r,
                "frequency": cell.f,
                "rfm_class": cell.name,
                "customers": cell.customers,
                "share": cell.customers / found.customers,
                "revenue": decimal_string(cell.money_minor, workspace.currency),
                "average": decimal_string(
                    round(cell.money_minor / cell.customers), workspace.currency
                ),
            }
            for cell in found.cells
        ],
    }


@router.get("/stages", response=StagesOut)
def stages(request: HttpRequest, at: date | None = None) -> dict[str, Any]:
    """Customers by stage: as stored, or counted as of the end of a local day."""
    workspace = request.workspace  # type: ignore[attr-defined]
    if at is None:
        found = queries.stages(workspace.id)
    else:
        found = queries.stages_on(workspace.id, _day(at))
    moment = queries.settings(workspace.id).scored_at
    return {
        "at": moment if at is None else queries.end_of(workspace.id, at),
        "currency": workspace.currency,
        "stages": [
            {
                "stage": one.stage,
                "customers": one.customers,
                "revenue": decimal_string(one.money_minor, workspace.currency),
            }
            for one in found
        ],
    }


@router.get("/migration", response=MigrationOut)
def migration(
    request: HttpRequest, before: date, after: date, what: Literal["rfm_class", "stage"] = "stage"
) -> dict[str, Any]:
    """Where customers stood at the end of one local day and of a later one."""
    workspace = request.workspace  # type: ignore[attr-defined]
    if before >= after:
        raise Invalid("days_order", "The first day must lie before the second.")
    found = queries.migration(workspace.id, _day(before), _day(after), what)
    return {
        "what": what,
        "before": before,
        "after": after,
        "customers": found.customers,
        "moved": found.moved,
        "moves": [
            {"was": move.was, "now": move.now, "customers": move.customers} for move in found.moves
        ],
    }


def _day(given: date) -> date:
    # A day of grace: it may be tomorrow already where the shop stands.
    if not given >= queries.EARLIEST or (given - clock.now().date()).days > 1:
        raise Invalid("day_range", DAY_EXAMPLE)
    return given
