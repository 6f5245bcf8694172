"""Whatever stands in another workspace is not there: every operation, every id."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.test import Client

from regulars.api.api import api
from regulars.privacy.tests import canary
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.records import KeyScope
from tests.database import point_django_at
from tests.town import town

TABLES = """
SELECT c.relname FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'public_id'
JOIN pg_attribute w ON w.attrelid = c.oid AND w.attname = 'workspace_id'
WHERE c.relkind = 'r' ORDER BY 1
"""
# Here the shop's own word stands in the address and makes what is not there.
OWN_WORDS = {"put /api/v1/customers/topics/{key}"}

SCHEMA: dict[str, Any] = api.get_openapi_schema()


@dataclass(frozen=True)
class Operation:
    """One operation of the document, as it is called."""

    method: str
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations() -> Iterator[Operation]:
    """Every operation that names something in its address."""
    for path, methods in SCHEMA["paths"].items():
        for method, told in methods.items():
            if "{" in path:
                content = told.get("requestBody", {}).get("content", {})
                schema = content.get("application/json", {}).get("schema")
                yield Operation(method, path, example(schema) if schema else None)


def example(schema: dict[str, Any]) -> Any:
    """The least that the schema takes."""
    if "$ref" in schema:
        return example(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return example(next(s for s in schema[word] if s.get("type") != "null"))
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", [])
        return {name: example(schema["properties"][name]) for name in wanted}
    if kind == "array":
        return [example(schema["items"]) for _ in range(max(schema.get("minItems", 0), 1))]
    if kind == "string":
        if schema.get("format") == "date-time":
            return "2026-01-01T00:00:00Z"
        if schema.get("format") == "date":
            return "2026-01-01"
        return "x" * max(schema.get("minLength", 1), 1)
    return {"integer": max(schema.get("minimum", 1), 1), "number": 1, "boolean": True}.get(kind)


@pytest.fixture(scope="module")
def stranger(database: str) -> tuple[Client, str, list[str], str]:
    """A client of workspace A with its key, ids of everything in B, and the mark of B."""
    point_django_at(Role.ENGINE)
    people = town()
    bird = canary.put(people.other)
    with scope(people.bakery.id):
        key = actions.create_key(people.bakery.id, KeyScope.API)
    point_django_at(Role.APP)
    ids = []
    with psycopg.connect(place.conninfo_for(Role.OWNER)) as owner:
        for (table,) in owner.execute(TABLES).fetchall():
            row = owner.execute(
                f"SELECT public_id FROM {table} WHERE workspace_id = %s LIMIT 1", [people.other.id]
            ).fetchone()
            ids += [row[0]] if row else []
    assert len(ids) >= 10
    return Client(), key, ids, bird.mark


def ask(client: Client, key: str, operation: Operation, name: str) -> tuple[int, str]:
    path = operation.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + name + rest.partition("}")[2]
    given: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}}
    if operation.body is not None:
        given |= {"data": json.dumps(operation.body), "content_type": "application/json"}
    answer = getattr(client, operation.method)(path, **given)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, body.decode()


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_an_id_of_another_workspace_is_as_good_as_none(
    stranger: tuple[Client, str, list[str], str], operation: Operation
) -> None:
    client, key, ids, mark = stranger
    status, nothing = ask(client, key, operation, secrets.token_urlsafe(16))

    for theirs in ids:
        found, body = ask(client, key, operation, theirs)

        assert (found, body) == (status, nothing)
        assert mark not in body
    assert status == 404 or str(operation) in OWN_WORDS


def lists() -> Iterator[str]:
    """Every operation that gives something without being told an id."""
    for path, methods in SCHEMA["paths"].items():
        if "get" in methods and "{" not in path:
            yield path


@pytest.mark.parametrize("path", lists())
def test_no_list_shows_anything_of_another_workspace(
    stranger: tuple[Client, str, list[str], str], path: str
) -> None:
    client, key, ids, mark = stranger

    status, body = ask(client, key, Operation("get", path, None), "")

    assert status in (200, 422)
    assert mark not in body
    assert [theirs for theirs in ids if theirs in body] == []


def test_bodies_that_name_others_show_nothing(
    stranger: tuple[Client, str, list[str], str],
) -> None:
    client, key, ids, mark = stranger
    named = [
        Operation(method, path, None)
        for path, methods in SCHEMA["paths"].items()
        for method, told in methods.items()
        if "{" not in path and "requestBody" in told
    ]
    for operation in named:
        schema = SCHEMA["paths"][operation.path][operation.method]["requestBody"]["content"]
        for body_schema in (one["schema"] for one in schema.values() if "schema" in one):
            body = example(body_schema)
            if not isinstance(body, dict):
                continue
            for field in (name for name, value in body.items() if isinstance(value, str)):
                for theirs in ids:
                    asked = Operation(operation.method, operation.path, {**body, field: theirs})
                    _, answer = ask(client, key, asked, "")
                    assert mark not in answer
