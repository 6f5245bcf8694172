"""The list: its filters, saved views and columns; and who a few letters mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module

import psycopg
import pytest
from django.urls import reverse

from regulars.customers import actions, asked, queries
from regulars.customers.records import Identity, ListFilter, Membership
from regulars.customers.tests.test_pages import get, member_of, names_in, public_id
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.store import place as where
from regulars.store.roles import Role as DatabaseRole
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> Town:
    """Mira bought for 120 on the first of May and belongs to Acme."""
    made = town()
    with scope(made.bakery.id):
        orders.record_order(
            made.bakery.id,
            NewOrder("A-100", NOON, "UAH", (NewLine("bun", Decimal(1), Decimal(120)),),
                     source="till", customer_id=made.mira),
        )  # fmt: skip
        actions.join_companies(
            made.bakery.id, [Membership(made.mira, "acme", {"name": "Acme"}, NOON)]
        )
        actions.identify_many(
            made.bakery.id,
            [Identity(external_id="oleg", traits={"language": "uk", "club": "gold"})],
        )
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"orders": "yes"}, ["Mira"]),
        ({"orders": "no"}, ["Oleg"]),
        ({"spent_from": "120"}, ["Mira"]),
        ({"spent_from": "120.01"}, []),
        ({"spent_to": "119,99"}, []),
        ({"last_from": "2026-05-01"}, ["Mira"]),
        ({"last_from": "2026-05-02"}, []),
        ({"last_to": "2026-05-01"}, ["Mira"]),
        ({"last_to": "2026-04-30"}, []),
        ({"through": "till"}, ["Mira"]),
        ({"city": "Lviv"}, ["Oleg"]),
        ({"language": "uk"}, ["Oleg"]),
        ({"attribute": "club=gold"}, ["Oleg"]),
        ({"attribute": "club=tin"}, []),
        ({"consent": "reach_email"}, ["Mira"]),
        ({"tag": "nobody"}, []),
    ],
)
def test_conditions_narrow_the_list(
    place: Town, query: dict[str, str], expected: list[str]
) -> None:
    html = get(member_of(place.bakery), reverse("customers:list"), **query)

    assert sorted(names_in(html)) == expected


def test_what_a_merged_customer_bought_counts_for_who_they_are_now(place: Town) -> None:
    with scope(place.bakery.id):
        actions.merge(place.bakery.id, place.mira, place.oleg)

    html = get(member_of(place.bakery), reverse("customers:list"), spent_from="100")

    assert len(names_in(html)) == 1


def test_a_company_is_a_filter(place: Town) -> None:
    with scope(place.bakery.id):
        (company,) = queries.companies_of(place.bakery.id, [place.mira])
    client = member_of(place.bakery)

    assert names_in(get(client, reverse("customers:list"), company=company.public_id)) == ["Mira"]
    assert "Acme" in get(client, reverse("customers:companies"))
    html = get(client, reverse("customers:company", args=[company.public_id]))
    assert names_in(html) == ["Mira"]
    assert "₴120" in html
    stranger = member_of(place.other)
    assert stranger.get(reverse("customers:company", args=[company.public_id])).status_code == 404


@pytest.mark.parametrize("query", [{"spent_from": "much"}, {"last_from": "soon"}])
def test_a_condition_that_cannot_be_read_is_said(place: Town, query: dict[str, str]) -> None:
    answer = member_of(place.bakery).get(reverse("customers:list"), query)

    assert answer.status_code == 422
    assert "The filter cannot be read" in answer.content.decode()


def test_a_view_is_kept_shared_and_opened_first(place: Town) -> None:
    anna, boris = member_of(place.bakery), member_of(place.bakery)
    form = {"query": "consent=email&evil=1", "name": "Reachable", "is_default": "on"}

    answer = anna.post(reverse("customers:save_view"), form)

    where = answer["Location"]
    assert "consent=email" in where
    assert "evil" not in where
    assert anna.get(reverse("customers:list"))["Location"] == where
    assert names_in(get(anna, where)) == ["Mira"]
    assert sorted(names_in(get(anna, reverse("customers:list"), view="all"))) == ["Mira", "Oleg"]
    assert "Reachable" not in get(boris, reverse("customers:list"))
    anna.post(reverse("customers:save_view"), {**form, "is_shared": "on"})
    assert "Reachable" in get(boris, reverse("customers:list"))
    view = re.findall(r"view=(\S{22})", where)[0]
    assert boris.post(
        reverse("customers:change_view", args=[view]), {"act": "delete"}
    ).status_code == 404  # fmt: skip
    anna.post(reverse("customers:change_view", args=[view]), {"act": "delete"})
    assert anna.get(reverse("customers:list")).status_code == 200


def test_columns_are_kept_for_each_member(place: Town) -> None:
    anna, boris = member_of(place.bakery), member_of(place.bakery)

    anna.post(reverse("customers:columns"), {"column": ["phone", "nonsense"]})

    assert 'data-label="Phone"' in get(anna, reverse("customers:list"))
    assert 'data-label="Spent"' not in get(anna, reverse("customers:list"))
    assert 'data-label="Spent"' in get(boris, reverse("customers:list"))


def test_a_query_read_again_is_the_same_filter() -> None:
    given = {"search": "a b", "tag": "vip", "consent": "email", "sort": "-name", "page": "a.x"}

    assert asked.filter_of_query(asked.query_of(given)) == asked.filter_of(given)


def found(place: Town, words: str) -> list[int]:
    with scope(place.bakery.id):
        return [one.id for one in queries.found(place.bakery.id, words, 6)]


@pytest.mark.parametrize(
    "words",
    [
        "mira",
        "Mir",
        "mira@example.com",
        "mira@ex",
        "+380671234567",
        "067 123 45 67",
        "4567",
        "067123",
    ],
)
def test_a_customer_is_meant_by_name_contact_or_a_part_of_it(place: Town, words: str) -> None:
    assert found(place, words)[0] == place.mira
    assert place.zoe not in found(place, words)


def test_an_exact_name_stands_before_a_longer_one(place: Town) -> None:
    with scope(place.bakery.id):
        (longer,) = actions.identify_many(
            place.bakery.id, [Identity(external_id="x", traits={"first_name": "Miranda"})]
        )

    assert found(place, "mira") == [place.mira, longer]


@pytest.mark.parametrize("words", ["", "zz", "%", "_", "\\", "'", "zoe@example.com", "🥐"])
def test_words_that_mean_nobody_find_nobody(place: Town, words: str) -> None:
    assert found(place, words) == []


def test_the_search_page_finds_customers_orders_and_companies(place: Town) -> None:
    client = member_of(place.bakery)

    assert "/customers/" in get(client, reverse("web:search"), q="Mira")
    assert "A-100" in get(client, reverse("web:search"), q="#A-100")
    assert "Acme" in get(client, reverse("web:search"), q="acm")
    stranger = get(member_of(place.other), reverse("web:search"), q="A-100")
    assert 'href="/orders/' not in stranger.split("<main")[1].replace('href="/orders/"', "")


def test_the_card_shows_what_the_team_knows(place: Town) -> None:
    client, mira = member_of(place.bakery), public_id(place, place.mira)
    card = reverse("customers:card", args=[mira])

    client.post(f"{card}notes", {"text": "<script>alert(1)</script>", "key": "k"})
    client.post(f"{card}tasks", {"title": "Ring <b>her</b>", "due_on": "2020-01-01", "key": "k"})

    html = get(client, card)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "Ring &lt;b&gt;her&lt;/b&gt;" in html
    assert "overdue" in html
    assert "Acme" in html
    assert "₴120" in html
    assert 'class="nav-count">1<' in html
    task = re.findall(r"/customers/tasks/(\S{22})", html)[0]
    client.post(reverse("customers:settle_task", args=[task]), {"state": "done"})
    assert 'class="nav-count"' not in get(client, card)


def test_a_till_sees_neither_notes_nor_tasks(place: Town) -> None:
    from regulars.workspaces.records import Role

    mira = public_id(place, place.mira)
    card = reverse("customers:card", args=[mira])
    member_of(place.bakery).post(f"{card}notes", {"text": "Secret", "key": "k"})
    cashier = member_of(place.bakery, Role.CASHIER)

    assert "Secret" not in get(cashier, card)
    assert cashier.post(f"{card}notes", {"text": "x"}).status_code == 403
    assert cashier.get(reverse("customers:tasks")).status_code == 403


def test_ids_of_another_workspace_lead_nowhere(place: Town) -> None:
    anna, stranger = member_of(place.bakery), member_of(place.other)
    mira = public_id(place, place.mira)
    card = reverse("customers:card", args=[mira])
    anna.post(f"{card}notes", {"text": "Ours", "key": "k"})
    anna.post(f"{card}tasks", {"title": "Ours", "key": "k"})
    html = get(anna, card)
    note = re.findall(r'id="note-(\S{22})"', html)[0]
    task = re.findall(r"/customers/tasks/(\S{22})", html)[0]

    for address in (
        f"{card}notes", f"{card}notes/{note}", f"{card}notes/{note}/pin",
        f"{card}notes/{note}/delete", f"{card}tasks", f"{card}companies",
        reverse("customers:settle_task", args=[task]),
    ):  # fmt: skip
        assert stranger.post(address, {"text": "x", "title": "x", "name": "x"}).status_code == 404
    assert get(anna, card).count("Ours") >= 2


def marked(shop: WorkspaceRecord) -> None:
    """Thirty customers with tags and attributes of every type."""
    traits: list[dict[str, object]] = [{"tags": ["tea"], "score": n}
                                       for n in range(10)]  # fmt: skip
    traits += [{"tags": ["milk", "tea & co"], "score": str(n), "is_vip": True} for n in range(10)]
    traits += [{"tags": "tea", "score": n + 0.5, "is_vip": "true"} for n in range(10)]
    with scope(shop.id):
        actions.identify_many(
            shop.id,
            [Identity(external_id=f"m{n}", traits={"name": f"M{n:02}", **told})
             for n, told in enumerate(traits)],
        )  # fmt: skip


@pytest.mark.parametrize("most", [10_000, 3])
@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"tag": "tea & co"}, [f"M{n}" for n in range(10, 20)]),
        ({"tag": "tea"}, [f"M{n:02}" for n in range(10)]),
        ({"attribute": "score=5"}, ["M05", "M15"]),
        ({"attribute": "score=5.5"}, ["M25"]),
        ({"attribute": "score=5.0"}, []),
        ({"attribute": "score=007"}, []),
        ({"attribute": "is_vip = true"}, [f"M{n}" for n in range(10, 30)]),
        ({"attribute": 'tags=["tea"]'}, [f"M{n:02}" for n in range(10)]),
        ({"attribute": "score=5", "tag": "milk"}, ["M15"]),
        ({"attribute": "score=1e999999"}, []),
        ({"attribute": "score=" + "9" * 90}, []),
    ],
)
def test_marks_find_the_same_by_the_index_and_without(
    place: Town, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], names: list[str], most: int
) -> None:
    lists = import_module("regulars.customers.queries.lists")
    monkeypatch.setattr(lists, "MARKED_MAX", most)
    marked(place.bakery)

    with scope(place.bakery.id):
        chosen = ListFilter(sort="name", **given)
        page = queries.page(place.bakery.id, chosen)
        every = [one.name for rows in queries.export_rows(place.bakery.id, chosen) for one in rows]

    assert [row.name for row in page.rows] == names == every
    assert page.count == len(names)
    with scope(place.other.id):
        assert queries.page(place.other.id, chosen).rows == ()


def test_a_rare_mark_is_found_without_reading_everybody(place: Town) -> None:
    marked(place.bakery)
    shop = place.bakery.id
    with scope(shop):
        raw = cursor()
        raw.execute("SELECT customers_marked(%s, NULL, 10)", ['{"score": 5}'])
        ((one,),) = raw.fetchall()
        assert queries.profiles(shop, [one])[one].name == "M05"
    # What the function runs, seen by its owner, whom no fence stops from using the index.
    with psycopg.connect(where.conninfo_for(DatabaseRole.ENGINE)) as engine:
        engine.execute("SET enable_seqscan = off")
        engine.execute("SET enable_indexscan = off")
        plan = engine.execute(
            "EXPLAIN SELECT id FROM customers_customer WHERE attrs <> '{}'"
            " AND (attrs @> '{\"score\": 5}' OR attrs @> NULL::jsonb) LIMIT 10"
        ).fetchall()
    assert any("customers_customer_marks" in line for (line,) in plan)
