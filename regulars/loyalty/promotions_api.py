"""The programme, promotions and replays over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid
from regulars.loyalty.actions import programme as settling
from regulars.loyalty.actions import promotions as actions
from regulars.loyalty.actions import replays
from regulars.loyalty.actions.card_discounts import set_discount
from regulars.loyalty.promotion_records import (
    NAME_CHARS_MAX,
    NOTE_CHARS_MAX,
    OFFERED_AT_ONCE_MAX,
    PromotionRecord,
)
from regulars.loyalty.pure import replaying as pure
from regulars.loyalty.pure.promotions.conflicts import conflicts_of, lowest_of
from regulars.loyalty.pure.promotions.schema import SCHEMA
from regulars.loyalty.pure.promotions.sentences import Names, sentence
from regulars.loyalty.queries import members, programme, replaying
from regulars.loyalty.queries import promotions as queries
from regulars.segments import queries as segments
from regulars.workspaces.records import WorkspaceRecord

router = Router(tags=["loyalty"])
PAGE_MAX = 200
SLUG_CHARS_MAX = 60
KEY_CHARS_MAX = 200
State = Literal["draft", "live", "paused", "ended"]


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class PromotionIn(Strict):
    """A promotion; `definition` is the closed model of /promotions/schema."""

    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    definition: dict[str, Any]
    note: str = Field("", max_length=NOTE_CHARS_MAX)
    slug: str = Field("", max_length=SLUG_CHARS_MAX, pattern=r"^[a-z0-9_-]*$")
    key: str | None = Field(None, min_length=1, max_length=KEY_CHARS_MAX)


class PromotionChangeIn(Strict):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    definition: dict[str, Any]
    note: str = Field("", max_length=NOTE_CHARS_MAX)
    expect_version: int | None = Field(None, ge=1)


class PromotionStateIn(Strict):
    state: State


class OfferIn(Strict):
    """Customers by their public ids; the same key again changes nothing."""

    customers: list[str] = Field(min_length=1, max_length=OFFERED_AT_ONCE_MAX)
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)
    until: datetime | None = None


class SettingsIn(Strict):
    settings: dict[str, Any]
    expect_version: int | None = Field(None, ge=0)


class OpenIn(Strict):
    is_open: bool


class CardDiscountIn(Strict):
    """Basis points: 1000 is 10 %; 0 takes the discount away."""

    discount: int = Field(ge=0, le=10_000)


class CardDiscountOut(Schema):
    card: str
    discount: int


class ReplayIn(Strict):
    """A period at most a year long; `only` leaves the other live promotions out."""

    since: datetime
    until: datetime
    promotions: list[str] = Field(default_factory=list, max_length=replays.PROMOTIONS_MAX)
    only: bool = False
    key: str | None = Field(None, min_length=1, max_length=KEY_CHARS_MAX)


class PromotionsPageIn(Schema):
    state: State | None = None
    search: str = Field("", max_length=100)
    offset: int = Field(0, ge=0, le=10_000)
    limit: int = Field(PAGE_MAX, ge=1, le=PAGE_MAX)


class PromotionOut(Schema):
    """A promotion, said in three languages."""

    slug: str
    name: str
    note: str
    state: State
    version: int
    definition: dict[str, Any]
    sentences: dict[str, str]
    created_at: datetime
    updated_at: datetime


class PromotionsOut(Schema):
    promotions: list[PromotionOut]
    total: int


class MeetingOut(Schema):
    promotion: str
    how: str


class PromotionMeetingsOut(Schema):
    """Live promotions of the same goods, and how low the price can come with them.

    lowest_share   of the price left by percents alone, in basis points
    reaches_floor  a discount in money or a fixed price is among them
    """

    meetings: list[MeetingOut]
    lowest_share: int
    reaches_floor: bool


class OfferedOut(Schema):
    offered: int


class ProgrammeOut(Schema):
    version: int
    is_open: bool
    settings: dict[str, Any]


class ReplayOut(Schema):
    id: str
    state: str
    since: datetime
    until: datetime
    promotions: list[str]
    only: bool
    found: dict[str, Any]


@router.get("/programme", response=ProgrammeOut)
def programme_settings(request: HttpRequest) -> dict[str, object]:
    """The settings of the programme and the version of the rules."""
    return _programme_out(programme.programme(_workspace(request).id))


@router.put("/programme", response=ProgrammeOut)
def save_programme(request: HttpRequest, body: SettingsIn) -> dict[str, object]:
    """Save the settings; the same settings make no version, bad ones are refused by path."""
    saved = settling.save_settings(
        _workspace(request).id, body.settings, actor="api", expect_version=body.expect_version
    )
    return _programme_out(saved)


@router.post("/programme/open", response=ProgrammeOut)
def open_programme(request: HttpRequest, body: OpenIn) -> dict[str, object]:
    """Open the programme or close it: closed, points are neither earned nor burnt."""
    return _programme_out(settling.set_open(_workspace(request).id, body.is_open, actor="api"))


@router.get("/promotions", response=PromotionsOut)
def promotions(request: HttpRequest, page: Query[PromotionsPageIn]) -> dict[str, object]:
    """Promotions in the order tills try them."""
    workspace = _workspace(request)
    states = [page.state] if page.state else list(queries.STATES)
    found = queries.promotions(
        workspace.id, states=states, search=page.search, limit=page.limit, offset=page.offset
    )
    names = _names(workspace)
    return {
        "promotions": [_out(one, names) for one in found],
        "total": queries.how_many(workspace.id, states=states, search=page.search),
    }


@router.get("/promotions/schema", response=dict[str, Any])
def promotion_schema(request: HttpRequest) -> dict[str, Any]:
    """The JSON Schema of a definition."""
    return SCHEMA


@router.post("/promotions", response={201: PromotionOut})
def create_promotion(request: HttpRequest, body: PromotionIn) -> Status[dict[str, object]]:
    """A new draft; the same key with the same content answers with what is there."""
    workspace = _workspace(request)
    made = actions.create_promotion(
        workspace.id,
        name=body.name,
        definition=body.definition,
        slug=body.slug,
        note=body.note,
        key=body.key,
        actor="api",
    )
    return Status(201, _out(made, _names(workspace)))


@router.get("/promotions/{slug}", response=PromotionOut)
def one_promotion(request: HttpRequest, slug: str) -> dict[str, object]:
    """One promotion."""
    workspace = _workspace(request)
    return _out(queries.promotion(workspace.id, slug), _names(workspace))


@router.put("/promotions/{slug}", response=PromotionOut)
def change_promotion(request: HttpRequest, slug: str, body: PromotionChangeIn) -> dict[str, object]:
    """Other words or rules; a live promotion changes at tills at once."""
    workspace = _workspace(request)
    changed = actions.change_promotion(
        workspace.id,
        slug,
        name=body.name,
        definition=body.definition,
        note=body.note,
        actor="api",
        expect_version=body.expect_version,
    )
    return _out(changed, _names(workspace))


@router.post("/promotions/{slug}/state", response=PromotionOut)
def set_promotion_state(
    request: HttpRequest, slug: str, body: PromotionStateIn
) -> dict[str, object]:
    """Start, pause, end or reopen."""
    workspace = _workspace(request)
    moved = actions.set_state(workspace.id, slug, body.state, actor="api")
    return _out(moved, _names(workspace))


@router.get("/promotions/{slug}/meetings", response=PromotionMeetingsOut)
def promotion_meetings(request: HttpRequest, slug: str) -> dict[str, object]:
    """Which live promotions touch the same goods, and how low the price can come."""
    workspace = _workspace(request)
    mine = queries.promotion(workspace.id, slug).promotion
    live = [one.promotion for one in queries.promotions(workspace.id, states=("live",))]
    lowest = lowest_of(mine, live)
    return {
        "meetings": [
            {"promotion": one.other.id, "how": one.how} for one in conflicts_of(mine, live)
        ],
        "lowest_share": lowest.share,
        "reaches_floor": lowest.is_open,
    }


@router.post("/promotions/{slug}/offers", response=OfferedOut)
def offer_promotion(request: HttpRequest, slug: str, body: OfferIn) -> dict[str, object]:
    """Offer the promotion to members in person; who is no member is left out."""
    workspace_id = _workspace(request).id
    if body.until is not None and body.until.tzinfo is None:
        raise Invalid("moment_invalid", "A moment has an offset.", path="until")
    ids = customers.ids_of_public(workspace_id, body.customers)
    found = members.of_customers(workspace_id, ids)
    offered = actions.offer(
        workspace_id,
        slug,
        [one.id for one in found.values()],
        key=body.key,
        until=body.until,
    )
    return {"offered": offered}


@router.put("/cards/{card_id}/discount", response=CardDiscountOut)
def set_card_discount(
    request: HttpRequest, card_id: str, body: CardDiscountIn
) -> dict[str, object]:
    """Give a card a fixed discount of its own."""
    found = set_discount(_workspace(request).id, card_id, body.discount)
    return {"card": found.public_id, "discount": found.discount}


@router.post("/replays", response={201: ReplayOut})
def start_replay(request: HttpRequest, body: ReplayIn) -> Status[dict[str, object]]:
    """Price the receipts of a period anew in the background."""
    for name, moment in (("since", body.since), ("until", body.until)):
        if moment.tzinfo is None:
            raise Invalid("moment_invalid", "A moment has an offset.", path=name)
    made = replays.start_replay(
        _workspace(request).id,
        since=body.since,
        until=body.until,
        slugs=body.promotions,
        only=body.only,
        key=body.key,
        actor="api",
    )
    return Status(201, _replay_out(made))


@router.get("/replays/{replay_id}", response=ReplayOut)
def one_replay(request: HttpRequest, replay_id: str) -> dict[str, object]:
    """How far a replay is and what it found."""
    return _replay_out(replaying.replay(_workspace(request).id, replay_id))


def _workspace(request: HttpRequest) -> WorkspaceRecord:
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def _names(workspace: WorkspaceRecord) -> Names:
    settled = programme.programme(workspace.id).programme
    return Names(
        currency=workspace.currency,
        segments=segments.names_by_slug(workspace.id),
        tiers={tier.slug: tier.name for tier in settled.tiers.tiers},
    )


def _out(one: PromotionRecord, names: Names) -> dict[str, object]:
    return {
        "slug": one.slug,
        "name": one.name,
        "note": one.note,
        "state": one.state,
        "version": one.version,
        "definition": dict(one.definition),
        "sentences": {
            language: sentence(one.promotion, language, names) for language in ("en", "uk", "ru")
        },
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def _programme_out(record: programme.ProgrammeRecord) -> dict[str, object]:
    return {
        "version": record.version,
        "is_open": record.is_open,
        "settings": dict(record.settings),
    }


def _replay_out(one: replaying.ReplayRecord) -> dict[str, object]:
    return {
        "id": one.public_id,
        "state": one.state,
        "since": one.since,
        "until": one.until,
        "promotions": list(one.slugs),
        "only": one.only,
        "found": pure.to_json(one.found),
    }
