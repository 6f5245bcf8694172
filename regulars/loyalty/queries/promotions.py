"""Reads of promotions."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, QuerySet, When

from regulars.kernel.errors import NotFound
from regulars.loyalty.models.promotions import Promotion as Row
from regulars.loyalty.models.promotions import PromotionVersion
from regulars.loyalty.promotion_records import PROMOTIONS_MAX, PromotionRecord
from regulars.loyalty.pure.promotions.model import LANES, State
from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.loyalty.queries.programme import VersionRecord
from regulars.store.scope import cursor

VERSIONS_MAX = 200
STATES: tuple[State, ...] = ("draft", "live", "paused", "ended")


def promotion(workspace_id: int, slug: str) -> PromotionRecord:
    """The promotion of this slug.

    raises   NotFound
    """
    return record_of(row_of(workspace_id, slug))


def promotions(
    workspace_id: int,
    *,
    states: Collection[str] = STATES,
    search: str = "",
    limit: int = PROMOTIONS_MAX,
    offset: int = 0,
) -> list[PromotionRecord]:
    """Promotions of these states whose name or slug holds the text, by lane and priority."""
    tried = Case(*(When(lane=lane, then=at) for at, lane in enumerate(LANES)), default=len(LANES))
    rows = _found(workspace_id, states, search).order_by(tried, "priority", "slug")
    return [record_of(row) for row in rows[offset : offset + limit]]


def how_many(workspace_id: int, *, states: Collection[str] = STATES, search: str = "") -> int:
    """How many `promotions` would find."""
    return _found(workspace_id, states, search).count()


def counts(workspace_id: int) -> dict[str, int]:
    """State → how many promotions."""
    with cursor() as asked:
        asked.execute(
            "SELECT state, count(*) FROM loyalty_promotion WHERE workspace_id = %s GROUP BY 1",
            [workspace_id],
        )
        return dict(asked.fetchall())


def history(workspace_id: int, slug: str) -> list[VersionRecord]:
    """The versions of the programme that this promotion made, newest first."""
    rows = PromotionVersion.objects.filter(workspace_id=workspace_id, slug=slug)
    return [
        VersionRecord(row.programme_version, row.state, row.actor, row.at)
        for row in rows.order_by("-programme_version")[:VERSIONS_MAX]
    ]


def row_of(workspace_id: int, slug: str) -> Row:
    """The row itself, for actions.

    raises   NotFound
    """
    row = Row.objects.filter(workspace_id=workspace_id, slug=slug).first()
    if row is None:
        raise NotFound("promotion_unknown", "There is no such promotion.")
    return row


def record_of(row: Row) -> PromotionRecord:
    """The row as it leaves the room."""
    state = next(one for one in STATES if one == row.state)
    return PromotionRecord(
        slug=row.slug,
        name=row.name,
        note=row.note,
        state=state,
        version=row.version,
        definition=row.definition,
        promotion=read_promotion(row.definition, slug=row.slug, name=row.name, version=row.version),
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _found(workspace_id: int, states: Collection[str], search: str) -> QuerySet[Row]:
    rows = Row.objects.filter(workspace_id=workspace_id, state__in=list(states))
    if search:
        rows = rows.filter(name__icontains=search) | rows.filter(slug__icontains=search)
    return rows
