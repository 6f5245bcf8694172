"""The coalition: partners and their shops, reading the ledger for them, closing periods.

A follower reads transactions of points in the order of the ledger's chain and writes what each
means between partners: lines of the open period, and the same amounts into the money ledger. Points
of no partner belong to the house, so that every point given out and taken has its two sides.
Points that ended unspent stay paid for: the coalition keeps their cost.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import slugify

from regulars.audit import actions as audit
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.actions.ledger import post
from regulars.loyalty.models.coalition import CoalitionPlace, Partner, PartnerShop, Settlement
from regulars.loyalty.pure import settling
from regulars.loyalty.pure.ledger import Account, Draft, Entry, money_unit
from regulars.loyalty.pure.settling import Line
from regulars.loyalty.queries import coalition as queries
from regulars.loyalty.queries.coalition import HOUSE, PARTNERS_MAX, PartnerRecord, PeriodRecord
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

NAME_CHARS_MAX = 120
SHOPS_MAX, SHOP_CHARS_MAX = 1_000, 200
COST_MAX = 1_000_000
READ_AT_ONCE_MAX = 500
POOL = "coalition_pool"

_NEXT = """
SELECT place, txn_id FROM loyalty_seal WHERE workspace_id = %s AND place > %s
ORDER BY place LIMIT %s"""
# How much each lot gained or lost in each transaction, and what was against it.
_MOVES = """
SELECT e.txn_id, e.lot_id, sum(e.amount)::bigint, t.purchase_id,
  EXISTS (SELECT FROM loyalty_entry AS r WHERE r.txn_id = t.id AND r.account = 'redeemed'),
  EXISTS (SELECT FROM loyalty_entry AS r WHERE r.txn_id = t.id AND r.account = 'expired')
FROM loyalty_txn AS t JOIN loyalty_entry AS e ON e.txn_id = t.id
WHERE t.workspace_id = %s AND t.id = ANY(%s) AND e.lot_id IS NOT NULL
  AND e.account IN ('member:available', 'member:pending', 'member:held')
GROUP BY 1, 2, 4, t.id HAVING sum(e.amount) <> 0 ORDER BY 1, 2"""
# Lots that a merge carried over are the lots they were.
_ROOTS = """
WITH RECURSIVE up AS (
  SELECT id AS lot_id, id, source_lot FROM loyalty_lot WHERE workspace_id = %(w)s
    AND id = ANY(%(lots)s)
  UNION ALL SELECT up.lot_id, l.id, l.source_lot FROM up JOIN loyalty_lot AS l
    ON l.id = up.source_lot AND l.workspace_id = %(w)s)
SELECT up.lot_id, l.id, l.source_txn, l.amount, l.partner_id, l.cost_minor, l.purchase_id
FROM up JOIN loyalty_lot AS l ON l.id = up.id WHERE up.source_lot IS NULL"""
_KNOWN = """
SELECT lot_id, partner_id, points, cost_minor, revoked, redeemed FROM loyalty_partnerlot
WHERE workspace_id = %s AND lot_id = ANY(%s) ORDER BY lot_id FOR UPDATE"""
_KEEP = """
INSERT INTO loyalty_partnerlot AS p
  (workspace_id, lot_id, partner_id, points, cost_minor, revoked, redeemed)
SELECT %s, lot_id, partner_id, points, cost_minor, revoked, redeemed
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
  AS given (lot_id, partner_id, points, cost_minor, revoked, redeemed)
