"""Programme, promotions and replays over HTTP."""

from __future__ import annotations

import jsonschema
import pytest
from django.test import Client

from regulars.kernel.errors import Invalid
from regulars.loyalty.actions import members
from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.loyalty.pure.promotions.schema import SCHEMA
from regulars.loyalty.queries import programme
from regulars.loyalty.tests.random_carts import case_of
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope
from tests.town import Town, town

TEN = {"effects": [{"type": "percent_off", "value": "10"}]}
BODY = {"name": "Ten", "definition": TEN, "key": "k"}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


class Program:
    """A program with a key of the workspace."""

    def __init__(self, workspace_id: int) -> None:
        with scope(workspace_id):
            key = workspaces.create_key(workspace_id, KeyScope.API)
        self._client = Client(headers={"authorization": f"Bearer {key}"})

    def ask(self, how: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        answer = self._client.generic(
            how, f"/api/v1/loyalty{path}", _json(body), content_type="application/json"
        )
        return answer.status_code, answer.json()


def _json(body: object) -> bytes:
    import json

    return b"" if body is None else json.dumps(body).encode()


@pytest.fixture
def place(db: object) -> Town:
    return town()


@pytest.fixture
def program(place: Town) -> Program:
    return Program(place.bakery.id)


def test_a_promotion_lives_from_draft_to_its_end(place: Town, program: Program) -> None:
    status, made = program.ask("POST", "/promotions", BODY)

    assert (status, made["slug"], made["state"]) == (201, "ten", "draft")
    assert made["sentences"] == {
        "en": "In every cart: 10 % off the whole cart.",
        "uk": "У кожному кошику: знижка 10 % на весь кошик.",
        "ru": "В каждой корзине: скидка 10 % на всю корзину.",
    }
    assert program.ask("POST", "/promotions", BODY) == (201, made)
    other = program.ask("POST", "/promotions", {**BODY, "name": "Eleven"})
    assert (other[0], other[1]["code"]) == (409, "idempotency_mismatch")
    assert program.ask("POST", "/promotions/ten/state", {"state": "live"})[1]["state"] == "live"
    change = {"name": "Ten", "definition": {"effects": [{"type": "percent_off", "value": "20"}]}}
    status, changed = program.ask("PUT", "/promotions/ten", {**change, "expect_version": 1})
    assert (status, changed["version"]) == (200, 2)
    late = program.ask("PUT", "/promotions/ten", {**change, "expect_version": 1})
    assert (late[0], late[1]["code"]) == (409, "promotion_changed")
    assert program.ask("GET", "/promotions?state=live")[1]["total"] == 1
    assert program.ask("GET", "/promotions/ten/meetings")[1]["lowest_share"] == 8000
    with scope(place.bakery.id):
        assert programme.version(place.bakery.id) == 3


def test_faults_come_all_at_once_with_their_paths(program: Program) -> None:
    bad = {"effects": [{"type": "percent_off", "value": "200"}], "when": {"field": "x", "op": "eq"}}

    status, answer = program.ask("POST", "/promotions", {"name": "Bad", "definition": bad})

    assert (status, answer["code"]) == (422, "promotion_invalid")
    details = answer["details"]
    assert isinstance(details, dict)
    assert [one["path"] for one in details["faults"]] == ["when.field", "effects[0].value"]
    assert program.ask("GET", "/promotions")[1]["total"] == 0


def test_the_programme_is_settled_and_opened(program: Program) -> None:
    settings = {"currencies": [{"slug": "beans", "name": "Beans", "is_main": True}]}

    status, saved = program.ask("PUT", "/programme", {"settings": settings})

    assert (status, saved["settings"], saved["is_open"]) == (200, settings, False)
    assert program.ask("POST", "/programme/open", {"is_open": True})[1]["is_open"] is True
    bad = program.ask("PUT", "/programme", {"settings": {"currencies": []}})
    assert (bad[0], bad[1]["code"]) == (422, "programme_invalid")
    late = program.ask("PUT", "/programme", {"settings": {}, "expect_version": 1})
    assert (late[0], late[1]["code"]) == (409, "programme_changed")


def test_a_promotion_is_offered_to_members_and_receipts_are_replayed(
    place: Town, program: Program
) -> None:
    shop = place.bakery.id
    with scope(shop):
        members.enrol(shop, [place.mira])
        from regulars.customers import queries as customers

        mira = customers.profiles(shop, [place.mira])[place.mira].public_id
    program.ask("POST", "/promotions", BODY)

    offered = program.ask("POST", "/promotions/ten/offers", {"customers": [mira], "key": "a"})
    again = program.ask("POST", "/promotions/ten/offers", {"customers": [mira], "key": "a"})
    period = {"since": "2026-01-01T00:00:00+02:00", "until": "2026-02-01T00:00:00+02:00"}
    replay = program.ask("POST", "/replays", {**period, "promotions": ["ten"], "key": "r"})

    assert (offered[1], again[1]) == ({"offered": 1}, {"offered": 0})
    assert (replay[0], replay[1]["state"]) == (201, "waiting")
    assert program.ask("GET", f"/replays/{replay[1]['id']}") == (200, replay[1])
    assert program.ask("POST", "/replays", {**period, "until": period["since"]})[0] == 422
    assert program.ask("POST", "/replays", {**period, "promotions": ["no"]})[0] == 404


def test_another_workspace_is_not_found(place: Town, program: Program) -> None:
    program.ask("POST", "/promotions", BODY)
    stranger = Program(place.other.id)

    for how, path, body in (
        ("GET", "/promotions/ten", None),
        ("PUT", "/promotions/ten", {"name": "Ten", "definition": TEN}),
        ("POST", "/promotions/ten/state", {"state": "live"}),
        ("GET", "/promotions/ten/meetings", None),
        ("POST", "/promotions/ten/offers", {"customers": ["x"], "key": "a"}),
        ("GET", "/replays/nowhere", None),
    ):
        assert stranger.ask(how, path, body)[0] == 404, path
    assert stranger.ask("GET", "/promotions")[1]["promotions"] == []


def test_the_schema_takes_what_the_reader_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for seed in range(200):
        for slug, definition in case_of(seed).promotions:
            read_promotion({**definition, "group": definition["group"] or None}, slug=slug)
            said = {key: value for key, value in definition.items() if value != ""}
            VALIDATOR.validate(said)


@pytest.mark.parametrize(
    "bad",
    [
        {"effects": []},
        {"effects": [{"type": "percent_off"}]},
        {"effects": [{"type": "percent_off", "value": "10", "what": 1}]},
        {"effects": [{"type": "boo"}]},
        {**TEN, "lane": "roof"},
        {**TEN, "when": {"field": "line.sku", "op": "eq", "value": "x"}},
        {**TEN, "target": {"where": {"field": "cart.amount", "op": "gte", "value": 1}}},
        {**TEN, "limits": [{"what": "uses", "per": "total", "value": 0}]},
        {**TEN, "when": {"challenge": {"of": "moon", "value": 3}}},
    ],
)
def test_what_the_reader_refuses_the_schema_refuses_too(bad: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(bad)
    with pytest.raises(Invalid):
        read_promotion(bad, slug="bad")
