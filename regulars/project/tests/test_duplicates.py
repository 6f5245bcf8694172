"""Commands about duplicates, as an operator types them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regulars.customers import actions, queries
from regulars.customers.records import Identity
from regulars.project import cli
from regulars.store.scope import scope
from tests.town import town, workspace


@pytest.fixture
def typed(as_engine: None, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> Any:
    """Types a command; gives its exit code, its lines as JSON, and its complaint."""
    monkeypatch.setattr(cli, "_set_up", lambda: None)

    def run(*words: str) -> tuple[int, Any, str]:
        code = cli.main(["duplicates", *words])
        told = capsys.readouterr()
        try:
            return code, json.loads(told.out or "null"), told.err
        except ValueError:
            return code, [json.loads(line) for line in told.out.splitlines()], told.err

    return run


def twins(shop: int) -> list[str]:
    born = {"birth_on": "1980-05-01"}
    with scope(shop):
        ids = actions.identify_many(
            shop,
            [
                Identity(external_id="1", email="shevchenko.y@gmail.com",
                         traits={"name": "Юрій Шевченко", "city": "Київ", **born}),
                Identity(email="yuriy.shevchenko@ukr.net",
                         traits={"name": "Shevchenko Yuriy", "city": "Kyiv", **born}),
            ],
        )  # fmt: skip
        people = queries.profiles(shop, ids)
    return [people[one].public_id for one in ids]


def test_twins_are_found_merged_and_split_again(typed: Any) -> None:
    shop = workspace()
    one, other = twins(shop.id)
    here = ("--workspace", shop.slug)

    code, run, _ = typed("search", *here)
    listed = typed("list", *here)[1]
    merged = typed("merge", one, other, *here)
    again = typed("merge", one, other, *here)
    split = typed("unmerge", other, *here)
    alone = typed("unmerge", other, *here)

    assert (code, run["customers"], run["pairs"]) == (0, 2, 1)
    assert {listed["one"], listed["other"]} == {one, other}
    assert listed["probability"] > 0.9
    assert merged[1]["stays"] == one and merged[1]["merged"] == other
    assert (again[0], again[2]) == (1, "regulars: These two are one customer already.\n")
    assert split[1] == {"split": other, "from": one}
    assert alone[0] == 1


def test_who_is_told_apart_is_merged_only_when_confirmed(typed: Any) -> None:
    shop = workspace()
    one, other = twins(shop.id)
    here = ("--workspace", shop.slug)

    typed("tell-apart", one, other, *here)
    found = typed("search", *here)[1]
    refused = typed("merge", one, other, *here)
    apart = typed("list", "--state", "different", *here)[1]
    done = typed("merge", one, other, "--confirm", *here)

    assert found["pairs"] == 0
    assert refused[0] == 1 and "two people" in refused[2]
    assert {apart["one"], apart["other"]} == {one, other}
    assert (done[0], done[1]["merged"]) == (0, other)


def test_many_are_merged_only_when_counted(typed: Any) -> None:
    shop = workspace()
    one, other = twins(shop.id)
    here = ("--workspace", shop.slug)
    typed("search", *here)

    refused = typed("merge-sure", "--percent", "90", "--count", "5", *here)
    done = typed("merge-sure", "--percent", "90", "--count", "1", *here)

    assert refused[0] == 1 and "There are 1 such pairs" in refused[2]
    assert done[1] == {"settled": 1, "put_off": 0}
    with scope(shop.id):
        ids = [queries.own_id_of(shop.id, name) for name in (one, other)]
        assert len(set(queries.roots_of(shop.id, ids).values())) == 1


def test_customers_of_another_workspace_are_unknown(typed: Any) -> None:
    there = town()
    with scope(there.other.id):
        zoe = queries.profiles(there.other.id, [there.zoe])[there.zoe].public_id
    with scope(there.bakery.id):
        mira = queries.profiles(there.bakery.id, [there.mira])[there.mira].public_id
    here = ("--workspace", there.bakery.slug)

    for words in (("merge", mira, zoe), ("tell-apart", zoe, mira), ("unmerge", zoe)):
        code, told, complaint = typed(*words, *here)
        assert (code, told) == (1, None)
        assert complaint == "regulars: There is no such customer.\n"
