"""Erasing one person leaves nothing of them, wherever it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
import time_machine

from regulars.customers import actions as customers
from regulars.customers import queries as customers_queries
from regulars.customers.pure.addresses import keyed_hash
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.lake import engine
from regulars.lake.sweep import sweep
from regulars.privacy import actions, queries
from regulars.privacy.actions import advancing, removing
from regulars.privacy.records import DONE, SETTLING
from regulars.privacy.tests import canary
from regulars.privacy.tests.test_pages import public_id, signed_in
from regulars.project import lake
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import Role as MemberRole
from tests.town import town

own_server = pytest.mark.skipif(
    bool(os.environ.get("REGULARS_TEST_DATABASE_URL")), reason="looks into the server's files"
)


@pytest.fixture
def keeper(as_engine: None) -> Iterator[lake.Keeper]:
    lake._pool.cache_clear()
    opened = lake.open_engine(256)
    yield lake.Keeper(opened)
    engine.use(None)
    opened.close()
    lake._pool().close()
    lake._pool.cache_clear()


def named(files: list[str]) -> list[str]:
    """The files, those of tables with the table's name."""
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as owner:
        tables = owner.execute(
            "SELECT pg_relation_filenode(oid)::text, relname FROM pg_class WHERE relkind IN"
            " ('r', 'i', 't')"
        )
        by_node = dict(tables.fetchall())
    return [f"{name} {by_node.get(name.rpartition('/')[2], '')}".strip() for name in files]


def finish(workspace_id: int, public_id: str) -> None:
    """Let the minutes pass that replaced files are kept for."""
    for minutes in (12, 24, 36):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
            with lake.connected() as connection:
                sweep(connection, place.lake_folder(), clock.now())
            if actions.advance(workspace_id, public_id) is None:
                return
    raise AssertionError("it never ends")


@own_server
def test_no_file_of_the_data_folder_holds_a_byte_of_the_person(keeper: lake.Keeper) -> None:
    bakery = town().bakery
    bird = canary.put(bakery)
    keeper.drain()
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as owner:
        # The planner remembers values, too, and a checkpoint brings all of it to the files.
        owner.execute("UPDATE customers_customer SET updated_at = now()")
        owner.execute("ANALYZE")
        owner.execute("CHECKPOINT")
    before = canary.hits(bird.mark)
    assert any(name.startswith("postgres/base") for name in before)
    assert any(name.startswith("postgres/pg_wal") for name in before)
    assert any(name.startswith("lake/") for name in before)
    assert any(name.startswith("uploads/") for name in before)

    with scope(bakery.id):
        asked = actions.erase(bakery.id, bird.customer_id, actor="user:1")
    pause = actions.advance(bakery.id, asked.public_id)
    keeper.drain()

    assert pause is not None
    with scope(bakery.id):
        assert queries.erasure(bakery.id, asked.public_id).state == SETTLING
    finish(bakery.id, asked.public_id)
    with scope(bakery.id):
        done = queries.erasure(bakery.id, asked.public_id)
    assert done.state == DONE
    assert named(canary.hits(bird.mark)) == []
    assert named(canary.hits(bird.phone[3:])) == []


class Killed(BaseException):
    """The worker died here."""


