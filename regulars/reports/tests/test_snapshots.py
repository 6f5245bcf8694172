"""Quick questions are asked anew, slow ones are kept and renewed by the worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regulars.analytics.tests.lake_shape import add_order
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.reports import actions, queries, tasks
from regulars.store.scope import cursor, scope
from tests.town import workspace

NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def shop(db, lakes):
    shop = workspace()
    add_order(lakes.of(shop.id), 1, 7, "2025-05-01 10:00", 500, currency="UAH")
    return shop


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(actions, "LIVE_MS_MAX", -1)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(actions, "LIVE_MS_MAX", 60_000)


def shown(shop, now):
    with scope(shop.id):
        return actions.shown_answer(shop.id, "base", now)


def jobs_of(shop):
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT kind, key, payload FROM jobs_job WHERE workspace_id = %s", [shop.id])
        return [(kind, key) for kind, key, _payload in raw.fetchall()]


def states_of(shop):
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT state FROM jobs_job WHERE workspace_id = %s", [shop.id])
        return [state for (state,) in raw.fetchall()]


def test_a_quick_answer_is_never_kept(shop, lakes, quick):
    shown(shop, NOON)
    add_order(lakes.of(shop.id), 2, 8, "2025-05-02 10:00", 700, currency="UAH")

    answer = shown(shop, NOON)

    assert answer.rows[0]["revenue_minor"] == 1200
    with scope(shop.id):
        assert queries.snapshot(shop.id, "base") is None
    assert jobs_of(shop) == []


def test_a_slow_answer_is_kept_for_a_minute(shop, lakes, slow):
    shown(shop, NOON)
    add_order(lakes.of(shop.id), 2, 8, "2025-05-02 10:00", 700, currency="UAH")

    answer = shown(shop, NOON + timedelta(seconds=60))

    assert (answer.rows[0]["revenue_minor"], answer.at) == (500, NOON)
    assert jobs_of(shop) == []


def test_an_older_one_is_shown_and_one_job_renews_it(shop, lakes, slow):
    shown(shop, NOON)
    later = NOON + timedelta(seconds=90)

    first, second = shown(shop, later), shown(shop, later + timedelta(seconds=1))

    assert first.at == second.at == NOON
    assert jobs_of(shop) == [("reports.renew", "base")]


def test_the_same_job_renews_it_every_time(shop, lakes, slow, monkeypatch):
    shown(shop, NOON)
    moment = NOON
    monkeypatch.setattr(clock, "now", lambda: moment)
    for minutes in (2, 4, 6):
        moment = NOON + timedelta(minutes=minutes)
        shown(shop, moment)
        assert states_of(shop) == ["waiting"]
        with scope(shop.id):
            cursor().execute(
                "UPDATE jobs_job SET state = 'done', finished_at = %s WHERE workspace_id = %s",
                [moment, shop.id],
            )
        shown(shop, moment + timedelta(seconds=30))
        assert states_of(shop) == ["done"]

    assert jobs_of(shop) == [("reports.renew", "base")]


def test_a_very_old_one_is_not_shown(shop, lakes, slow):
    shown(shop, NOON)
    later = NOON + timedelta(hours=25)

    assert shown(shop, later).at == later
    assert jobs_of(shop) == []


def test_the_worker_renews_and_forgets_what_became_quick(shop, lakes, slow, monkeypatch):
    shown(shop, NOON)
    job = JobRecord(
        1, shop.id, "reports.renew", "k", {"name": "base"}, "running", NOON, 1, 1, {}, ""
    )
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=2))

    tasks.renew(job)
    with scope(shop.id):
        kept = queries.snapshot(shop.id, "base")
    monkeypatch.setattr(actions, "LIVE_MS_MAX", 60_000)
    tasks.renew(job)

    assert kept.at == NOON + timedelta(minutes=2)
    with scope(shop.id):
        assert queries.snapshot(shop.id, "base") is None


def test_another_shop_does_not_see_a_kept_answer(shop, slow):
    shown(shop, NOON)
    florist = workspace("florist")

    with scope(florist.id):
        assert queries.snapshot(shop.id, "base") is None
