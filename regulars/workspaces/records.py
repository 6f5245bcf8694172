"""What other rooms may know about workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from regulars.workspaces.pure.rights import Right, Role, may

__all__ = ["ApiKeyRecord", "KeyScope", "Member", "Right", "Role", "WorkspaceRecord"]


class KeyScope(StrEnum):
    """What a key opens."""

    INTAKE = "intake"
    API = "api"
    POS = "pos"


@dataclass(frozen=True, slots=True)
class WorkspaceRecord:
    """One workspace; `secret` signs links and must never be shown."""

    id: int
    public_id: str
    slug: str
    name: str
    currency: str
    time_zone: str
    language: str
    region: str
    secret: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in user in the current workspace."""

    user_id: int
    email: str
    name: str
    role: Role

    def may(self, right: Right) -> bool:
        return may(self.role, right)


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """A key as its owner sees it."""

    id: int
    name: str
    scope: KeyScope
    hint: str
    created_at: datetime
    revoked_at: datetime | None