def test_a_worker_killed_at_any_step_goes_on_there(
    keeper: lake.Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery = town().bakery
    bird = canary.put(bakery)
    whole = canary.rows(bird)
    keeper.drain()
    with scope(bakery.id):
        asked = actions.erase(bakery.id, bird.customer_id, actor="user:1")
    deaths = 0
    write = advancing._write

    def die(*given: object, **named: object) -> None:
        # After the rows of the unit are gone, before their commit.
        raise Killed

    for _ in range(len(removing.units())):
        monkeypatch.setattr(advancing, "_write", die)
        with pytest.raises(Killed):
            actions.advance(bakery.id, asked.public_id)
        deaths += 1
        monkeypatch.setattr(advancing, "_write", write)
        with scope(bakery.id):
            now = queries.erasure(bakery.id, asked.public_id)
        advancing._WORK[now.state](now)

    assert deaths == len(removing.units())
    for name in ("_clean_lake", "_again", "_is_still"):
        kept = getattr(advancing, name)
        monkeypatch.setattr(advancing, name, die)
        with pytest.raises(Killed):
            actions.advance(bakery.id, asked.public_id)
        monkeypatch.setattr(advancing, name, kept)
    actions.advance(bakery.id, asked.public_id)
    finish(bakery.id, asked.public_id)
    with scope(bakery.id):
        done = queries.erasure(bakery.id, asked.public_id)
    assert done.state == DONE
    # One row of this table is found twice, by its ids and by its words.
    assert whole.pop("customers_batch") == 1
    # Segments are left at the moment of asking, and counted as such.
    assert whole.pop("segments_member") == done.counts["segments"] == 1
    # First of all every address of the person is forbidden, which stops the ways that were open.
    assert (whole.pop("customers_stop"), done.counts["customers_stop"]) == (1, 4)
    assert {name: done.counts[name] for name in whole if name in done.counts} == whole
    assert canary.rows(bird) == {}


def test_erasing_again_answers_the_same_report(keeper: lake.Keeper) -> None:
    bakery = town().bakery
    bird = canary.put(bakery)
    with scope(bakery.id):
        first = actions.erase(bakery.id, bird.customer_id, actor="user:1")
        again = actions.erase(bakery.id, bird.customer_id, actor="user:2")
    actions.advance(bakery.id, first.public_id)

    with scope(bakery.id):
        third = actions.erase(bakery.id, bird.customer_id, actor="user:3")
        by_customer = queries.erasure(bakery.id, bird.public_id)

    assert again == first
    assert (third.public_id, third.asked_by) == (first.public_id, "user:1")
    assert by_customer == third


def test_erasing_a_root_erases_everybody_merged_into_it(keeper: lake.Keeper) -> None:
    people = town()
    with scope(people.bakery.id):
        customers.merge(people.bakery.id, people.oleg, people.mira)
        root = customers_queries.whole_person(people.bakery.id, people.mira)
        asked = actions.erase(people.bakery.id, people.mira, actor="user:1")

    actions.advance(people.bakery.id, asked.public_id)

    assert set(root.ids) == {people.mira, people.oleg}
    with scope(people.bakery.id):
        left = cursor().execute(
            "SELECT count(*) FROM customers_customer WHERE id = ANY(%s)", [list(root.ids)]
        )
        assert left.fetchone() == (0,)
        stones = cursor().execute(
            "SELECT customer_id FROM privacy_tombstone WHERE workspace_id = %s ORDER BY 1",
            [people.bakery.id],
        )
        assert {row[0] for row in stones.fetchall()} == set(root.ids)


def test_neighbours_and_other_workspaces_are_unharmed(keeper: lake.Keeper) -> None:
    people = town()
    with scope(people.bakery.id):
        events.record_many(
            people.bakery.id,
            [NewEvent(kind="Seen", time=clock.now(), key="o", customer_id=people.oleg)],
        )
    keeper.drain()
    with scope(people.bakery.id):
        asked = actions.erase(people.bakery.id, people.mira, actor="user:1")
    seen = engine.query(people.bakery.id, "select customer from events").to_pydict()
    assert people.mira not in seen["customer"]
    assert people.oleg in seen["customer"]

    actions.advance(people.bakery.id, asked.public_id)

    keeper.drain()
    for workspace_id, left in ((people.bakery.id, [people.oleg]), (people.other.id, [people.zoe])):
        found = engine.query(workspace_id, "select id from customers order by 1").to_pydict()
        assert found["id"] == left
    with scope(people.bakery.id), pytest.raises(NotFound):
        actions.erase(people.bakery.id, people.zoe, actor="user:1")


def test_the_proof_of_consent_stays_without_the_person(keeper: lake.Keeper) -> None:
    people = town()
    with scope(people.bakery.id):
        asked = actions.erase(people.bakery.id, people.mira, actor="user:1")
    actions.advance(people.bakery.id, asked.public_id)

    with scope(people.bakery.id):
        proof = cursor().execute(
            "SELECT channel, purpose, state, address_hash FROM privacy_proof WHERE workspace_id ="
            " %s", [people.bakery.id],
        ).fetchall()  # fmt: skip
        hashed = keyed_hash(people.bakery.secret, "email", "mira@example.com")
        refused = (
            cursor()
            .execute(
                "SELECT reason, customer_id FROM customers_suppression WHERE address_hash = %s",
                [hashed],
            )
            .fetchall()
        )
    assert [(*row[:3], bytes(row[3])) for row in proof] == [("email", "marketing", "given", hashed)]
    assert refused == [("erased", None)]


def test_the_report_names_nobody(keeper: lake.Keeper) -> None:
    bakery = town().bakery
    bird = canary.put(bakery)
    with scope(bakery.id):
        asked = actions.erase(bakery.id, bird.customer_id, actor="user:1")
    actions.advance(bakery.id, asked.public_id)

    with scope(bakery.id):
        report = str(queries.erasure(bakery.id, asked.public_id))

    assert bird.mark not in report
    assert bird.phone[3:] not in report


def test_the_trail_leads_from_an_erased_person_to_the_report(keeper: lake.Keeper, db: None) -> None:
    shop = town()
    owner = signed_in(shop.bakery.id, MemberRole.OWNER)
    mira, oleg = public_id(shop, shop.mira), public_id(shop, shop.oleg)
    for one in (mira, oleg):
        owner.get(f"/customers/{one}/")
    with scope(shop.bakery.id):
        asked = actions.erase(shop.bakery.id, shop.mira, actor="user:1")
    finish(shop.bakery.id, asked.public_id)

    shown = owner.get("/settings/audit/").content.decode()

    assert f'href="/customers/{mira}/"' not in shown
    assert f'href="/privacy/erasures/{mira}/"' in shown
    assert "Customer, erased" in shown
    assert owner.get(f"/privacy/erasures/{mira}/").status_code == 200
    assert f'href="/customers/{oleg}/"' in shown
