"""The programme of a demo shop: rules, tiers, promotions, codes, and members with a past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from regulars.kernel import clock
from regulars.kernel.money import to_minor
from regulars.loyalty.actions import adjustments, gift_cards, issuing, members, points, promotions
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.actions import series as code_series
from regulars.loyalty.actions.adjustments import Adjust
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.code_records import SeriesRecord
from regulars.loyalty.point_records import Earn, Hold, Part, PointsInsufficient
from regulars.loyalty.queries import programme as queries
from regulars.loyalty.queries import promotions as promotion_queries
from regulars.portal import actions as portal
from regulars.project.demo.playing import ensure_playing
from regulars.store.scope import cursor
from regulars.workspaces.records import WorkspaceRecord

MEMBERS_MAX = 400
MONTHS = 12
LIFE = timedelta(days=365)
WAITING = timedelta(days=14)
SPENDERS_EVERY = 4
CODES_FOR = 60
CURRENCY = "points"
# The best customers of the last year, and what they paid in each of its months.
BOUGHT = """
WITH best AS (
    SELECT customer_id FROM orders_order
    WHERE workspace_id = %(workspace)s AND customer_id IS NOT NULL AND kind = 'sale'
      AND status NOT IN ('new', 'cancelled') AND placed_at >= %(since)s
    GROUP BY 1 ORDER BY count(*) DESC, customer_id LIMIT %(most)s)
SELECT o.customer_id, date_trunc('month', o.placed_at AT TIME ZONE 'UTC')::date,
       max(o.placed_at), sum(o.total_minor)::bigint, max(o.number)
FROM orders_order o JOIN best USING (customer_id)
WHERE o.workspace_id = %(workspace)s AND o.kind = 'sale'
  AND o.status NOT IN ('new', 'cancelled') AND o.placed_at >= %(since)s AND o.total_minor > 0
GROUP BY 1, 2 ORDER BY 2, 1
"""


def ensure_programme(workspace: WorkspaceRecord) -> None:
    """A programme with everything a page could show; done again it changes nothing."""
    if queries.version(workspace.id) == 0:
        programmes.save_settings(workspace.id, _settings(workspace.currency), actor="demo")
        programmes.set_open(workspace.id, True, actor="demo")
    _members(workspace, _promotions(workspace))
    portal.save_settings(workspace.id, is_open=True, origins=())


def _settings(currency: str) -> Mapping[str, Any]:
    one = to_minor_of(1, currency)
    return {
        "name": "Leaves",
        "currencies": [
            {"slug": CURRENCY, "name": "Leaves", "is_main": True, "minor_per_point": one,
             "terms": "standard"},
        ],
        "terms": {"standard": {"pending": {"kind": "period", "span": "14d"},
                               "expiry": {"kind": "rolling", "span": "12mo"}}},
        "earning": [
            {"id": "purchases", "name": "Every purchase", "points": 100, "per_minor": 20 * one},
            {"id": "birthday", "name": "Birthday", "trigger": "birthday", "points": 100_00},
            {"id": "first", "name": "First purchase", "trigger": "first_purchase",
             "points": 50_00},
            {"id": "review", "name": "Review", "trigger": "review", "points": 20_00},
        ],
        "burning": {"share": "50", "least": 10_00, "step": 1_00},
        "returns": {"policy": "within_balance", "restored_days": 30},
        "tiers": {
            "basis": "earned", "period": "rolling", "span": "12mo", "keeps": "span",
            "downgrade": "one_down",
            "tiers": [
                {"slug": "leaf", "name": "Leaf"},
                {"slug": "silver", "name": "Silver", "least": 100_00, "earn": "1.5",
                 "benefits": ["Samples of new teas"]},
                {"slug": "gold", "name": "Gold", "least": 400_00, "earn": "2", "discount": "3",
                 "benefits": ["Free delivery", "A tasting every quarter"]},
            ],
        },
    }  # fmt: skip


def to_minor_of(amount: int, currency: str) -> int:
    """Whole units of the currency in minor ones."""
    return to_minor(Decimal(amount), currency)


def _promotions(workspace: WorkspaceRecord) -> SeriesRecord:
    """Three that run, one of them by a code of the customer's own; the series of its codes."""
    one = to_minor_of(1, workspace.currency)
    known = {row.slug for row in _known(workspace.id)}
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "third-free": ("Every third pack free", {
            "target": {"pick": "cheapest", "n": 3},
            "effects": [{"type": "percent_off", "value": "100"}],
        }),
        "big-basket": ("Ten per cent off a big basket", {
            "when": {"field": "cart.amount", "op": "gte", "value": 1_000 * one},
            "effects": [{"type": "percent_off", "value": "10"}],
        }),
        "thanks": ("A thank-you", {
            "trigger": "code", "effects": [{"type": "amount_off", "value": 50 * one}],
        }),
    }  # fmt: skip
    for slug, (name, definition) in wanted.items():
        if slug not in known:
            promotions.create_promotion(workspace.id, name=name, slug=slug, definition=definition)
            promotions.set_state(workspace.id, slug, "live", actor="demo")
    return code_series.create_series(
        workspace.id, Terms(name="Thank-you codes", promotion_slug="thanks", valid_days=60),
        kind="personal", slug="thank-you", prefix="TEA", key="demo", actor="demo",
    )  # fmt: skip


