"""What all doors of the desk have in common."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field

from regulars.kernel.errors import Invalid
from regulars.workspaces import queries as workspaces


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class CommentIn(Strict):
    key: str = Field(min_length=1, max_length=100)
    text: str = Field(min_length=1, max_length=5_000)


class CommentOut(Schema):
    text: str
    at: datetime
    by: str | None


class CommentsOut(Schema):
    comments: list[CommentOut]


def workspace_id_of(request: HttpRequest) -> int:
    """The workspace of the key."""
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def member_named(workspace_id: int, email: str) -> int:
    """The user of this address in the workspace. raises Invalid(responsible_unknown)"""
    for member in workspaces.members(workspace_id):
        if member.email == email.strip().lower():
            return member.user_id
    raise Invalid("responsible_unknown", "This person does not work in the workspace.")


def staff_of(workspace_id: int) -> dict[int | None, str]:
    """The addresses of those who work here, by user."""
    return {member.user_id: member.email for member in workspaces.members(workspace_id)}


def page_url(token: str | None) -> str | None:
    """The address of the customer's page of an order."""
    return settings.PUBLIC_URL + reverse("orders:public", args=[token]) if token else None
