"""How a workspace wants its customers scored."""

from __future__ import annotations

from regulars.analytics.rfm import Borders
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.store.scope import cursor

DAYS_MAX = 36_500
ORDERS_MAX = 1_000_000
MONEY_MINOR_MAX = 10**15

SAVE = """
INSERT INTO value_setting (workspace_id, borders, changed_by, touched_at, took_ms, cluster_note)
VALUES (%s, %s::jsonb, %s, %s, 0, '')
ON CONFLICT (workspace_id) DO UPDATE SET borders = excluded.borders,
  changed_by = excluded.changed_by, touched_at = excluded.touched_at
"""


def save_borders(workspace_id: int, borders: Borders | None, *, actor: str = "") -> None:
    """Score by these fixed borders from now on, or by fifths; the scores follow in a minute.

    raises  Invalid(borders_order | borders_range)
    """
    text = None if borders is None else _written(_checked(borders))
    cursor().execute(SAVE, [workspace_id, text, actor, clock.now()])


def _checked(borders: Borders) -> Borders:
    falling, rising, money = borders.recency_days, borders.frequency, borders.money_minor
    if list(falling) != sorted(set(falling), reverse=True):
        raise Invalid("borders_order", "Days must fall from score 2 to score 5.")
    if list(rising) != sorted(set(rising)) or list(money) != sorted(set(money)):
        raise Invalid("borders_order", "Orders and money must rise from score 2 to score 5.")
    if falling[-1] < 0 or falling[0] > DAYS_MAX:
        raise Invalid("borders_range", f"Days lie between 0 and {DAYS_MAX}.")
    if rising[0] < 1 or rising[-1] > ORDERS_MAX:
        raise Invalid("borders_range", f"Orders lie between 1 and {ORDERS_MAX}.")
    if money[0] < 0 or money[-1] > MONEY_MINOR_MAX:
        raise Invalid("borders_range", "Money is not below zero and not above what can be counted.")
    return borders


def _written(borders: Borders) -> str:
    parts = (
        f'"{name}": [{", ".join(str(int(value)) for value in getattr(borders, name))}]'
        for name in ("recency_days", "frequency", "money_minor")
    )
    return f"{{{', '.join(parts)}}}"
