"""Browsers of members, for tests of pages."""

from __future__ import annotations

import itertools

from django.test import Client

from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord

_numbers = itertools.count(1)


def member_of(shop: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    """A signed-in member of the shop."""
    user_id = workspaces.ensure_user(f"mail-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client
