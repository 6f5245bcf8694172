from __future__ import annotations

import threading

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Outside
from regulars.lake import engine as lake_engine
from regulars.lake import fold, merges
from regulars.lake.tests.conftest import BAKERY, OTHER, Shop


def test_it_takes_values_by_place_and_by_name_and_queries_with_parts(shop: Shop) -> None:
    for customer in (1, 2, 3):
        shop.event(customer, "paid", "2025-01-01")
    shop.tick()

    assert shop.column("select customer from events where customer >= ? order by 1", [2]) == [2, 3]
    assert shop.column("select customer from events where customer = $c", {"c": 2}) == [2]
    assert shop.column(
        "with x as (select * from events), y as (select * from x) select max(customer) from y"
    ) == [3]
    assert shop.column(
        "WITH RECURSIVE r(n) AS (select min(customer) from events union all"
        " select n + 1 from r where n < 3) select n from r order by n desc"
    ) == [3, 2, 1]
    assert shop.column("select 1 as one") == [1]


def test_merged_customers_answer_as_one(shop: Shop) -> None:
    for customer in (1, 2, 3, 4):
        shop.customer(customer, f"c{customer}")
        shop.event(customer, "paid", "2025-01-01")
    shop.event(None, "paid", "2025-01-01")
    shop.merge(3, 2)
    shop.merge(2, 1)
    shop.tick()
    rule = "select customer from events group by customer having count(*) >= 3"

    assert shop.column("select id from customers order by 1") == [1, 4]
    assert shop.column("select customer from events order by 1") == [1, 1, 1, 4, None]
    assert shop.ask("select * from merges order by 1") == [
        {"loser": 2, "root": 1},
        {"loser": 3, "root": 1},
    ]
    assert shop.engine.customer_set(BAKERY, rule).to_pylist() == [1]
    assert shop.engine.count_customers(BAKERY, "select customer from events") == 2
    fold.fold(shop.engine, shop.connection, BAKERY, "merges", shop.now)
    fold.fold(shop.engine, shop.connection, BAKERY, "events", shop.now)
    assert shop.engine.customer_set(BAKERY, rule).to_pylist() == [1]


def test_a_merge_undone_restores_every_answer(shop: Shop) -> None:
    for customer in (1, 2):
        shop.customer(customer, f"c{customer}")
        shop.event(customer, "paid", "2025-01-01")
    shop.tick()
    before = shop.ask("select * from customers order by id"), shop.ask("select * from events")
    shop.merge(2, 1)
    shop.tick()
    merged = shop.column("select count(*) from customers")
    shop.connection.execute("update shop_merge set is_undone = true")
    shop.tick()

    assert merged == [1]
    assert before == (
        shop.ask("select * from customers order by id"),
        shop.ask("select * from events"),
    )


def test_workspaces_do_not_see_each_other(shop: Shop) -> None:
    shop.event(1, "paid", "2025-01-01")
    shop.event(9, "paid", "2025-01-01", workspace=OTHER)
    shop.customer(1, "Mira")
    shop.customer(9, "Zoe", workspace=OTHER)
    shop.merge(1, 9, workspace=OTHER)
    shop.tick()

    assert shop.column("select name from customers") == ["Mira"]
    assert shop.column("select customer from events") == [1]
    assert shop.column("select count(*) from merges") == [0]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "copy (select 1) to '/tmp/out.csv'",
        "attach '/tmp/other.db'",
        "install httpfs",
        "set threads = 8",
        "set enable_external_access = true",
        "select * from BAKERY",
    ],
)
def test_the_engine_reaches_nothing_outside_the_lake(shop: Shop, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        shop.engine.query(BAKERY, sql)


def test_too_many_questions_at_once_are_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_engine, "WAIT_S", 0.0)
    engine = lake_engine.Engine(shop.root, (), shop.files, concurrent=1)

    with engine.cursor(), pytest.raises(Outside) as refused:
        engine.query(BAKERY, "select 1")

    assert (refused.value.code, refused.value.is_permanent) == ("lake_busy", False)
    assert engine.query(BAKERY, "select 1").num_rows == 1
    engine.close()


def test_threads_ask_at_the_same_time(shop: Shop) -> None:
    for customer in range(50):
        shop.event(customer, "paid", "2025-01-01")
    shop.merge(1, 0)
    shop.tick()
    files, answers = shop.files(), []
    engine = lake_engine.Engine(
        shop.root, list(shop.engine.relations.values()), lambda _: files, concurrent=2
    )

    def ask() -> None:
        answers.append(engine.count_customers(BAKERY, "select customer from events"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [49] * 6
    engine.close()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_every_chain_of_merges_ends_in_a_customer_who_is_not_merged(
    pairs: list[tuple[int, int]],
) -> None:
    losers, roots = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in (0, 1))
    first = {}
    for loser, root in pairs:
        if loser != root:
            first.setdefault(loser, root)

    table = merges.resolve(losers, roots)

    resolved = dict(zip(table["loser"].to_pylist(), table["root"].to_pylist(), strict=True))
    assert len(resolved) == table.num_rows
    for loser, root in resolved.items():
        seen, at = set(), loser
        while at in first and at not in seen:
            seen.add(at)
            at = first[at]
        assert root == at and root not in resolved
    in_circles = first.keys() - resolved.keys()
    assert all(first[one] in in_circles for one in in_circles)
