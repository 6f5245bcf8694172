"""Reads of the coalition: partners, shops, periods, who gave points out and who took them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.kernel.errors import NotFound
from regulars.loyalty.models.coalition import Partner, PartnerShop, Settlement
from regulars.store.scope import cursor

PERIODS_SHOWN = 60
PARTNERS_MAX = 500
HOUSE = "house"

_REPORT = """
SELECT partner_id, kind, sum(points)::bigint, sum(amount_minor)::bigint
FROM loyalty_partnerline WHERE workspace_id = %s AND settlement_id = %s GROUP BY 1, 2"""
_PAIRS = """
SELECT issuer_id, partner_id,
  sum(CASE kind WHEN 'redeemed' THEN points ELSE -points END)::bigint,
  -sum(amount_minor)::bigint
FROM loyalty_partnerline WHERE workspace_id = %s AND settlement_id = %s
  AND kind IN ('redeemed', 'returned') GROUP BY 1, 2 ORDER BY 1, 2"""
_ALL = """
SELECT coalesce(sum(amount_minor), 0)::bigint,
  coalesce(sum(amount_minor) FILTER (WHERE kind IN ('issued', 'revoked')), 0)::bigint,
  coalesce(-sum(amount_minor) FILTER (WHERE kind IN ('redeemed', 'returned')), 0)::bigint
FROM loyalty_partnerline WHERE workspace_id = %s"""
_BOOKS = """
SELECT owner_id, sum(amount)::bigint FROM loyalty_entry
WHERE workspace_id = %s AND account = 'partner:settlement' GROUP BY 1"""
_LINES = """
SELECT partner_id, sum(amount_minor)::bigint FROM loyalty_partnerline
WHERE workspace_id = %s GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class PartnerRecord:
    """A partner. cost_minor_per_100: what a hundred points cost whoever gives them out."""

    id: int
    public_id: str
    slug: str
    name: str
    cost_minor_per_100: int
    state: str
    shops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeriodRecord:
    """A settlement period."""

    id: int
    public_id: str
    number: int
    state: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    lines_hash: str


@dataclass(frozen=True, slots=True)
class Share:
    """One partner in one period: points given out and taken, and what is owed for them.

    owes_minor  above zero the partner pays, below it is paid
    """

    partner_id: int
    issued: int
    issued_minor: int
    redeemed: int
    redeemed_minor: int

    @property
    def owes_minor(self) -> int:
        """What the partner owes in all."""
        return self.issued_minor - self.redeemed_minor


def partners(workspace_id: int) -> list[PartnerRecord]:
    """Partners by name, the house first."""
    shops: dict[int, list[str]] = {}
    for partner_id, shop in PartnerShop.objects.filter(workspace_id=workspace_id).values_list(
        "partner_id", "shop"
    ):
        shops.setdefault(partner_id, []).append(shop)
    rows = Partner.objects.filter(workspace_id=workspace_id)
    found = [record_of(row, tuple(sorted(shops.get(row.id, ())))) for row in rows]
    return sorted(found, key=lambda one: (one.slug != HOUSE, one.name.lower()))


def partner(workspace_id: int, public_id: str) -> PartnerRecord:
    """The partner of this public id. raises NotFound(partner_unknown)"""
    for one in partners(workspace_id):
        if one.public_id == public_id:
            return one
    raise NotFound("partner_unknown", "There is no such partner.")


def partner_of_shop(workspace_id: int, shop: str) -> tuple[int, int] | None:
    """Whose shop it is, and what a hundred points cost them; None when it is nobody's."""
    raw = cursor()
    raw.execute(
        "SELECT p.id, p.cost_minor_per_100 FROM loyalty_partnershop AS s"
        " JOIN loyalty_partner AS p ON p.id = s.partner_id"
        " WHERE s.workspace_id = %s AND s.shop = %s",
        [workspace_id, shop],
    )
    row = raw.fetchone()
    return None if row is None else (row[0], row[1])


def periods(workspace_id: int) -> list[PeriodRecord]:
    """Periods, newest first."""
    rows = Settlement.objects.filter(workspace_id=workspace_id).order_by("-number")
    return [period_of(row) for row in rows[:PERIODS_SHOWN]]


def period(workspace_id: int, public_id: str) -> PeriodRecord:
    """The period of this public id. raises NotFound(settlement_unknown)"""
    row = Settlement.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("settlement_unknown", "There is no such settlement period.")
    return period_of(row)


def report(workspace_id: int, settlement_id: int) -> list[Share]:
    """What each partner gave out and took in a period, by partner."""
    raw = cursor()
    raw.execute(_REPORT, [workspace_id, settlement_id])
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for partner_id, kind, points, amount in raw.fetchall():
        found.setdefault(partner_id, {})[kind] = (points, amount)
    return [_share(partner_id, by_kind) for partner_id, by_kind in sorted(found.items())]


def pairs(workspace_id: int, settlement_id: int) -> list[tuple[int, int, int, int]]:
    """Whose points were spent where: issuer, taker, points, their cost."""
    raw = cursor()
    raw.execute(_PAIRS, [workspace_id, settlement_id])
    return [(row[0], row[1], row[2], row[3]) for row in raw.fetchall()]


def whole(workspace_id: int) -> tuple[int, int, int]:
    """The sum of all settlements, the cost of points given out and of points taken, ever.

    The first is the second less the third: invariant 15.
    """
    raw = cursor()
    raw.execute(_ALL, [workspace_id])
    row = raw.fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def coalition_faults(workspace_id: int) -> list[str]:
    """What does not add up: lines against the ledger, the sum against its parts. Empty: sound."""
    raw = cursor()
    raw.execute(_BOOKS, [workspace_id])
    books = {row[0]: row[1] for row in raw.fetchall()}
    raw.execute(_LINES, [workspace_id])
    lines = {row[0]: row[1] for row in raw.fetchall()}
    faults = [
        f"partner {one}: lines {lines.get(one, 0)}, ledger {books.get(one, 0)}"
        for one in sorted(books.keys() | lines.keys())
        if books.get(one, 0) != lines.get(one, 0)
    ]
    total, issued, redeemed = whole(workspace_id)
    return faults if total == issued - redeemed else [*faults, "settlements are not the cost"]


def record_of(row: Partner, shops: tuple[str, ...]) -> PartnerRecord:
    """The partner as others see it."""
    return PartnerRecord(
        id=row.id,
        public_id=row.public_id,
        slug=row.slug,
        name=row.name,
        cost_minor_per_100=row.cost_minor_per_100,
        state=row.state,
        shops=shops,
    )


def period_of(row: Settlement) -> PeriodRecord:
    """The period as others see it."""
    return PeriodRecord(
        id=row.id,
        public_id=row.public_id,
        number=row.number,
        state=row.state,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        lines_hash=row.lines_hash,
    )


def _share(partner_id: int, by_kind: dict[str, tuple[int, int]]) -> Share:
    def of(kind: str) -> tuple[int, int]:
        return by_kind.get(kind, (0, 0))

    return Share(
        partner_id=partner_id,
        issued=of("issued")[0] - of("revoked")[0],
        issued_minor=of("issued")[1] + of("revoked")[1],
        redeemed=of("redeemed")[0] - of("returned")[0],
        redeemed_minor=-(of("redeemed")[1] + of("returned")[1]),
    )
