"""Rewards, activities, referrals and the coalition over HTTP. Points are integer hundredths."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, File, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AwareDatetime, ConfigDict

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid, NotFound
from regulars.loyalty import photos
from regulars.loyalty.actions import activities as activity_actions
from regulars.loyalty.actions import coalition as coalition_actions
from regulars.loyalty.actions import referrals as referral_actions
from regulars.loyalty.actions import rewards as actions
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.queries import activities as activity_queries
from regulars.loyalty.queries import coalition as coalition_queries
from regulars.loyalty.queries import members
from regulars.loyalty.queries import referrals as referral_queries
from regulars.loyalty.queries import rewards as queries
from regulars.loyalty.reward_records import (
    KEY_CHARS_MAX,
    NAME_CHARS_MAX,
    PHOTO_BYTES_MAX,
    POINTS_MAX,
    PUBLIC_CHARS_MAX,
    QUANTITY_MAX,
    REASON_CHARS_MAX,
    STOCK_MAX,
    TEXT_CHARS_MAX,
    ActivityRecord,
    DrawRecord,
    EntranceRecord,
    OrderRecord,
    ReferralRecord,
    RewardRecord,
)
from regulars.workspaces.records import WorkspaceRecord

router = Router(tags=["loyalty"])
DEVICE_CHARS_MAX = 200
ID_CHARS = 22


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class RewardIn(Strict):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    description: str = Field("", max_length=TEXT_CHARS_MAX)
    currency: str = Field(min_length=1, max_length=60)
    points: int = Field(ge=1, le=POINTS_MAX)
    stock: int | None = Field(None, ge=0, le=STOCK_MAX)
    per_member_max: int | None = Field(None, ge=1, le=STOCK_MAX)
    promotion: str = Field("", max_length=60)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    key: str | None = Field(None, min_length=1, max_length=KEY_CHARS_MAX)


class RewardOrderIn(Strict):
    """Who orders, by the member's public id; the same key is one order."""

    member: str = Field(min_length=1, max_length=ID_CHARS)
    quantity: int = Field(1, ge=1, le=QUANTITY_MAX)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class RewardStepIn(Strict):
    state: Literal["ready", "handed_over", "cancelled"]
    reason: str = Field("", max_length=REASON_CHARS_MAX)


class ActivityIn(Strict):
    """What members do for points; `settings` are those of the kind."""

    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    kind: Literal["receipts", "lid", "quiz", "contest", "game"]
    currency: str = Field(min_length=1, max_length=60)
    points: int = Field(0, ge=0, le=POINTS_MAX)
    settings: dict[str, Any] = Field(default_factory=dict)
    per_member_max: int | None = Field(None, ge=1)
    total_max: int | None = Field(None, ge=1)
    period: Literal["all", "day", "week", "month"] = "all"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    key: str | None = Field(None, min_length=1, max_length=KEY_CHARS_MAX)


class ActivityStateIn(Strict):
    state: Literal["draft", "open", "closed"]


class EntranceIn(Strict):
    """Who takes part and with what; the same key is one entrance."""

    member: str = Field(min_length=1, max_length=ID_CHARS)
    said: dict[str, Any] = Field(default_factory=dict)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class DecisionIn(Strict):
    is_accepted: bool
    points: int | None = Field(None, ge=0, le=POINTS_MAX)
    reason: str = Field("", max_length=REASON_CHARS_MAX)


class DrawIn(Strict):
    """A draw to be promised; `public_source` names the public number to mix in, if any."""

    prizes: int = Field(ge=1)
    closes_at: AwareDatetime
    public_source: str = Field("", max_length=PUBLIC_CHARS_MAX)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class LotsIn(Strict):
    public_number: str = Field("", max_length=PUBLIC_CHARS_MAX)


class InviteIn(Strict):
    """A friend, by the customer's public id, who came with somebody's code."""

    code: str = Field(min_length=1, max_length=64)
    customer: str = Field(min_length=1, max_length=ID_CHARS)
    device: str = Field("", max_length=DEVICE_CHARS_MAX)


class InviteCodeIn(Strict):
    member: str = Field(min_length=1, max_length=ID_CHARS)


class RewardOut(Schema):
    id: str
    name: str
    description: str
    currency: str
    points: int
    stock: int | None
    promotion: str
    state: str


class RewardsOut(Schema):
    rewards: list[RewardOut]


class RewardOrderOut(Schema):
    id: str
    state: str
    quantity: int
    currency: str
    points: int
    code: str
    at: datetime


class ActivityOut(Schema):
    id: str
    name: str
    kind: str
    state: str
    currency: str
    points: int


class ActivitiesOut(Schema):
    activities: list[ActivityOut]


class EntranceOut(Schema):
    id: str
    state: str
    points: int
    outcome: dict[str, Any]
    at: datetime


class PhotoOut(Schema):
    photo: str


class DrawOut(Schema):
    """The seed is empty until the draw is over."""

    id: str
    state: str
    prizes: int
    closes_at: datetime
    seed_hash: str
    public_source: str
    public_number: str
    seed: str
    tickets: int
    tickets_hash: str
    winners: list[str]


