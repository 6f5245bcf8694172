"""Signs of fraud: what is unusual enough that a person should look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from regulars.kernel import clock
from regulars.store.scope import cursor

WINDOW = timedelta(days=30)
SHOWN_MAX = 50
# Purchases of one member within a day that people do not make.
PURCHASES_DAILY_MIN = 6
CARDS_MIN = 3
ADJUSTMENTS_MIN = 3
FAST = """
SELECT e.owner_id, t.recorded_at::date, count(DISTINCT t.purchase_id),
       sum(e.amount)::bigint, max(t.id)
FROM loyalty_txn t JOIN loyalty_entry e ON e.txn_id = t.id
WHERE t.workspace_id = %(workspace)s AND t.recorded_at >= %(since)s AND t.kind = 'earn'
  AND t.purchase_id IS NOT NULL AND e.account IN ('member:available', 'member:pending')
GROUP BY 1, 2 HAVING count(DISTINCT t.purchase_id) >= %(least)s
ORDER BY 3 DESC, 1 LIMIT %(most)s
"""
# Points earned by a purchase, spent, and the purchase returned after that.
SPENT_AND_RETURNED = """
SELECT back.owner_id, count(DISTINCT t.purchase_id), sum(-back.amount)::bigint, max(t.id)
FROM loyalty_txn t JOIN loyalty_entry back ON back.txn_id = t.id AND back.account = 'member:debt'
WHERE t.workspace_id = %(workspace)s AND t.recorded_at >= %(since)s AND t.kind = 'take_back'
  AND back.amount < 0
GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT %(most)s
"""
CARDS = """
SELECT m.id, count(*), count(*) FILTER (WHERE c.issued_at >= %(since)s)
FROM loyalty_card c JOIN loyalty_member m ON m.id = c.member_id
WHERE c.workspace_id = %(workspace)s
GROUP BY 1 HAVING count(*) >= %(least)s ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
BY_HAND = """
SELECT asked_by, count(*), coalesce(sum(points) FILTER (WHERE points > 0), 0)::bigint,
       coalesce(-sum(points) FILTER (WHERE points < 0), 0)::bigint, count(DISTINCT member_id)
FROM loyalty_adjustment
WHERE workspace_id = %(workspace)s AND asked_at >= %(since)s AND state = 'posted'
GROUP BY 1 HAVING count(*) >= %(least)s ORDER BY 3 DESC, 1 LIMIT %(most)s
"""
REFERRALS = """
SELECT said.reason, count(*)
FROM loyalty_referral r, jsonb_array_elements_text(r.reasons) AS said (reason)
WHERE r.workspace_id = %(workspace)s AND r.changed_at >= %(since)s AND r.state = 'refused'
GROUP BY 1 HAVING count(*) >= %(least)s ORDER BY 2 DESC, 1 LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing to look at: whose it is, how often, how many points, and the newest transaction."""

    member_id: int
    count: int
    points: int = 0
    day: object = None
    txn_id: int | None = None


@dataclass(frozen=True, slots=True)
class ByHand:
    """What one person of the team gave and took by hand."""

    actor: str
    count: int
    given: int
    taken: int
    members: int


def fast(workspace_id: int) -> list[Signal]:
    """Members with very many purchases in one day."""
    rows = _asked(FAST, workspace_id, PURCHASES_DAILY_MIN)
    return [Signal(member, count, points, day, txn) for member, day, count, points, txn in rows]


def spent_and_returned(workspace_id: int) -> list[Signal]:
    """Members who spent what a purchase gave and then returned the purchase."""
    rows = _asked(SPENT_AND_RETURNED, workspace_id, 1)
    return [Signal(member, count, points, None, txn) for member, count, points, txn in rows]


def many_cards(workspace_id: int) -> list[Signal]:
    """Members with several cards; `points` tells how many are new."""
    return [Signal(m, count, new) for m, count, new in _asked(CARDS, workspace_id, CARDS_MIN)]


def by_hand(workspace_id: int) -> list[ByHand]:
    """People of the team who changed points by hand often."""
    return [ByHand(*row) for row in _asked(BY_HAND, workspace_id, ADJUSTMENTS_MIN)]


def refused_referrals(workspace_id: int) -> list[tuple[str, int]]:
    """Why referrals were refused, and how many for each reason."""
    return [(code, count) for code, count in _asked(REFERRALS, workspace_id, 1)]


def since() -> datetime:
    """From when on is looked."""
    return clock.now() - WINDOW


def _asked(statement: str, workspace_id: int, least: int) -> list[tuple[Any, ...]]:
    raw = cursor()
    raw.execute(
        statement,
        {"workspace": workspace_id, "since": since(), "least": least, "most": SHOWN_MAX},
    )
    return raw.fetchall()
