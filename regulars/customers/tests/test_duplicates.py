"""Customers who may be one person: spellings, the search against known truth, and decisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from regulars.customers import actions, queries
from regulars.customers.actions import duplicates as deciding
from regulars.customers.duplicates import people, search, tasks
from regulars.customers.duplicates.people import Person
from regulars.customers.pure.transliterate import given_key, key
from regulars.customers.queries import duplicates as found
from regulars.customers.records import Identity, PairState
from regulars.customers.tests.crowd import town as people_town
from regulars.customers.tests.test_pages import member_of
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, NotFound
from regulars.store.scope import cursor, scope
from tests.town import town, workspace

BORN = date(1980, 5, 1)


@pytest.mark.parametrize(
    "spellings",
    [
        "Юрій Yuriy Iurii Юрий Yury Yurii",
        "Oleksandr Александр Олександр Aleksandr Саша Alexander",
        "Наталія Наталья Nataliia Natalia Natalya",
        "Євген Евгений Yevhen Eugene",
        "Сергій Сергей Serhii Sergey Sergei",
    ],
)
def test_one_first_name_has_one_key_in_all_its_languages(spellings: str) -> None:
    assert len({given_key(name) for name in spellings.split()}) == 1


@pytest.mark.parametrize(
    "spellings",
    [
        "Шевченко Shevchenko", "Щербак Shcherbak Scherbak", "Григоренко Hryhorenko Grigorenko",
        "Яценко Yatsenko Iatsenko", "Євтушенко Yevtushenko Евтушенко Evtushenko",
        "Жук Zhuk", "Кузнєцов Kuznetsov Кузнецов", "Лисенко Лысенко Lysenko", "Хоменко Khomenko",
        "Поліщук Полищук Polishchuk", "Білоцерківський Bilotserkivskyi", "Київ Kyiv",
        "Müller Muller",
    ],
)  # fmt: skip
def test_one_last_name_has_one_key_in_all_its_letters(spellings: str) -> None:
    assert len({key(name) for name in spellings.split()}) == 1


def test_different_names_have_different_keys() -> None:
    names = ("Шевченко", "Шевчук", "Ткаченко", "Ткачук", "Бондар", "Бондаренко", "Мороз", "Марчук")

    assert len({key(name) for name in names}) == len(names)


def test_names_are_found_in_whatever_column_and_order_they_came() -> None:
    expected = people.names(None, "Юрій", "Шевченко")

    assert people.names("Shevchenko Yuriy", None, None) == expected
    assert people.names("Шевченко Юрий Петрович", None, None) == expected
    assert people.names(None, "Шевченко", "Юрій") == expected
    assert people.names(None, None, None) == ("", "")


def test_the_search_finds_most_twins_and_hardly_a_stranger(tmp_path: Path) -> None:
    truth = people_town(3_000, twins_share=0.05, seed=7)

    pairs = search.search([people.table(truth.people)], tmp_path).pairs

    told = {(one, other) for one, other, _, _ in pairs}
    right = len(told & truth.twins)
    assert right / len(told) >= 0.95
    assert right / len(truth.twins) >= 0.80
    sure = {(one, other) for one, other, probability, _ in pairs if probability >= 0.95}
    assert len(sure & truth.twins) / len(sure) >= 0.99


def test_the_same_people_are_found_on_every_run(tmp_path: Path) -> None:
    truth = people_town(300, twins_share=0.1, seed=3)
    table = people.table(truth.people)

    assert search.search([table], tmp_path).pairs == search.search([table], tmp_path).pairs


def test_a_name_that_everybody_has_compares_nobody(tmp_path: Path) -> None:
    crowd = [Person(n, name="Іван Петренко", city="Київ") for n in range(1, 500)]

    found_in = search.search([people.table(crowd)], tmp_path)

    assert found_in.pairs == []
    assert found_in.left_out == len(crowd)


def test_reasons_name_the_fields_for_and_against(tmp_path: Path) -> None:
    two = [
        Person(1, "Юрій Шевченко", birth_on=BORN, city="Київ", phone="+380671234567"),
        Person(2, "Shevchenko Yuriy", birth_on=BORN, city="Kyiv", phone="+380509998877"),
    ]

    ((one, other, probability, reasons),) = search.search([people.table(two)], tmp_path).pairs

    assert (one, other) == (1, 2)
    assert probability > 0.9
    said = {reason["field"]: reason["weight"] > 0 for reason in reasons}
    assert said == {"given": True, "family": True, "birth": True, "phone": False, "city": True}


def job(shop: int, payload: dict[str, object]) -> JobRecord:
    return JobRecord(0, shop, "customers.test", "", payload, "running", clock.now(), 0, 1, {}, "")


def find_in(shop: int) -> list[found.Pair]:
    with scope(shop):
        deciding.start_search(shop, actor="anna")
        run = found.last_search(shop)
    assert run is not None
    tasks.find(job(shop, {"run": last_run(shop)}))
    with scope(shop):
        return found.pairs(shop)


def last_run(shop: int) -> int:
    with scope(shop):
        raw = cursor()
        raw.execute("SELECT max(id) FROM customers_duplicaterun WHERE workspace_id = %s", [shop])
        ((run,),) = raw.fetchall()
    return int(run)


def twins(shop: int) -> tuple[int, int]:
    with scope(shop):
        one, other = actions.identify_many(
            shop,
            [
                Identity(
                    external_id="1",
                    email="shevchenko.y@gmail.com",
                    traits={"name": "Юрій Шевченко", "birth_on": "1980-05-01", "city": "Київ"},
                ),
                Identity(
                    email="yuriy.shevchenko@ukr.net",
                    traits={"name": "Shevchenko Yuriy", "birth_on": "1980-05-01", "city": "Kyiv"},
                ),
            ],
        )
    return one, other


def test_told_apart_once_is_never_proposed_again(db: None) -> None:
    shop = workspace().id
    one, other = twins(shop)
    (pair,) = find_in(shop)
    assert {pair.one_id, pair.other_id} == {one, other}
    with scope(shop):
        deciding.decide_pair(shop, pair.public_id, PairState.DIFFERENT, actor="anna")

    assert find_in(shop) == []

    with scope(shop):
        (third,) = actions.identify_many(shop, [Identity(external_id="3")])
        actions.merge(shop, other, third)
    assert find_in(shop) == []


def test_put_off_stays_put_off_and_old_pairs_are_forgotten(db: None) -> None:
    shop = workspace().id
    one, _ = twins(shop)
    (pair,) = find_in(shop)
    with scope(shop):
        deciding.decide_pair(shop, pair.public_id, PairState.LATER, actor="anna")

    assert find_in(shop) == []
    with scope(shop):
        assert [p.public_id for p in found.pairs(shop, "later")] == [pair.public_id]
        deciding.decide_pair(shop, pair.public_id, PairState.OPEN, actor="anna")
        actions.change_profile(
            shop, one, {"name": "Ганна Іваненко", "birth_on": "1999-01-01"}, actor="anna"
        )
    assert find_in(shop) == []


def test_merging_a_pair_follows_the_order_and_can_be_undone(db: None) -> None:
    shop = workspace().id
    one, other = twins(shop)
    (pair,) = find_in(shop)
    with scope(shop):
        verdict = deciding.decide_pair(shop, pair.public_id, PairState.MERGED, actor="anna")

        assert verdict is not None
        assert (verdict.winner, verdict.loser) == (one, other)
        assert found.pairs(shop) == []
        with pytest.raises(Conflict):
            deciding.decide_pair(shop, pair.public_id, PairState.DIFFERENT, actor="anna")
        actions.unmerge(shop, other)
        assert found.pairs(shop) == []
    assert find_in(shop) == []


def test_many_are_merged_only_as_many_as_were_shown(db: None) -> None:
    shop = workspace().id
    twins(shop)
    find_in(shop)
    with scope(shop):
        with pytest.raises(Conflict):
            deciding.merge_above(shop, 0.9, count=2, actor="anna")
        deciding.merge_above(shop, 0.9, count=1, actor="anna")

    tasks.merge_many(job(shop, {"probability": 0.9, "actor": "anna"}))

    with scope(shop):
        (line,) = queries.merges(shop).rows
        assert (line.reason, line.actor) == ("duplicates", "anna")
        assert found.count_above(shop, 0) == 0


def test_two_who_were_told_apart_are_not_joined_through_a_third(db: None) -> None:
    shop = workspace().id
    with scope(shop):
        a, b, c = actions.identify_many(shop, [Identity(external_id=name) for name in "abc"])
        pairs = [(a, b, 0.99, []), (a, c, 0.99, []), (b, c, 0.99, [])]
        deciding.keep_pairs(shop, pairs, clock.now())
        first = next(one for one in found.pairs(shop) if {one.one_id, one.other_id} == {a, b})
        deciding.decide_pair(shop, first.public_id, PairState.DIFFERENT, actor="anna")

        while deciding.merge_some(shop, 0.9, actor="anna"):
            pass

        roots = queries.roots_of(shop, [a, b, c])
        assert roots[a] != roots[b]
        assert roots[c] in (roots[a], roots[b])
        assert found.pairs(shop) == []
        (left,) = found.pairs(shop, "later")
        assert {left.one_id, left.other_id} == {roots[a], roots[b]}


def apart_through_a_third(shop: int) -> tuple[str, tuple[int, int, int]]:
    """A and B told apart, C merged into A; gives the pair of A and B's root that is left."""
    with scope(shop):
        a, b, c = actions.identify_many(
            shop, [Identity(external_id=one, traits={"name": f"Person {one}"}) for one in "abc"]
        )
        deciding.keep_pairs(shop, [(a, b, 0.99, []), (b, c, 0.98, [])], clock.now())
        pairs = {(one.one_id, one.other_id): one.public_id for one in found.pairs(shop)}
        deciding.decide_pair(shop, pairs[a, b], PairState.DIFFERENT, actor="anna")
        actions.merge(shop, loser=a, root=c)
    return pairs[b, c], (a, b, c)


