"""Segments over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from regulars.kernel import clock
from regulars.rules import language
from regulars.segments import actions, queries
from regulars.segments.audiences_api import router as audiences_router
from regulars.segments.lists_api import PageIn, PeoplePageOut, members_out
from regulars.segments.lists_api import router as lists_router
from regulars.segments.outgoing_api import OverlapOut, overlap
from regulars.segments.outgoing_api import router as outgoing_router
from regulars.segments.records import (
    DESCRIPTION_CHARS_MAX,
    NAME_CHARS_MAX,
    SLUG_CHARS_MAX,
    Count,
    SegmentRecord,
)

router = Router(tags=["segments"])
MORE = (
    ("/lists", lists_router), ("/segments", outgoing_router), ("/segments", audiences_router),
)  # fmt: skip


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class SegmentCountIn(Strict):
    rule: Any


class SegmentChangeIn(Strict):
    """What is left out stays as it is."""

    name: str | None = Field(None, min_length=1, max_length=NAME_CHARS_MAX)
    rule: Any = None
    description: str | None = Field(None, max_length=DESCRIPTION_CHARS_MAX)
    slug: str | None = Field(None, min_length=1, max_length=SLUG_CHARS_MAX)


class SegmentIn(Strict):
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    rule: Any
    description: str = Field("", max_length=DESCRIPTION_CHARS_MAX)
    slug: str = Field("", max_length=SLUG_CHARS_MAX)
    key: str | None = Field(None, min_length=1, max_length=200)


class SegmentReachOut(Schema):
    channel: str
    customers: int


class SampleOut(Schema):
    id: str
    name: str
    city: str
    orders: int
    spent_minor: int


class CountOut(Schema):
    count: int
    customers: int
    share: float
    reach: list[SegmentReachOut]
    sample: list[SampleOut]
    sentence: str
    at: datetime


class SegmentOut(Schema):
    id: str
    slug: str
    name: str
    description: str
    rule: dict[str, Any]
    counted: int | None
    counted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    is_archived: bool
    # Members that are kept: None before the first fill.
    size: int | None
    refreshed_at: datetime | None
    is_filling: bool
    problem: str


class SegmentsOut(Schema):
    segments: list[SegmentOut]


@router.get("", response=SegmentsOut)
def list_segments(request: HttpRequest) -> dict[str, object]:
    """The segments in use, by name, with what they held when last counted."""
    return {"segments": [_out(one) for one in queries.segments(_workspace_id(request))]}


@router.post("", response={201: SegmentOut})
def create_segment(request: HttpRequest, body: SegmentIn) -> Status[dict[str, object]]:
    """Save a rule; the same key or slug with the same content answers with what is there.

    The rule is JSON, or the text form in a string. One that cannot be asked is refused with 422
    and the path of the fault, of a text also its line and column.
    """
    made = actions.create_segment(
        _workspace_id(request),
        name=body.name,
        rule=_rule(body.rule),
        description=body.description,
        slug=body.slug,
        key=body.key,
        actor="api",
    )
    return Status(201, _out(made))


@router.post("/count", response=CountOut)
def count(request: HttpRequest, body: SegmentCountIn) -> dict[str, object]:
    """How many customers a rule picks now, how far channels reach them, and a few of them."""
    workspace_id = _workspace_id(request)
    rule = _rule(body.rule)
    found = queries.count(workspace_id, rule, clock.now())
    return _counted(found, queries.sentence(workspace_id, rule, "en"))


# Before the address of one segment, which would take the word for an id.
router.post("/overlap", response=OverlapOut)(overlap)


@router.get("/{public_id}", response=SegmentOut)
def one_segment(request: HttpRequest, public_id: str) -> dict[str, object]:
    """One segment, archived or not."""
    return _out(queries.segment(_workspace_id(request), public_id))


@router.patch("/{public_id}", response=SegmentOut)
def change_segment(
    request: HttpRequest, public_id: str, body: SegmentChangeIn
) -> dict[str, object]:
    """Another name, rule, description or slug; the same again changes nothing.

    A slug by which something names the segment is refused, with whoever does so.
    """
    workspace_id = _workspace_id(request)
    if body.slug is not None:
        actions.rename_slug(workspace_id, public_id, body.slug)
    return _out(
        actions.change_segment(
            workspace_id,
            public_id,
            name=body.name,
            rule=None if body.rule is None else _rule(body.rule),
            description=body.description,
        )
    )


@router.delete("/{public_id}", response={204: None})
def delete_segment(request: HttpRequest, public_id: str) -> Status[None]:
    """Remove the segment for good; refused with its users while anything refers to it."""
    actions.delete_segment(_workspace_id(request), public_id)
    return Status(204, None)


@router.post("/{public_id}/archive", response=SegmentOut)
def archive_segment(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Take the segment out of the lists, or leave it there; refused while anything uses it."""
    return _out(actions.archive_segment(_workspace_id(request), public_id))


@router.post("/{public_id}/restore", response=SegmentOut)
def restore_segment(request: HttpRequest, public_id: str) -> dict[str, object]:
    """Put the segment back into the lists."""
    return _out(actions.restore_segment(_workspace_id(request), public_id))


@router.get("/{public_id}/members", response=PeoplePageOut)
def segment_members(request: HttpRequest, public_id: str, page: Query[PageIn]) -> dict[str, object]:
    """Customers who are in the segment by what is kept, a page at a time."""
    workspace_id = _workspace_id(request)
    found = queries.members(workspace_id, public_id, limit=page.limit, after=page.after)
    return members_out(workspace_id, found, page.limit)


def _rule(given: Any) -> Any:
    """The rule as JSON: as it came, or read from the text form. raises Invalid"""
    return language.to_json(queries.read_rule(given.encode())) if isinstance(given, str) else given


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def _out(one: SegmentRecord) -> dict[str, object]:
    names = [name for name in SegmentOut.model_fields if name != "id"]
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _counted(found: Count, sentence: str) -> dict[str, object]:
    return {
        "count": found.total,
        "customers": found.customers,
        "share": found.share,
        "reach": [{"channel": one.channel, "customers": one.customers} for one in found.reach],
        "sample": [
            {
                "id": one.public_id,
                "name": one.name,
                "city": one.city,
                "orders": one.orders,
                "spent_minor": one.spent_minor,
            }
            for one in found.sample
        ],
        "sentence": sentence,
        "at": found.at,
    }
