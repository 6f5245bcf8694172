"""What wiring handed over at the start: channels for codes, and doors of rooms we may not enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.portal.records import CodeSender

_senders: dict[str, CodeSender] = {}
_own_data: dict[str, Callable[..., Any]] = {}


def declare_sender(channel: str, make: Callable[[], CodeSender]) -> None:
    """Let codes go by this channel."""
    _senders[channel] = make()


def sender(channel: str) -> CodeSender | None:
    """Who sends codes by this channel; None when nobody does."""
    return _senders.get(channel)


def channels() -> tuple[str, ...]:
    """The channels by which a code may come, the first declared first."""
    return tuple(_senders)


def declare_own_data(name: str, function: Callable[..., Any]) -> None:
    """How a person gets the file of everything kept about them: ask, files, download."""
    _own_data[name] = function


def own_data(name: str) -> Callable[..., Any]:
    """One of the functions declared by `declare_own_data`."""
    return _own_data[name]
