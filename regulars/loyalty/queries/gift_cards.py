"""Reads of gift certificates."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.errors import NotFound
from regulars.loyalty.code_records import PAGE_ROWS, GiftCardRecord, GiftUseRecord
from regulars.loyalty.models.codes import GiftCard, GiftUse
from regulars.loyalty.pure import codes as pure
from regulars.store.scope import cursor

USES_SHOWN_MAX = 200


def gift_card(workspace_id: int, public_id: str) -> GiftCardRecord:
    """The certificate of this public id. raises NotFound(gift_card_unknown)"""
    row = GiftCard.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    return record_of(_there(row))


def gift_card_by_id(workspace_id: int, card_id: int) -> GiftCardRecord:
    """The certificate of this id. raises NotFound(gift_card_unknown)"""
    return record_of(_there(GiftCard.objects.filter(workspace_id=workspace_id, id=card_id).first()))


def gift_card_by_code(workspace_id: int, text: str) -> GiftCardRecord:
    """The certificate that somebody typed. raises NotFound(gift_card_unknown)"""
    rows = GiftCard.objects.filter(workspace_id=workspace_id, code=pure.normalised(text))
    return record_of(_there(rows.first()))


def by_codes(workspace_id: int, plain: Sequence[str]) -> list[GiftCardRecord]:
    """The certificates there are among normalised codes."""
    rows = GiftCard.objects.filter(workspace_id=workspace_id, code__in=list(plain))
    return [record_of(row) for row in rows]


def gift_cards(
    workspace_id: int, *, before: int = 0, limit: int = PAGE_ROWS
) -> list[GiftCardRecord]:
    """Certificates, newest first; `before` is the last id of the page before."""
    rows = GiftCard.objects.filter(workspace_id=workspace_id)
    if before:
        rows = rows.filter(id__lt=before)
    return [record_of(row) for row in rows.order_by("-id")[:limit]]


def gift_uses(workspace_id: int, card_id: int) -> list[GiftUseRecord]:
    """Purchases the certificate paid a part of, newest first."""
    rows = GiftUse.objects.filter(workspace_id=workspace_id, card_id=card_id).order_by("-id")
    return [
        GiftUseRecord(row.purchase_id, row.amount_minor, row.returned_minor, row.state, row.at)
        for row in rows[:USES_SHOWN_MAX]
    ]


def gift_liability(workspace_id: int) -> int:
    """What the shop owes to holders of certificates, in minor units."""
    raw = cursor()
    raw.execute(
        "SELECT coalesce(sum(available_minor + held_minor), 0) FROM loyalty_giftcard"
        " WHERE workspace_id = %s",
        [workspace_id],
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def gift_faults(workspace_id: int) -> list[tuple[str, int, int]]:
    """Certificates whose row differs from the ledger: public id, row, ledger. Empty when sound."""
    raw = cursor()
    raw.execute(
        "SELECT g.public_id, g.available_minor + g.held_minor, coalesce(sum(e.amount), 0)"
        " FROM loyalty_giftcard AS g LEFT JOIN loyalty_entry AS e"
        " ON e.owner_id = g.id AND e.account = 'giftcard' AND e.workspace_id = g.workspace_id"
        " WHERE g.workspace_id = %s GROUP BY g.id"
        " HAVING g.available_minor + g.held_minor <> coalesce(sum(e.amount), 0)",
        [workspace_id],
    )
    return [(row[0], int(row[1]), int(row[2])) for row in raw.fetchall()]


def record_of(row: GiftCard) -> GiftCardRecord:
    """The certificate as others see it."""
    is_ours = row.shown is None and pure.is_well_formed(row.code)
    return GiftCardRecord(
        id=row.id,
        public_id=row.public_id,
        code=row.code,
        shown=row.shown or (pure.grouped(row.code) if is_ours else row.code),
        state=row.state,
        currency=row.currency,
        face_minor=row.face_minor,
        available_minor=row.available_minor,
        held_minor=row.held_minor,
        expired_minor=row.expired_minor,
        customer_id=row.customer_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        note=row.note,
        issued_by=row.issued_by,
        issued_at=row.issued_at,
    )


def _there(row: GiftCard | None) -> GiftCard:
    if row is None:
        raise NotFound("gift_card_unknown", "There is no such gift certificate.")
    return row
