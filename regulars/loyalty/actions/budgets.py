"""Limits and budgets of promotions: kept by updates that succeed only within them.

What a purchase promised is in its own row, under its own lock; here are the sums alone. Rows are
taken in the order of their keys, so that two purchases wait for each other and do not deadlock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from regulars.kernel import clock
from regulars.kernel.errors import Conflict
from regulars.loyalty.pure.answers import Use
from regulars.store.scope import cursor

USES_MAX = 1_000

_RESERVE = """
INSERT INTO loyalty_usage AS u (workspace_id, limit_key, limit_value, reserved, used, updated_at)
SELECT %(workspace)s, key, ceiling, amount, 0, %(now)s
FROM unnest(%(keys)s::text[], %(amounts)s::bigint[], %(ceilings)s::bigint[])
  AS given (key, amount, ceiling)
WHERE amount <= ceiling ORDER BY key
ON CONFLICT (workspace_id, limit_key) DO UPDATE
  SET reserved = u.reserved + excluded.reserved, limit_value = excluded.limit_value,
      updated_at = excluded.updated_at
  WHERE u.reserved + u.used + excluded.reserved <= excluded.limit_value
RETURNING limit_key"""
_TAKE = (
    _RESERVE.replace("amount, 0, %(now)s", "0, amount, %(now)s")
    .replace("SET reserved = u.reserved + excluded.reserved", "SET used = u.used + excluded.used")
    .replace("u.used + excluded.reserved <=", "u.used + excluded.used <=")
)
_SHIFT = """
WITH mine AS (
  SELECT u.id, given.amount
  FROM unnest(%(keys)s::text[], %(amounts)s::bigint[]) AS given (key, amount)
  JOIN loyalty_usage AS u ON u.workspace_id = %(workspace)s AND u.limit_key = given.key
  ORDER BY u.limit_key FOR UPDATE OF u)
UPDATE loyalty_usage AS u SET reserved = u.reserved + %(reserved)s * mine.amount,
  used = u.used + %(used)s * mine.amount, updated_at = %(now)s
FROM mine WHERE u.id = mine.id"""


class LimitReached(Conflict):
    """A budget or a limit has less left than the purchase takes."""


def reserve(workspace_id: int, uses: Sequence[Use]) -> None:
    """Promise these amounts, all or nothing within the caller's savepoint.

    raises  LimitReached naming the promotions whose limit is reached
    """
    _add(workspace_id, uses, _RESERVE)


def take(workspace_id: int, uses: Sequence[Use]) -> None:
    """Take these amounts at once, for a sale without a hold. raises LimitReached"""
    _add(workspace_id, uses, _TAKE)


def settle(workspace_id: int, uses: Sequence[Use]) -> None:
    """What was promised is taken."""
    _shift(workspace_id, uses, reserved=-1, used=1)


def release(workspace_id: int, uses: Sequence[Use]) -> None:
    """What was promised is free again."""
    _shift(workspace_id, uses, reserved=-1, used=0)


def give_back(workspace_id: int, uses: Sequence[Use]) -> None:
    """What was taken is free again, after a full return."""
    _shift(workspace_id, uses, reserved=0, used=-1)


def _summed(uses: Sequence[Use]) -> dict[str, tuple[int, int, str]]:
    """Amount, ceiling and promotion by key, in the order of keys."""
    assert len(uses) <= USES_MAX
    amounts: dict[str, int] = defaultdict(int)
    told: dict[str, tuple[int, str]] = {}
    for use in uses:
        amounts[use.key.text] += use.amount
        told[use.key.text] = (use.ceiling, use.promotion_id)
    return {key: (amounts[key], *told[key]) for key in sorted(amounts) if amounts[key]}


def _add(workspace_id: int, uses: Sequence[Use], statement: str) -> None:
    wanted = _summed(uses)
    if not wanted:
        return
    raw = cursor()
    raw.execute(
        statement,
        {
            "workspace": workspace_id,
            "keys": list(wanted),
            "amounts": [amount for amount, _, _ in wanted.values()],
            "ceilings": [ceiling for _, ceiling, _ in wanted.values()],
            "now": clock.now(),
        },
    )
    taken = {row[0] for row in raw.fetchall()}
    short = sorted({promotion for key, (_, _, promotion) in wanted.items() if key not in taken})
    if short:
        raise LimitReached(
            "promotion_limit_reached", "A promotion has just run out.", promotions=short
        )


def _shift(workspace_id: int, uses: Sequence[Use], *, reserved: int, used: int) -> None:
    wanted = _summed(uses)
    if not wanted:
        return
    cursor().execute(
        _SHIFT,
        {
            "workspace": workspace_id,
            "keys": list(wanted),
            "amounts": [amount for amount, _, _ in wanted.values()],
            "reserved": reserved,
            "used": used,
            "now": clock.now(),
        },
    )
