"""Codes, certificates, cards, rewards, activities, referrals and settlements over HTTP."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from regulars.customers import queries as customers
from regulars.loyalty import photos
from regulars.loyalty.actions import activities, coalition, points, referrals
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.members import enrol
from regulars.loyalty.point_records import Grant
from regulars.loyalty.queries import members
from regulars.loyalty.reward_records import ReferralTermsRecord
from regulars.loyalty.tests.test_promotions_api import Program
from regulars.store.persons import Person
from regulars.store.scope import scope
from tests.town import Town, town


@pytest.fixture
def place(db: object) -> Town:
    return town()


@pytest.fixture
def program(place: Town) -> Program:
    return Program(place.bakery.id)


@pytest.fixture
def stranger(place: Town) -> Program:
    return Program(place.other.id)


def public_ids(place: Town) -> tuple[str, str]:
    """Of Mira: the customer's and the member's."""
    with scope(place.bakery.id):
        (found,) = enrol(place.bakery.id, [place.mira])
        member = members.by_id(place.bakery.id, found)
        assert member is not None
        points.grant(
            place.bakery.id,
            Grant(member_id=found, currency="points", points=50_000, key="s", kind="bonus"),
        )
        profile = customers.profiles(place.bakery.id, [place.mira])[place.mira]
    return profile.public_id, member.public_id


def test_a_series_is_made_issued_and_looked_into(
    place: Town, program: Program, stranger: Program
) -> None:
    mira, _ = public_ids(place)
    body = {"name": "Birthday", "kind": "personal", "promotion": "birthday", "key": "k"}
    status, made = program.ask("POST", "/codes/series", body)
    assert (status, made["uses_per_code"]) == (201, 1)
    assert program.ask("POST", "/codes/series", body)[1]["id"] == made["id"]
    assert program.ask("POST", "/codes/series", {**body, "name": "Other"})[0] == 409
    path = f"/codes/series/{made['id']}"

    wanted = {"codes": [{"customer": mira, "key": "b:2026"}]}
    status, first = program.ask("POST", f"{path}/issue", wanted)
    assert (status, program.ask("POST", f"{path}/issue", wanted)[1]) == (200, first)
    (text,) = first["codes"]
    status, told = program.ask("GET", f"/codes/{text.lower()}")
    assert (status, told["series"], told["uses"]) == (200, made["id"], [])
    assert (
        program.ask("POST", f"/codes/{text}/block", {"is_blocked": True})[1]["state"] == "blocked"
    )
    assert program.ask("GET", f"{path}/codes")[1]["next"] is None

    for how, where, said in (
        ("GET", f"{path}/codes", None), ("POST", f"{path}/issue", wanted),
        ("GET", f"/codes/{text}", None), ("POST", f"{path}/generate", {"count": 1, "key": "g"}),
    ):  # fmt: skip
        assert stranger.ask(how, where, said)[0] == 404, where


def test_codes_are_asked_for_and_a_file_is_taken(place: Town, program: Program) -> None:
    made = program.ask("POST", "/codes/series", {"name": "Pool", "kind": "unique"})[1]
    path = f"/codes/series/{made['id']}"
    status, batch = program.ask("POST", f"{path}/generate", {"count": 1000, "key": "g"})
    assert (status, batch["state"], batch["asked"]) == (202, "waiting", 1000)
    assert program.ask("GET", f"/codes/batches/{batch['id']}")[1] == batch
    assert program.ask("GET", f"/codes/batches/{batch['id']}/rejects")[1] == {"rejects": []}
    assert program.ask("POST", f"{path}/generate", {"count": 0, "key": "h"})[0] == 422
    assert program.ask("POST", f"{path}/codes", {"code": "SPRING-26"})[1]["code"] == "SPRING-26"
    assert program.ask("POST", f"{path}/codes", {"code": "<>"})[0] == 422
    answer = program._client.post(
        f"/api/v1/loyalty{path}/upload",
        {"key": "u", "file": SimpleUploadedFile("c.csv", b"ONE1\nTWO2\n")},
    )
    assert (answer.status_code, answer.json()["kind"]) == (202, "uploaded")


def test_a_certificate_is_issued_once(place: Town, program: Program, stranger: Program) -> None:
    body = {"amount": 50_000, "key": "k"}
    status, made = program.ask("POST", "/gift-cards", body)
    assert (status, made["available"], made["currency"]) == (201, 50_000, "UAH")
    assert program.ask("POST", "/gift-cards", body)[1] == made
    assert program.ask("POST", "/gift-cards", {**body, "amount": 1})[0] == 409
    assert program.ask("POST", "/gift-cards", {"amount": 0, "key": "z"})[0] == 422
    assert program.ask("GET", f"/gift-cards/{made['code']}")[1] == made
    assert stranger.ask("GET", f"/gift-cards/{made['code']}")[0] == 404
    blocked = program.ask("POST", f"/gift-cards/{made['code']}/block", {"is_blocked": True})[1]
    assert blocked["state"] == "blocked"


def test_a_card_is_issued_blocked_and_swapped(
    place: Town, program: Program, stranger: Program
) -> None:
    _, member = public_ids(place)
    status, one = program.ask("POST", "/cards", {"member": member, "key": "c"})
    assert (status, one["state"], len(one["number"])) == (201, "active", 16)
    assert program.ask("POST", "/cards", {"member": "unknown", "key": "d"})[0] == 404
    path = f"/cards/{one['id']}"
    assert program.ask("POST", f"{path}/block", {"is_blocked": True})[1]["state"] == "blocked"
    assert program.ask("POST", f"{path}/block", {"is_blocked": False})[1]["state"] == "active"
    status, new = program.ask("POST", f"{path}/swap", {"key": "s"})
    assert status == 201 and new["number"] != one["number"]
    assert program.ask("GET", path)[1]["state"] == "replaced"
    assert stranger.ask("GET", path)[0] == 404


def test_a_reward_is_ordered(place: Town, program: Program, stranger: Program) -> None:
    _, member = public_ids(place)
    body = {"name": "Cup", "currency": "points", "points": 10_000, "stock": 2, "key": "k"}
    one = program.ask("POST", "/rewards", body)[1]
    assert [row["name"] for row in program.ask("GET", "/rewards")[1]["rewards"]] == ["Cup"]
    said = {"member": member, "quantity": 2, "key": "o"}
    status, order = program.ask("POST", f"/rewards/{one['id']}/orders", said)
    assert (status, order["points"]) == (201, 20_000)
    assert program.ask("POST", f"/rewards/{one['id']}/orders", said)[1] == order
    more = {"member": member, "key": "p"}
    assert program.ask("POST", f"/rewards/{one['id']}/orders", more)[0] in (403, 409, 422)
    path = f"/reward-orders/{order['id']}"
    done = program.ask("POST", f"{path}/state", {"state": "cancelled"})
    assert done[1]["state"] == "cancelled"
    assert program.ask("POST", f"{path}/state", {"state": "ready"})[0] == 409
    assert program.ask("GET", path)[1]["state"] == "cancelled"
    assert stranger.ask("GET", path)[0] == 404


def test_a_photo_is_sent_and_taken_part_with(
    place: Town, program: Program, stranger: Program
) -> None:
    _, member = public_ids(place)
    body = {"name": "Receipts", "kind": "receipts", "currency": "points", "points": 500}
    one = program.ask("POST", "/activities", body)[1]
    path = f"/activities/{one['id']}"
    assert program.ask("POST", f"{path}/state", {"state": "open"})[1]["state"] == "open"
    raw = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    sent = program._client.post(
        "/api/v1/loyalty/activities/photos", {"file": SimpleUploadedFile("r.png", raw)}
    )
    assert sent.status_code == 201
    with scope(place.bakery.id):
        kept = photos.path_of(place.bakery.id, sent.json()["photo"])
        assert kept is not None and kept.read_bytes() == raw
        assert photos.path_of(place.other.id, sent.json()["photo"]) is None
        assert photos.path_of(place.bakery.id, "../../secret") is None
    bad = program._client.post(
        "/api/v1/loyalty/activities/photos", {"file": SimpleUploadedFile("r.png", b"<svg>")}
    )
    assert bad.status_code == 422
    said = {"member": member, "said": sent.json(), "key": "e"}
    entrance = program.ask("POST", f"{path}/entrances", said)[1]
    assert entrance["state"] == "waiting"
    wrong = {"member": member, "said": {"photo": "../x.png"}, "key": "f"}
    assert program.ask("POST", f"{path}/entrances", wrong)[0] == 422
    decided = program.ask(
        "POST", f"/activities/entrances/{entrance['id']}/decision",
        {"is_accepted": True, "points": 700},
    )  # fmt: skip
    assert (decided[1]["state"], decided[1]["points"]) == ("accepted", 700)
    assert program.ask("GET", f"{path}/draws")[1] == {"draws": []}
    assert stranger.ask("GET", f"{path}/draws")[0] == 404
    promise = {
        "prizes": 1, "closes_at": "2040-01-01T00:00:00Z", "public_source": "Lottery", "key": "d",
    }  # fmt: skip
    status, draw = program.ask("POST", f"{path}/draws", promise)
    assert (status, draw["public_source"], draw["seed"]) == (201, "Lottery", "")
    assert program.ask("POST", f"{path}/draws", promise)[1] == draw
    assert program.ask("POST", f"{path}/draws", {**promise, "public_source": ""})[0] == 409
    lots = f"/activities/draws/{draw['id']}/lots"
    assert program.ask("POST", lots, {})[1]["code"] == "draw_number"
    assert program.ask("POST", lots, {"public_number": "7"})[1]["code"] == "draw_early"
    assert stranger.ask("POST", lots, {"public_number": "7"})[0] == 404
    unnamed = {"member": member, "key": "e"}
    assert stranger.ask("POST", f"{path}/entrances", unnamed)[0] == 404


def test_a_friend_is_told_no_reasons(place: Town, program: Program) -> None:
    mira, member = public_ids(place)
    with scope(place.bakery.id):
        referrals.save_terms(
            place.bakery.id, ReferralTermsRecord(is_open=True, currency="points", friend_points=1)
        )
    code = program.ask("POST", "/referrals/codes", {"member": member})[1]["code"]
    status, made = program.ask("POST", "/referrals", {"code": code, "customer": mira})
    assert (status, made["state"], sorted(made)) == (201, "refused", ["id", "state"])
    assert program.ask("GET", f"/referrals/{made['id']}")[1] == made
    assert program.ask("POST", "/referrals", {"code": "NONE1", "customer": mira})[0] == 404


def test_a_period_is_read_and_closed(place: Town, program: Program, stranger: Program) -> None:
    with scope(place.bakery.id):
        coalition.create_partner(place.bakery.id, "Café", cost_minor_per_100=100)
    (one,) = program.ask("GET", "/coalition/periods")[1]["periods"]
    path = f"/coalition/periods/{one['id']}"
    assert program.ask("GET", path)[1]["shares"] == []
    assert stranger.ask("POST", f"{path}/close", {})[0] == 404
    for _ in range(2):
        assert program.ask("POST", f"{path}/close", {})[1]["state"] == "closed"
    assert [p["number"] for p in program.ask("GET", "/coalition/periods")[1]["periods"]] == [2, 1]


def test_photos_go_with_the_person_who_sent_them(place: Town) -> None:
    with scope(place.bakery.id):
        (mira,) = enrol(place.bakery.id, [place.mira])
        made = activities.create_activity(
            place.bakery.id, ActivityTerms(name="R", currency="points"), kind="receipts"
        )
        activities.set_activity(place.bakery.id, made.public_id, "open")
        names = [photos.keep(place.bakery.id, b"\xff\xd8\xff" + bytes([n])) for n in range(2)]
        said = {"photo": names[0]}
        activities.take_part(place.bakery.id, made.public_id, mira, said, key="e")

        person = Person(place.bakery.id, (place.mira,), ("x",), ())
        told = [photos.forget(person), photos.forget(person)]

        assert told == [{"receipt_photos": 1}, {"receipt_photos": 0}]
        kept = [photos.path_of(place.bakery.id, name) is not None for name in names]
        assert kept == [False, True]
