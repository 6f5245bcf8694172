"""Campaigns over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Header
from pydantic import ConfigDict, Field

from regulars.analytics.lift import Arm, Lift
from regulars.analytics.readings import Interval
from regulars.campaigns import actions, queries
from regulars.campaigns.pure.drafts import NAME_CHARS_MAX, SOURCE_CHARS_MAX, SUBJECT_CHARS_MAX
from regulars.campaigns.queries import CampaignReport
from regulars.campaigns.records import (
    CONTROL_SHARE,
    CONTROL_SHARE_MAX,
    PACE_PER_HOUR_MAX,
    WINDOW_DAYS,
    WINDOW_DAYS_MAX,
    CampaignRecord,
    Draft,
)
from regulars.kernel.errors import Invalid
from regulars.kernel.money import decimal_string
from regulars.loyalty.queries import series
from regulars.segments import queries as segments

router = Router(tags=["campaigns"])
KEY_CHARS_MAX = 200
Key = Header("", alias="Idempotency-Key", max_length=KEY_CHARS_MAX)


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class CampaignIn(Strict):
    """Recipients are a saved segment, by its id, or a rule of the campaign's own.

    Each of them is given a code of the series, by its id; {{ loyalty.code }} prints it.
    """

    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    segment: str | None = Field(None, max_length=200)
    rule: dict[str, Any] | None = None
    subject: str = Field("", max_length=SUBJECT_CHARS_MAX)
    source: str = Field("", max_length=SOURCE_CHARS_MAX)
    control_share: float = Field(CONTROL_SHARE, ge=0, le=CONTROL_SHARE_MAX)
    window_days: int = Field(WINDOW_DAYS, ge=1, le=WINDOW_DAYS_MAX)
    pace_per_hour: int = Field(0, ge=0, le=PACE_PER_HOUR_MAX)
    topic: str = Field("", max_length=40)
    code_series: str | None = Field(None, max_length=200)


class LaunchIn(Strict):
    """Without a time the campaign begins at once."""

    at: datetime | None = None


class CampaignOut(Schema):
    id: str
    name: str
    state: str
    segment: str | None
    rule: dict[str, Any] | None
    subject: str
    control_share: float
    window_days: int
    pace_per_hour: int
    topic: str
    code_series: str | None
    scheduled_at: datetime | None
    launched_at: datetime | None
    finished_at: datetime | None
    audience: int
    contacted: int
    control: int
    excluded: int
    reason: str


class CampaignsOut(Schema):
    campaigns: list[CampaignOut]


class ReachOut(Schema):
    """codes_free: how many the series has left, absent when it makes them as they are asked for."""

    audience: int
    contacted: int
    control: int
    excluded: dict[str, int]
    codes_free: int | None = None


class ArmOut(Schema):
    """Everyone of the group counts, those who bought nothing too."""

    customers: int
    buyers: int
    orders: int
    revenue: str


class LiftOut(Schema):
    """Differences are absent when the split is broken or there is nobody to compare with."""

    verdict: str
    contacted: ArmOut
    control: ArmOut
    split_p_value: float | None
    is_split_broken: bool
    buyer_share_difference: float | None
    buyer_share_interval: list[float] | None
    money_per_contacted: str | None
    money_per_contacted_interval: list[str] | None
    extra_revenue: str | None
    extra_revenue_interval: list[str] | None
    p_value: float | None


class ReportOut(Schema):
    campaign: CampaignOut
    at: datetime
    currency: str
    is_window_open: bool
    states: dict[str, int]
    excluded: dict[str, int]
    planned: int
    refused: int
    unknown: int
    sent: int
    bounced: int
    delivered: int
    opened: int
    opened_confirmed: int
    clicked: int
    ordered: int
    orders: int
    revenue: str
    unsubscribed: int
    complained: int
    lift: LiftOut


@router.get("", response=CampaignsOut)
def list_campaigns(request: HttpRequest) -> dict[str, object]:
    """The newest campaigns."""
    workspace_id = _workspace_id(request)
    ids = _ids(workspace_id)
    return {"campaigns": [_out(one, ids) for one in queries.campaigns(workspace_id)]}


@router.post("", response={201: CampaignOut})
def create_campaign(request: HttpRequest, body: CampaignIn, key: str = Key) -> Any:
    """Write a draft; the same Idempotency-Key and body again give the same draft."""
    workspace_id = _workspace_id(request)
    made = actions.create_draft(workspace_id, _draft(workspace_id, body), key=key or None)
    return Status(201, _out(made, _ids(workspace_id)))


@router.get("/{public_id}", response=CampaignOut)
def one_campaign(request: HttpRequest, public_id: str) -> dict[str, object]:
    """A campaign and the counts of its launch."""
    workspace_id = _workspace_id(request)
    return _out(queries.campaign(workspace_id, public_id), _ids(workspace_id))


@router.put("/{public_id}", response=CampaignOut)
def update_campaign(request: HttpRequest, public_id: str, body: CampaignIn) -> dict[str, object]:
    """Write the draft anew; 409 once it is no draft."""
    workspace_id = _workspace_id(request)
    made = actions.update(workspace_id, public_id, _draft(workspace_id, body))
    return _out(made, _ids(workspace_id))


@router.get("/{public_id}/reach", response=ReachOut)
def campaign_reach(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Who would receive it now, who would be held back, and who is left out why."""
    workspace_id = _workspace_id(request)
    one = queries.campaign(workspace_id, public_id)
    found, codes = queries.campaign_reach(workspace_id, one), queries.codes_given(workspace_id, one)
    return {
        "audience": found.audience,
        "contacted": found.contacted,
        "control": found.control,
        "excluded": dict(found.excluded),
        "codes_free": codes.free if codes else None,
    }


