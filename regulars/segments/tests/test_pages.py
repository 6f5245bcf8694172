"""The screens of segments, as members see them."""

from __future__ import annotations

import html as markup
import json

import pytest
from django.urls import reverse

from regulars.fields import actions as fields
from regulars.fields import discovery
from regulars.fields.records import FieldChange
from regulars.kernel.errors import Outside
from regulars.segments import actions, queries
from regulars.segments.models import Segment
from regulars.segments.tests.forms import fields_of
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_segments import EVERYBODY, TEA_TWICE, TWICE, rule
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from tests.town import workspace

HTMX = {"HX-Request": "true"}


def text_of(response):
    return markup.unescape(response.content.decode())


def saved(shop, name="Twice", document=TWICE):
    with scope(shop.id):
        return actions.create_segment(shop.id, name=name, rule=document)


def opened(client, document):
    return client.get(reverse("segments:new"), {"rule": json.dumps(document)})


@pytest.mark.parametrize(
    ("language", "heading", "sentence"),
    [
        ("en", "Segments", "Customers for whom this holds: Number of orders is at least 2."),
        ("uk", "Сегменти", "Клієнти, для яких справджується: Кількість замовлень щонайменше 2."),
        ("ru", "Сегменты", "Клиенты, для которых верно: Количество заказов не меньше 2."),
    ],
)
def test_the_list_says_each_rule_in_the_language_of_the_reader(shop, language, heading, sentence):
    saved(shop)
    client = member_of(shop.workspace)
    client.cookies["django_language"] = language

    page = text_of(client.get(reverse("segments:list"), headers={"accept-language": language}))

    assert f"<h1>{heading}</h1>" in page
    assert sentence in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_every_screen_opens_in_every_language_and_obeys_the_policy(shop, language):
    one = saved(shop, document=TEA_TWICE)
    client = member_of(shop.workspace)
    client.cookies["django_language"] = language
    addresses = [
        reverse("segments:list"),
        reverse("segments:new"),
        *(
            reverse(f"segments:{name}", args=[one.public_id])
            for name in ("segment", "edit", "people")
        ),
    ]

    for address in addresses:
        response = client.get(address, headers={"accept-language": language})
        page = response.content.decode()
        assert response.status_code == 200, address
        assert " style=" not in page and "<script>" not in page and " onclick" not in page


def test_a_new_shop_is_told_what_segments_are_for(db):
    page = text_of(member_of(workspace()).get(reverse("segments:list")))

    assert "No segments yet" in page
    assert reverse("segments:new") in page


def test_the_builder_opens_a_rule_from_the_address(shop):
    response = opened(member_of(shop.workspace), TEA_TWICE)

    sent = fields_of(response.content.decode())
    assert response.status_code == 200
    assert json.loads(sent["json"]) == TEA_TWICE
    assert sent["n.0.event"] == "order.paid"
    assert (sent["n.0.w.0.l.0.prop"], sent["n.0.w.0.l.0.a"]) == ("category", "Tea")
    assert (sent["n.0.in.k"], sent["n.0.in.a"], sent["n.0.in.au"]) == ("last", "90", "d")


def test_a_rule_in_the_address_that_cannot_be_read_is_kept_and_explained(shop):
    response = member_of(shop.workspace).get(reverse("segments:new"), {"rule": '{"version": 2}'})

    assert response.status_code == 200
    assert "$.version must be 1" in text_of(response)
    assert fields_of(response.content.decode())["json"] == '{"version": 2}'


def test_a_rule_is_saved_from_the_form_and_shown(shop):
    client = member_of(shop.workspace)
    sent = fields_of(opened(client, TEA_TWICE).content.decode())

    response = client.post(
        reverse("segments:new"), {**sent, "name": "  Tea   lovers ", "do": "save"}
    )

    with scope(shop.id):
        (one,) = queries.segments(shop.id)
    assert response.status_code == 302
    assert response["Location"] == reverse("segments:segment", args=[one.public_id])
    assert (one.name, one.slug, one.rule) == ("Tea lovers", "tea-lovers", TEA_TWICE)
    assert one.created_by.startswith("segments-")


def test_the_same_form_sent_twice_saves_one_segment(shop):
    client = member_of(shop.workspace)
    sent = fields_of(opened(client, TWICE).content.decode())

    for _ in range(2):
        client.post(reverse("segments:new"), {**sent, "name": "Twice", "do": "save"})

    with scope(shop.id):
        assert [one.name for one in queries.segments(shop.id)] == ["Twice"]


