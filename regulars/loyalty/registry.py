"""What wiring handed over at the start: who sends one-time codes before points are burnt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

# workspace, customer, challenge, until when it is good
SendBurnCode = Callable[[int, int, str, datetime], None]

_senders: list[SendBurnCode] = []


def declare_burn_sender(send: SendBurnCode) -> None:
    """Let burn codes go by this way; the one declared last is used."""
    _senders.append(send)


def burn_sender() -> SendBurnCode | None:
    """Who sends burn codes; None when nobody does."""
    return _senders[-1] if _senders else None


def forget_burn_sender() -> None:
    """Let the one declared before be used again."""
    _senders.pop()
