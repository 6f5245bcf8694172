"""Static lists: by hand, by file, by API; in use they stay."""

from __future__ import annotations

import pytest

from regulars.customers import actions as customers
from regulars.events import queries as events
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.segments import actions, queries, tasks
from regulars.segments.pure import uploads
from regulars.segments.pure.uploads import UploadRow
from regulars.segments.tests.test_api import Program
from regulars.store.scope import scope
from tests.town import town


@pytest.fixture
def place(db):
    return town()


def test_customers_come_and_go_and_the_list_counts_them(place):
    bakery, mira, oleg = place.bakery.id, place.mira, place.oleg
    with scope(bakery):
        made = actions.create_list(bakery, name="Guests 2026")

        assert made.slug == "guests-2026"
        assert actions.add_to_list(bakery, made.public_id, [mira, oleg, mira, 10**12]) == 2
        assert actions.add_to_list(bakery, made.public_id, [oleg]) == 0
        assert actions.remove_from_list(bakery, made.public_id, [oleg]) == 1
        assert queries.list_of(bakery, made.public_id).size == 1
        assert [one.customer_id for one in queries.list_members(bakery, made.public_id)] == [mira]
        assert [one.slug for one in queries.lists_of(bakery, mira)] == ["guests-2026"]
        assert actions.add_to_list(bakery, made.public_id, [oleg]) == 1
    with scope(place.other.id), pytest.raises(NotFound):
        actions.add_to_list(place.other.id, made.public_id, [place.zoe])


def merged_and_followed(place, do):
    """Let two customers become one or two again, and lists hear of it as in the worker."""
    with scope(place.bakery.id):
        last = events.latest(place.bakery.id, 1)
        do()
        told = [
            event
            for event in events.latest(place.bakery.id, 10)
            if event.kind in ("customer.merged", "customer.split")
            and event.id > max((one.id for one in last), default=0)
        ]
        assert told
        tasks.take_merges(place.bakery.id, told)


def test_two_who_became_one_stand_in_a_list_once_and_leave_it_as_one(place):
    bakery, mira, oleg = place.bakery.id, place.mira, place.oleg
    with scope(bakery):
        made = actions.create_list(bakery, name="Guests")
        actions.add_to_list(bakery, made.public_id, [mira, oleg])

    merged_and_followed(place, lambda: customers.merge(bakery, oleg, mira))
    with scope(bakery):
        assert queries.list_of(bakery, made.public_id).size == 1
        assert [one.customer_id for one in queries.list_members(bakery, made.public_id)] == [mira]
        assert [one.slug for one in queries.lists_of(bakery, mira)] == ["guests"]
        assert actions.add_to_list(bakery, made.public_id, [mira]) == 0

    merged_and_followed(place, lambda: customers.unmerge(bakery, oleg))
    with scope(bakery):
        assert queries.list_of(bakery, made.public_id).size == 2
        found = queries.list_members(bakery, made.public_id)
        assert [one.customer_id for one in found] == sorted([mira, oleg])
        assert [
            one.customer_id
            for one in queries.list_members(bakery, made.public_id, after=min(mira, oleg))
        ] == [max(mira, oleg)]

    merged_and_followed(place, lambda: customers.merge(bakery, oleg, mira))
    with scope(bakery):
        assert actions.remove_from_list(bakery, made.public_id, [mira]) == 1
        assert actions.remove_from_list(bakery, made.public_id, [mira, oleg]) == 0
        assert queries.list_of(bakery, made.public_id).size == 0
        assert queries.list_members(bakery, made.public_id) == []


def test_who_stands_in_a_list_under_an_earlier_id_alone_is_shown_as_who_they_are(place):
    bakery, mira, oleg = place.bakery.id, place.mira, place.oleg
    with scope(bakery):
        made = actions.create_list(bakery, name="Guests")
        actions.add_to_list(bakery, made.public_id, [oleg])

    merged_and_followed(place, lambda: customers.merge(bakery, oleg, mira))

    with scope(bakery):
        assert actions.add_to_list(bakery, made.public_id, [mira]) == 0
        assert queries.list_of(bakery, made.public_id).size == 1
        assert [one.customer_id for one in queries.list_members(bakery, made.public_id)] == [mira]


def test_a_list_in_the_archive_cannot_be_named_by_new_rules(place):
    bakery = place.bakery.id
    with scope(bakery):
        made = actions.create_list(bakery, name="Guests")
        actions.archive_list(bakery, made.public_id)

        with pytest.raises(Invalid, match="guests"):
            actions.create_segment(
                bakery, name="Guests", rule={"version": 1, "where": {"list": "guests"}}
            )
        assert queries.segments(bakery) == []


def test_customers_of_another_workspace_are_nobody(place):
    with scope(place.bakery.id):
        made = actions.create_list(place.bakery.id, name="Guests")

        assert actions.add_to_list(place.bakery.id, made.public_id, [place.zoe]) == 0
        assert queries.list_members(place.bakery.id, made.public_id) == []


def test_the_same_key_makes_one_list(place):
    bakery = place.bakery.id
    with scope(bakery):
        one = actions.create_list(bakery, name="Guests", key="k")

        assert actions.create_list(bakery, name="Guests", key="k") == one
        with pytest.raises(Conflict):
            actions.create_list(bakery, name="Others", key="k")
        with pytest.raises(Conflict):
            actions.create_list(bakery, name="Guests", slug="guests")
        assert actions.create_list(bakery, name="Guests").slug == "guests-2"


