"""A mark in everything of one workspace is on no page and in no lake file of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from django.test import Client
from django.urls import reverse

from regulars.lake import engine
from regulars.privacy.tests import canary
from regulars.project import lake
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.web.navigation import ENTRIES
from regulars.workspaces import actions
from regulars.workspaces.models import User
from regulars.workspaces.records import Role as MemberRole
from tests.database import point_django_at
from tests.town import town


@dataclass(frozen=True)
class Neighbours:
    """An owner of workspace A, a marked person of their own, and one of workspace B."""

    client: Client
    own: canary.Canary
    stranger: canary.Canary


@pytest.fixture(scope="module")
def neighbours(database: str) -> Iterator[Neighbours]:
    point_django_at(Role.ENGINE)
    people = town()
    own, stranger = canary.put(people.bakery), canary.put(people.other)
    lake._pool.cache_clear()
    opened = lake.open_engine(256)
    lake.Keeper(opened).drain()
    user_id = actions.ensure_user(f"owner-{own.mark}@example.com", "long enough")
    with scope(people.bakery.id):
        actions.add_member(people.bakery.id, user_id, MemberRole.OWNER)
    point_django_at(Role.APP)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    yield Neighbours(client, own, stranger)
    engine.use(None)
    opened.close()
    lake._pool().close()
    lake._pool.cache_clear()


@pytest.mark.parametrize("url_name", [entry.url_name for entry in ENTRIES])
def test_no_page_of_the_navigation_shows_anything_of_a_stranger(
    neighbours: Neighbours, url_name: str
) -> None:
    page = neighbours.client.get(reverse(url_name), follow=True)

    assert page.status_code == 200
    text = page.content.decode().lower()
    assert neighbours.stranger.mark not in text
    assert neighbours.stranger.public_id.lower() not in text


def test_the_pages_do_show_what_is_ones_own(neighbours: Neighbours) -> None:
    page = neighbours.client.get(reverse("customers:list"))

    assert neighbours.own.mark in page.content.decode()


@pytest.mark.parametrize("url_name", ["customers:list", "customers:merges", "events:list"])
def test_nobody_is_found_by_the_words_of_a_stranger(neighbours: Neighbours, url_name: str) -> None:
    asked = {"search": neighbours.stranger.email, "customer": neighbours.stranger.public_id}

    page = neighbours.client.get(reverse(url_name), asked, follow=True)

    assert page.status_code in (200, 404)
    assert f"/customers/{neighbours.stranger.public_id}/" not in page.content.decode()


def test_lake_files_hold_their_own_workspace_alone(neighbours: Neighbours) -> None:
    by_workspace = {
        bird.mark: canary.hits(bird.mark, place.lake_folder())
        for bird in (neighbours.own, neighbours.stranger)
    }

    for bird in (neighbours.own, neighbours.stranger):
        found = by_workspace[bird.mark]
        assert found
        assert {path.partition("/")[0] for path in found} == {str(bird.workspace.id)}


def test_the_lake_answers_with_ones_own_alone(neighbours: Neighbours) -> None:
    own = neighbours.own

    rows = engine.current().query(own.workspace.id, "SELECT * FROM customers", []).to_pydict()

    assert own.mark in str(rows)
    assert neighbours.stranger.mark not in str(rows)


def test_each_table_keeps_strangers_apart_by_its_own_policy(neighbours: Neighbours) -> None:
    with psycopg.connect(place.conninfo_for(Role.APP)) as fenced:
        fenced.execute(
            "SELECT set_config('regulars.workspace', %s, false)", [str(neighbours.own.workspace.id)]
        )
        tables = fenced.execute(
            "SELECT table_name FROM information_schema.columns c JOIN pg_class p"
            " ON p.relname = c.table_name WHERE column_name = 'workspace_id'"
            " AND table_schema = 'public' AND p.relkind IN ('r', 'p')"
            " AND has_table_privilege(p.oid, 'SELECT') ORDER BY 1"
        ).fetchall()
        assert len(tables) > 50
        seen = [
            name
            for (name,) in tables
            if fenced.execute(
                f"SELECT count(*) FROM {name} WHERE workspace_id = %s",
                [neighbours.stranger.workspace.id],
            ).fetchone()
            != (0,)
        ]

    assert seen == []
