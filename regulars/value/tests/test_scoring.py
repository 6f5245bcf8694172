"""Scores follow what happens: orders, merges, passing days; the stored are those of the lake."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.analytics.rfm import Borders
from regulars.analytics.tests.lake_shape import add_order
from regulars.customers import actions as customers
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.lake import engine
from regulars.store.scope import cursor, scope
from regulars.value import actions, queries, tasks
from regulars.value.lake import SCORES
from regulars.value.tests.following import follow
from tests.town import town

NOON = datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_customers_stand_where_their_orders_put_them(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    buy(lakes, place.bakery.id, 1, place.mira, "2026-02-20")

    scored(place.bakery.id, NOON)

    with scope(place.bakery.id):
        mira = queries.standing(place.bakery.id, place.mira)
        oleg = queries.standing(place.bakery.id, place.oleg)
        assert queries.standing(place.bakery.id, place.zoe) is None
        assert queries.settings(place.bakery.id).scored_at == NOON
    assert (mira.stage, mira.stage_since, mira.orders) == ("first", date(2026, 2, 20), 1)
    assert (mira.rfm_class, mira.recency_fifth) == ("champions", 5)
    assert (oleg.stage, oleg.rfm_class, oleg.recency_fifth) == ("prospect", None, None)
    with scope(place.other.id):
        assert queries.standing(place.other.id, place.mira) is None


def test_the_next_purchase_is_expected_after_the_own_gap(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    for number, day in enumerate(("2026-01-01", "2026-01-21", "2026-02-10"), start=1):
        buy(lakes, place.bakery.id, number, place.mira, day)

    scored(place.bakery.id, NOON)

    with scope(place.bakery.id):
        raw = cursor()
        raw.execute(
            f"SELECT customer, next_on, last_on, gap_days FROM ({SCORES.select_sql}) AS s"
            " WHERE workspace_id = %s",
            [place.bakery.id],
        )
        rows = {row[0]: row[1:] for row in raw.fetchall()}
    next_on, last_on, gap_days = rows[place.mira]
    assert last_on == date(2026, 2, 10)
    assert next_on == last_on + timedelta(days=round(gap_days))
    assert rows[place.oleg][0] is None


def test_a_second_run_writes_nothing(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    buy(lakes, place.bakery.id, 1, place.mira, "2026-02-20")

    assert scored(place.bakery.id, NOON) == 2
    # The lake has not brought the scores back yet: the table itself says that nothing differs.
    assert scored(place.bakery.id, NOON) == 0
    follow(lakes.open(place.bakery.id), place.bakery.id)
    assert scored(place.bakery.id, NOON + timedelta(hours=1)) == 0


def test_what_is_stored_is_what_is_counted_as_of_the_instant(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    for number, day in enumerate(("2026-01-03", "2026-01-20", "2026-02-25"), start=1):
        buy(lakes, place.bakery.id, number, place.mira, day)
    scored(place.bakery.id, NOON)

    follow(lakes.open(place.bakery.id), place.bakery.id)
    with scope(place.bakery.id):
        again = queries.differing(place.bakery.id, NOON)
        assert engine.query(place.bakery.id, again.sql, again.params).num_rows == 0


def test_a_turned_stage_is_an_event_and_the_first_run_tells_none(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    buy(lakes, place.bakery.id, 1, place.mira, "2026-02-20")
    scored(place.bakery.id, NOON)
    assert told(place.bakery.id) == []

    buy(lakes, place.bakery.id, 2, place.oleg, "2026-03-01")
    scored(place.bakery.id, NOON + timedelta(hours=3))

    assert told(place.bakery.id) == [
        (place.oleg, "live", {"from": "prospect", "to": "first", "since": "2026-03-01"})
    ]


def test_stages_turn_by_the_passing_of_days_alone(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira)
    buy(lakes, place.bakery.id, 1, place.mira, "2026-02-20")
    scored(place.bakery.id, NOON)
    with scope(place.bakery.id):
        due = queries.standing(place.bakery.id, place.mira).cooling_on
    midnight = datetime.combine(due, datetime.min.time(), place.bakery.zone)

    scored(place.bakery.id, midnight)
    assert told(place.bakery.id) == []
    scored(place.bakery.id, midnight + timedelta(minutes=1))

    (one,) = told(place.bakery.id)
    assert one == (
        place.mira, "live", {"from": "first", "to": "cooling", "since": due.isoformat()}
    )  # fmt: skip


def test_a_change_that_history_brought_starts_nothing(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira)
    scored(place.bakery.id, NOON)

    buy(lakes, place.bakery.id, 1, place.mira, "2020-01-01")
    scored(place.bakery.id, NOON + timedelta(hours=1))

    (one,) = told(place.bakery.id)
    assert (one[1], one[2]["to"]) == ("import", "lost")


def test_the_row_of_a_merged_customer_leaves_at_once_and_comes_back_when_split(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira, place.oleg)
    scored(place.bakery.id, NOON)
    with scope(place.bakery.id):
        customers.merge(place.bakery.id, place.mira, place.oleg, actor="test")
        tasks.take_changes(place.bakery.id, [])
        actions.forget_merged(place.bakery.id)
        gone = [one for one in (place.mira, place.oleg)
                if queries.standing(place.bakery.id, one) is None]  # fmt: skip
        assert len(gone) == 1
        assert queries.settings(place.bakery.id).is_behind
        cursor().execute(
            "UPDATE customers_merge SET is_gone = true WHERE workspace_id = %s",
            [place.bakery.id],
        )

    follow(lakes.open(place.bakery.id), place.bakery.id)
    assert scored(place.bakery.id, NOON + timedelta(hours=1)) == 1

    with scope(place.bakery.id):
        assert queries.standing(place.bakery.id, gone[0]).stage == "prospect"


def test_a_run_that_lost_its_job_writes_no_more(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira)

    assert actions.score(place.bakery.id, NOON, lambda: False) == 0

    with scope(place.bakery.id):
        assert queries.standing(place.bakery.id, place.mira) is None
        assert queries.settings(place.bakery.id).scored_at is None


def test_fixed_borders_are_checked_and_make_the_scores_stale(db, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira)
    buy(lakes, place.bakery.id, 1, place.mira, "2026-02-20")
    borders = Borders((180, 90, 30, 7), (2, 3, 5, 10), (0, 1, 2, 3))
    with scope(place.bakery.id):
        for wrong in (
            Borders((7, 30, 90, 180), (2, 3, 5, 10), (0, 1, 2, 3)),
            Borders((180, 90, 30, 7), (2, 2, 5, 10), (0, 1, 2, 3)),
            Borders((180, 90, 30, -1), (2, 3, 5, 10), (0, 1, 2, 3)),
        ):
            with pytest.raises(Invalid):
                actions.save_borders(place.bakery.id, wrong)
        assert queries.settings(place.bakery.id).borders is None
        actions.save_borders(place.bakery.id, borders)
        assert queries.settings(place.bakery.id).borders == borders
        assert queries.settings(place.other.id).borders is None

    scored(place.bakery.id, NOON)

    with scope(place.bakery.id):
        mira = queries.standing(place.bakery.id, place.mira)
    assert (mira.recency_fifth, mira.frequency_fifth, mira.money_fifth) == (4, 1, 5)


def test_the_minute_chore_asks_for_a_run_only_where_something_changed(db, as_engine, lakes):
    place = town()
    known(lakes, place.bakery.id, place.mira)
    scored(place.bakery.id, clock.now() + timedelta(minutes=5))
    scored(place.other.id, clock.now() + timedelta(minutes=5))
    with scope(place.bakery.id):
        # Somebody dated ahead is no newcomer every minute until then.
        cursor().execute(
            "UPDATE customers_customer SET first_seen_at = %s WHERE id = %s",
            [clock.now() + timedelta(days=300), place.mira],
        )
    tasks.keep_up()
    assert asked(place.bakery.id) == 0

    with scope(place.bakery.id):
        actions.touch(place.bakery.id)
        cursor().execute(
            "UPDATE value_setting SET scored_at = %s WHERE workspace_id = %s",
            [clock.now(), place.bakery.id],
        )
    tasks.keep_up()
    tasks.keep_up()

    assert (asked(place.bakery.id), asked(place.other.id)) == (1, 0)


def test_a_base_that_is_slow_to_count_is_counted_less_often():
    assert tasks.pause_after(300) == timedelta(seconds=54)
    assert tasks.pause_after(60_000) == timedelta(minutes=20)


def known(lakes, workspace_id, *customers):
    for customer in customers:
        lakes.open(workspace_id).execute(
            "insert into customers (id, first_seen_at, created_at)"
            " values (?, '2025-12-01', '2025-12-01')",
            [customer],
        )


def buy(lakes, workspace_id, number, customer, day):
    add_order(lakes.open(workspace_id), number, customer, f"{day} 08:00", 1000, currency="UAH")


def scored(workspace_id, at):
    return actions.score(workspace_id, at)


def told(workspace_id):
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT customer_id, origin, props FROM events_event"
            " WHERE workspace_id = %s AND kind = 'value.stage_changed' ORDER BY id",
            [workspace_id],
        )
        return list(raw.fetchall())


def asked(workspace_id):
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM jobs_job WHERE workspace_id = %s AND kind = 'value.score'",
            [workspace_id],
        )
        return raw.fetchone()[0]