def test_nothing_typed_is_lost_when_a_condition_is_not_complete(shop):
    client = member_of(shop.workspace)
    document = rule({"fact": "order.total", "op": "gte", "value": 5_000})
    sent = fields_of(opened(client, document).content.decode())

    response = client.post(
        reverse("segments:new"),
        {**sent, "n.0.a": "fifty", "name": "Spenders", "do": "save"},
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert "Write a number, such as 12 or 12.5." in text_of(response)
    assert fields_of(page)["n.0.a"] == "fifty"
    assert fields_of(page)["name"] == "Spenders"
    with scope(shop.id):
        assert not Segment.objects.filter(workspace_id=shop.id).exists()


def test_a_segment_without_a_name_is_not_saved(shop):
    client = member_of(shop.workspace)
    sent = fields_of(opened(client, TWICE).content.decode())

    response = client.post(reverse("segments:new"), {**sent, "do": "save"})

    assert response.status_code == 422
    assert "Give the segment a name" in text_of(response)
    with scope(shop.id):
        assert not Segment.objects.filter(workspace_id=shop.id).exists()


def test_buttons_work_without_scripts(shop):
    client = member_of(shop.workspace)
    sent = fields_of(client.get(reverse("segments:new")).content.decode())

    for action in ("add:did:n", "add:group:n", "add:consent:n.1", "del:n.1.0"):
        response = client.post(reverse("segments:new"), {**sent, "do": action})
        assert response.status_code == 200
        sent = fields_of(response.content.decode())

    assert (sent["n.0.event"], sent["n.1.0.k"], sent["n.1.0.channel"]) == (
        "order.paid",
        "consent",
        "email",
    )
    assert "Matches now" in text_of(response)


def test_the_live_count_leaves_out_what_is_not_complete_and_says_so(shop):
    client = member_of(shop.workspace)
    document = rule(*TWICE["where"]["all"], {"fact": "customer.city", "op": "eq", "value": "Kyiv"})
    sent = fields_of(opened(client, document).content.decode())

    page = text_of(client.post(reverse("segments:count"), {**sent, "n.1.a": ""}, headers=HTMX))

    assert '<p class="audience-total">1</p>' in page
    assert "50.0% of 2 customers" in page
    assert "1 condition is not complete and is left out." in page
    assert "Number of orders is at least 2." in page
    assert ">Mira<" in page and "Zoe" not in page


def test_a_rule_that_cannot_be_asked_is_explained_beside_the_builder(shop):
    client = member_of(shop.workspace)
    sent = fields_of(client.get(reverse("segments:new")).content.decode())
    raw = {"n.0.k": "raw", "n.0.json": '{"segment": "nobody"}'}

    page = text_of(client.post(reverse("segments:count"), {**sent, **raw}, headers=HTMX))

    assert "The rule cannot be asked: There is no segment “nobody”." in " ".join(
        page.replace("</span>", "").split()
    )


def test_another_fact_brings_its_own_operators_and_control(shop):
    client = member_of(shop.workspace)
    document = rule({"fact": "customer.city", "op": "contains", "value": "Kyiv"})
    sent = fields_of(opened(client, document).content.decode())

    response = client.post(
        reverse("segments:draft"), {**sent, "n.0.fact": "order.last_at"}, headers=HTMX
    )

    page = response.content.decode()
    assert response["HX-Trigger-After-Settle"] == "rules-changed"
    assert fields_of(page)["n.0.op"] == "moment.before"
    assert 'type="date"' in page and "<html" not in page


def test_the_data_offers_events_properties_and_values(shop):
    client = member_of(shop.workspace)
    page = opened(client, rule({"did": "Product Viewed"})).content.decode()

    def values(**about):
        return client.get(reverse("segments:values"), about).content.decode()

    assert '<option value="Product Viewed" selected>' in page
    assert '<option value="Coffee">' in values(event="Product Viewed", prop="category")
    assert '<option value="Lviv">' in values(fact="customer.city")
    assert '<option value="coffee">' in values(fact="customer.attr.favourite")
    assert '<option value="tea">' in values(line="category")
    assert values(fact="customer.email").strip() == ""
    assert values(line="'; drop table").strip() == ""


def test_the_builder_says_what_the_dictionary_of_fields_says(shop):
    discovery.discover(shop.id, is_settled=True)
    with scope(shop.id):
        fields.add_attribute(shop.id, "pet", FieldChange(label="Pet at home"))
        fields.change_field(
            shop.id, "", "favourite", FieldChange(label="Favourite drink", declared_type="number")
        )
        fields.change_field(shop.id, "Product Viewed", "category", FieldChange(is_hidden=True))
    client = member_of(shop.workspace)
    page = opened(
        client, rule({"fact": "customer.attr.favourite", "op": "eq", "value": "coffee"})
    ).content.decode()
    viewed = opened(client, rule({"did": "Product Viewed"})).content.decode()

    assert '<option value="customer.attr.pet">Pet at home</option>' in page
    assert '<option value="customer.attr.favourite" selected>Favourite drink</option>' in page
    assert page.index('value="number.eq"') < page.index('value="text.eq"')
    assert '<option value="category">' not in viewed


def test_no_other_workspace_is_offered_in_suggestions(shop):
    client = member_of(shop.town.other)

    page = client.get(reverse("segments:values"), {"fact": "customer.city"}).content.decode()

    assert "Lviv" not in page and "Kyiv" not in page


def test_the_page_of_a_segment_counts_it_and_remembers(shop):
    one = saved(shop)
    client = member_of(shop.workspace)

    page = text_of(client.post(reverse("segments:now", args=[one.public_id]), headers=HTMX))

    with scope(shop.id):
        assert queries.segment(shop.id, one.id).counted == 1
    assert "Mira" in page and "UAH" not in page
    assert reverse("segments:people", args=[one.public_id]) in page


def test_the_customers_of_a_segment_are_listed(shop):
    one = saved(shop, document=EVERYBODY)

    page = text_of(member_of(shop.workspace).get(reverse("segments:people", args=[one.public_id])))

    assert "2 customers match now." in page
    assert ">Mira<" in page and ">Oleg<" in page and "Zoe" not in page


def test_counting_again_counts_every_segment_in_use(shop):
    first, second = saved(shop), saved(shop, "All", EVERYBODY)
    client = member_of(shop.workspace)

    page = text_of(client.post(reverse("segments:recount"), follow=True))

    with scope(shop.id):
        assert queries.segment(shop.id, first.id).counted == 1
        assert queries.segment(shop.id, second.id).counted == 2
    assert "2 segments counted." in page


def test_a_segment_is_edited_under_the_same_name(shop):
    one = saved(shop)
    client = member_of(shop.workspace)
    address = reverse("segments:edit", args=[one.public_id])
    sent = fields_of(client.get(address).content.decode())

    response = client.post(address, {**sent, "n.0.a": "3", "name": "Thrice", "do": "save"})

    with scope(shop.id):
        changed = queries.segment(shop.id, one.id)
    assert response.status_code == 302
    assert (changed.name, changed.slug) == ("Thrice", "twice")
    assert changed.rule == rule({"fact": "order.count", "op": "gte", "value": 3})


def test_a_circle_is_refused_at_its_condition(shop):
    twice = saved(shop)
    saved(shop, "Tea", rule({"segment": "twice"}))
    client = member_of(shop.workspace)
    address = reverse("segments:edit", args=[twice.public_id])
    sent = fields_of(client.get(address).content.decode())

    response = client.post(
        address, {**sent, "n.1.k": "segment", "n.1.segment": "tea", "do": "save"}
    )

    assert response.status_code == 422
    page = text_of(response)
    assert "The segments refer to each other in a circle: tea → twice → tea." in page
    assert 'id="n-1-problem"' in page
    with scope(shop.id):
        assert queries.segment(shop.id, twice.id).rule == TWICE


def test_a_segment_goes_to_the_archive_and_comes_back(shop):
    one = saved(shop)
    client = member_of(shop.workspace)

    client.post(reverse("segments:archive", args=[one.public_id]))
    assert "Twice" not in text_of(client.get(reverse("segments:list"))).replace("“Twice”", "")
    assert "Twice" in text_of(client.get(reverse("segments:list"), {"archived": "1"}))

    client.post(reverse("segments:restore", args=[one.public_id]))
    assert "Twice" in text_of(client.get(reverse("segments:list")))


def test_a_segment_in_use_says_why_it_stays(shop):
    one = saved(shop)
    saved(shop, "User", rule({"segment": "twice"}))
    client = member_of(shop.workspace)

    response = client.post(reverse("segments:archive", args=[one.public_id]))

    page = text_of(response)
    assert response.status_code == 409
    assert "It is in use, so it stays as it is" in page and ">User</a>" in page


def test_rights_are_asked_for(shop):
    one = saved(shop)
    cashier = member_of(shop.workspace, Role.CASHIER)
    stranger = member_of(shop.town.other)

    assert cashier.get(reverse("segments:list")).status_code == 403
    assert cashier.get(reverse("segments:new")).status_code == 403
    assert cashier.post(reverse("segments:count")).status_code == 403
    for name in ("segment", "edit", "people"):
        assert stranger.get(reverse(f"segments:{name}", args=[one.public_id])).status_code == 404
    assert stranger.post(reverse("segments:archive", args=[one.public_id])).status_code == 404
    # What customers spent is not for whoever may only see who they are.
    for name in ("segment", "edit", "people", "why", "history", "exports"):
        page = reverse(f"segments:{name}", args=[one.public_id])
        assert [
            member_of(shop.workspace, role).get(page).status_code
            for role in (Role.CASHIER, Role.SUPPORT, Role.ORDER_MANAGER, Role.SHOP_MANAGER)
        ] == [403, 403, 403, 403]
    with scope(shop.id):
        assert not queries.segment(shop.id, one.id).is_archived


def test_a_busy_lake_is_said_in_the_panel_and_not_as_a_page_of_failure(shop, monkeypatch):
    one = saved(shop)

    def busy(*_):
        raise Outside("lake_busy", "Too many questions at once.")

    monkeypatch.setattr(queries, "count", busy)
    answer = member_of(shop.workspace).post(
        reverse("segments:now", args=[one.public_id]), headers=HTMX
    )

    assert answer.status_code == 200
    assert "Too many questions at once. Change something or wait a moment" in text_of(answer)
