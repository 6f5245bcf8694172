"""What a card shows at a till, drawn: its changing code and its number as bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.loyalty.card_records import CardRecord
from regulars.loyalty.pure import cards as pure
from regulars.loyalty.queries import cards
from regulars.loyalty.wallet import pictures

STEP_S = pure.STEP_S


@dataclass(frozen=True, slots=True)
class Bars:
    """The number as bars: how wide all is, and where each begins."""

    width: int
    bars: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Squares:
    """A code of squares: how many on a side, and their outline as an SVG path."""

    side: int
    path: str


def changing(workspace_id: int, card: CardRecord, now: datetime) -> Squares:
    """The code that is good for STEP_S seconds."""
    return Squares(*pictures.qr_squares(cards.qr_text(workspace_id, card.id, now)))


def squares_of(text: str) -> Squares:
    """Any text as a code of squares."""
    return Squares(*pictures.qr_squares(text))


def lasting(card: CardRecord) -> Bars:
    """The number, which never changes."""
    return Bars(*pictures.bars(card.number))


def spaced(number: str) -> str:
    """The number in groups, for people."""
    return pure.spaced(number)