class DrawsOut(Schema):
    draws: list[DrawOut]


class InviteCodeOut(Schema):
    code: str


class ReferralOut(Schema):
    """What a friend may know: neither points of the other side nor reasons."""

    id: str
    state: str


class ShareOut(Schema):
    partner: str
    issued_points: int
    issued_cost: int
    redeemed_points: int
    redeemed_cost: int
    owes: int


class SettlementOut(Schema):
    id: str
    number: int
    state: str
    shares: list[ShareOut]


class SettlementRefOut(Schema):
    id: str
    number: int
    state: str


class SettlementsOut(Schema):
    periods: list[SettlementRefOut]


@router.get("/rewards", response=RewardsOut)
def rewards(request: HttpRequest) -> dict[str, object]:
    """Rewards in the catalogue, cheapest first."""
    found = queries.rewards(_workspace_id(request), with_hidden=False)
    return {"rewards": [_reward(one) for one in found]}


@router.post("/rewards", response={201: RewardOut})
def create_reward(request: HttpRequest, body: RewardIn) -> Status[dict[str, object]]:
    """A new reward; the same key with the same content answers with what is there."""
    said = body.dict(exclude={"key", "promotion"})
    terms = RewardTerms(**said, promotion_slug=body.promotion)
    made = actions.create_reward(_workspace_id(request), terms, key=body.key, actor="api")
    return Status(201, _reward(made))


@router.post("/rewards/{public_id}/orders", response={201: RewardOrderOut})
def order_reward(
    request: HttpRequest, public_id: str, body: RewardOrderIn
) -> Status[dict[str, object]]:
    """A member orders a reward for points."""
    workspace_id = _workspace_id(request)
    made = actions.order_reward(
        workspace_id, _member(workspace_id, body.member), public_id, key=body.key,
        quantity=body.quantity,
    )  # fmt: skip
    return Status(201, _order(made))


@router.get("/reward-orders/{public_id}", response=RewardOrderOut)
def reward_order(request: HttpRequest, public_id: str) -> dict[str, object]:
    """One order of a reward."""
    return _order(queries.order(_workspace_id(request), public_id))


@router.post("/reward-orders/{public_id}/state", response=RewardOrderOut)
def move_reward_order(
    request: HttpRequest, public_id: str, body: RewardStepIn
) -> dict[str, object]:
    """An order's next step; the same step again changes nothing."""
    return _order(
        actions.move_order(
            _workspace_id(request), public_id, body.state, reason=body.reason, actor="api"
        )
    )


@router.get("/activities", response=ActivitiesOut)
def activities(request: HttpRequest) -> dict[str, object]:
    """Activities, newest first."""
    found = activity_queries.activities(_workspace_id(request))
    return {"activities": [_activity(one) for one in found]}


@router.post("/activities", response={201: ActivityOut})
def create_activity(request: HttpRequest, body: ActivityIn) -> Status[dict[str, object]]:
    """A new activity, not yet open."""
    terms = ActivityTerms(**body.dict(exclude={"key", "kind"}))
    made = activity_actions.create_activity(
        _workspace_id(request), terms, kind=body.kind, key=body.key, actor="api"
    )
    return Status(201, _activity(made))


@router.post("/activities/{public_id}/state", response=ActivityOut)
def set_activity(request: HttpRequest, public_id: str, body: ActivityStateIn) -> dict[str, object]:
    """Open or close an activity."""
    return _activity(activity_actions.set_activity(_workspace_id(request), public_id, body.state))


@router.post("/activities/photos", response={201: PhotoOut})
def keep_photo(request: HttpRequest, file: File[UploadedFile]) -> Status[dict[str, object]]:
    """A photo of a receipt, to be named within a day when somebody takes part with it."""
    if file.size is None or file.size > PHOTO_BYTES_MAX:
        raise Invalid("photo_too_large", f"A photo has at most {PHOTO_BYTES_MAX} bytes.")
    return Status(201, {"photo": photos.keep(_workspace_id(request), file.read())})


@router.post("/activities/{public_id}/entrances", response={201: EntranceOut})
def take_part(request: HttpRequest, public_id: str, body: EntranceIn) -> Status[dict[str, object]]:
    """A member takes part; points are given in the same step."""
    workspace_id = _workspace_id(request)
    photo = body.said.get("photo")
    if photo is not None and photos.path_of(workspace_id, str(photo)) is None:
        raise Invalid("photo_unknown", "Send the photo first.")
    made = activity_actions.take_part(
        workspace_id, public_id, _member(workspace_id, body.member), body.said, key=body.key
    )
    return Status(201, _entrance(made))


@router.post("/activities/entrances/{public_id}/decision", response=EntranceOut)
def decide_entrance(request: HttpRequest, public_id: str, body: DecisionIn) -> dict[str, object]:
    """Accept or reject what waited."""
    return _entrance(
        activity_actions.decide(
            _workspace_id(request), public_id, is_accepted=body.is_accepted,
            points_given=body.points, reason=body.reason, actor="api",
        )
    )  # fmt: skip


