from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from regulars.kernel.errors import NotFound
from regulars.project.database import check_fences
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.workspaces import actions, queries
from regulars.workspaces.records import KeyScope
from regulars.workspaces.records import Role as MemberRole
from tests.town import workspace


def test_a_workspace_sees_only_its_own_keys(db: None) -> None:
    bakery, florist = workspace(), workspace()
    with scope(bakery.id):
        actions.create_key(bakery.id, KeyScope.API)

    with scope(florist.id):
        seen = queries.keys(florist.id)
        stolen = queries.keys(bakery.id)

    assert seen == [] and stolen == []


def test_a_query_without_a_workspace_fails(db: None) -> None:
    with (
        pytest.raises(DatabaseError, match="a query without a workspace"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT count(*) FROM workspaces_apikey")


def test_a_row_of_another_workspace_cannot_be_written(db: None) -> None:
    bakery, florist = workspace(), workspace()

    with pytest.raises(ProgrammingError, match="row-level security"), scope(bakery.id):
        actions.create_key(florist.id, KeyScope.API)

    with scope(florist.id):
        assert queries.keys(florist.id) == []


def test_the_canary_finds_a_fence_that_stands(db: None) -> None:
    check_fences()


def test_the_app_role_is_neither_superuser_nor_above_the_fences(database: str) -> None:
    with psycopg.connect(place.conninfo_for(Role.APP)) as app:
        row = app.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False)


def test_a_key_opens_its_workspace_until_revoked_and_only_in_its_scope(db: None) -> None:
    bakery = workspace()
    with scope(bakery.id):
        key = actions.create_key(bakery.id, KeyScope.INTAKE)

    found = queries.workspace_of_key(key, KeyScope.INTAKE)
    assert found is not None and found.id == bakery.id
    assert queries.workspace_of_key(key, KeyScope.API) is None
    assert queries.workspace_of_key(key + "x", KeyScope.INTAKE) is None

    with scope(bakery.id):
        actions.revoke_key(bakery.id, queries.keys(bakery.id)[0].id)
    assert queries.workspace_of_key(key, KeyScope.INTAKE) is None


def test_a_user_sees_the_workspaces_of_their_memberships(db: None) -> None:
    bakery, florist, stranger = workspace(), workspace(), workspace()
    user = actions.ensure_user(f"anna-{bakery.id}@example.com", "correct horse battery")
    for shop, role in ((bakery, MemberRole.OWNER), (florist, MemberRole.ANALYST)):
        with scope(shop.id):
            actions.add_member(shop.id, user, role)

    seen = {w.id: role for w, role in queries.workspaces_of(user)}

    assert seen == {bakery.id: MemberRole.OWNER, florist.id: MemberRole.ANALYST}
    assert stranger.id not in seen


def test_a_workspace_of_another_is_not_found(db: None) -> None:
    bakery, florist = workspace(), workspace()
    with scope(bakery.id), pytest.raises(NotFound):
        queries.workspace(florist.id)
