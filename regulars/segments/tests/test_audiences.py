"""Hashed audiences by the rules and the worked examples that Google and Meta publish."""

from __future__ import annotations

import csv
import hashlib
from datetime import date, timedelta

import pytest
from django.urls import reverse

from regulars.jobs import runner
from regulars.kernel import clock
from regulars.segments import actions, handing
from regulars.segments.actions import audiences as audience_actions
from regulars.segments.pure import audiences
from regulars.segments.pure.audiences import Known
from regulars.segments.queries import hooks as reads
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_outgoing_api import Caller
from regulars.segments.tests.test_segments import EVERYBODY
from regulars.store.persons import Person
from regulars.store.scope import scope
from regulars.workspaces.records import Role

pytestmark = pytest.mark.usefixtures("as_engine")


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


# Meta for Developers, Conversions API, "Customer Information Parameters".
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (audiences.meta_email(" John_Smith@gmail.com "),
         "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        (audiences.meta_phone("+1 (650)555-1212"),
         "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        (audiences.meta_name("Mary"),
         "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        (audiences.meta_name("정"),
         "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        (audiences.meta_name("Valéry"),
         "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ],
)  # fmt: skip
def test_meta_is_answered_as_its_worked_examples_say(found, expected):
    assert audiences.hashed(found) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (audiences.meta_phone("0044 844 412 4653"), "448444124653"),
        (audiences.meta_name("Vale\u0301ry"), "valéry"),
        (audiences.meta_name("O'Neil, Jr."), "oneil jr"),
        (audiences.meta_city("New York"), "newyork"),
        (audiences.meta_zip("94035-1234", "US"), "94035"),
        (audiences.meta_zip("M1 1AE", "GB"), "m11ae"),
        (audiences.google_email(" Jane.Doe@GoogleMail.com"), "janedoe@googlemail.com"),
        (audiences.google_email("a.b@example.com"), "a.b@example.com"),
        (audiences.google_phone("+44 2070 313 000"), "+442070313000"),
        (audiences.google_name("  Анна   Марія "), "анна марія"),
    ],
)
def test_values_are_put_in_order_before_they_are_hashed(found, expected):
    assert found == expected


def test_a_row_has_the_columns_in_their_order_and_nothing_in_the_clear_but_what_google_asks():
    known = Known(
        email="mary@example.com", phone="+16505551212", first_name="Mary", last_name="Sue",
        country="us", postal_code="94035-1234", city="Mountain View", gender="female",
        birth_on=date(1997, 2, 16),
    )  # fmt: skip

    google, meta = (audiences.row_of(kind, known) for kind in audiences.KINDS)

    assert google == [
        sha("mary@example.com"), sha("+16505551212"), sha("mary"), sha("sue"), "US", "94035-1234",
    ]  # fmt: skip
    assert meta == [
        sha("mary@example.com"), sha("16505551212"), sha("mary"), sha("sue"), sha("94035"),
        sha("mountainview"), sha("us"), sha("19970216"), sha("f"),
    ]  # fmt: skip
    assert len(google) == len(audiences.COLUMNS["google"])
    assert len(meta) == len(audiences.COLUMNS["meta"])


def test_who_may_be_reached_by_neither_has_no_row():
    known = Known(first_name="Mary", last_name="Sue", country="US")

    assert [audiences.row_of(kind, known) for kind in audiences.KINDS] == [None, None]
    assert audiences.row_of("google", Known(email="a@b.c"))[1:] == [""] * 5


@pytest.fixture
def everybody(shop):
    with scope(shop.id):
        return actions.create_segment(shop.id, name="All", rule=EVERYBODY)


def written(shop, one, kind="google", key="k"):
    with scope(shop.id):
        begun = audience_actions.begin_audience(
            shop.id, one.public_id, kind=kind, purpose="marketing", owner_id=1, key=key
        )
    while runner.run_once({"segments.audience": "regulars.segments.handing:run"}):
        pass
    path = handing.path_of(shop.id, begun.public_id)
    with path.open(encoding="utf-8", newline="") as stream:
        return begun, list(csv.reader(stream))


