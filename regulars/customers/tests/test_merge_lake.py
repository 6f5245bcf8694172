"""Merges in the lake: applied when it is asked, kept by a fold, taken back by an unmerge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from regulars.customers import actions
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.lake import engine, fold, layout
from regulars.project import lake as keeping
from regulars.store.scope import scope
from tests.town import Town, town

Told = tuple[list[tuple[int, int]], list[int], list[tuple[int, str]]]


@pytest.fixture
def lake(db: None) -> Iterator[keeping.Keeper]:
    before = engine._current
    yield keeping.Keeper(keeping.open_engine(256))
    engine.use(before)


def told(shop: int) -> Told:
    """Events by customer, the customers, and who agreed to what."""
    viewed = engine.query(
        shop,
        "select customer, count(*) as n from events where kind = 'Product Viewed'"
        " group by 1 order by 1",
    ).to_pylist()
    people = engine.query(shop, "select id from customers order by 1").to_pylist()
    agreed = engine.query(
        shop, "select customer, state from consents where purpose = 'marketing' order by 1"
    ).to_pylist()
    return (
        [(row["customer"], row["n"]) for row in viewed],
        [row["id"] for row in people],
        [(row["customer"], row["state"]) for row in agreed],
    )


def viewed(there: Town) -> None:
    with scope(there.bakery.id):
        for customer_id, count in ((there.mira, 2), (there.oleg, 3)):
            seen = [
                NewEvent(
                    kind="Product Viewed",
                    time=clock.now() - timedelta(days=n),
                    key=f"{customer_id}:{n}",
                    customer_id=customer_id,
                )
                for n in range(count)
            ]
            events.record_many(there.bakery.id, seen)


def test_a_merge_and_its_undoing_reach_folded_files(
    lake: keeping.Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = town()
    shop, mira, oleg = there.bakery.id, there.mira, there.oleg
    viewed(there)
    apart: Told = ([(mira, 2), (oleg, 3)], [mira, oleg], [(mira, "given")])
    together: Told = ([(mira, 5)], [mira], [(mira, "given")])

    def see(fold_too: Callable[[], None]) -> Told:
        lake.drain()
        before = told(shop)
        fold_too()
        assert told(shop) == before
        return before

    def fold_all() -> None:
        monkeypatch.setattr(layout, "due", lambda own: "fold")
        with keeping.connected() as connection:
            fold.fold_due(engine.current(), connection, clock.now())

    assert see(fold_all) == apart
    with scope(shop):
        actions.merge(shop, oleg, mira)
    assert see(fold_all) == together
    with scope(shop):
        actions.unmerge(shop, oleg)
    assert see(fold_all) == apart
    with scope(shop):
        actions.merge(shop, mira, oleg)
        actions.identify_many(shop, [Identity(external_id="mira", traits={"city": "Odesa"})])
    assert see(fold_all)[:2] == ([(oleg, 5)], [oleg])

    hashes = keeping.content_hashes(shop)
    keeping.rebuild(shop)
    assert keeping.content_hashes(shop) == hashes
