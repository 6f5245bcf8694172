"""The double-entry ledger as data: drafts of transactions, their entries and lots.

Every draft balances: the entries of each unit sum to zero. Points a member has are positive on the
member's accounts; what the programme gave out stands there as a negative of its own account, and a
member's debt is a negative of the member's debt account.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from regulars.loyalty.pure import cart

ENTRIES_MAX = 5_000
KEY_LENGTH_MAX = 200
POINTS_MAX = 10**15
# What never ends, where a date must stand.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class Account(StrEnum):
    """Where an entry stands. Member accounts have the member as owner, and a lot unless debt."""

    AVAILABLE = "member:available"
    PENDING = "member:pending"
    HELD = "member:held"
    DEBT = "member:debt"
    # Carries no points: its entries say until when a member's sliding points live.
    ACTIVE = "member:active"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ADJUST = "adjust"
    SETTLEMENT = "partner:settlement"
    GIFT_CARD = "giftcard"
    GIFT_LIABILITY = "giftcard_liability"
    BUDGET = "budget"


IN_LOTS = frozenset({Account.AVAILABLE, Account.PENDING, Account.HELD})


def points_unit(currency: str) -> str:
    """The unit of a point currency."""
    return f"points:{currency}"


def money_unit(currency: str) -> str:
    """The unit of money."""
    return f"money:{currency}"


def currency_of(unit: str) -> str | None:
    """The slug of the point currency a unit counts, None for money."""
    kind, _, slug = unit.partition(":")
    return slug if kind == "points" else None


@dataclass(frozen=True, slots=True)
class Balance(cart.Balance):
    """What a member has of one currency, and what of it ends next; none is ever below zero."""

    next_expiry_at: datetime | None = None
    next_expiry_points: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transaction.

    lot          the lot it moves, by id; on an account of the programme the lot it is about
    new_lot      instead of a lot, which of the draft's new lots it fills
    activates_at, expires_at  with a new lot its dates; with a lot the dates it has from now on
    """

    account: str
    unit: str
    amount: int
    owner_id: int | None = None
    lot: int | None = None
    new_lot: int | None = None
    activates_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewLot:
    """A lot that a draft opens: points of one origin, with their own dates.

    activates_at  None with `waits_for` while the event it waits for has not come
    slides        lives as long as its member stays active, instead of until expires_at
    cost_minor    what the whole lot is worth to the one who issued it
    """

    member_id: int
    currency: str
    amount: int
    activates_at: datetime | None
    expires_at: datetime | None = None
    slides: bool = False
    waits_for: str | None = None
    partner_id: int | None = None
    cost_minor: int = 0
    purchase_id: str | None = None
    line_id: str | None = None
    source_lot: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction to be posted; (kind, key) is its identity for ever.

    body         what was asked for; the same key with another body is a conflict
    resolves_id  the hold it settles: a hold is settled once
    reverses_id  the transaction it takes back: that happens once
    """

    kind: str
    key: str
    entries: tuple[Entry, ...]
    lots: tuple[NewLot, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None
    actor: str = ""
    reason: str = ""
    rules_version: int = 0
    purchase_id: str | None = None
    reverses_id: int | None = None
    resolves_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction that is in the books.

    is_new  false when the key had come before; nothing was written then
    lots    ids of the draft's new lots, in their order; empty when nothing was written
    """

    txn_id: int
    is_new: bool
    lots: tuple[int, ...] = ()


def totals(entries: Iterable[Entry]) -> dict[str, int]:
    """What the entries of each unit come to."""
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        sums[entry.unit] += entry.amount
    return dict(sums)


def check(draft: Draft) -> None:
    """Nothing when the draft is sound: only a bug can break this."""
    assert 0 < len(draft.key) <= KEY_LENGTH_MAX, draft.key
    assert len(draft.entries) <= ENTRIES_MAX
    assert not any(totals(draft.entries).values()), totals(draft.entries)
    for entry in draft.entries:
        has_lot = entry.lot is not None or entry.new_lot is not None
        assert has_lot or entry.account not in IN_LOTS, entry
        assert entry.amount or entry.activates_at or entry.expires_at, entry
        assert abs(entry.amount) <= POINTS_MAX


def body_hash(body: Mapping[str, Any]) -> bytes:
    """Sixteen bytes that stand for what was asked."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def moves(
    owner_id: int, currency: str, source: str, target: str, lots: Mapping[int, int]
) -> tuple[Entry, ...]:
    """Entries that carry so much of each lot from one of a member's accounts to another.

    On an account of the programme they tell the lots too, so that points find back.
    """
    unit = points_unit(currency)
    taken = {lot: amount for lot, amount in lots.items() if amount}
    owner = owner_id if target.startswith("member:") else None
    out = tuple(Entry(source, unit, -n, owner_id, lot=lot) for lot, n in taken.items())
    return out + tuple(Entry(target, unit, n, owner, lot=lot) for lot, n in taken.items())
