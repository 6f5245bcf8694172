"""Acts on many customers, from the list to the last of them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from regulars.customers import actions, batches, queries
from regulars.customers.records import Identity, ListFilter
from regulars.customers.tests.test_pages import get, member_of, public_id
from regulars.events import queries as events
from regulars.jobs import runner
from regulars.kernel import clock
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import Role
from tests.town import Town, town

HANDLERS = {"customers.batch": "regulars.customers.batches:run_job"}


@pytest.fixture
def place(db: None) -> Town:
    return town()


def did(client: Client, act: str, ids: list[str], **given: str) -> str:
    """The page of the batch that came of it."""
    form = {"act": act, "id": ids, "key": f"{act}-1", **given}
    answer = client.post(reverse("customers:bulk_run"), form)
    assert answer.status_code == 302, answer.content.decode()[:800]
    return str(answer["Location"])


def tags(place: Town) -> dict[int, list[str]]:
    with scope(place.bakery.id):
        found = queries.profiles(place.bakery.id, [place.mira, place.oleg])
    return {one: list(profile.attrs.get("tags", [])) for one, profile in found.items()}


def test_the_confirmation_names_the_exact_count_and_changes_nothing(place: Town) -> None:
    client = member_of(place.bakery)

    answer = client.post(reverse("customers:bulk"), {"act": "tag", "whom": "everybody"})

    assert answer.status_code == 200
    assert "2 customers" in answer.content.decode()
    assert tags(place) == {place.mira: [], place.oleg: []}


def test_a_tag_is_added_once_and_the_log_tells_old_and_new(place: Town) -> None:
    client, mira = member_of(place.bakery), public_id(place, place.mira)

    for key in ("a", "b"):
        did(client, "tag", [mira], tag=" vip ", key=key)

    assert tags(place) == {place.mira: ["vip"], place.oleg: []}
    with scope(place.bakery.id):
        (event, *_) = events.timeline(place.bakery.id, place.mira, kinds=["customer.changed"])
        found = queries.page(place.bakery.id, ListFilter(tag="vip"))
    assert event.props["changes"] == {"attr.tags": {"old": None, "new": ["vip"]}}
    assert [one.id for one in found.rows] == [place.mira]


def test_the_same_form_sent_twice_acts_once(place: Town) -> None:
    client, mira = member_of(place.bakery), public_id(place, place.mira)

    first = did(client, "note", [mira], text="Call back")
    assert did(client, "note", [mira], text="Call back") == first

    with scope(place.bakery.id):
        assert len(queries.notes_of(place.bakery.id, [place.mira])) == 1


def test_everybody_of_the_filter_is_taken_and_nobody_else(place: Town) -> None:
    client = member_of(place.bakery)

    page = get(
        client, did(client, "attribute", [], query="consent=email", name="club", value="yes")
    )

    with scope(place.bakery.id):
        found = queries.profiles(place.bakery.id, [place.mira, place.oleg])
    assert found[place.mira].attrs.get("club") == "yes"
    assert "club" not in found[place.oleg].attrs
    assert "Done" in page


def test_tasks_are_given_for_each(place: Town) -> None:
    client = member_of(place.bakery)
    ids = [public_id(place, one) for one in (place.mira, place.oleg)]
    page = client.post(reverse("customers:bulk"), {"act": "task", "id": ids}).content.decode()
    me = re.findall(r'<option value="(\d+)" selected', page)[0]

    did(client, "task", ids, title="Ring them", assignee=me, due_on="2026-05-05")

    with scope(place.bakery.id):
        given = [one.customer_id for one in queries.open_tasks(place.bakery.id, int(me))]
    assert sorted(given) == sorted([place.mira, place.oleg])
    assert get(client, reverse("customers:tasks")).count("Ring them") >= 2


def test_marketing_stops_for_the_address_and_what_they_wait_for_goes_on(place: Town) -> None:
    client, mira = member_of(place.bakery), public_id(place, place.mira)

    did(client, "suppress", [mira])

    with scope(place.bakery.id):
        may = queries.may_contact
        assert may(place.bakery.id, [place.mira], "email", "marketing") == {
            place.mira: "suppressed"
        }
        assert may(place.bakery.id, [place.mira], "email", "transactional") == {place.mira: None}
        assert queries.page(place.bakery.id, ListFilter(consent="reach_email")).rows == ()


@pytest.mark.parametrize(
    ("act", "given"),
    [
        ("tag", {"tag": ""}),
        ("tag", {"tag": "x" * 61}),
        ("attribute", {"name": "tags", "value": "x"}),
        ("note", {"text": " "}),
        ("task", {"title": "", "assignee": "1"}),
        ("export", {"format": "exe"}),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_begins(
    place: Town, act: str, given: dict[str, str]
) -> None:
    client = member_of(place.bakery)

    answer = client.post(reverse("customers:bulk_run"), {"act": act, "key": "k", **given})

    assert answer.status_code == 422
    with scope(place.bakery.id):
        raw = cursor()
        raw.execute("SELECT count(*) FROM customers_batch WHERE workspace_id = %s",
                    [place.bakery.id])  # fmt: skip
        assert raw.fetchone() == (0,)


def test_customers_of_another_workspace_are_nobody(place: Town) -> None:
    client = member_of(place.bakery)
    with scope(place.other.id):
        zoe = queries.profiles(place.other.id, [place.zoe])[place.zoe].public_id

    answer = client.post(
        reverse("customers:bulk_run"), {"act": "tag", "id": [zoe], "tag": "x", "key": "k"}
    )

    assert answer.status_code == 422
    with scope(place.other.id):
        assert "tags" not in queries.profiles(place.other.id, [place.zoe])[place.zoe].attrs


def test_a_filter_by_what_one_may_not_see_is_refused(place: Town) -> None:
    form = {"act": "tag", "whom": "everybody", "query": "segment=of-the-marketer", "tag": "vip"}

    for name in ("customers:bulk", "customers:bulk_run"):
        assert member_of(place.bakery, Role.SUPPORT).post(reverse(name), form).status_code == 403

    assert tags(place) == {place.mira: [], place.oleg: []}


def test_exactly_two_are_compared(place: Town) -> None:
    answer = member_of(place.bakery).post(
        reverse("customers:bulk"), {"act": "merge", "id": [public_id(place, place.mira)]}
    )

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("customers:list"))


def test_two_chosen_cards_are_laid_side_by_side_and_merged(place: Town) -> None:
    client = member_of(place.bakery)
    ids = [public_id(place, place.mira), public_id(place, place.oleg)]
    answer = client.post(reverse("customers:bulk"), {"act": "merge", "id": ids})
    again = client.post(reverse("customers:bulk"), {"act": "merge", "id": ids[::-1]})
    page = client.get(answer["Location"]).content.decode()
    pair_id = answer["Location"].rpartition("=")[2]

    assert answer["Location"] == again["Location"]
    assert "Chosen by hand" in page and "mira@example.com" in page and "oleg@example.com" in page
    client.post(reverse("customers:decide_duplicate", args=[pair_id]), {"state": "merged"})
    with scope(place.bakery.id):
        roots = queries.roots_of(place.bakery.id, [place.mira, place.oleg])
    assert len(set(roots.values())) == 1


def exported(place: Town, client: Client, form: str, as_engine: None) -> bytes:
    where = did(client, "export", [], format=form)
    assert "hx-trigger" in get(client, where)
    while runner.run_once(HANDLERS):
        pass
    assert "Download" in get(client, where)
    answer = client.get(f"{where}/file")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_holds_this_shop_and_no_formulas(place: Town, form: str, as_engine: None) -> None:
    shop = place.bakery
    with scope(shop.id):
        actions.identify_many(
            shop.id,
            [Identity(external_id="=1+cmd|' /C calc'!A0", traits={"name": "@SUM(1)"}),
             Identity(phone="+380501112233", traits={"name": "=HYPERLINK(\"x\")"})],
        )  # fmt: skip

    content = exported(place, member_of(shop), form, as_engine)

    if form == "csv":
        rows = [list(r) for r in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        rows = [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]
    cells = [str(cell) for row in rows for cell in row]
    assert len(rows) == 5
    assert "'=1+cmd|' /C calc'!A0" in cells
    assert "'@SUM(1)" in cells
    assert "+380501112233" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    assert "zoe@example.com" not in cells
    with scope(shop.id):
        kinds = [event.kind for event in events.latest(shop.id)]
    assert "customers.exported" in kinds


def test_a_file_is_its_owners_alone_and_is_gone_after_a_day(
    place: Town, as_engine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, colleague = member_of(place.bakery), member_of(place.bakery)
    where = did(owner, "export", [], format="csv")
    while runner.run_once(HANDLERS):
        pass

    assert owner.get(f"{where}/file").status_code == 200
    assert colleague.get(f"{where}/file").status_code == 404
    assert colleague.get(where).status_code == 404
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert owner.get(f"{where}/file").status_code == 404
    assert batches.expire_exports() >= 1


@pytest.mark.parametrize(
    ("role", "act", "status"),
    [
        (Role.CASHIER, "tag", 403),
        (Role.SUPPORT, "tag", 200),
        (Role.SUPPORT, "export", 403),
        (Role.ANALYST, "export", 200),
        (Role.ANALYST, "suppress", 403),
    ],
)
def test_only_some_roles_act_on_many(place: Town, role: Role, act: str, status: int) -> None:
    client = member_of(place.bakery, role)

    answer = client.post(reverse("customers:bulk"), {"act": act, "whom": "everybody"})

    assert answer.status_code == status
