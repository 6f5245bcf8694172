"""What every carrier is asked and answers, whatever it calls things."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from regulars.orders.records import Stage


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a workspace with a carrier, its secret opened for one call."""

    account: str
    secret: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What a carrier says of one parcel.

    stage     None when the code tells nothing about where the parcel is
    is_known  false for a code that is in no table: it counts as on its way and is recorded
    """

    number: str
    code: str
    stage: Stage | None
    is_known: bool = True
    at: datetime | None = None
    eta_at: datetime | None = None


def table(folder: Path) -> Mapping[str, Stage | None]:
    """The carrier's codes as our statuses, from codes.json beside its adapter."""
    found = json.loads((folder / "codes.json").read_text())
    return {code: Stage(name) if name else None for code, name in found.items()}


def news_of(
    codes: Mapping[str, Stage | None],
    number: str,
    code: str,
    *,
    at: datetime | None = None,
    eta_at: datetime | None = None,
) -> News:
    """The news that a code of the carrier brings."""
    is_known = code in codes
    stage = codes[code] if is_known else Stage.IN_TRANSIT
    return News(number, code[:60], stage, is_known, at, eta_at)
