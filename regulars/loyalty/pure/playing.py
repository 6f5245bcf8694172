"""The log played from the beginning: what every account, lot and balance came to by then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from regulars.loyalty.pure.ledger import IN_LOTS, Account


class Step(NamedTuple):
    """One entry of the log, in order."""

    txn_id: int
    account: str
    owner_id: int | None
    unit: str
    lot_id: int | None
    amount: int
    activates_at: datetime | None
    expires_at: datetime | None


@dataclass(slots=True)
class LotState:
    """A lot as the log tells it; `amount` is what it was opened with."""

    owner_id: int
    unit: str
    amount: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    activates_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(slots=True)
class Books:
    """Everything the log says so far."""

    accounts: dict[tuple[str, int | None, str], int] = field(default_factory=dict)
    lots: dict[int, LotState] = field(default_factory=dict)
    transactions: int = 0

    def balance(self, owner_id: int, unit: str) -> dict[str, int]:
        """What a member has on each account."""
        return {
            account.value: self.accounts.get((account.value, owner_id, unit), 0)
            for account in (Account.AVAILABLE, Account.PENDING, Account.HELD, Account.DEBT)
        }

    def digest(self) -> str:
        """Sixteen bytes that stand for all of it, in hexadecimal."""
        accounts = sorted(
            ([a, o or 0, u, n] for (a, o, u), n in self.accounts.items() if n), key=str
        )
        lots = [
            [one, lot.owner_id, lot.unit, lot.amount,
             sorted((part, n) for part, n in lot.parts.items() if n),
             _text(lot.activates_at), _text(lot.expires_at)]
            for one, lot in sorted(self.lots.items())
        ]  # fmt: skip
        text = json.dumps([accounts, lots], separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else ""


def play(books: Books, steps: Iterable[Step]) -> Books:
    """Add these entries, whole transactions in order.

    raises  ValueError naming the transaction that does not balance, overdraws a lot or an account
    """
    txn: list[Step] = []
    for step in steps:
        if txn and step.txn_id != txn[0].txn_id:
            _close(books, txn)
            txn = []
        txn.append(step)
    if txn:
        _close(books, txn)
    return books


def _close(books: Books, txn: list[Step]) -> None:
    sums: dict[str, int] = {}
    for step in txn:
        sums[step.unit] = sums.get(step.unit, 0) + step.amount
        place = (step.account, step.owner_id, step.unit)
        books.accounts[place] = books.accounts.get(place, 0) + step.amount
        if step.account in IN_LOTS:
            _move(books, step)
    name = f"transaction {txn[0].txn_id}"
    if any(sums.values()):
        raise ValueError(f"{name} does not balance")
    for step in txn:
        now = books.accounts[step.account, step.owner_id, step.unit]
        is_over = now > 0 if step.account == Account.DEBT else now < 0
        if is_over and (step.account in IN_LOTS or step.account == Account.DEBT):
            raise ValueError(f"{name} overdraws {step.account} of member {step.owner_id}")
        if step.account in IN_LOTS and step.lot_id is not None:
            lot = books.lots[step.lot_id]
            if min(lot.parts.values()) < 0 or sum(lot.parts.values()) > lot.amount:
                raise ValueError(f"{name} overdraws lot {step.lot_id}")
    books.transactions += 1


def _move(books: Books, step: Step) -> None:
    assert step.lot_id is not None and step.owner_id is not None
    lot = books.lots.get(step.lot_id)
    if lot is None:
        # The first entry of a lot opens it.
        lot = books.lots[step.lot_id] = LotState(step.owner_id, step.unit, amount=step.amount)
    lot.parts[step.account] = lot.parts.get(step.account, 0) + step.amount
    lot.activates_at = step.activates_at or lot.activates_at
    lot.expires_at = step.expires_at or lot.expires_at
