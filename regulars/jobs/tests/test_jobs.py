from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from regulars.jobs import actions, queries, runner
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.store.scope import cursor, scope
from tests.town import workspace

seen: list[tuple[int, int]] = []
told: list[tuple[int, str]] = []


def works(job: JobRecord) -> None:
    seen.append((job.id, job.payload["number"]))


def tells(job: JobRecord, reason: str) -> None:
    told.append((job.id, reason))


def refuses(_: JobRecord) -> None:
    raise Invalid("file_unreadable", "The file is not a table.")


def finds_the_peer_away(_: JobRecord) -> None:
    raise Outside("provider_unavailable", "The provider does not answer.")


def comes_back_later(job: JobRecord) -> None:
    with transaction.atomic():
        actions.put_back(job, clock.now() + timedelta(hours=1))


@pytest.fixture
def bakery(as_engine: None, monkeypatch: pytest.MonkeyPatch) -> int:
    with transaction.atomic():
        cursor().execute("DELETE FROM jobs_job")
    monkeypatch.setattr(runner, "_handler", lambda _, kind: globals()[kind])
    seen.clear()
    told.clear()
    return workspace().id


def _enqueue(workspace_id: int, kind: str, key: str = "one", number: int = 1) -> int:
    with scope(workspace_id):
        return actions.enqueue(workspace_id, kind, {"number": number}, key)


def _job(workspace_id: int, job_id: int) -> JobRecord:
    with scope(workspace_id):
        found = queries.job(workspace_id, job_id)
    assert found is not None
    return found


def _lapse(job_id: int) -> None:
    with transaction.atomic():
        cursor().execute(
            "UPDATE jobs_job SET leased_until = %s, due_at = %s WHERE id = %s",
            [clock.now() - timedelta(seconds=1), clock.now() - timedelta(seconds=1), job_id],
        )


def test_a_job_put_twice_under_one_key_runs_once(bakery: int) -> None:
    first = _enqueue(bakery, "works", number=1)
    second = _enqueue(bakery, "works", number=2)

    assert first == second
    assert runner.run_once({}) is True
    assert runner.run_once({}) is False
    assert seen == [(first, 1)]
    assert _job(bakery, first).state == "done"


def test_a_refusal_is_final_and_says_why(bakery: int) -> None:
    job_id = _enqueue(bakery, "refuses")

    runner.run_once({})

    job = _job(bakery, job_id)
    assert (job.state, job.reason, job.attempts) == ("failed", "The file is not a table.", 1)
    assert runner.run_once({}) is False


def test_a_fault_outside_is_tried_again_with_doubled_delays_and_then_given_up(bakery: int) -> None:
    job_id = _enqueue(bakery, "finds_the_peer_away")
    states = []
    for _ in range(actions.TRIES_MAX):
        runner.run_once({})
        job = _job(bakery, job_id)
        states.append((job.state, job.attempts))
        _lapse(job_id)

    assert states == [("waiting", 1), ("waiting", 2), ("waiting", 3), ("waiting", 4), ("failed", 5)]


def test_a_job_may_come_back_later_without_counting_as_a_failure(bakery: int) -> None:
    job_id = _enqueue(bakery, "comes_back_later")

    runner.run_once({})

    job = _job(bakery, job_id)
    assert (job.state, job.attempts) == ("waiting", 0)
    assert job.due_at > clock.now() + timedelta(minutes=59)


def test_a_job_of_a_dead_worker_is_taken_over_and_the_dead_one_may_not_write(bakery: int) -> None:
    job_id = _enqueue(bakery, "works")
    with transaction.atomic():
        dead = actions.claim()
    assert dead is not None
    assert runner.run_once({}) is False
    _lapse(job_id)

    assert runner.run_once({}) is True

    with transaction.atomic():
        assert actions.renew(dead) is False
        assert actions.report_progress(dead, {"rows": 9}) is False
        actions.fail(dead, "too late", is_permanent=True)
    assert _job(bakery, job_id).state == "done"
    assert _job(bakery, job_id).progress == {}


def test_a_job_that_kills_every_worker_is_given_up(bakery: int) -> None:
    job_id = _enqueue(bakery, "works")
    for _ in range(actions.TRIES_MAX):
        with transaction.atomic():
            assert actions.claim() is not None
        _lapse(job_id)

    assert runner.run_once({}, {"works": f"{__name__}:tells"}) is True

    job = _job(bakery, job_id)
    assert (job.state, job.reason) == ("failed", actions.WORKER_DIED)
    assert seen == []
    assert told == [(job_id, actions.WORKER_DIED)]
    assert runner.run_once({}) is False


def test_another_workspace_does_not_see_the_job(bakery: int) -> None:
    job_id = _enqueue(bakery, "works")
    florist = workspace().id

    with scope(florist):
        assert queries.job(florist, job_id) is None


def _ended(job_id: int, state: str, days: int) -> None:
    with transaction.atomic():
        cursor().execute(
            "UPDATE jobs_job SET state = %s, finished_at = %s WHERE id = %s",
            [state, clock.now() - timedelta(days=days), job_id],
        )


def test_done_jobs_are_forgotten_after_a_month_and_no_others(bakery: int) -> None:
    old, recent = _enqueue(bakery, "works", "old"), _enqueue(bakery, "works", "recent")
    failed, waiting = _enqueue(bakery, "works", "failed"), _enqueue(bakery, "works", "waiting")
    _ended(old, "done", days=31)
    _ended(recent, "done", days=29)
    _ended(failed, "failed", days=90)

    assert actions.prune() == 1
    assert actions.prune() == 0
    with scope(bakery):
        assert queries.job(bakery, old) is None
        for kept in (recent, failed, waiting):
            assert queries.job(bakery, kept) is not None


@pytest.mark.parametrize("state", ["done", "failed"])
def test_work_that_comes_round_is_one_row_set_going_at_most_so_often(
    bakery: int, state: str
) -> None:
    def again() -> int:
        with scope(bakery):
            return actions.enqueue_anew(
                bakery, "works", {"number": 1}, "round", every=timedelta(days=2)
            )

    first = again()
    assert runner.run_once({}) is True
    _ended(first, state, days=1)
    assert again() == first
    assert _job(bakery, first).state == state

    _ended(first, state, days=2)
    assert again() == first
    assert (_job(bakery, first).state, _job(bakery, first).attempts) == ("waiting", 0)
    assert runner.run_once({}) is True
    assert seen == [(first, 1), (first, 1)]
