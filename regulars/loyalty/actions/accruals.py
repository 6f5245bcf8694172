"""Orders that come by other doors than a till earn points, and lose them as their goods come back.

An order earns once, by the rules in force when it was paid; promotions belong to tills and carts.
Afterwards nothing is priced again: of what it earned it keeps the share that its worth still has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty.actions import points, turnover
from regulars.loyalty.point_records import Earn, Part
from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.calculation.spreading import spread
from regulars.loyalty.pure.cart import Cart, Line, Member, base_of
from regulars.loyalty.pure.ledger import Account
from regulars.loyalty.pure.promotions.book import EMPTY
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries import members, programme
from regulars.loyalty.queries.members import MemberRecord
from regulars.orders import queries as orders
from regulars.orders.records import PAID_STATUSES, OrderKind, OrderRecord
from regulars.store.scope import cursor

TILL = "till"
RETURN_MARK = "/R"
LINES_MAX = 500
# What of an order's worth is left after its returns, which are orders of their own.
BACK = """
SELECT coalesce(sum(total_minor), 0)::bigint FROM orders_order
WHERE workspace_id = %s AND source = %s AND kind = 'return' AND number LIKE %s
"""
FIRST = """
SELECT spend_minor FROM loyalty_turnover
WHERE workspace_id = %s AND source >= %s AND source < %s AND spend_minor > 0 ORDER BY id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order with what it was worth when it earned and what it is worth now."""

    order: OrderRecord
    member: MemberRecord
    first_minor: int
    now_minor: int

    @property
    def purchase_id(self) -> str:
        return f"order:{self.order.id}"


def take(workspace_id: int, events: Sequence[Event], now: datetime | None = None) -> int:
    """Points for these orders, or back from them; how many orders moved points."""
    moment = now or clock.now()
    told = [e for e in events if e.kind in turnover.ORDER_KINDS and e.props.get("source") != TILL]
    moved = 0
    for event in told:
        sale = _sale(workspace_id, event)
        if sale is not None:
            moved += _settle(workspace_id, sale, event.id, moment)
    return moved


def bonus_of(order_id: int) -> str:
    """Under which name a bonus for an order stands: it goes when the whole order does."""
    return f"bonus:order:{order_id}"


def withdraw(workspace_id: int, events: Sequence[Event], now: datetime | None = None) -> int:
    """Take bonuses back whose order came back whole, by whatever door it came; how many orders."""
    moment = now or clock.now()
    taken = 0
    for event in events:
        is_back = event.kind in turnover.ORDER_KINDS and event.kind != "order.paid"
        sale = _sale(workspace_id, event) if is_back else None
        if sale is None or sale.now_minor > 0:
            continue
        name = bonus_of(sale.order.id)
        txns = books.of_purchase(workspace_id, name)
        back = _revoked(txns)
        left = {slug: n - back.get(slug, 0) for slug, n in _issued(txns).items()}
        left = {slug: n for slug, n in left.items() if n > 0}
        if left:
            policy = programme.live(workspace_id).programme.returns.policy
            key = f"{name}:{event.id}"
            points.take_back(workspace_id, name, left, key, policy=policy, now=moment)
            taken += 1
    return taken


def _sale(workspace_id: int, event: Event) -> Sale | None:
    """The sale an event is about, when its customer takes part."""
    if event.subject_id is None:
        return None
    order = orders.order_by_id(workspace_id, event.subject_id)
    if order.kind == OrderKind.RETURN:
        number = order.number.rpartition(RETURN_MARK)[0]
        ids = orders.order_ids(workspace_id, order.source, [number]) if number else {}
        if number not in ids:
            return None
        order = orders.order_by_id(workspace_id, ids[number])
    if order.kind != OrderKind.SALE or order.customer_id is None:
        return None
    member = members.of_customer(workspace_id, order.customer_id)
    if member is None:
        return None
    is_paid = order.status in PAID_STATUSES
    worth = max(0, order.total_minor + _back(workspace_id, order)) if is_paid else 0
    return Sale(order, member, _first(workspace_id, order.id), worth)


def _back(workspace_id: int, order: OrderRecord) -> int:
    raw = cursor()
    escaped = order.number.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    raw.execute(BACK, [workspace_id, order.source, f"{escaped}{RETURN_MARK}%"])
    row = raw.fetchone()
    return int(row[0]) if row else 0


def _first(workspace_id: int, order_id: int) -> int:
    raw = cursor()
    raw.execute(FIRST, [workspace_id, f"order:{order_id}:", f"order:{order_id};"])
    row = raw.fetchone()
    return int(row[0]) if row else 0


def _settle(workspace_id: int, sale: Sale, event_id: int, now: datetime) -> bool:
    earned = books.find(workspace_id, "earn", sale.purchase_id)
    if earned is None:
        return sale.now_minor > 0 and _earn(workspace_id, sale, now)
    if not sale.first_minor:
        return False
    wanted = {slug: n * sale.now_minor // sale.first_minor for slug, n in _issued([earned]).items()}
    txns = books.of_purchase(workspace_id, sale.purchase_id)
    kept = _issued(txns)
    for slug, amount in _revoked(txns).items():
        kept[slug] = kept.get(slug, 0) - amount
    key = f"{sale.purchase_id}:{event_id}"
    more = {slug: n - kept.get(slug, 0) for slug, n in wanted.items() if n > kept.get(slug, 0)}
    less = {slug: kept[slug] - n for slug, n in wanted.items() if n < kept.get(slug, 0)}
    live = programme.live(workspace_id)
    if more:
        points.earn(workspace_id, _further(live, sale, more, key), now)
    if less:
        policy = live.programme.returns.policy
        points.take_back(workspace_id, sale.purchase_id, less, key, policy=policy, now=now)
    return bool(more or less)


def _issued(txns: Iterable[books.Txn]) -> dict[str, int]:
    return _sums(txns, Account.ISSUED, -1)


def _revoked(txns: Iterable[books.Txn]) -> dict[str, int]:
    return _sums(txns, Account.REVOKED, 1)


def _sums(txns: Iterable[books.Txn], account: str, sign: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for txn in txns:
        for line in txn.lines:
            if line.account == account and line.currency is not None:
                found[line.currency] = found.get(line.currency, 0) + sign * line.amount
    return found


def _earn(workspace_id: int, sale: Sale, now: datetime) -> bool:
    live = replace(programme.live(workspace_id), promotions=EMPTY)
    cart = _cart(workspace_id, sale.order, live.currency)
    if cart is None or not live.is_open:
        return False
    buyer = Member(
        member_id=sale.member.id, customer_id=sale.member.customer_id, tier=sale.member.tier_slug
    )
    answer = calculate(live, cart, buyer, (), (), {}, now)
    parts = tuple(
        Part(
            currency=one.currency,
            points=one.points,
            terms=live.programme.terms_of(one.terms, one.currency),
            line_id=one.line_id or None,
        )
        for one in answer.earn
        if one.points
    )
    if not parts:
        return False
    earn = Earn(
        member_id=sale.member.id,
        key=sale.purchase_id,
        parts=parts,
        reason=sale.order.number,
        purchase_id=sale.purchase_id,
        occurred_at=sale.order.placed_at,
        rules_version=live.version,
    )
    return points.earn(workspace_id, earn, now).is_new


def _further(live: Live, sale: Sale, more: dict[str, int], key: str) -> Earn:
    parts = tuple(
        Part(currency=slug, points=amount, terms=live.programme.terms_of("", slug))
        for slug, amount in more.items()
    )
    return Earn(
        sale.member.id, key, parts, reason=sale.order.number, purchase_id=sale.purchase_id,
        rules_version=live.version,
    )  # fmt: skip


def _cart(workspace_id: int, order: OrderRecord, currency: str) -> Cart | None:
    """The order as a cart at the prices it was sold for; what it cost beyond goods is delivery."""
    rows = [
        line for line in orders.lines(workspace_id, order.id)
        if line.quantity > 0 and line.total_minor >= 0
    ][:LINES_MAX]  # fmt: skip
    if not rows:
        return None
    goods = sum(line.total_minor for line in rows)
    off = spread(max(0, goods - order.total_minor), [line.total_minor for line in rows])
    lines = []
    for line, less in zip(rows, off, strict=True):
        milli = max(1, int(line.quantity * 1000))
        price = Decimal(line.unit_price)
        base = base_of(milli, price, currency)
        if base < line.total_minor:
            return None
        lines.append(
            Line(
                line_id=str(line.line_no), sku=line.sku, quantity_milli=milli, unit_price=price,
                base_minor=base, external_discount_minor=base - line.total_minor + less,
                takes_promotions=False, burns=False, name=line.name or "",
                category=line.category or "", attrs={"gift": True} if base == 0 else {},
            )
        )  # fmt: skip
    return Cart(
        currency=currency,
        lines=tuple(lines),
        occurred_at=order.placed_at,
        delivery_minor=max(0, order.total_minor - goods),
        channel=order.source,
    )
