from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta
from decimal import Decimal

import psycopg
import pyarrow.parquet as pq
import pytest

from regulars.kernel.errors import Conflict
from regulars.lake import feeder, manifest, source
from regulars.lake.rebuild import content_hash
from regulars.lake.tests.conftest import BAKERY, EVENTS, OTHER, RELATIONS, Shop

DAY = "2026-01-15 10:00:00.000001+02"


def test_a_tick_writes_one_tail_file_per_workspace_and_relation(shop: Shop) -> None:
    shop.event(1, "order.paid", DAY)
    shop.event(2, "order.paid", DAY)
    shop.event(9, "order.paid", DAY, workspace=OTHER)
    shop.customer(1, "Mira")

    tick = shop.tick()

    assert tick == feeder.Tick(rows=4, is_drained=True)
    assert [(f.relation, f.kind, f.rows) for f in shop.files()] == [
        ("events", "tail", 2),
        ("customers", "tail", 1),
    ]
    assert [(f.relation, f.rows) for f in shop.files(OTHER)] == [("events", 1)]
    assert shop.column("select customer from events order by 1") == [1, 2]
    assert shop.column("select customer from events", workspace=OTHER) == [9]


def test_a_tick_without_news_writes_nothing(shop: Shop) -> None:
    shop.event(1, "order.paid", DAY)
    shop.tick()

    tick = shop.tick()

    assert tick == feeder.Tick(rows=0, is_drained=True)
    assert len(shop.files()) == 1


def test_relations_without_files_are_empty_and_typed(shop: Shop) -> None:
    table = shop.engine.query(BAKERY, "select * from customers")

    assert table.num_rows == 0
    assert [str(t) for t in table.schema.types] == [
        "int64", "string", "string", "date32[day]", "bool", "decimal128(18, 6)", "double", "int32",
    ]  # fmt: skip
    assert shop.column("select count(*) from merges, events") == [0]


def test_values_arrive_exactly(shop: Shop) -> None:
    props = {"text": 'a "quoted", line\r\nand\tthe next, \\. ’ї', "n": 1.5, "nothing": None}
    shop.event(None, "", DAY, **props)
    shop.connection.execute(
        "insert into shop_customer (id, workspace_id, name, born_on, is_vip, balance, score,"
        " visits) values (1, 1, '', '1990-02-28', true, 12.345678, 0.1, 7),"
        " (2, 1, null, null, false, -0.5, null, null), (3, 1, E'İSTANBUL ΟΔΟΣ\n', null, null,"
        " null, -1e10, -1)"
    )

    shop.tick()

    (event,) = shop.ask("select customer, kind, time, props from events")
    assert event["customer"] is None and event["kind"] == ""
    assert event["time"] == datetime(2026, 1, 15, 8, 0, 0, 1)  # noqa: DTZ001
    assert shop.column("select props->>'$.text' from events") == [props["text"]]
    assert [tuple(row.values()) for row in shop.ask("select * from customers order by id")] == [
        (1, "", "", date(1990, 2, 28), True, Decimal("12.345678"), 0.1, 7),
        (2, None, None, None, False, Decimal("-0.500000"), None, None),
        (3, "İSTANBUL ΟΔΟΣ\n", "İSTANBUL ΟΔΟΣ\n".lower(), None, None, None, -1e10, -1),
    ]


def test_a_value_the_lake_cannot_hold_becomes_null_and_harms_nobody(shop: Shop) -> None:
    shop.event(1, "strange", "infinity")
    shop.event(2, "strange", "99999-01-01")
    shop.event(3, "strange", "0050-01-01 BC")
    shop.connection.execute(
        "insert into shop_customer (id, workspace_id, balance, score, born_on) values"
        " (1, 1, 1e30, 1e400, '20000-01-01'), (2, 1, 'NaN', 'NaN', '-infinity'),"
        " (3, 1, 1, 1, '2000-01-01')"
    )

    shop.tick()

    assert shop.column("select time from events") == [None, None, None]
    assert [tuple(r.values()) for r in shop.ask(
        "select balance, score, born_on from customers order by id"
    )] == [(None, None, None), (None, None, None), (Decimal(1), 1.0, date(2000, 1, 1))]  # fmt: skip


def test_a_row_that_commits_later_is_not_jumped_over(shop: Shop) -> None:
    with psycopg.connect(shop.address) as slow:
        (schema,) = shop.connection.execute("select current_schema()").fetchone() or ("",)
        slow.execute(f"set search_path = {schema}".encode())
        slow.execute("insert into shop_event (workspace_id, customer_id) values (1, 1)")
        shop.event(2, "order.paid", DAY)

        early = feeder.tick(shop.connection, shop.root, RELATIONS, shop.now)
        lag = feeder.lag_s(shop.connection, RELATIONS, shop.now + timedelta(seconds=3))
        slow.commit()
    shop.tick()

    assert early.rows == 0
    # The second event is committed and waits for the first, which the lag admits.
    assert lag >= 3.0
    assert shop.column("select customer from events order by 1") == [1, 2]
    assert feeder.lag_s(shop.connection, RELATIONS, shop.now) == 0.0


