"""What is offered to a member in person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.store.scope import cursor

OFFERS_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """A promotion that was offered to one member and is live."""

    slug: str
    name: str
    until: datetime | None


def offers_of(workspace_id: int, member_id: int, now: datetime) -> list[OfferRecord]:
    """Open offers of live promotions, those that end first at the top."""
    raw = cursor()
    raw.execute(
        "SELECT o.slug, p.name, o.until FROM loyalty_offer AS o"
        " JOIN loyalty_promotion AS p ON p.workspace_id = o.workspace_id AND p.slug = o.slug"
        " WHERE o.workspace_id = %s AND o.member_id = %s AND o.withdrawn_at IS NULL"
        " AND p.state = 'live'"
        " AND (o.until IS NULL OR o.until > %s) ORDER BY o.until NULLS LAST, o.slug LIMIT %s",
        [workspace_id, member_id, now, OFFERS_SHOWN_MAX],
    )
    return [OfferRecord(*row) for row in raw.fetchall()]
