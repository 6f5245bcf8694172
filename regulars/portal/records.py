"""The shapes of the customer's own account that other rooms see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SettingRecord:
    """Whether the account is open, and which sites may hold it in a frame."""

    is_open: bool = False
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChallengeRecord:
    """A code asked for."""

    id: int
    public_id: str
    channel: str
    customer_id: int | None
    language: str
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A customer signed in on one device.

    customer_id  who they are now, after merges
    """

    public_id: str
    customer_id: int
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class CodeSender(Protocol):
    """A channel by which a one-time code reaches its owner."""

    def hint(self, workspace_id: int, typed: str) -> str:
        """The address in the one spelling it is kept in. raises Invalid when it is none."""
        ...

    def owner_of(self, workspace_id: int, address: str) -> int | None:
        """The customer whom a code sent to this address would reach; None when nobody."""
        ...

    def send(self, workspace_id: int, challenge: ChallengeRecord, code: str) -> None:
        """Let the code be sent to the customer's own address of this channel."""
        ...