def test_only_customers_who_agreed_come_into_the_file(shop, everybody):
    begun, rows = written(shop, everybody)

    with scope(shop.id):
        done = reads.audience_file(shop.id, begun.public_id)
        mira = customers_email(shop)
    assert rows[0] == list(audiences.COLUMNS["google"])
    assert [row[0] for row in rows[1:]] == [sha(mira)]
    assert (done.state, done.members, done.rows) == ("done", 2, 1)
    assert "@" not in str(rows)


def customers_email(shop):
    from regulars.customers import queries

    return queries.profiles(shop.id, [shop.town.mira])[shop.town.mira].email


def test_the_same_key_writes_one_file_and_an_erasure_removes_it(shop, everybody):
    begun, _rows = written(shop, everybody)
    again, _rows = written(shop, everybody)

    assert begun.public_id == again.public_id
    path = handing.path_of(shop.id, begun.public_id)
    assert path.exists()
    person = Person.__new__(Person)
    object.__setattr__(person, "workspace_id", shop.id)
    assert handing.forget(person) == {"audience_files": 1}
    assert not path.exists()


def test_files_are_gone_after_a_day(shop, everybody, monkeypatch):
    begun, _rows = written(shop, everybody)
    later = clock.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert handing.expire() >= 1

    assert not handing.path_of(shop.id, begun.public_id).exists()
    with scope(shop.id):
        assert reads.audience_file(shop.id, begun.public_id).state == "gone"


def test_a_file_is_given_to_whoever_asked_for_it_and_to_nobody_else(shop, everybody):
    client = member_of(shop.workspace)
    address = reverse("segments:begin_export", args=[everybody.public_id])

    client.post(address, {"kind": "meta", "purpose": "marketing", "key": "one"})
    while runner.run_once({"segments.audience": "regulars.segments.handing:run"}):
        pass

    with scope(shop.id):
        (one,) = reads.audience_files(shop.id, everybody.id)
    file = reverse("segments:export_file", args=[one.public_id])
    taken = client.get(file)
    assert b"".join(taken.streaming_content).startswith(b"email,phone,fn,ln,zip,ct,country")
    assert member_of(shop.workspace).get(file).status_code == 404
    assert member_of(shop.town.other).get(file).status_code == 404
    assert member_of(shop.workspace, Role.SUPPORT).get(file).status_code == 403


def test_a_program_asks_for_an_audience_once_and_takes_it(shop, everybody):
    caller, stranger = Caller(shop.id), Caller(shop.town.other.id)
    path = f"/{everybody.public_id}/audiences"
    body = {"kind": "meta", "key": "november"}

    status, begun = caller.call("post", path, body)
    again = caller.call("post", path, body)
    early = caller.take(f"{path}/{begun['id']}/file")
    while runner.run_once({"segments.audience": "regulars.segments.handing:run"}):
        pass
    _, done = caller.call("get", f"{path}/{begun['id']}")
    file = caller.take(f"{path}/{begun['id']}/file")

    assert (status, begun["state"], again) == (202, "waiting", (202, begun))
    assert early.status_code == 404
    assert (done["state"], done["members"], done["rows"]) == ("done", 2, 1)
    assert file["content-type"] == "text/csv"
    rows = list(csv.reader(b"".join(file.streaming_content).decode().splitlines()))
    assert rows[0] == list(audiences.COLUMNS["meta"]) and len(rows) == 2
    assert caller.call("get", path)[1] == {"audiences": [done]}
    assert caller.call("post", path, {"kind": "tiktok", "key": "k"})[1]["code"] == "audience_kind"
    for answer in (
        stranger.call("get", path), stranger.call("post", path, body),
        stranger.call("get", f"{path}/{begun['id']}"),
    ):  # fmt: skip
        assert answer[0] == 404
    assert stranger.take(f"{path}/{begun['id']}/file").status_code == 404


def test_a_member_s_file_is_not_taken_by_a_key(shop, everybody):
    written(shop, everybody)
    with scope(shop.id):
        (one,) = reads.audience_files(shop.id, everybody.id)
    caller = Caller(shop.id)

    path = f"/{everybody.public_id}/audiences"

    assert caller.call("get", path)[1] == {"audiences": []}
    assert caller.take(f"{path}/{one.public_id}/file").status_code == 404