ON CONFLICT (workspace_id, lot_id) DO UPDATE
  SET revoked = excluded.revoked, redeemed = excluded.redeemed"""
_SHOPS = """
SELECT p.purchase_id, s.partner_id FROM loyalty_purchase AS p
JOIN loyalty_partnershop AS s ON s.workspace_id = p.workspace_id AND s.shop = p.shop
WHERE p.workspace_id = %s AND p.purchase_id = ANY(%s)"""


@dataclass(slots=True)
class _Lot:
    """A root lot as it goes through a batch."""

    issuer: int
    points: int
    cost: int
    revoked: int = 0
    redeemed: int = 0

    @property
    def gone(self) -> int:
        """How much of it is spent or taken back."""
        return self.revoked + self.redeemed


def create_partner(
    workspace_id: int, name: str, *, cost_minor_per_100: int, shops: Sequence[str] = (),
    actor: str = "",
) -> PartnerRecord:  # fmt: skip
    """A new partner; with the first one the house becomes one and the first period opens.

    raises  Invalid(partner_…), Conflict(shop_taken | partner_exists), Refused(partners_too_many)
    """
    _lock(workspace_id)
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        raise Invalid("partner_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    mine = Partner.objects.filter(workspace_id=workspace_id)
    if mine.count() >= PARTNERS_MAX:
        raise Refused("partners_too_many", f"There are at most {PARTNERS_MAX} partners.")
    if not mine.exists():
        _begin(workspace_id, cost_minor_per_100, actor)
    slug = slugify(name, allow_unicode=True)[:60] or "partner"
    if mine.filter(slug=slug).exists():
        raise Conflict("partner_exists", "There is a partner of this name already.")
    row = _partner(workspace_id, slug, name, cost_minor_per_100, actor)
    _set_shops(workspace_id, row.id, shops)
    audit.note(workspace_id, "partner.made", "partner", row.public_id)
    return queries.partner(workspace_id, row.public_id)


def change_partner(
    workspace_id: int, public_id: str, *, name: str, cost_minor_per_100: int, shops: Sequence[str]
) -> PartnerRecord:
    """The partner on other terms, for points given out from now on.

    raises  NotFound(partner_unknown), Invalid(partner_…), Conflict(shop_taken)
    """
    _lock(workspace_id)
    one = queries.partner(workspace_id, public_id)
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_CHARS_MAX:
        raise Invalid("partner_name", f"Give a name of 1 to {NAME_CHARS_MAX} characters.")
    _check_cost(cost_minor_per_100)
    Partner.objects.filter(workspace_id=workspace_id, id=one.id).update(
        name=name, cost_minor_per_100=cost_minor_per_100, updated_at=clock.now()
    )
    _set_shops(workspace_id, one.id, shops)
    audit.note(workspace_id, "partner.changed", "partner", public_id)
    return queries.partner(workspace_id, public_id)


def follow(workspace_id: int) -> int:
    """Read the next sealed transactions for the coalition; how many there were.

    Engine or app, one reader at a time; nothing is read twice.
    """
    _lock(workspace_id)
    at = CoalitionPlace.objects.filter(workspace_id=workspace_id).first()
    if at is None:
        return 0
    raw = cursor()
    raw.execute(_NEXT, [workspace_id, at.place, READ_AT_ONCE_MAX])
    sealed = raw.fetchall()
    if not sealed:
        return 0
    # Closing a period waits until what is being written is in it.
    raw.execute(
        "SELECT id FROM loyalty_settlement WHERE workspace_id = %s AND state = 'open' FOR SHARE",
        [workspace_id],
    )
    row = raw.fetchone()
    assert row is not None
    lines = _read(workspace_id, [txn_id for _, txn_id in sealed])
    _write(workspace_id, int(row[0]), lines)
    CoalitionPlace.objects.filter(workspace_id=workspace_id).update(place=sealed[-1][0])
    return len(sealed)


def close_period(workspace_id: int, public_id: str, *, actor: str) -> PeriodRecord:
    """Close the open period for ever and open the next; closed before, it is as it was.

    What comes later, corrections of older sales too, is in the next one.
    raises  NotFound(settlement_unknown)
    """
    _lock(workspace_id)
    one = queries.period(workspace_id, public_id)
    raw = cursor()
    raw.execute(
        "SELECT state FROM loyalty_settlement WHERE workspace_id = %s AND id = %s FOR UPDATE",
        [workspace_id, one.id],
    )
    if raw.fetchone() != ("open",):
        return queries.period(workspace_id, public_id)
    now = clock.now()
    Settlement.objects.filter(workspace_id=workspace_id, id=one.id).update(
        state="closed", closed_at=now, closed_by=actor, lines_hash=lines_hash(workspace_id, one.id)
    )
    Settlement.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), number=one.number + 1,
        opened_at=now,
    )  # fmt: skip
    audit.note(workspace_id, "settlement.closed", "settlement", public_id)
    return queries.period(workspace_id, public_id)


def lines_hash(workspace_id: int, settlement_id: int) -> str:
    """What stands for every line of a period: it shows whether a closed one is as it was."""
    raw = cursor()
    raw.execute(
        "SELECT txn_id, kind, partner_id, issuer_id, points, amount_minor"
        " FROM loyalty_partnerline WHERE workspace_id = %s AND settlement_id = %s"
        " ORDER BY txn_id, kind, partner_id, issuer_id",
        [workspace_id, settlement_id],
    )
    made = hashlib.sha256()
    for row in raw.fetchall():
        made.update((":".join(map(str, row)) + "\n").encode())
    return made.hexdigest()


def _begin(workspace_id: int, cost_minor_per_100: int, actor: str) -> None:
    workspace = workspaces.workspace(workspace_id)
    _partner(workspace_id, HOUSE, workspace.name, cost_minor_per_100, actor)
    Settlement.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), number=1, opened_at=clock.now()
    )
    raw = cursor()
    raw.execute(
        "SELECT coalesce(max(place), 0) FROM loyalty_seal WHERE workspace_id = %s", [workspace_id]
    )
    row = raw.fetchone()
    assert row is not None
    CoalitionPlace.objects.create(workspace_id=workspace_id, place=row[0])


def _partner(workspace_id: int, slug: str, name: str, cost: int, actor: str) -> Partner:
    _check_cost(cost)
    now = clock.now()
    return Partner.objects.create(
        workspace_id=workspace_id, public_id=ids.new_public_id(), slug=slug, name=name,
        cost_minor_per_100=cost, created_by=actor, created_at=now, updated_at=now,
    )  # fmt: skip


def _set_shops(workspace_id: int, partner_id: int, shops: Sequence[str]) -> None:
    wanted = {shop.strip() for shop in shops if shop.strip()}
    if len(wanted) > SHOPS_MAX or any(len(shop) > SHOP_CHARS_MAX for shop in wanted):
        raise Invalid("partner_shops", f"A partner has at most {SHOPS_MAX} shops.")
    rows = PartnerShop.objects.filter(workspace_id=workspace_id)
    taken = rows.filter(shop__in=wanted).exclude(partner_id=partner_id).first()
    if taken is not None:
        raise Conflict("shop_taken", "This shop is another partner's.", shop=taken.shop)
    rows.filter(partner_id=partner_id).exclude(shop__in=wanted).delete()
    PartnerShop.objects.bulk_create(
        [
            PartnerShop(workspace_id=workspace_id, partner_id=partner_id, shop=shop)
            for shop in sorted(wanted)
        ],
        ignore_conflicts=True,
    )


def _read(workspace_id: int, txn_ids: Sequence[int]) -> dict[int, list[Line]]:
    """What each transaction means between partners."""
    raw = cursor()
    raw.execute(_MOVES, [workspace_id, list(txn_ids)])
    moves = raw.fetchall()
    if not moves:
        return {}
    raw.execute(_ROOTS, {"w": workspace_id, "lots": sorted({row[1] for row in moves})})
    roots = {row[0]: row[1:] for row in raw.fetchall()}
    shops = _shop_partners(
        workspace_id, {row[3] for row in moves} | {root[5] for root in roots.values()}
    )
    house, costs = _costs(workspace_id)
    lots = _known(workspace_id, [root[0] for root in roots.values()])
    lines: dict[int, list[Line]] = defaultdict(list)
    # A merge takes from one lot and gives to another of the same root: nothing for partners.
    sums: dict[tuple[int, int], int] = defaultdict(int)
    about = {}
    for txn_id, lot_id, amount, purchase_id, is_spent, is_expired in moves:
        sums[txn_id, roots[lot_id][0]] += amount
        about[txn_id] = (shops.get(purchase_id, house), is_spent, is_expired)
    details = {root[0]: root for root in roots.values()}
    order = {txn_id: place for place, txn_id in enumerate(txn_ids)}
    for (txn_id, root_id), amount in sorted(sums.items(), key=lambda one: (order[one[0][0]], one)):
        taker, is_spent, is_expired = about[txn_id]
        if root_id not in lots:
            lots[root_id] = _issued(details[root_id], shops, house, costs)
            one = lots[root_id]
            lines[txn_id].append(settling.issued(one.issuer, one.points, one.cost))
            if details[root_id][1] == txn_id:
                amount -= one.points
        if amount and not is_expired:
            lines[txn_id].append(_moved(lots[root_id], amount, taker, is_spent=is_spent))
    _keep(workspace_id, lots)
    return lines


def _issued(
    root: tuple[int, int, int, int | None, int, str | None],
    shops: Mapping[str, int],
    house: int,
    costs: Mapping[int, int],
) -> _Lot:
    _id, _txn, amount, partner_id, cost_minor, purchase_id = root
    issuer = partner_id or shops.get(purchase_id or "", house)
    return _Lot(issuer, amount, cost_minor or settling.cost_of(amount, costs.get(issuer, 0)))


def _moved(lot: _Lot, amount: int, taker: int, *, is_spent: bool) -> Line:
    """The line for points that left the lot (below zero) or came back to it."""
    before, after = lot.gone, lot.gone - amount
    part = abs(settling.share(lot.cost, lot.points, min(before, after), max(before, after)))
    if is_spent:
        lot.redeemed -= amount
        if amount < 0:
            return settling.redeemed(taker, lot.issuer, -amount, part)
        return settling.returned(taker, lot.issuer, amount, part)
    lot.revoked -= amount
    sign = 1 if amount < 0 else -1
    return settling.revoked(lot.issuer, -amount, sign * part)


def _write(workspace_id: int, settlement_id: int, lines: Mapping[int, list[Line]]) -> None:
    now = clock.now()
    rows = [
        (settlement_id, line.partner_id, line.issuer_id, txn_id, line.kind, line.points,
         line.amount_minor)
        for txn_id, found in lines.items()
        for line in _gathered(found)
    ]  # fmt: skip
    if not rows:
        return
    cursor().execute(
        "INSERT INTO loyalty_partnerline (workspace_id, at, settlement_id, partner_id, issuer_id,"
        " txn_id, kind, points, amount_minor) SELECT %s, %s, * FROM unnest(%s::bigint[],"
        " %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[])",
        [workspace_id, now, *([row[place] for row in rows] for place in range(7))],
    )
    unit = money_unit(workspaces.workspace(workspace_id).currency)
    drafts = []
    for txn_id, found in lines.items():
        owed = {one: n for one, n in settling.totals(found).items() if n}
        if owed:
            entries = tuple(Entry(Account.SETTLEMENT, unit, n, one) for one, n in owed.items())
            total = sum(owed.values())
            against = (Entry(POOL, unit, -total),) if total else ()
            drafts.append(Draft("coalition", str(txn_id), (*entries, *against),
                                body={"lines": [str(line) for line in found]}))  # fmt: skip
    post(workspace_id, drafts)


def _gathered(lines: Iterable[Line]) -> list[Line]:
    """One line for each partner, issuer and kind."""
    sums: dict[tuple[int, int, str], tuple[int, int]] = {}
    for line in lines:
        key = (line.partner_id, line.issuer_id, line.kind)
        points, amount = sums.get(key, (0, 0))
        sums[key] = (points + line.points, amount + line.amount_minor)
    return [Line(a, b, kind, n, m) for (a, b, kind), (n, m) in sums.items()]


def _known(workspace_id: int, lot_ids: Sequence[int]) -> dict[int, _Lot]:
    raw = cursor()
    raw.execute(_KNOWN, [workspace_id, sorted(set(lot_ids))])
    return {row[0]: _Lot(*row[1:]) for row in raw.fetchall()}


def _keep(workspace_id: int, lots: Mapping[int, _Lot]) -> None:
    rows = [(i, o.issuer, o.points, o.cost, o.revoked, o.redeemed) for i, o in lots.items()]
    cursor().execute(_KEEP, [workspace_id, *([row[p] for row in rows] for p in range(6))])


def _shop_partners(workspace_id: int, purchases: set[str | None]) -> dict[str, int]:
    raw = cursor()
    raw.execute(_SHOPS, [workspace_id, sorted(one for one in purchases if one)])
    return dict(raw.fetchall())


def _costs(workspace_id: int) -> tuple[int, dict[int, int]]:
    """The house, and what a hundred points cost each partner."""
    rows = Partner.objects.filter(workspace_id=workspace_id)
    found = list(rows.values_list("id", "slug", "cost_minor_per_100"))
    house = next(one for one, slug, _ in found if slug == HOUSE)
    return house, {one: cost for one, _, cost in found}


def _check_cost(cost: int) -> None:
    if not 0 <= cost <= COST_MAX:
        raise Invalid("partner_cost", "The cost of a hundred points is 0 or more.")


def _lock(workspace_id: int) -> None:
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('coalition:' || %s, 0))", [workspace_id]
    )
