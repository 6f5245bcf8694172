"""Reads of workspaces, members and keys."""

from __future__ import annotations

import hashlib

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from regulars.kernel.errors import NotFound, Refused
from regulars.store.scope import act_as_user
from regulars.workspaces.models import ApiKey, Membership, User, Workspace
from regulars.workspaces.records import (
    ApiKeyRecord,
    KeyScope,
    Member,
    Right,
    Role,
    WorkspaceRecord,
)


def workspace(workspace_id: int) -> WorkspaceRecord:
    """The workspace. raises NotFound"""
    row = Workspace.objects.filter(id=workspace_id).first()
    if row is None:
        raise NotFound("workspace_unknown", gettext_noop("There is no such workspace."))
    return _record(row)


def _record(row: Workspace) -> WorkspaceRecord:
    return WorkspaceRecord(
        id=row.id,
        public_id=row.public_id,
        slug=row.slug,
        name=row.name,
        currency=row.currency,
        time_zone=row.time_zone,
        language=row.language,
        region=row.region,
        secret=row.secret,
    )


def workspace_by_slug(slug: str) -> WorkspaceRecord | None:
    """The workspace of this name; for commands and workers, which run as engine."""
    row = Workspace.objects.filter(slug=slug).first()
    return None if row is None else _record(row)


def all_workspaces() -> list[WorkspaceRecord]:
    """Every workspace; empty unless the process runs as engine."""
    return [_record(row) for row in Workspace.objects.order_by("id")]


def workspaces_of(user_id: int) -> list[tuple[WorkspaceRecord, Role]]:
    """Where the signed-in user works, by name."""
    with transaction.atomic():
        act_as_user(user_id)
        roles = dict(Membership.objects.filter(user_id=user_id).values_list("workspace_id", "role"))
        rows = Workspace.objects.filter(id__in=roles).order_by("name", "id")
        return [(_record(row), Role(roles[row.id])) for row in rows]


def user_by_email(email: str) -> int | None:
    """The user who signs in with this address, else None."""
    return User.objects.filter(email=email.lower()).values_list("id", flat=True).first()


def members(workspace_id: int) -> list[Member]:
    """The team, by e-mail."""
    rows = (
        Membership.objects.filter(workspace_id=workspace_id)
        .select_related("user")
        .order_by("user__email")
    )
    return [
        Member(user_id=r.user_id, email=r.user.email, name=r.user.name, role=Role(r.role))
        for r in rows
    ]


def keys(workspace_id: int) -> list[ApiKeyRecord]:
    """Keys of the workspace, newest first."""
    return [
        ApiKeyRecord(
            id=row.id,
            name=row.name,
            scope=KeyScope(row.scope),
            hint=row.hint,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
        )
        for row in ApiKey.objects.filter(workspace_id=workspace_id).order_by("-id")
    ]


def workspace_of_key(key: str, key_scope: KeyScope) -> WorkspaceRecord | None:
    """The workspace whose open key of this scope was shown, else None."""
    found = holder_of_key(key, key_scope)
    return None if found is None else found[0]


def holder_of_key(key: str, key_scope: KeyScope) -> tuple[WorkspaceRecord, int] | None:
    """The workspace whose open key of this scope was shown and the key's id, else None."""
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # The fence lets a key be read by whoever knows its hash.
            cursor.execute("SELECT set_config('regulars.key_hash', %s, true)", [key_hash])
        row = ApiKey.objects.filter(
            key_hash=key_hash, scope=key_scope.value, revoked_at__isnull=True
        ).first()
        if row is None:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('regulars.workspace', %s, true)", [str(row.workspace_id)]
            )
        found = workspace(row.workspace_id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('regulars.workspace', '', true)")
        return found, row.id


def require(member: Member, right: Right) -> None:
    """Nothing when the member may do it. raises Refused(right_missing)"""
    if not member.may(right):
        raise Refused(
            "right_missing",
            gettext_noop("Your role does not allow this; ask an owner of the workspace."),
            right=right.value,
        )
