"""A launched campaign with its letters and arms, counted by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from regulars.analytics.tests.lake_shape import add_order
from regulars.campaigns.records import CampaignRecord, State
from regulars.reports.queries import campaigns as known

LAUNCHED_AT = datetime(2011, 11, 20, 8, 0, tzinfo=UTC)

WIN_BACK = CampaignRecord(
    id=1,
    public_id="win-back-1",
    name="Come back for tea",
    state=State.SENT,
    segment_id=None,
    rule=None,
    subject="We miss you",
    source="",
    control_share=0.25,
    window_days=30,
    pace_per_hour=0,
    topic="",
    scheduled_at=None,
    launch_number=1,
    launched_at=LAUNCHED_AT,
    template_version_id=None,
    audience_count=160,
    contacted_count=120,
    control_count=40,
    excluded_count=0,
    finished_at=LAUNCHED_AT,
    reason="",
    created_at=LAUNCHED_AT,
    updated_at=LAUNCHED_AT,
)
DRAFT = replace(WIN_BACK, id=2, public_id="draft-2", state=State.DRAFT, launched_at=None)


def know(monkeypatch: pytest.MonkeyPatch, workspace_id: int, *found: CampaignRecord) -> None:
    """Make these the campaigns of the workspace."""
    monkeypatch.setattr(
        known.campaigns, "campaigns", lambda asked: list(found) if asked == workspace_id else []
    )
    days = {one.id: one.window_days for one in found if one.launched_at is not None}
    monkeypatch.setattr(
        known.campaigns, "windows", lambda asked: days if asked == workspace_id else {}
    )


def send_win_back(lake: duckdb.DuckDBPyConnection, currency: str = "GBP") -> None:
    """120 contacted, 40 held back; 30 and 5 bought; 20 of the buyers had clicked."""
    at = LAUNCHED_AT.replace(tzinfo=None)
    for customer in range(1, 161):
        arm = "contacted" if customer <= 120 else "control"
        _insert(lake, "assignments", [customer, "campaign:1", customer, arm, at])
        if arm == "contacted":
            state, bounced = ("bounced", at) if customer == 120 else ("accepted", None)
            _insert(lake, "messages", [customer, 1, customer, "email", state, at, at, bounced])
    for customer in range(1, 31):
        if customer <= 20:
            props = json.dumps({"campaign": 1})
            for kind in ("message.opened", "message.clicked"):
                time = datetime(2011, 11, 21, 9, 0)  # noqa: DTZ001 -- the lake's clock is naive
                _insert(lake, "events", [customer, customer, time, kind, props, customer, "live"])
        add_order(lake, customer, customer, "2011-11-22 10:00", 2_000, currency=currency)
    for customer in range(121, 126):
        add_order(lake, customer, customer, "2011-11-22 10:00", 2_000, currency=currency)


def _insert(lake: duckdb.DuckDBPyConnection, table: str, values: list[Any]) -> None:
    lake.execute(f"insert into {table} values ({', '.join('?' * len(values))})", values)
