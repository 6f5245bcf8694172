"""Everything kept about a person is in one file, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
import time_machine

from regulars.audit import queries as trail
from regulars.audit.records import Chosen
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.privacy import actions, files, queries
from regulars.privacy.tests import canary
from regulars.store.scope import scope
from tests.town import town


def opened(bird: canary.Canary) -> tuple[zipfile.ZipFile, str]:
    workspace_id = bird.workspace.id
    with scope(workspace_id):
        asked = actions.ask_export(workspace_id, bird.customer_id, actor="user:1", key="k")
    actions.build_export(workspace_id, asked.public_id)
    with scope(workspace_id):
        _found, stream = actions.download(workspace_id, asked.public_id)
    with stream:
        return zipfile.ZipFile(io.BytesIO(stream.read())), asked.public_id


def test_every_file_has_what_is_kept(as_engine: None) -> None:
    bird = canary.put(town().bakery)

    packed, _ = opened(bird)

    given = {trace.file for trace in canary.traces() if trace.file}
    # What nobody has: merges of somebody never merged.
    empty = {"merges"}
    assert {name.removesuffix(".json") for name in packed.namelist()} == given | {
        "about", "README.txt",
    }  # fmt: skip
    counts = json.loads(packed.read("about.json"))["rows"]
    assert {name for name, count in counts.items() if not count} - empty == set()
    (profile,) = json.loads(packed.read("profile.json"))
    assert profile["email"] == bird.email
    assert "workspace_id" not in profile
    assert len(json.loads(packed.read("events.json"))) >= 3


def test_nobody_else_is_in_the_file(as_engine: None) -> None:
    bakery = town().bakery
    other = canary.put(bakery)
    bird = canary.put(bakery)

    packed, _ = opened(bird)

    text = b"".join(packed.read(name) for name in packed.namelist()).decode()
    assert bird.mark in text
    assert other.mark not in text


def test_the_readme_speaks_the_language_of_the_person(as_engine: None) -> None:
    bird = canary.put(town().bakery)
    with scope(bird.workspace.id):
        from regulars.customers import actions as customers

        customers.change_profile(
            bird.workspace.id, bird.customer_id, {"language": "uk"}, actor="test"
        )

    packed, _ = opened(bird)

    assert "Усе, що" in packed.read("README.txt").decode()


def test_the_same_key_is_the_same_file_and_it_expires(as_engine: None) -> None:
    bird = canary.put(town().bakery)
    workspace_id = bird.workspace.id
    _, public_id = opened(bird)
    with scope(workspace_id):
        again = actions.ask_export(workspace_id, bird.customer_id, actor="user:1", key="k")
        path = files.path_of(queries.export(workspace_id, public_id).stored_as)
    assert again.public_id == public_id
    assert path.exists()

    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert actions.expire_exports() >= 1

    assert not path.exists()
    with scope(workspace_id), pytest.raises(NotFound):
        actions.download(workspace_id, public_id)


def test_who_took_it_is_in_the_audit_trail(as_engine: None) -> None:
    bird = canary.put(town().bakery)
    opened(bird)

    with scope(bird.workspace.id):
        lines = trail.page(bird.workspace.id, Chosen(object_id=bird.public_id)).rows

    acts = [line.act for line in reversed(lines)]
    assert acts[-3:] == ["customer.export_asked", "customer.exported", "customer.export_taken"]
    assert bird.mark not in str(lines)


def test_another_workspace_finds_nothing(as_engine: None) -> None:
    people = town()
    bird = canary.put(people.bakery)
    _, public_id = opened(bird)

    with scope(people.other.id):
        with pytest.raises(NotFound):
            actions.download(people.other.id, public_id)
        with pytest.raises(NotFound):
            actions.ask_export(people.other.id, bird.customer_id, actor="user:1", key="z")