def test_an_upload_finds_its_customers_and_keeps_what_it_does_not(place):
    bakery = place.bakery.id
    rows = uploads.rows_of(
        b"email;phone\nMIRA@example.com;\n;+380671234567\nnobody@example.com;\nnot-an-address;\n"
    )
    with scope(bakery):
        made = actions.create_list(bakery, name="Guests")
        done = actions.upload_to_list(bakery, made.public_id, rows, file_name="g.csv", key="u")
        again = actions.upload_to_list(bakery, made.public_id, rows, file_name="g.csv", key="u")

        assert (done.rows, done.matched, done.added, done.rejected) == (4, 2, 1, 2)
        assert again == done
        assert [
            (one.row_no, one.value, one.reason) for one in queries.rejects(bakery, done.public_id)
        ] == [
            (3, "nobody@example.com", "customer_unknown"),
            (4, "not-an-address", "email_syntax"),
        ]
        with pytest.raises(Conflict):
            actions.upload_to_list(bakery, made.public_id, rows[:1], key="u")
        assert queries.list_of(bakery, made.public_id).size == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a@b.com\n+380 67 123 45 67\n42\n", [
            UploadRow(email="a@b.com"), UploadRow(phone="+380 67 123 45 67"),
            UploadRow(external_id="42"),
        ]),
        (b"\xef\xbb\xbfE-mail,Name\na@b.com,Mira\n\n", [UploadRow(email="a@b.com")]),
        (b"id\tphone\n7\t+380671234567\n", [UploadRow(external_id="7", phone="+380671234567")]),
        ("Телефон;Ел. пошта\n0671234567;a@b.com\n".encode(), [
            UploadRow(email="a@b.com", phone="0671234567"),
        ]),
        ("Электронная почта\na@b.com\n".encode(), [UploadRow(email="a@b.com")]),
    ],
)  # fmt: skip
def test_a_file_is_read_with_headings_or_without(raw, expected):
    assert uploads.rows_of(raw) == expected


@pytest.mark.parametrize(
    ("raw", "code"), [(b"", "upload_empty"), (b"\xff\xfe\x00", "upload_unreadable"),
                      (b"email\n", "upload_empty"), (b"a\n" * 100_001, "upload_too_long")],
)  # fmt: skip
def test_other_files_are_refused(raw, code):
    with pytest.raises(Invalid) as refused:
        uploads.rows_of(raw)

    assert refused.value.code == code


def test_a_list_or_segment_in_use_is_not_taken_away(place):
    bakery = place.bakery.id
    with scope(bakery):
        made = actions.create_list(bakery, name="Guests")
        rule = {"version": 1, "where": {"list": "guests"}}
        one = actions.create_segment(bakery, name="Party", rule=rule)
        again = {"version": 1, "where": {"segment": "party"}}
        other = actions.create_segment(bakery, name="Friends", rule=again)

        with pytest.raises(Refused) as refused:
            actions.archive_list(bakery, made.public_id)
        assert refused.value.details["users"] == [
            {"kind": "segment", "id": one.public_id, "name": "Party"}
        ]
        for act in (
            lambda: actions.delete_segment(bakery, one.public_id),
            lambda: actions.rename_slug(bakery, one.public_id, "feast"),
        ):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.details["users"] == [
                {"kind": "segment", "id": other.public_id, "name": "Friends"}
            ]
        actions.delete_segment(bakery, other.public_id)
        assert actions.rename_slug(bakery, one.public_id, "feast").slug == "feast"
        actions.delete_segment(bakery, one.public_id)
        assert actions.archive_list(bakery, made.public_id).is_archived
        assert queries.lists(bakery) == []
        with pytest.raises(Refused):
            actions.add_to_list(bakery, made.public_id, [place.mira])


def test_programs_make_lists_and_fill_them(place):
    program = Program(place.bakery.id, "/api/v1/lists")
    status, made = program.post("", {"name": "Guests"})
    assert (status, made["slug"], made["size"]) == (201, "guests", 0)

    rows = [{"external_id": "mira"}, {"email": "who@example.com"}]
    status, done = program.post(f"/{made['id']}/uploads", {"rows": rows})
    assert (status, done["added"], done["rejected"]) == (201, 1, 1)
    assert program.get(f"/{made['id']}/uploads/{done['id']}/rejects") == (
        200, {"rejects": [{"row": 2, "value": "who@example.com", "reason": "customer_unknown"}]},
    )  # fmt: skip

    _, page = program.get(f"/{made['id']}/customers")
    (mira,) = [one["customer"] for one in page["members"]]
    assert program.post(f"/{made['id']}/customers/remove", {"customers": [mira]}) == (
        200, {"changed": 1, "size": 0},
    )  # fmt: skip
    assert program.post(f"/{made['id']}/customers", {"customers": [mira, "x"]}) == (
        200, {"changed": 1, "size": 1},
    )  # fmt: skip
    assert Program(place.other.id, "/api/v1/lists").get(f"/{made['id']}")[0] == 404