def test_a_person_is_asked_before_joining_two_who_were_told_apart(db: None) -> None:
    shop = workspace()
    left, (a, b, c) = apart_through_a_third(shop.id)
    client = member_of(shop)

    with scope(shop.id), pytest.raises(Conflict) as refused:
        deciding.decide_pair(shop.id, left, PairState.MERGED, actor="ben")
    asked = client.post(f"/customers/duplicates/{left}", {"state": "merged"})

    assert refused.value.code == "pair_told_apart"
    assert asked.status_code == 409
    assert "anna said on" in asked.content.decode()
    assert "Person a and Person b are two people" in asked.content.decode()
    with scope(shop.id):
        assert queries.roots_of(shop.id, [a, b, c]) == {a: c, b: b, c: c}
    done = client.post(f"/customers/duplicates/{left}", {"state": "merged", "confirmed": "1"})
    assert done.status_code == 302
    with scope(shop.id):
        assert len(set(queries.roots_of(shop.id, [a, b, c]).values())) == 1


def test_a_pair_told_apart_itself_may_be_decided_again(db: None) -> None:
    shop = workspace().id
    with scope(shop):
        a, b = actions.identify_many(shop, [Identity(external_id=name) for name in "ab"])
        deciding.keep_pairs(shop, [(a, b, 0.99, [])], clock.now())
        (pair,) = found.pairs(shop)
        deciding.decide_pair(shop, pair.public_id, PairState.DIFFERENT, actor="anna")
        deciding.decide_pair(shop, pair.public_id, PairState.MERGED, actor="anna")
        assert len(set(queries.roots_of(shop, [a, b]).values())) == 1


def test_a_pair_of_another_workspace_is_unknown(db: None) -> None:
    shop, there = workspace().id, town()
    twins(shop)
    (pair,) = find_in(shop)
    with scope(there.bakery.id), pytest.raises(NotFound):
        deciding.decide_pair(there.bakery.id, pair.public_id, PairState.MERGED, actor="anna")
    client = member_of(there.bakery)

    assert (
        client.post(f"/customers/duplicates/{pair.public_id}", {"state": "merged"}).status_code
        == 404
    )
    assert "Шевченко" not in client.get("/customers/duplicates").content.decode()


def test_the_page_shows_the_two_and_who_would_stay(db: None) -> None:
    place = workspace()
    twins(place.id)
    (pair,) = find_in(place.id)
    client = member_of(place)

    html = client.get("/customers/duplicates").content.decode()
    asked = client.get("/customers/duplicates/many", {"percent": "90"}).content.decode()
    done = client.post(f"/customers/duplicates/{pair.public_id}", {"state": "merged"})

    assert "Юрій Шевченко" in html
    assert "is known longer" in html
    assert "1 pair is at least 90% sure" in asked
    assert done.status_code == 302
    assert "No duplicates to decide" in client.get("/customers/duplicates").content.decode()
