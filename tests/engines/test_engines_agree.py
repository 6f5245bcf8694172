"""A real shop's orders, asked of every engine over the same files: one answer."""

from __future__ import annotations

import pytest

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.intake.importers.run import run_import
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.lake import engine, fold
from regulars.lake.spark.engine import SparkEngine
from regulars.project import lake as keeping
from regulars.segments import queries
from regulars.store import place
from regulars.store.scope import scope
from tests.town import workspace

pytestmark = pytest.mark.real_data

# Each asks in another way; all find somebody and leave somebody out.
RULES = (
    "order.count >= 10",
    "overdue order.paid by 2 and since first order.paid >= 1y",
    "funnel (did order.paid where total >= 50000, did order.paid, did order.paid) in 1mo",
    "total of last order.paid < 10000",
    "did order.paid avg of total > 50000 or did order.paid distinct of number >= 12",
    "not near 51.5 0 km 10 and order.count < 5",
    "order.total between [50000, 100000] and order.last_at after 2011-06-01",
    'did order.paid where line(name contains "teapot") count >= 2',
    "did order.paid sum of total >= 200000 within from 2011-01-01 to 2011-07-01",
    "not did order.paid within from 2011-09-01 to 2012-01-01",
    '(order.count = 1 or did order.returned) and share 0.3 salt "x\'y"',
    'customer.country in ["France", "Germany"] or customer.city = "Lyon"',
)


@pytest.fixture
def asked(online_retail, as_engine, db, tmp_path, spark):
    """The shop with folded files, newer rows beside them, two people who became one."""
    before = engine._current
    keeper = keeping.Keeper(keeping.open_engine(256))
    shop = workspace("retail", currency="GBP", time_zone="Europe/London", region="GB")
    run_import(shop.id, "orders", online_retail / "online_retail.parquet", None)
    keeper.drain()
    with keeping.connected() as connection:
        while fold.fold_due(engine.current(), connection, clock.now()):
            pass
    with scope(shop.id):
        told = [
            Identity(external_id="12347", traits={"city": "Lyon"}),
            Identity(external_id="12348", traits={"city": "Oslo"}),
        ]
        first, second = customers.identify_many(shop.id, told)
        customers.merge_two(shop.id, first, second, actor="anna")
    keeper.drain()
    on_spark = SparkEngine(
        spark,
        place.lake_folder().resolve().as_uri(),
        keeping.relations(),
        keeping._live_files,
        hidden_of=keeping._hidden,
    )

    def count(text: str, name: str) -> int:
        path = tmp_path / "rule.txt"
        path.write_text(text)
        return queries.count_file(shop.id, path, name, spark=lambda: on_spark)

    yield count
    engine.use(before)


def test_every_engine_counts_the_same_customers_and_refuses_the_same_faults(asked):
    everyone = asked("everyone", "duckdb")

    for text in RULES:
        found = {name: asked(text, name) for name in queries.ENGINES}

        assert len(set(found.values())) == 1, (text, found)
        assert 0 < found["duckdb"] < everyone, text
    with pytest.raises(Invalid, match="Line 1, column 18"):
        asked("order.count >= 3 oops", "spark")


def test_a_machine_without_spark_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)

    with pytest.raises(Outside) as caught:
        keeping.open_spark("local[1]")

    assert caught.value.code == "spark_missing"
    assert "regulars[spark]" in caught.value.message
