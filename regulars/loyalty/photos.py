"""Photos of receipts: kept in the data folder under names of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.loyalty.reward_records import PHOTO_BYTES_MAX
from regulars.store import place
from regulars.store.persons import Person
from regulars.store.scope import cursor

FOLDER = "receipts"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
# How files of each kind begin; what a sender calls a file says nothing.
HEADS = {
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"\x89PNG\r\n\x1a\n": ("png", "image/png"),
    b"RIFF": ("webp", "image/webp"),
}
# A photo that nobody took part with goes: its sender did not go on, or the server died meanwhile.
UNUSED_KEPT = timedelta(days=1)
LOOKED_BACK = timedelta(days=7)
LOOKED_AT_ONCE = 10_000
_NAME = re.compile(r"[A-Za-z0-9_-]{22}\.(jpg|png|webp)")


def keep(workspace_id: int, raw: bytes) -> str:
    """The name under which the photo is kept. raises Invalid(photo_invalid | photo_too_large)"""
    if len(raw) > PHOTO_BYTES_MAX:
        raise Invalid("photo_too_large", f"A photo has at most {PHOTO_BYTES_MAX // 1_000_000} MB.")
    kind = next((kind for head, (kind, _type) in HEADS.items() if raw.startswith(head)), "")
    if not kind or (kind == "webp" and raw[8:12] != b"WEBP"):
        raise Invalid("photo_invalid", "Send a photo as JPEG, PNG or WebP.")
    name = f"{new_public_id()}.{kind}"
    folder = place.data_folder() / FOLDER / str(workspace_id)
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path = folder / name
    path.touch(mode=FILE_MODE)
    try:
        path.write_bytes(raw)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return name


def drop(workspace_id: int, name: str) -> None:
    """Remove a photo that nobody took part with after all."""
    path = path_of(workspace_id, name)
    if path is not None:
        path.unlink(missing_ok=True)


def folders() -> Iterator[int]:
    """Workspaces that have a folder of photos."""
    folder = place.data_folder() / FOLDER
    found = folder.iterdir() if folder.is_dir() else ()
    yield from sorted(int(path.name) for path in found if path.name.isdecimal())


def drop_unused(workspace_id: int, now: datetime) -> int:
    """Remove photos that no entrance has named for UNUSED_KEPT; returns how many.

    What was left longer ago than LOOKED_BACK is not looked at again.
    """
    last = now - UNUSED_KEPT
    first = last - LOOKED_BACK
    names = [
        path.name
        for path in (place.data_folder() / FOLDER / str(workspace_id)).iterdir()
        if _NAME.fullmatch(path.name) and first <= _written_at(path) <= last
    ]
    unused: list[str] = []
    for start in range(0, len(names), LOOKED_AT_ONCE):
        unused += _unnamed(workspace_id, names[start : start + LOOKED_AT_ONCE])
    for name in unused:
        drop(workspace_id, name)
    return len(unused)


def _written_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        # Somebody was erased meanwhile; what is gone is of no time that is looked at.
        return datetime.min.replace(tzinfo=UTC)


def _unnamed(workspace_id: int, names: Sequence[str]) -> set[str]:
    raw = cursor()
    raw.execute(
        "SELECT said ->> 'photo' FROM loyalty_entrance"
        " WHERE workspace_id = %s AND said ->> 'photo' = ANY(%s)",
        [workspace_id, list(names)],
    )
    return set(names) - {row[0] for row in raw.fetchall()}


def path_of(workspace_id: int, name: str) -> Path | None:
    """Where the photo lies; None when there is none of this name."""
    if not _NAME.fullmatch(name):
        return None
    path = place.data_folder() / FOLDER / str(workspace_id) / name
    return path if path.is_file() else None


def type_of(path: Path) -> str:
    """What kind of picture it is."""
    return next(kind for suffix, kind in HEADS.values() if path.suffix == f".{suffix}")


def forget(person: Person) -> Mapping[str, int]:
    """Remove the photos a person sent; before the rows that name them go."""
    raw = cursor()
    raw.execute(
        "SELECT e.said ->> 'photo' FROM loyalty_entrance AS e"
        " JOIN loyalty_member AS m ON m.id = e.member_id AND m.workspace_id = e.workspace_id"
        " WHERE e.workspace_id = %s AND m.customer_id = ANY(%s) AND e.said ? 'photo'",
        [person.workspace_id, list(person.ids)],
    )
    found = [path_of(person.workspace_id, str(row[0])) for row in raw.fetchall()]
    gone = [path for path in found if path is not None]
    for path in gone:
        path.unlink(missing_ok=True)
    return {"receipt_photos": len(gone)}