def _known(workspace_id: int) -> Sequence[Any]:
    return promotion_queries.promotions(workspace_id)


def _members(workspace: WorkspaceRecord, thanks: SeriesRecord) -> None:
    now = clock.now()
    raw = cursor()
    raw.execute(
        BOUGHT,
        {"workspace": workspace.id, "since": now - timedelta(days=30 * MONTHS),
         "most": MEMBERS_MAX},
    )  # fmt: skip
    rows = raw.fetchall()
    if not rows:
        return
    customers = sorted({row[0] for row in rows})
    first = min(row[2] for row in rows)
    ids = dict(zip(customers, members.enrol(workspace.id, customers, first), strict=True))
    months: defaultdict[Any, list[tuple[int, datetime, int, str]]] = defaultdict(list)
    for customer_id, month, at, total, number in rows:
        months[month].append((ids[customer_id], at, total, number))
    for month in sorted(months):
        _month(workspace, months[month], now)
    issuing.issue_codes(
        workspace.id,
        thanks,
        [(one, f"demo:{one}") for one in customers[:: max(1, len(customers) // CODES_FOR)]],
    )
    _by_hand(workspace, [ids[one] for one in customers[:3]])
    ensure_playing(workspace, [ids[one] for one in customers], to_minor_of(1, workspace.currency))
    gift_cards.issue_gift_card(
        workspace.id, to_minor_of(500, workspace.currency),
        customer_id=customers[0], key="demo",
    )  # fmt: skip


def _month(
    workspace: WorkspaceRecord, rows: Sequence[tuple[int, datetime, int, str]], now: datetime
) -> None:
    """What members earned in one month, and what some of them spent of it."""
    at = max(row[1] for row in rows)
    step = 20 * to_minor_of(1, workspace.currency)
    is_waiting = now - at < WAITING
    points.earn_many(
        workspace.id,
        [
            Earn(
                member_id, f"demo:{number}",
                (Part(CURRENCY, total // step * 100,
                      activates_at=bought_at + WAITING if is_waiting else None,
                      expires_at=bought_at + LIFE),),
                reason=number, purchase_id=number, occurred_at=bought_at,
            )
            for member_id, bought_at, total, number in rows
            if total >= step
        ],
        at,
    )  # fmt: skip
    if is_waiting:
        return
    for member_id, _bought_at, total, number in rows[::SPENDERS_EVERY]:
        wanted = total // step * 100 // 2 // 1_00 * 1_00
        if wanted < 10_00:
            continue
        hold, spent = f"demo:{number}", f"demo:{number}:spent"
        try:
            points.hold(workspace.id, Hold(member_id, CURRENCY, wanted, hold, f"{number}-next"), at)
        except PointsInsufficient:
            continue
        points.capture(workspace.id, hold, spent, now=at)


def _by_hand(workspace: WorkspaceRecord, member_ids: Sequence[int]) -> None:
    """Changes by hand: two within the limit, one that waits for a second person."""
    for place, (member_id, amount, reason) in enumerate(
        zip(member_ids, (30_00, 20_00, 2_000_00),
            ("Late delivery", "Torn packet", "Winner of the tasting"), strict=False)
    ):  # fmt: skip
        adjustments.adjust(
            workspace.id,
            Adjust(member_id, CURRENCY, amount, reason, f"demo:{place}", "demo"),
            limit=1_000_00,
        )
