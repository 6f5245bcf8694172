"""Pages of one segment and of lists: why, history, overlap, uses, uploads, choosing."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from regulars.customers import queries as customers
from regulars.segments import actions, queries
from regulars.segments.tests.keeping import settle
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_pages import saved, text_of
from regulars.segments.tests.test_segments import EVERYBODY, TWICE, rule
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import Role

pytestmark = pytest.mark.usefixtures("as_engine")


def public_id(shop, customer_id):
    with scope(shop.id):
        return customers.profiles(shop.id, [customer_id])[customer_id].public_id


def page_of(client, name, *args, **query):
    response = client.get(reverse(f"segments:{name}", args=args), query)
    assert response.status_code == 200, response.content
    return " ".join(text_of(response).split())


def test_every_page_of_a_segment_says_what_it_is_for(shop, feed):
    one, other = saved(shop), saved(shop, "All", EVERYBODY)
    saved(shop, "User", rule({"segment": "twice"}))
    settle(feed)
    client = member_of(shop.workspace)
    mira, oleg = (public_id(shop, one) for one in (shop.town.mira, shop.town.oleg))

    # Why: somebody is found by a few letters, and each condition is told with what was found.
    found = page_of(client, "why", one.public_id, search="Mira")
    assert "In the segment" in found and "Number of orders is at least 2" in found
    assert "found: 3" in found
    outside = page_of(client, "why", one.public_id, customer=oleg)
    assert "Not in the segment" in outside and "found: 1" in outside
    assert "Nobody is called so" in page_of(client, "why", one.public_id, search="Zoe")

    # Customers: stored, with since when and why.
    people = page_of(client, "people", one.public_id)
    assert "In since" in people and ">Mira<" in people and ">Oleg<" not in people
    assert f"{reverse('segments:why', args=[one.public_id])}?customer={mira}" in people

    # History and the list.
    assert "By day" in page_of(client, "history", one.public_id)
    listed = page_of(client, "list")
    assert "in 1 place" in listed and "nowhere" in listed

    # Where it is used stands as links, and nothing used is renamed or deleted.
    card = page_of(client, "segment", one.public_id)
    assert ">User</a>" in card and "order.count >= 2" in card
    for name, sent in (("rename", {"slug": "thrice"}), ("delete", {}), ("archive", {})):
        refused = client.post(reverse(f"segments:{name}", args=[one.public_id]), sent)
        assert refused.status_code == 409
        assert "It is in use" in text_of(refused) and ">User</a>" in text_of(refused)
    renamed = client.post(reverse("segments:rename", args=[other.public_id]), {"slug": "all-2"})
    assert renamed.status_code == 302
    assert client.post(reverse("segments:delete", args=[other.public_id])).status_code == 302
    with scope(shop.id):
        assert {record.slug for record in queries.segments(shop.id)} == {"twice", "user"}


def test_every_region_of_an_overlap_is_counted_and_leads_to_its_rule(shop):
    twice, everybody = saved(shop), saved(shop, "All", EVERYBODY)
    lviv = saved(shop, "Lviv", rule({"fact": "customer.city", "op": "eq", "value": "Lviv"}))
    client = member_of(shop.workspace)

    with scope(shop.id):
        regions = queries.overlap(shop.id, ["twice", "all", "lviv"], shop.now)
        for region in regions:
            assert region.customers == queries.total(shop.id, region.rule, shop.now)
    page = page_of(
        client, "overlap", **{"with": [twice.public_id, everybody.public_id, lviv.public_id]}
    )

    assert len(regions) == 7 and sum(region.customers for region in regions) == 2
    assert "Twice + All" in page and "not Lviv" in page
    assert page.count(f"{reverse('segments:new')}?rule=") == 14
    one_alone = page_of(client, "overlap", **{"with": [twice.public_id]})
    assert "Choose two or three different segments." in one_alone


def test_a_list_is_made_filled_from_a_file_used_in_a_rule_and_kept_while_used(shop):
    client = member_of(shop.workspace)
    with scope(shop.id):
        mira = customers.profiles(shop.id, [shop.town.mira])[shop.town.mira]
    client.post(reverse("segments:new_list"), {"name": "Guests 2026", "key": "a"})
    with scope(shop.id):
        (one,) = queries.lists(shop.id)
    upload = reverse("segments:upload_list", args=[one.public_id])
    book = openpyxl.Workbook()
    for row in (["email"], [mira.email], ["nobody@example.com"], ["no address"]):
        book.active.append(row)
    raw = io.BytesIO()
    book.save(raw)

    client.post(upload, {"file": SimpleUploadedFile("guests.xlsx", raw.getvalue()), "key": "b"})
    broken = client.post(
        upload, {"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04nothing")}, follow=True
    )

    page = page_of(client, "one_list", one.public_id)
    assert "1 customer in the list" in page and "2 rows named nobody" in page
    assert "The file cannot be read" in text_of(broken)
    with scope(shop.id):
        (done,) = queries.uploads(shop.id, one.public_id)
    file = client.get(reverse("segments:list_rejects", args=[one.public_id, done.public_id]))
    assert "nobody@example.com" in file.content.decode() and "no e-mail" in file.content.decode()
    with scope(shop.id):
        actions.create_segment(shop.id, name="Guests", rule=rule({"list": one.slug}))
    refused = client.post(reverse("segments:archive_list", args=[one.public_id]), follow=True)
    assert "It is in use" in text_of(refused) and ">Guests</a>" in text_of(refused)


def test_a_list_of_another_workspace_is_not_there(shop):
    with scope(shop.id):
        one = actions.create_list(shop.id, name="Guests")
    stranger = member_of(shop.town.other)

    answers = [
        stranger.post(reverse(f"segments:{name}", args=[one.public_id]), sent).status_code
        for name, sent in (
            ("rename_list", {"name": "Mine"}),
            ("archive_list", {}),
            ("upload_list", {"file": SimpleUploadedFile("x.csv", b"email\na@example.com\n")}),
        )
    ]

    assert answers == [404, 404, 404]
    with scope(shop.id):
        after = queries.list_of(shop.id, one.public_id)
    assert (after.name, after.size, after.is_archived) == ("Guests", 0, False)


def test_customers_are_put_into_a_list_and_taken_out_from_their_list(shop):
    client = member_of(shop.workspace)
    with scope(shop.id):
        one = actions.create_list(shop.id, name="By hand")
    address = reverse("segments:choose_list")
    chosen = {"id": [public_id(shop, shop.town.mira)]}

    asked = client.post(address, chosen)
    client.post(address, {**chosen, "list": one.public_id, "do": "add"})
    client.post(address, {"whom": "everybody", "list": one.public_id, "do": "add"})
    with scope(shop.id):
        assert queries.list_of(shop.id, one.public_id).size == 2
    client.post(address, {**chosen, "list": one.public_id, "do": "remove"})

    assert "1 customer is chosen." in text_of(asked)
    with scope(shop.id):
        found = queries.list_members(shop.id, one.public_id)
        assert [member.customer_id for member in found] == [shop.town.oleg]


def test_strangers_and_cashiers_get_nowhere(shop):
    one = saved(shop)
    with scope(shop.id):
        made = actions.create_list(shop.id, name="L")
    stranger, cashier = member_of(shop.town.other), member_of(shop.workspace, Role.CASHIER)

    for name in ("why", "history", "exports", "people"):
        address = reverse(f"segments:{name}", args=[one.public_id])
        assert (stranger.get(address).status_code, cashier.get(address).status_code) in (
            (404, 403),
            (404, 200),
        )
    assert stranger.get(reverse("segments:one_list", args=[made.public_id])).status_code == 404
    assert stranger.post(reverse("segments:rename", args=[one.public_id])).status_code == 404
    overlap = reverse("segments:overlap")
    assert stranger.get(overlap, {"with": [one.public_id]}).status_code == 404


def test_a_segment_is_written_to_files_by_the_job_of_the_list(shop, feed):
    one = saved(shop, document=TWICE)
    client = member_of(shop.workspace)
    address = reverse("segments:begin_export", args=[one.public_id])

    first = client.post(address, {"kind": "csv", "key": "1"})
    # Once members are kept, they are read instead of asking the rule.
    settle(feed)
    client.post(address, {"kind": "xlsx", "key": "2"})

    assert first.status_code == 302 and "/customers/many/" in first["Location"]
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT given->>'format', total FROM customers_batch WHERE workspace_id = %s"
            " ORDER BY id",
            [shop.id],
        )
        assert raw.fetchall() == [("csv", 1), ("xlsx", 1)]