@router.post("/{public_id}/launch", response=CampaignOut)
def launch(
    request: HttpRequest, public_id: str, body: LaunchIn | None = None, key: str = Key
) -> dict[str, object]:
    """Begin now or at a time; needs an Idempotency-Key, and the same key launches once."""
    workspace_id = _workspace_id(request)
    at = body.at if body else None
    if at is None:
        started = actions.send_now(workspace_id, public_id, key=key)
    elif at.tzinfo is None:
        raise Invalid("schedule_time", "Give the time with its zone.", path="at")
    else:
        started = actions.schedule(workspace_id, public_id, at=at, key=key)
    return _out(started, _ids(workspace_id))


@router.post("/{public_id}/pause", response=CampaignOut)
def pause(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Hold back what has not left yet."""
    workspace_id = _workspace_id(request)
    return _out(actions.pause(workspace_id, public_id), _ids(workspace_id))


@router.post("/{public_id}/resume", response=CampaignOut)
def resume(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Go on with the same recipients."""
    workspace_id = _workspace_id(request)
    return _out(actions.resume(workspace_id, public_id), _ids(workspace_id))


@router.post("/{public_id}/cancel", response=CampaignOut)
def cancel(request: HttpRequest, public_id: str) -> dict[str, object]:
    """End it for good; what has left stays sent."""
    workspace_id = _workspace_id(request)
    return _out(actions.cancel(workspace_id, public_id), _ids(workspace_id))


@router.get("/{public_id}/report", response=ReportOut)
def report(request: HttpRequest, public_id: str, at: datetime | None = None) -> dict[str, object]:
    """From message to money, and against the control group; `at` counts what was before it."""
    workspace_id = _workspace_id(request)
    if at is not None and at.tzinfo is None:
        raise Invalid("report_time", "Give the time with its zone.", path="at")
    found = queries.report(workspace_id, public_id, at=at)
    return _report(found, _ids(workspace_id))


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def _draft(workspace_id: int, body: CampaignIn) -> Draft:
    content = body.dict(exclude={"segment", "code_series"})
    given = series.series(workspace_id, body.code_series).id if body.code_series else None
    draft = Draft(**content, code_series_id=given)
    if body.segment is None:
        if body.rule is not None:
            queries.check_rule(workspace_id, body.rule)
        return draft
    for segment in segments.segments(workspace_id):
        if segment.public_id == body.segment:
            return replace(draft, segment_id=segment.id)
    raise Invalid("segment_unknown", "There is no such segment in use.", path="segment")


@dataclass(frozen=True, slots=True)
class _Ids:
    """Public ids of what campaigns name by their row."""

    segments: Mapping[int, str]
    series: Mapping[int, str]


def _ids(workspace_id: int) -> _Ids:
    return _Ids(
        {segment.id: segment.public_id for segment in segments.segments(workspace_id)},
        {one.id: one.public_id for one in series.own_series(workspace_id)},
    )


def _out(one: CampaignRecord, ids: _Ids) -> dict[str, object]:
    return {
        "id": one.public_id,
        "name": one.name,
        "state": one.state.value,
        "segment": ids.segments.get(one.segment_id or 0),
        "rule": one.rule,
        "subject": one.subject,
        "control_share": one.control_share,
        "window_days": one.window_days,
        "pace_per_hour": one.pace_per_hour,
        "topic": one.topic,
        "code_series": ids.series.get(one.code_series_id or 0),
        "scheduled_at": one.scheduled_at,
        "launched_at": one.launched_at,
        "finished_at": one.finished_at,
        "audience": one.audience_count,
        "contacted": one.contacted_count,
        "control": one.control_count,
        "excluded": one.excluded_count,
        "reason": one.reason,
    }


def _report(found: CampaignReport, ids: _Ids) -> dict[str, object]:
    funnel, counts = found.funnel, found.funnel.counts
    return {
        "campaign": _out(found.campaign, ids),
        "at": found.at,
        "currency": found.currency,
        "is_window_open": found.is_window_open,
        "states": {state.value: count for state, count in found.states.items()},
        "excluded": dict(found.excluded),
        "planned": funnel.planned,
        "refused": funnel.refused,
        "unknown": funnel.unknown,
        "sent": counts.sent,
        "bounced": counts.bounced,
        "delivered": counts.delivered,
        "opened": counts.opened,
        "opened_confirmed": counts.opened_confirmed,
        "clicked": counts.clicked,
        "ordered": counts.ordered,
        "orders": counts.orders,
        "revenue": decimal_string(counts.revenue_minor, found.currency),
        "unsubscribed": counts.unsubscribed,
        "complained": counts.complained,
        "lift": _lift(found.lift, found.currency),
    }


def _lift(lift: Lift, currency: str) -> dict[str, object]:
    shares = lift.buyers if lift.is_readable else None
    return {
        "verdict": lift.verdict,
        "contacted": _arm(lift.contacted, currency),
        "control": _arm(lift.control, currency),
        "split_p_value": lift.split.p_value if lift.split else None,
        "is_split_broken": lift.split is not None and lift.split.is_broken,
        "buyer_share_difference": shares.difference if shares else None,
        "buyer_share_interval": _bounds(shares.interval) if shares else None,
        "money_per_contacted": _money(lift.money_per_contacted, currency),
        "money_per_contacted_interval": _money_bounds(lift.money_per_contacted_interval, currency),
        "extra_revenue": _money(lift.extra_revenue, currency),
        "extra_revenue_interval": _money_bounds(lift.extra_revenue_interval, currency),
        "p_value": lift.revenue.p_value if lift.is_readable else None,
    }


def _arm(arm: Arm, currency: str) -> dict[str, object]:
    return {
        "customers": arm.customers,
        "buyers": arm.buyers,
        "orders": arm.orders,
        "revenue": decimal_string(arm.revenue_minor, currency),
    }


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _money(minor: float | None, currency: str) -> str | None:
    # An estimate: shown to the whole minor unit.
    return None if minor is None else decimal_string(round(minor), currency)


def _money_bounds(interval: Interval | None, currency: str) -> list[str | None] | None:
    if interval is None:
        return None
    return [_money(interval.low, currency), _money(interval.high, currency)]
