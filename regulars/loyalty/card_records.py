"""Shapes and limits of cards and wallets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CARDS_MAX = 10
REASON_CHARS_MAX = 300
DEVICES_MAX = 20
DEVICE_CHARS_MAX = 200
PEM_CHARS_MAX = 20_000
NAME_CHARS_MAX = 60


@dataclass(frozen=True, slots=True)
class CardRecord:
    """A card; state is active, blocked or replaced."""

    id: int
    public_id: str
    member_id: int
    number: str
    state: str
    reason: str
    replaced_by_id: int | None
    issued_by: str
    issued_at: datetime
    changed_at: datetime
    discount: int = 0


@dataclass(frozen=True, slots=True)
class WalletRecord:
    """How passes look and who signs them; keys stay sealed and are only told to be there."""

    organisation: str = ""
    colour: str = "#0b5d4e"
    apple_pass_type: str = ""
    apple_team: str = ""
    apple_certificate: str = ""
    apple_authority: str = ""
    google_issuer: str = ""
    google_email: str = ""
    apple_key: str = ""
    google_key: str = ""
    # What Google last refused; written by who tells it of changes, never by a form.
    google_fault: str = ""
    google_rests_until: datetime | None = None

    @property
    def has_apple(self) -> bool:
        """Whether Apple passes can be signed."""
        return bool(self.apple_pass_type and self.apple_certificate and self.apple_key)

    @property
    def has_google(self) -> bool:
        """Whether Google cards can be signed."""
        return bool(self.google_issuer and self.google_email and self.google_key)


@dataclass(frozen=True, slots=True)
class Touched:
    """Cards in wallets that a change has made old.

    on_phones  ids of those with an Apple pass on some phone; at_google: how many Google knows
    """

    on_phones: tuple[int, ...] = ()
    at_google: int = 0


@dataclass(frozen=True, slots=True)
class CardView:
    """What a card shows to its holder."""

    public_id: str
    number: str
    holder: str
    shop: str
    tier: str
    # (name of the currency, points as text), the main one first.
    balances: tuple[tuple[str, str], ...]
    page_url: str
    colour: str
    changed_at: datetime
    # active, blocked or replaced
    state: str = "active"