@router.get("/activities/{public_id}/draws", response=DrawsOut)
def draws(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Draws of an activity: hashes before, seeds afterwards."""
    workspace_id = _workspace_id(request)
    one = activity_queries.activity(workspace_id, public_id)
    return {"draws": [_draw(row) for row in activity_queries.draws(workspace_id, one.id)]}


@router.post("/activities/{public_id}/draws", response={201: DrawOut})
def promise_draw(request: HttpRequest, public_id: str, body: DrawIn) -> Status[dict[str, object]]:
    """Promise a draw; its seed's hash is shown now, the seed when the lots are drawn."""
    made = activity_actions.commit_draw(
        _workspace_id(request), public_id, actor="api", **body.dict()
    )
    return Status(201, _draw(made))


@router.post("/activities/draws/{public_id}/lots", response=DrawOut)
def draw_lots(request: HttpRequest, public_id: str, body: LotsIn) -> dict[str, object]:
    """Draw, once for ever, with the public number that was promised."""
    return _draw(
        activity_actions.draw_lots(
            _workspace_id(request), public_id, public_number=body.public_number
        )
    )


@router.post("/referrals/codes", response=InviteCodeOut)
def invite_code(request: HttpRequest, body: InviteCodeIn) -> dict[str, object]:
    """The code a member invites with."""
    workspace_id = _workspace_id(request)
    member_id = _member(workspace_id, body.member)
    return {"code": referral_actions.invite_code(workspace_id, member_id)}


@router.post("/referrals", response={201: ReferralOut})
def invite(request: HttpRequest, body: InviteIn) -> Status[dict[str, object]]:
    """A friend came with a code; the same friend again is the same referral."""
    workspace_id = _workspace_id(request)
    found = customers.ids_of_public(workspace_id, [body.customer])
    if not found:
        raise NotFound("customer_unknown", "There is no such customer.")
    made = referral_actions.invite(workspace_id, body.code, found[0], device=body.device)
    return Status(201, _referral(made))


@router.get("/referrals/{public_id}", response=ReferralOut)
def referral(request: HttpRequest, public_id: str) -> dict[str, object]:
    """One referral."""
    return _referral(referral_queries.referral(_workspace_id(request), public_id))


@router.get("/coalition/periods", response=SettlementsOut)
def settlements(request: HttpRequest) -> dict[str, object]:
    """Settlement periods, newest first."""
    return {
        "periods": [
            {"id": one.public_id, "number": one.number, "state": one.state}
            for one in coalition_queries.periods(_workspace_id(request))
        ]
    }


@router.get("/coalition/periods/{public_id}", response=SettlementOut)
def settlement(request: HttpRequest, public_id: str) -> dict[str, object]:
    """What partners owe for a period; money in minor units."""
    return _settlement(_workspace_id(request), public_id)


@router.post("/coalition/periods/{public_id}/close", response=SettlementOut)
def close_settlement(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Close a period for ever; closed before, it is as it was."""
    workspace_id = _workspace_id(request)
    coalition_actions.close_period(workspace_id, public_id, actor="api")
    return _settlement(workspace_id, public_id)


def _settlement(workspace_id: int, public_id: str) -> dict[str, object]:
    one = coalition_queries.period(workspace_id, public_id)
    slugs = {row.id: row.slug for row in coalition_queries.partners(workspace_id)}
    return {
        "id": one.public_id,
        "number": one.number,
        "state": one.state,
        "shares": [
            {
                "partner": slugs[row.partner_id], "issued_points": row.issued,
                "issued_cost": row.issued_minor, "redeemed_points": row.redeemed,
                "redeemed_cost": row.redeemed_minor, "owes": row.owes_minor,
            }
            for row in coalition_queries.report(workspace_id, one.id)
        ],
    }  # fmt: skip


def _member(workspace_id: int, public_id: str) -> int:
    found = members.member(workspace_id, public_id)
    if found is None:
        raise NotFound("member_unknown", "There is no such member.")
    return found.id


def _reward(one: RewardRecord) -> dict[str, object]:
    names = ("name", "description", "currency", "points", "stock", "state")
    said = {name: getattr(one, name) for name in names}
    return {**said, "id": one.public_id, "promotion": one.promotion_slug}


def _order(one: OrderRecord) -> dict[str, object]:
    names = ("state", "quantity", "currency", "points", "code", "at")
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _activity(one: ActivityRecord) -> dict[str, object]:
    names = ("name", "kind", "state", "currency", "points")
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _entrance(one: EntranceRecord) -> dict[str, object]:
    names = ("state", "points", "outcome", "at")
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _draw(one: DrawRecord) -> dict[str, object]:
    names = (
        "state", "prizes", "closes_at", "seed_hash", "public_source", "public_number", "seed",
        "tickets", "tickets_hash", "winners",
    )  # fmt: skip
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _referral(one: ReferralRecord) -> dict[str, object]:
    return {"id": one.public_id, "state": one.state}


def _workspace_id(request: HttpRequest) -> int:
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace.id
