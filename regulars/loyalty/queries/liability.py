"""What the shop owes in points: how many, what they are worth, when they burn, how they moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from regulars.kernel import clock
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

MONTHS_SHOWN = 12
OWED = """
SELECT currency, sum(available)::bigint, sum(pending)::bigint, sum(held)::bigint,
       sum(debt)::bigint, count(*) FILTER (WHERE available + pending + held > 0)
FROM loyalty_balance WHERE workspace_id = %s GROUP BY 1 ORDER BY 1
"""
# Lots past their day that the night has not taken yet are owed no more.
# A date in the last year there is stands for never.
ENDING = """
SELECT date_trunc('month', nullif(least(coalesce(l.expires_at,
                                                 CASE WHEN l.slides THEN b.slides_until END),
                                        '9999-01-01'), '9999-01-01')
                           AT TIME ZONE %(zone)s)::date AS month,
       sum(l.available + l.pending + l.held)::bigint,
       count(DISTINCT l.member_id)
FROM loyalty_lot l
JOIN loyalty_balance b ON b.member_id = l.member_id AND b.currency = l.currency
WHERE l.workspace_id = %(workspace)s AND l.currency = %(currency)s
  AND (l.available > 0 OR l.pending > 0 OR l.held > 0)
GROUP BY 1 ORDER BY 1 NULLS LAST
"""
MOVED = """
SELECT date_trunc('month', t.recorded_at AT TIME ZONE %(zone)s)::date AS month,
       coalesce(-sum(e.amount) FILTER (WHERE e.account = 'issued'), 0)::bigint,
       coalesce(sum(e.amount) FILTER (WHERE e.account = 'redeemed'), 0)::bigint,
       coalesce(sum(e.amount) FILTER (WHERE e.account = 'expired'), 0)::bigint,
       coalesce(sum(e.amount) FILTER (WHERE e.account = 'revoked'), 0)::bigint,
       coalesce(-sum(e.amount) FILTER (WHERE e.account = 'adjust'), 0)::bigint
FROM loyalty_txn t JOIN loyalty_entry e ON e.txn_id = t.id
WHERE t.workspace_id = %(workspace)s AND t.recorded_at >= %(since)s AND e.unit = %(unit)s
  AND e.account IN ('issued', 'redeemed', 'expired', 'revoked', 'adjust')
GROUP BY 1 ORDER BY 1
"""
BY_TIER = """
SELECT m.tier_slug, count(*), coalesce(sum(b.available + b.pending + b.held), 0)::bigint
FROM loyalty_member m
LEFT JOIN loyalty_balance b ON b.member_id = m.id AND b.currency = %s
WHERE m.workspace_id = %s AND m.merged_into IS NULL GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed of one currency, in hundredths; members have anything at all."""

    currency: str
    available: int
    pending: int
    held: int
    debt: int
    members: int

    @property
    def points(self) -> int:
        """To spend, not active yet and kept for purchases."""
        return self.available + self.pending + self.held


@dataclass(frozen=True, slots=True)
class EndingIn:
    """What burns in one month; None: never."""

    month: date | None
    points: int
    members: int


@dataclass(frozen=True, slots=True)
class MovedIn:
    """What happened in one month: given, spent, burned, taken back by returns, by hand."""

    month: date
    issued: int
    spent: int
    expired: int
    revoked: int
    adjusted: int


def owed(workspace_id: int) -> list[Owed]:
    """What the shop owes of each currency, as the ledger stands."""
    raw = cursor()
    raw.execute(OWED, [workspace_id])
    return [Owed(*row) for row in raw.fetchall()]


def ending(workspace_id: int, currency: str) -> list[EndingIn]:
    """What is owed by the month in which it burns, the next first, what never burns last."""
    raw = cursor()
    zone = workspaces.workspace(workspace_id).time_zone
    raw.execute(ENDING, {"workspace": workspace_id, "currency": currency, "zone": zone})
    return [EndingIn(*row) for row in raw.fetchall()]


def moved(workspace_id: int, currency: str, months: int = MONTHS_SHOWN) -> list[MovedIn]:
    """What happened to points in each of the last months that had any movement."""
    workspace = workspaces.workspace(workspace_id)
    today = clock.now().astimezone(workspace.zone).date()
    place = today.year * 12 + today.month - months
    since = datetime(place // 12, place % 12 + 1, 1, tzinfo=workspace.zone)
    raw = cursor()
    raw.execute(
        MOVED,
        {"workspace": workspace_id, "zone": workspace.time_zone, "since": since,
         "unit": f"points:{currency}"},
    )  # fmt: skip
    return [MovedIn(*row) for row in raw.fetchall()]


def by_tier(workspace_id: int, currency: str) -> dict[str, tuple[int, int]]:
    """Members of each tier and the points they have."""
    raw = cursor()
    raw.execute(BY_TIER, [currency, workspace_id])
    return {slug: (count, points) for slug, count, points in raw.fetchall()}
