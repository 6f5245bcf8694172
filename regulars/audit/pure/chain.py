"""The chain: each line is sealed together with the seal of the line before it.

Seals are keyed, so who can write to the database alone cannot make new ones that fit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC

from regulars.audit.records import EntryRecord

START = b""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One place of the chain, as it is kept."""

    place: int
    entry_id: int
    content: bytes
    seal: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with which line.

    kind  altered, deleted, inserted, reordered, cut (the end is missing), forged (a signature),
          set_back or replaced (the chain is not the one an anchor was taken of)
    """

    kind: str
    entry_id: int | None
    place: int | None


def key_of(secret: str, workspace_id: int) -> bytes:
    """The key of a workspace's chain."""
    return hmac.digest(secret.encode(), f"regulars.audit:{workspace_id}".encode(), hashlib.sha256)


def content_of(key: bytes, entry: EntryRecord) -> bytes:
    """What stands for everything the line says."""
    said = [
        entry.workspace_id, entry.id, entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_kind, entry.actor, entry.door, entry.act, entry.object_kind, entry.object_id,
        list(entry.fields), entry.number,
    ]  # fmt: skip
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(key, text.encode(), hashlib.sha256)


def seal_of(key: bytes, place: int, before: bytes, content: bytes) -> bytes:
    """The seal of one place."""
    return hmac.digest(key, b"%d:" % place + before + content, hashlib.sha256)


def signature_of(key: bytes, what: str, place: int, seal: bytes) -> bytes:
    """Vouches for where the chain ends (`head`) or begins (`checkpoint`)."""
    return hmac.digest(key, f"{what}:{place}:".encode() + seal, hashlib.sha256)


def sealed(
    key: bytes, entries: Iterable[EntryRecord], *, place: int, before: bytes
) -> Iterator[Sealed]:
    """The next places of a chain that ends at this place with this seal."""
    for number, entry in enumerate(entries, start=place + 1):
        content = content_of(key, entry)
        before = seal_of(key, number, before, content)
        yield Sealed(number, entry.id, content, before)


class Walk:
    """Looks at a chain place by place and keeps what is wrong with it."""

    def __init__(self, key: bytes, *, place: int, seal: bytes) -> None:
        self.place = place
        self.seal = seal
        self.faults: list[Fault] = []
        self._key = key
        self._strangers: dict[bytes, int] = {}
        self._missed: dict[bytes, tuple[int, int]] = {}

    def see(self, link: Sealed, entry: EntryRecord | None) -> None:
        """The next place that is kept, with the line it names, if there is one."""
        for gap in range(self.place + 1, link.place):
            self.faults.append(Fault("deleted", None, gap))
        is_next = link.place == self.place + 1
        fits = link.seal == seal_of(self._key, link.place, self.seal, link.content)
        if entry is None:
            self.faults.append(Fault("deleted", link.entry_id, link.place))
        else:
            content = content_of(self._key, entry)
            if content != link.content:
                self._missed[link.content] = (link.entry_id, link.place)
                self._strangers[content] = entry.id
            elif is_next and not fits:
                self.faults.append(Fault("reordered", link.entry_id, link.place))
        # What follows is judged by what is kept here: one fault is told once.
        self.place, self.seal = link.place, link.seal

    def close(self) -> list[Fault]:
        """Everything that was found."""
        for content, (entry_id, place) in self._missed.items():
            kind = "reordered" if content in self._strangers else "altered"
            self.faults.append(Fault(kind, entry_id, place))
        return sorted(self.faults, key=lambda f: (f.place or 0, f.entry_id or 0, f.kind))


def inserted(entry_ids: Iterable[int]) -> list[Fault]:
    """Lines that neither stand in the chain nor wait for it."""
    return [Fault("inserted", entry_id, None) for entry_id in entry_ids]


def as_text(fault: Fault) -> Mapping[str, object]:
    """A fault as the command prints it."""
    return {"fault": fault.kind, "entry": fault.entry_id, "place": fault.place}
