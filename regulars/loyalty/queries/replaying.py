"""Replays of past receipts and the receipts they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from regulars.kernel.errors import NotFound
from regulars.loyalty.models.programme import Replay
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import Balance, Member
from regulars.loyalty.pure.promotions.model import Promotion, Schedule
from regulars.loyalty.pure.replaying import Found, Receipt, SoldLine, from_json
from regulars.loyalty.queries import members, programme, promotions
from regulars.loyalty.queries.members import MemberRecord
from regulars.orders import queries as orders
from regulars.orders.queries.books import OrderFilter
from regulars.orders.records import LineRecord, OrderRecord, ProductRecord
from regulars.segments import queries as segments

LISTED_MAX = 20


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A replay: what was asked, how far it is, what it found.

    state    waiting, running, done, full (stopped at the limit of receipts), failed
    before   the last receipt read, for going on
    """

    public_id: str
    since: datetime
    until: datetime
    slugs: tuple[str, ...]
    only: bool
    state: str
    found: Found
    before: tuple[datetime, int] | None
    actor: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def last_at(self) -> datetime:
        """The last moment of the period, whose end is not of it."""
        return self.until - timedelta(microseconds=1)


def replay(workspace_id: int, public_id: str) -> ReplayRecord:
    """The replay of this id.

    raises   NotFound
    """
    row = Replay.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("replay_unknown", "There is no such replay.")
    return record_of(row)


def replays(workspace_id: int) -> list[ReplayRecord]:
    """The newest replays."""
    rows = Replay.objects.filter(workspace_id=workspace_id).order_by("-created_at", "-id")
    return [record_of(row) for row in rows[:LISTED_MAX]]


def record_of(row: Replay) -> ReplayRecord:
    """The row as it leaves the room."""
    kept = dict(row.found or {})
    before = kept.pop("before", None)
    return ReplayRecord(
        public_id=row.public_id,
        since=datetime.fromisoformat(row.asked["since"]),
        until=datetime.fromisoformat(row.asked["until"]),
        slugs=tuple(row.asked["slugs"]),
        only=row.asked["only"],
        state=row.state,
        found=from_json(kept),
        before=(datetime.fromisoformat(before[0]), before[1]) if before else None,
        actor=row.actor,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def rules_of(workspace_id: int, asked: ReplayRecord) -> Live:
    """The rules a replay asks: in force now, with its drafts; their dates are not looked at."""
    live = programme.live(workspace_id)
    drafts = [promotions.promotion(workspace_id, slug).promotion for slug in asked.slugs]
    named = {one.id for one in drafts}
    kept = [] if asked.only else [
        one for one in live.promotions.promotions if one.id not in named
    ]  # fmt: skip
    undated = [_undated(one) for one in [*kept, *drafts]]
    return replace(
        programme.live_of(workspace_id, live.version, live.is_open, live.programme, undated),
        is_open=True,
    )


def with_drafts(workspace_id: int, slugs: Sequence[str]) -> Live:
    """The rules in force with these promotions as if they were live."""
    live = programme.live(workspace_id)
    drafts = [promotions.promotion(workspace_id, slug).promotion for slug in slugs]
    named = {one.id for one in drafts}
    kept = [one for one in live.promotions.promotions if one.id not in named]
    return programme.live_of(
        workspace_id, live.version, live.is_open, live.programme, [*kept, *drafts]
    )


def _undated(promotion: Promotion) -> Promotion:
    schedule: Schedule = replace(promotion.schedule, starts_at=None, ends_at=None)
    return replace(promotion, schedule=schedule)


def receipts(
    workspace_id: int, asked: ReplayRecord, live: Live, *, limit: int
) -> tuple[list[Receipt], tuple[datetime, int] | None]:
    """The next receipts of the period, newest first, and where the next ones begin."""
    chosen = OrderFilter(kind="sale", since=asked.since, until=asked.until)
    page = orders.page(workspace_id, chosen, before=asked.before, limit=limit)
    last = (page[-1].placed_at, page[-1].id) if len(page) == limit else None
    sold = [one for one in page if one.status != "cancelled" and one.currency == live.currency]
    lines = orders.lines_of(workspace_id, [one.id for one in sold])
    skus = sorted({line.sku for found in lines.values() for line in found if line.sku})
    goods = orders.products_by_sku(workspace_id, skus) if skus else {}
    buyers = _buyers(workspace_id, sold, live)
    return [_receipt(one, lines.get(one.id, []), goods, buyers) for one in sold], last


def _receipt(
    order: OrderRecord,
    lines: Sequence[LineRecord],
    goods: Mapping[str, ProductRecord],
    buyers: Mapping[int, Member],
) -> Receipt:
    return Receipt(
        number=order.number,
        at=order.placed_at,
        lines=tuple(_sold(line, goods) for line in lines if line.quantity > 0),
        total_minor=order.total_minor,
        member=buyers.get(order.customer_id) if order.customer_id else None,
    )


def _sold(line: LineRecord, goods: Mapping[str, ProductRecord]) -> SoldLine:
    product = goods.get(line.sku)
    return SoldLine(
        sku=line.sku,
        name=line.name or "",
        category=line.category or (product.category if product else None) or "",
        brand=(product.brand if product else None) or "",
        quantity=line.quantity,
        unit_price=line.unit_price,
        total_minor=line.total_minor,
    )


def _buyers(workspace_id: int, sold: Sequence[OrderRecord], live: Live) -> dict[int, Member]:
    """Members by customer, with the tier and the segments of today; without past or balance."""
    wanted = sorted({one.customer_id for one in sold if one.customer_id})
    found = members.of_customers(workspace_id, wanted) if wanted else {}
    return {customer_id: _buyer(workspace_id, one, live) for customer_id, one in found.items()}


def _buyer(workspace_id: int, one: MemberRecord, live: Live) -> Member:
    held: frozenset[str] = frozenset()
    if live.asks.segments:
        kept = segments.memberships_of(workspace_id, one.customer_id)
        held = frozenset(found.slug for found in kept)
    return Member(
        member_id=one.id,
        customer_id=one.customer_id,
        tier=one.tier_slug,
        balances={live.programme.main.slug: Balance()},
        segments=held,
        joined_at=one.joined_at,
    )
