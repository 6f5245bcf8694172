"""What the demo remembers between runs, in one file of the data folder."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from regulars.kernel.errors import Invalid

FILE = "demo.json"
PASSWORD_BYTES = 9
EMAIL = "anna@tea-and-bean.example"


@dataclass(frozen=True, slots=True)
class Shop:
    """One filled workspace; with the same plan an interrupted filling goes on.

    end   the instant its history ends
    data  the file it came from; None for the generated one
    """

    slug: str
    end: datetime
    customers: int = 0
    seed: int = 0
    data: str | None = None
    is_filled: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Everything that must stay the same from run to run."""

    email: str = EMAIL
    password: str = ""
    catcher_port: int = 0
    shops: tuple[Shop, ...] = field(default=())

    def shop(self, slug: str) -> Shop | None:
        """The shop of this name, if it was begun."""
        return next((shop for shop in self.shops if shop.slug == slug), None)

    def with_shop(self, shop: Shop) -> Note:
        """The note with this shop put in or replaced."""
        others = tuple(one for one in self.shops if one.slug != shop.slug)
        return replace(self, shops=(*others, shop))


def read(folder: Path) -> Note:
    """The note in this folder, or a new one with a password nobody knows yet.

    raises  Invalid(demo_note_unreadable)
    """
    path = folder / FILE
    if not path.exists():
        return Note(password=secrets.token_urlsafe(PASSWORD_BYTES))
    try:
        content = json.loads(path.read_text())
        shops = tuple(
            Shop(**{**shop, "end": datetime.fromisoformat(shop["end"])})
            for shop in content.pop("shops")
        )
        return Note(**content, shops=shops)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Invalid(
            "demo_note_unreadable", f"{path} cannot be read; remove the folder to start anew."
        ) from error


def write(folder: Path, note: Note) -> None:
    """Keep the note, readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    path, fresh = folder / FILE, folder / f"{FILE}.new"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(asdict(note), stream, indent=1, default=datetime.isoformat)
    fresh.replace(path)