def test_many_rows_take_several_ticks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.read_chunk, "__kwdefaults__", _with_rows_max(3))
    for customer in range(7):
        shop.event(customer, "order.paid", DAY)

    ticks = [shop.tick() for _ in range(3)]

    assert [(tick.rows, tick.is_drained) for tick in ticks] == [(3, False), (3, False), (1, True)]
    assert shop.column("select customer from events order by 1") == list(range(7))


def test_rows_too_long_for_one_chunk_are_taken_a_few_at_a_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES_MAX", 1000)
    for customer in range(5):
        shop.event(customer, "note", DAY, text="x" * 400)
    shop.event(5, "note", DAY, text="x" * 5000)

    done = 0
    while not (tick := shop.tick()).is_drained:
        done += tick.rows

    assert done + tick.rows == 6
    assert shop.column("select max(length(props->>'$.text')) from events") == [5000]


def test_the_newest_version_of_a_keyed_row_counts(shop: Shop) -> None:
    shop.customer(1, "Mira")
    shop.customer(2, "Oleg")
    shop.tick()
    shop.customer(1, "Mira K.")
    shop.tick()

    assert shop.ask("select id, name, name_l from customers order by id") == [
        {"id": 1, "name": "Mira K.", "name_l": "mira k."},
        {"id": 2, "name": "Oleg", "name_l": "oleg"},
    ]


def test_a_row_marked_gone_disappears_and_may_come_back(shop: Shop) -> None:
    shop.customer(1, "Mira")
    shop.tick()
    shop.connection.execute("update shop_customer set is_erased = true")
    shop.tick()
    gone = shop.column("select count(*) from customers")
    shop.connection.execute("update shop_customer set is_erased = false")
    shop.tick()

    assert gone == [0]
    assert shop.column("select count(*) from customers") == [1]


def test_the_second_of_two_feeders_writes_nothing(shop: Shop) -> None:
    before = manifest.position_of(shop.connection, "events")
    shop.event(1, "order.paid", DAY)
    shop.tick()
    chunk = source.read_chunk(shop.connection, EVENTS, before)

    with pytest.raises(Conflict):
        feeder._commit(shop.connection, EVENTS, [], before, chunk.upto, shop.now)

    assert shop.column("select count(*) from events") == [1]


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (feeder.source, "read_chunk"),
        (feeder.files, "write_table"),
        (feeder.manifest, "move_cursor"),
        (feeder.manifest, "add_files"),
        (feeder, "_commit"),
        (feeder.manifest, "mark_drained"),
    ],
)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", [1, 2])
def test_killed_at_any_step_the_next_tick_gives_the_same(
    shop: Shop, module: object, step: str, after: bool, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.event(1, "order.paid", DAY)
    shop.event(9, "order.paid", DAY, workspace=OTHER)
    shop.customer(1, "Mira")
    with monkeypatch.context() as patched:
        _trip(patched, module, step, call=call, after=after)
        with contextlib.suppress(RuntimeError):
            shop.tick()
    shop.now += timedelta(seconds=2)

    shop.tick()

    assert shop.column("select customer from events") == [1]
    assert shop.column("select customer from events", workspace=OTHER) == [9]
    assert shop.column("select name from customers") == ["Mira"]
    assert feeder.lag_s(shop.connection, RELATIONS, shop.now) == 0.0
    for file in shop.files():
        assert pq.read_metadata(shop.root / file.path).num_rows == file.rows


def test_the_content_hash_tells_relations_apart_but_not_the_order_of_rows(shop: Shop) -> None:
    shop.event(1, "order.paid", DAY)
    empty = content_hash(shop.engine, BAKERY, "events")
    shop.tick()
    one = content_hash(shop.engine, BAKERY, "events")
    shop.event(1, "order.paid", DAY)
    shop.tick()

    assert empty == "0:0000000000000000"
    assert one.startswith("1:") and one != empty
    assert content_hash(shop.engine, BAKERY, "events").startswith("2:")


def _with_rows_max(rows_max: int) -> dict[str, object]:
    return {"upto": None, "workspace_id": None, "rows_max": rows_max}


def _trip(
    patched: pytest.MonkeyPatch, module: object, step: str, *, call: int, after: bool
) -> None:
    """Make the step fail at its n-th call, before or after doing its work."""
    real = getattr(module, step)
    calls = 0

    def failing(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            raise RuntimeError(step)
        result = real(*args, **options)
        if calls == call:
            raise RuntimeError(step)
        return result

    patched.setattr(module, step, failing)
