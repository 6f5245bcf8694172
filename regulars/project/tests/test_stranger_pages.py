"""Every page that names something answers a stranger's id as one that nobody has."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from regulars.api.tests.test_other_workspaces import TABLES
from regulars.privacy.tests import canary
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.models import User
from regulars.workspaces.records import Role as MemberRole
from tests.database import point_django_at
from tests.town import town

NAME = re.compile(r"<(str|int):\w+>")
# Doors without a session, whose names are secrets of their own, with tests of their own.
OPEN = ("api/", "t/", "u/", "in/", "hooks/")
# What a page asks for before it looks anybody up.
SAID = {
    "customers/erasures/<str:public_id>": {"state": "done", "note": "by hand"},
    "customers/duplicates/<str:pair_id>": {"state": "different"},
    "orders/<str:public_id>/status": {"stage": "packed", "status": "packed"},
}
NUMBERED = ("orders_order", "workspaces_apikey")


@dataclass(frozen=True)
class Stranger:
    """An owner of workspace A, a customer of theirs, and what workspace B has."""

    client: Client
    own: str
    ids: tuple[str, ...]
    numbers: tuple[str, ...]
    mark: str


def routes(
    patterns: Sequence[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[str]:
    """Addresses of pages that name something, with places for the names."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif NAME.search(path) and not path.startswith(OPEN):
            yield path


@pytest.fixture(scope="module")
def stranger(database: str) -> Stranger:
    point_django_at(Role.ENGINE)
    people = town()
    own, bird = canary.put(people.bakery), canary.put(people.other)
    user_id = actions.ensure_user(f"owner-{own.mark}@example.com", "long enough")
    with scope(people.bakery.id):
        actions.add_member(people.bakery.id, user_id, MemberRole.OWNER)
    point_django_at(Role.APP)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    with psycopg.connect(place.conninfo_for(Role.OWNER)) as owner:
        tables = [name for (name,) in owner.execute(TABLES).fetchall()]
        ids = _first_of(owner, tables, "public_id", people.other.id)
        numbers = _first_of(owner, NUMBERED, "id", people.other.id)
    assert len(ids) >= 10
    return Stranger(client, own.public_id, ids, numbers, bird.mark)


def _first_of(
    owner: psycopg.Connection[Any], tables: Sequence[str], column: str, workspace_id: int
) -> tuple[str, ...]:
    rows = [
        owner.execute(
            f"SELECT {column} FROM {table} WHERE workspace_id = %s LIMIT 1", [workspace_id]
        ).fetchone()
        for table in tables
    ]
    return tuple(str(row[0]) for row in rows if row)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", list(routes()))
def test_an_id_of_another_workspace_is_as_good_as_none(
    stranger: Stranger, route: str, method: str
) -> None:
    is_number = "<int:" in route
    nobody = "999999999" if is_number else secrets.token_urlsafe(16)

    for name in (nobody, *(stranger.numbers if is_number else stranger.ids)):
        assert _ask(stranger, method, route, name) in (404, 405)


def _ask(stranger: Stranger, method: str, route: str, name: str) -> int:
    # Of two names the first is one's own: only the second leads away.
    *before, last = NAME.split(route)[::2]
    path = stranger.own.join(before) + name + last
    answer = getattr(stranger.client, method)(f"/{path}", SAID.get(route, {}), follow=True)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert stranger.mark not in body.decode("utf-8", "replace")
    return int(answer.status_code)
