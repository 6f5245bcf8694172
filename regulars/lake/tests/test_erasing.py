"""A person leaves the lake: hidden at once, then out of every file, and nobody with them."""

from __future__ import annotations

from datetime import timedelta

from regulars.kernel import clock
from regulars.lake import erasing, fold, sweep
from regulars.lake.engine import Engine
from regulars.lake.sql import TOMBSTONE_DDL
from regulars.lake.tests.conftest import BAKERY, OTHER, RELATIONS, Shop

MIRA, OLEG, OLD_MIRA = 1, 2, 3


def fill(shop: Shop) -> None:
    """Mira with a former identity, Oleg, and a namesake elsewhere; some folded, some not."""
    for workspace in (BAKERY, OTHER):
        shop.event(MIRA, "seen", "2026-01-01 10:00Z", workspace, page="old")
    shop.event(OLEG, "seen", "2026-01-02 10:00Z")
    shop.event(None, "seen", "2026-01-03 10:00Z")
    for customer, name in ((MIRA, "Mira"), (OLEG, "Oleg"), (OLD_MIRA, "M.")):
        shop.customer(customer, name)
    shop.merge(OLD_MIRA, MIRA)
    shop.tick()
    for relation in RELATIONS:
        fold.fold(shop.engine, shop.connection, BAKERY, relation.name, shop.now)
    shop.event(MIRA, "bought", "2026-02-01 10:00Z")
    shop.event(OLD_MIRA, "bought", "2026-02-02 10:00Z")
    shop.tick()


def test_hidden_customers_are_in_no_answer_from_that_moment(shop: Shop) -> None:
    shop.connection.execute(TOMBSTONE_DDL.encode())
    fill(shop)
    watched = Engine(
        shop.root, RELATIONS, shop.files,
        hidden_of=lambda workspace: erasing.hidden(shop.connection, workspace), memory_mb=256,
    )  # fmt: skip

    erasing.hide(shop.connection, BAKERY, [MIRA, OLD_MIRA], shop.now)

    events = watched.query(BAKERY, "select customer from events order by 1 nulls first")
    assert events[0].to_pylist() == [None, OLEG]
    assert watched.query(BAKERY, "select id from customers")[0].to_pylist() == [OLEG]
    assert watched.query(OTHER, "select customer from events")[0].to_pylist() == [MIRA]
    erasing.settle(shop.connection, BAKERY, [MIRA, OLD_MIRA])
    assert erasing.hidden(shop.connection, BAKERY) == ()
    watched.close()


def test_every_file_is_written_anew_without_them(shop: Shop) -> None:
    fill(shop)
    before = {file.path for file in shop.files()}

    removed = erasing.remove(shop.engine, shop.connection, BAKERY, [MIRA, OLD_MIRA], shop.now)

    assert removed == {"events": 3, "customers": 2, "merges": 1}
    assert shop.column("select customer from events order by 1 nulls first") == [None, OLEG]
    assert shop.column("select id from customers") == [OLEG]
    assert shop.column("select loser from merges") == []
    assert shop.column("select customer from events", workspace=OTHER) == [MIRA]
    assert erasing.remove(shop.engine, shop.connection, BAKERY, [MIRA], shop.now) == {}
    replaced = before - {file.path for file in shop.files()}
    assert {path.partition("/")[2].partition("/")[0] for path in replaced} == {
        "events", "customers", "merges",
    }  # fmt: skip


def test_old_files_count_until_the_sweep_took_them(shop: Shop) -> None:
    fill(shop)
    erasing.remove(shop.engine, shop.connection, BAKERY, [MIRA, OLD_MIRA], shop.now)
    later = clock.now() + timedelta(minutes=1)

    left = erasing.leftovers(shop.connection, shop.root, BAKERY, later)
    sweep.sweep(shop.connection, shop.root, shop.now + timedelta(minutes=11))

    assert left >= 3
    assert erasing.leftovers(shop.connection, shop.root, BAKERY, later) == 0
    assert erasing.leftovers(shop.connection, shop.root, 99, later) == 0


def test_later_folds_bring_nobody_back(shop: Shop) -> None:
    fill(shop)
    erasing.remove(shop.engine, shop.connection, BAKERY, [MIRA, OLD_MIRA], shop.now)
    shop.event(OLEG, "bought", "2026-03-01 10:00Z")
    shop.tick()

    for relation in RELATIONS:
        fold.fold(shop.engine, shop.connection, BAKERY, relation.name, shop.now)

    found = shop.column("select customer from events order by 1 nulls first")
    assert found == [None, OLEG, OLEG]
