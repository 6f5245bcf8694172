"""A browser for the tests of pages: each comes from an address of its own."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

from django.test import Client

from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import workspace

PASSWORD = "warm-bread-every-day"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may sign in."""

    user_id: int
    email: str
    workspace: WorkspaceRecord


def person(role: Role = Role.OWNER, at: WorkspaceRecord | None = None) -> Person:
    """A new person in this role, in a workspace of their own unless one is given."""
    at = at or workspace()
    email = f"anna-{os.getpid()}-{next(_numbers)}@example.com"
    user_id = actions.ensure_user(email, PASSWORD)
    with scope(at.id):
        actions.add_member(at.id, user_id, role)
    return Person(user_id, email, at)


def browser(language: str = "en") -> Client:
    """A browser nobody used before; limits by address do not reach from test to test."""
    number = next(_numbers)
    address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
    return Client(REMOTE_ADDR=address, headers={"accept-language": language})


def signed_in(who: Person, language: str = "en") -> Client:
    """A browser in which this person has signed in by the form."""
    client = browser(language)
    answer = client.post("/login/", {"login": who.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client
