"""Writes about Google Wallet: who was led there, what it was told, when it is left in peace."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Coalesce

from regulars.kernel import clock
from regulars.loyalty.models.cards import Card, Wallet

# Whoever was led to Google and has not saved the card for so long is not asked about any more.
UNSAVED_KEPT = timedelta(days=30)
FAULT_CHARS_MAX = 300


def give(workspace_id: int, card_id: int) -> None:
    """The holder is led to Google Wallet: what the card shows is told there from now on.

    A copy saved before keeps what it was told last, so that it is not taken for new.
    """
    Card.objects.filter(workspace_id=workspace_id, id=card_id).update(
        google_given_at=clock.now(), google_told_at=Coalesce(F("google_told_at"), F("changed_at"))
    )


def note_told(workspace_id: int, card_id: int, changed_at: datetime, *, is_saved: bool) -> None:
    """Google was told of the card as it was at this change, or has no such card.

    A link that was given long ago and never followed to the end is forgotten.
    """
    mine = Card.objects.filter(workspace_id=workspace_id, id=card_id, google_told_at__isnull=False)
    mine.update(google_told_at=changed_at)
    if not is_saved:
        mine.filter(google_given_at__lt=clock.now() - UNSAVED_KEPT).update(
            google_given_at=None, google_told_at=None
        )


def note_fault(workspace_id: int, fault: str, *, rests_for: timedelta | None = None) -> None:
    """What Google refused, for the shop to see; with rests_for it is left in peace so long."""
    until = None if rests_for is None else clock.now() + rests_for
    Wallet.objects.filter(workspace_id=workspace_id).update(
        google_fault=fault[:FAULT_CHARS_MAX], google_rests_until=until
    )
