"""The chain of the ledger: each transaction is sealed together with the seal before it.

Seals are keyed, so who can write to the database alone cannot make new ones that fit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

START = b""


@dataclass(frozen=True, slots=True)
class Written:
    """A transaction as it stands in the books.

    head     its columns in a fixed order
    entries  its entries' columns, by their ids
    """

    txn_id: int
    head: tuple[object, ...]
    entries: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the chain."""

    place: int
    txn_id: int
    content: bytes
    seal: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where.

    kind  altered, deleted, inserted, reordered, cut, forged, set_back; and of the books:
          unbalanced, balance_differs, lot_differs, lot_overdrawn, stray_entry
    """

    kind: str
    txn_id: int | None = None
    place: int | None = None
    member_id: int | None = None


def key_of(secret: str, workspace_id: int) -> bytes:
    """The key of a workspace's ledger."""
    return hmac.digest(secret.encode(), f"regulars.loyalty:{workspace_id}".encode(), hashlib.sha256)


def content_of(key: bytes, written: Written) -> bytes:
    """What stands for everything a transaction says."""
    text = json.dumps(
        [written.txn_id, written.head, written.entries],
        default=_plain, ensure_ascii=True, separators=(",", ":"),
    )  # fmt: skip
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    assert isinstance(value, bytes | memoryview)
    return bytes(value).hex()


def seal_of(key: bytes, place: int, before: bytes, content: bytes) -> bytes:
    """The seal of one place."""
    return hmac.digest(key, b"%d:" % place + before + content, hashlib.sha256)


def signature_of(key: bytes, place: int, seal: bytes) -> bytes:
    """Vouches for where the chain ends."""
    return hmac.digest(key, f"head:{place}:".encode() + seal, hashlib.sha256)


def sealed(key: bytes, written: Iterable[Written], *, place: int, before: bytes) -> Iterator[Place]:
    """The next places of a chain that ends at this place with this seal."""
    for number, one in enumerate(written, start=place + 1):
        content = content_of(key, one)
        before = seal_of(key, number, before, content)
        yield Place(number, one.txn_id, content, before)


class Walk:
    """Looks at the chain place by place and keeps what is wrong with it."""

    def __init__(self, key: bytes) -> None:
        self.place = 0
        self.seal = START
        self.faults: list[Fault] = []
        self._key = key

    def see(self, link: Place, written: Written | None) -> None:
        """The next place, with the transaction it names, if that is still there."""
        for gap in range(self.place + 1, link.place):
            self.faults.append(Fault("deleted", place=gap))
        fits = link.seal == seal_of(self._key, link.place, self.seal, link.content)
        if written is None:
            self.faults.append(Fault("deleted", link.txn_id, link.place))
        elif content_of(self._key, written) != link.content:
            self.faults.append(Fault("altered", link.txn_id, link.place))
        elif link.place == self.place + 1 and not fits:
            self.faults.append(Fault("reordered", link.txn_id, link.place))
        # What follows is judged by what is kept here: one fault is told once.
        self.place, self.seal = link.place, link.seal


def ends(key: bytes, walk: Walk, head: Sequence[object] | None) -> list[Fault]:
    """Whether the chain ends where its signed head (place, seal, signature) says."""
    if head is None:
        return [Fault("cut", place=walk.place)] if walk.place else []
    place, seal, signature = head
    assert isinstance(place, int) and isinstance(seal, bytes) and isinstance(signature, bytes)
    if signature != signature_of(key, place, seal):
        return [Fault("forged", place=place)]
    if place > walk.place:
        return [Fault("cut", place=number) for number in range(walk.place + 1, place + 1)]
    return [] if (place, seal) == (walk.place, walk.seal) else [Fault("forged", place=place)]
