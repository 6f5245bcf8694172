"""Keeping the row of each customer that facts and the lake read in step with the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.queries import balances, members
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries.members import MemberRecord
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

BATCH_MAX = 500
DUE_AT_ONCE_MAX = 2_000
# After a merge the points move in a transaction of their own, which may come later.
SETTLED_AFTER = timedelta(minutes=1)
COLUMNS = (
    "customer_id", "is_member", "is_blocked", "joined_on", "tier", "tier_until", "balance",
    "pending", "debt", "next_expiry_on", "next_expiry_points", "has_code", "due_at",
)  # fmt: skip
KINDS = (
    "bigint", "boolean", "boolean", "date", "text", "date", "bigint", "bigint", "bigint", "date",
    "bigint", "boolean", "timestamptz",
)  # fmt: skip
NAMES = ", ".join(COLUMNS)
GIVEN = ", ".join(f"%s::{kind}[]" for kind in KINDS)
OWN = COLUMNS[1:]
WRITE = f"""
INSERT INTO loyalty_standing AS known (workspace_id, {NAMES}, is_gone)
SELECT %s, {", ".join(f"g.{name}" for name in COLUMNS)}, false
FROM unnest({GIVEN}) AS g ({NAMES}) ORDER BY g.customer_id
ON CONFLICT (workspace_id, customer_id) DO UPDATE
SET is_gone = false, {", ".join(f"{name} = excluded.{name}" for name in OWN)}
WHERE known.is_gone OR ({", ".join(f"known.{name}" for name in OWN)})
      IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in OWN)})
"""
FORGET = """
UPDATE loyalty_standing SET is_gone = true, due_at = NULL
WHERE workspace_id = %s AND customer_id = ANY(%s) AND NOT is_gone
"""
# Personal codes that are still of use, and when that changes next.
CODES = """
SELECT coalesce(r.merged_into, r.id),
       bool_or((c.ends_at IS NULL OR c.ends_at > %(now)s)
               AND (s.starts_at IS NULL OR s.starts_at <= %(now)s)),
       least(min(least(c.ends_at, s.ends_at)) FILTER (WHERE least(c.ends_at, s.ends_at) > %(now)s),
             min(s.starts_at) FILTER (WHERE s.starts_at > %(now)s))
FROM loyalty_code c
JOIN loyalty_codeseries s ON s.id = c.series_id
JOIN customers_customer r ON r.id = c.customer_id AND r.workspace_id = c.workspace_id
WHERE c.workspace_id = %(workspace)s AND c.customer_id = ANY(%(ids)s)
  AND c.state = 'active' AND s.state = 'active'
  AND (c.uses_max IS NULL OR c.used < c.uses_max)
  AND (s.ends_at IS NULL OR s.ends_at > %(now)s)
GROUP BY 1
"""
DUE = """
SELECT workspace_id, customer_id FROM loyalty_standing
WHERE due_at <= %s ORDER BY due_at LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class _Row:
    customer_id: int
    is_member: bool
    is_blocked: bool
    joined_on: date | None
    tier: str | None
    tier_until: date | None
    balance: int
    pending: int
    debt: int
    next_expiry_on: date | None
    next_expiry_points: int
    has_code: bool
    due_at: datetime | None


def refresh(
    workspace_id: int, customer_ids: Sequence[int], *, again_at: datetime | None = None
) -> int:
    """Bring the rows of these customers to what the books say now; returns how many changed.

    Who was merged has no row of their own: whoever they are now is brought up instead.
    again_at  look at them once more by then, whatever time alone would do
    """
    wanted = sorted(set(customer_ids))
    return sum(
        _refresh(workspace_id, wanted[at : at + BATCH_MAX], again_at)
        for at in range(0, len(wanted), BATCH_MAX)
    )


def _refresh(workspace_id: int, customer_ids: Sequence[int], again_at: datetime | None) -> int:
    now = clock.now()
    roots = customers.roots_of(workspace_id, customer_ids)
    alive = sorted(set(roots.values()))
    rows = _rows(workspace_id, alive, now, again_at)
    gone = set(customer_ids) - {row.customer_id for row in rows}
    raw = cursor()
    raw.execute(FORGET, [workspace_id, sorted(gone)])
    count = raw.rowcount
    if rows:
        columns = [list(column) for column in zip(*(astuple(row) for row in rows), strict=True)]
        raw.execute(WRITE, [workspace_id, *columns])
        count += raw.rowcount
    return count


def _rows(
    workspace_id: int, customer_ids: Sequence[int], now: datetime, again_at: datetime | None
) -> list[_Row]:
    zone = workspaces.workspace(workspace_id).zone
    main = programmes.programme(workspace_id).programme.main.slug
    joined = members.of_customers(workspace_id, customer_ids)
    held = balances.balances(workspace_id, [one.id for one in joined.values()], now)
    codes = _codes(workspace_id, customer_ids, now)
    rows = []
    for customer_id in customer_ids:
        member = joined.get(customer_id)
        if member is None and customer_id not in codes:
            continue
        has_code, code_due_at = codes.get(customer_id, (False, None))
        own = held[member.id].get(main) if member else None
        dues = [at for at in (code_due_at, again_at, own and own.next_expiry_at) if at]
        due_at = min(dues, default=None)
        rows.append(_row(customer_id, member, own or Balance(), has_code, due_at, zone))
    return rows


def _row(
    customer_id: int,
    member: MemberRecord | None,
    own: Balance,
    has_code: bool,
    due_at: datetime | None,
    zone: ZoneInfo,
) -> _Row:
    def day(at: datetime | None) -> date | None:
        return at.astimezone(zone).date() if at else None

    return _Row(
        customer_id=customer_id,
        is_member=member is not None,
        is_blocked=member is not None and member.is_blocked,
        joined_on=day(member.joined_at) if member else None,
        tier=(member.tier_slug or None) if member else None,
        tier_until=day(member.tier_until) if member else None,
        balance=own.available + own.reserved,
        pending=own.pending,
        debt=own.debt,
        next_expiry_on=day(own.next_expiry_at),
        next_expiry_points=own.next_expiry_points,
        has_code=has_code,
        due_at=due_at,
    )


def _codes(
    workspace_id: int, customer_ids: Sequence[int], now: datetime
) -> dict[int, tuple[bool, datetime | None]]:
    ids = list(customers.persons_of(workspace_id, customer_ids))
    raw = cursor()
    raw.execute(CODES, {"workspace": workspace_id, "ids": ids, "now": now})
    return {row[0]: (row[1], row[2]) for row in raw.fetchall()}


def refresh_due() -> int:
    """Bring up the rows that time alone has changed; returns how many. Engine only."""
    raw = cursor()
    raw.execute(DUE, [clock.now(), DUE_AT_ONCE_MAX])
    due: dict[int, list[int]] = {}
    for workspace_id, customer_id in raw.fetchall():
        due.setdefault(workspace_id, []).append(customer_id)
    for workspace_id, customer_ids in sorted(due.items()):
        with scope(workspace_id):
            refresh(workspace_id, customer_ids)
    return sum(len(ids) for ids in due.values())
