"""Series and codes against the database: limits, holds, issuing, batches, races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection

from regulars.jobs import actions as jobs
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused, RegularsError
from regulars.loyalty import code_tasks
from regulars.loyalty.actions import codes as actions
from regulars.loyalty.actions import series as series_actions
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.code_records import CodeInUse, CodeUnusable, CodeUsedUp
from regulars.loyalty.models.members import Member
from regulars.loyalty.queries import codes as queries
from regulars.loyalty.queries import series as series_queries
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")
HOUR = timedelta(hours=1)


def member(workspace_id: int, customer_id: int) -> int:
    return Member.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        customer_id=customer_id,
        joined_at=clock.now(),
    ).id


def shared(workspace_id: int, text: str = "SPRING-26", **terms: Any) -> str:
    made = series_actions.create_series(
        workspace_id, Terms(name="Spring", promotion_slug="spring", **terms), kind="shared"
    )
    series_actions.add_code(workspace_id, made.public_id, text)
    return made.public_id


def status(town: Town, text: str, member_id: int | None = None, **more: Any) -> tuple[str, str]:
    (one,) = queries.look_up(town.bakery.id, [text], member_id, clock.now(), **more)
    return one.status, one.reason


def reserve(
    workspace_id: int, purchase: str, text: str = "spring 26", who: int | None = None
) -> None:
    actions.reserve_codes(workspace_id, [text], purchase, who, clock.now() + HOUR)


def counters(workspace_id: int, code: str = "spring26") -> tuple[int, int]:
    one = series_queries.code(workspace_id, code)
    return one.reserved, one.used


def test_a_shared_code_opens_its_promotion() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id)

        (one,) = queries.look_up(here.bakery.id, ["sprіng 26"], None, clock.now())

    assert (one.code, one.status, one.promotion_id) == ("sprіng 26", "usable", "spring")


def test_a_slip_is_told_from_an_unknown_code() -> None:
    here = town()
    with scope(here.bakery.id):
        assert status(here, "NOSUCH") == ("unknown", "code_unknown")
        assert status(here, "MRQV-EK7N-C6T81") == ("unknown", "code_unknown")
        assert status(here, "MRQV-EK7N-C6T82") == ("unknown", "code_mistyped")


def test_another_workspace_has_no_such_code() -> None:
    here = town()
    with scope(here.bakery.id):
        public_id = shared(here.bakery.id)
    with scope(here.other.id):
        (one,) = queries.look_up(here.other.id, ["SPRING26"], None, clock.now())
        assert one.status == "unknown"
        with pytest.raises(CodeUnusable):
            reserve(here.other.id, "p1")
        with pytest.raises(NotFound):
            series_queries.series(here.other.id, public_id)
        with pytest.raises(NotFound):
            series_actions.add_code(here.other.id, public_id, "OTHER1")
        shared(here.other.id)
        assert counters(here.other.id) == (0, 0)


def test_a_held_use_is_settled_once() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=1)
        reserve(here.bakery.id, "p1")
        reserve(here.bakery.id, "p1")
        assert counters(here.bakery.id) == (1, 0)

        assert len(actions.settle_codes(here.bakery.id, "p1")) == 1
        assert actions.settle_codes(here.bakery.id, "p1") == []

        assert counters(here.bakery.id) == (0, 1)
        assert status(here, "SPRING26") == ("used_up", "code_used_up")
        with pytest.raises(CodeUsedUp):
            reserve(here.bakery.id, "p2")
        raw = cursor()
        raw.execute(
            "SELECT props FROM events_event WHERE workspace_id = %s AND kind = 'code.used'",
            [here.bakery.id],
        )
        assert raw.fetchall() == [({"series": "spring", "promotion": "spring", "purchase": "p1"},)]


def test_the_second_till_hears_until_when_the_first_holds() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=1)
        reserve(here.bakery.id, "p1")

        with pytest.raises(CodeInUse) as told:
            reserve(here.bakery.id, "p2")

        assert abs(told.value.until - clock.now() - HOUR) < timedelta(minutes=1)
        (state,) = queries.look_up(here.bakery.id, ["SPRING26"], None, clock.now())
        assert (state.status, state.in_use_until) == ("in_use", told.value.until)
        assert status(here, "SPRING26", purchase_id="p1") == ("usable", "")
        assert counters(here.bakery.id) == (1, 0)


def test_what_is_released_or_returned_may_be_used_again() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=1, uses_total=1)
        reserve(here.bakery.id, "p1")
        assert len(actions.release_codes(here.bakery.id, "p1")) == 1
        assert actions.release_codes(here.bakery.id, "p1") == []
        reserve(here.bakery.id, "p2")
        actions.settle_codes(here.bakery.id, "p2")
        assert actions.release_codes(here.bakery.id, "p2") == []

        assert len(actions.give_back_codes(here.bakery.id, "p2")) == 1
        assert actions.give_back_codes(here.bakery.id, "p2") == []

        assert counters(here.bakery.id) == (0, 0)
        reserve(here.bakery.id, "p1")
        assert counters(here.bakery.id) == (1, 0)


def test_a_hold_past_its_time_gives_way() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=1)
        reserve(here.bakery.id, "p1")
        with time_machine.travel(clock.now() + 2 * HOUR, tick=False):
            assert status(here, "SPRING26") == ("usable", "")
            reserve(here.bakery.id, "p2")

            assert actions.settle_codes(here.bakery.id, "p1") == []
            with pytest.raises(CodeInUse):
                reserve(here.bakery.id, "p1")
            assert len(actions.settle_codes(here.bakery.id, "p2")) == 1
        assert counters(here.bakery.id) == (0, 1)


def test_refused_codes_leave_nothing_behind() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=1)
        shared(here.bakery.id, "AUTUMN-26", uses_per_code=1)
        reserve(here.bakery.id, "p1", "AUTUMN-26")

        with pytest.raises(CodeInUse):
            actions.reserve_codes(
                here.bakery.id, ["SPRING-26", "AUTUMN-26"], "p2", None, clock.now() + HOUR
            )

        assert counters(here.bakery.id) == (0, 0)
        assert actions.settle_codes(here.bakery.id, "p2") == []


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        ({"starts_at": clock.now() + HOUR}, "not_yet"),
        ({"ends_at": clock.now() - HOUR}, "expired"),
    ],
)
def test_a_series_has_its_days(terms: dict[str, Any], fault: str) -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, **terms)

        assert status(here, "SPRING26") == (fault, f"code_{fault}")
        with pytest.raises(CodeUnusable) as told:
            reserve(here.bakery.id, "p1")
        assert told.value.code == f"code_{fault}"


def test_a_blocked_code_and_a_blocked_series_are_of_no_use() -> None:
    here = town()
    with scope(here.bakery.id):
        public_id = shared(here.bakery.id)
        series_actions.block_code(here.bakery.id, "spring26")
        assert status(here, "SPRING26") == ("blocked", "code_blocked")
        series_actions.block_code(here.bakery.id, "spring26", is_blocked=False)
        assert status(here, "SPRING26") == ("usable", "")
        series_actions.block_series(here.bakery.id, public_id)
        assert status(here, "SPRING26") == ("blocked", "code_blocked")


def test_a_member_has_a_limit_in_each_period() -> None:
    here = town()
    with scope(here.bakery.id):
        one = member(here.bakery.id, here.mira)
        two = member(here.bakery.id, here.oleg)
        series_actions.add_code(
            here.bakery.id,
            series_actions.create_series(
                here.bakery.id, Terms(name="Daily", uses_per_member=1), kind="shared", period="day"
            ).public_id,
            "SPRING-26",
        )
        reserve(here.bakery.id, "p1", who=one)
        assert status(here, "SPRING26", one) == ("used_up", "code_member_used_up")
        assert status(here, "SPRING26") == ("not_yours", "code_needs_member")
        with pytest.raises(CodeUsedUp):
            reserve(here.bakery.id, "p2", who=one)
        with pytest.raises(CodeUnusable):
            reserve(here.bakery.id, "p2")

        reserve(here.bakery.id, "p3", who=two)
        with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
            assert status(here, "SPRING26", one) == ("usable", "")
            reserve(here.bakery.id, "p4", who=one)


def test_a_limit_counts_what_was_used_before_cards_were_merged() -> None:
    here = town()
    with scope(here.bakery.id):
        one, two = member(here.bakery.id, here.mira), member(here.bakery.id, here.oleg)
        shared(here.bakery.id, uses_per_member=2)
        for purchase, who in (("p1", one), ("p2", two)):
            reserve(here.bakery.id, purchase, who=who)
        Member.objects.filter(id=two).update(merged_into=one)

        assert status(here, "SPRING26", one) == ("used_up", "code_member_used_up")
        with pytest.raises(CodeUsedUp):
            reserve(here.bakery.id, "p3", who=one)
        actions.release_codes(here.bakery.id, "p2")
        reserve(here.bakery.id, "p3", who=one)


def test_who_had_all_before_a_merge_has_no_first_use_left() -> None:
    here = town()
    with scope(here.bakery.id):
        one, two = member(here.bakery.id, here.mira), member(here.bakery.id, here.oleg)
        shared(here.bakery.id, uses_per_member=1)
        reserve(here.bakery.id, "p1", who=two)
        Member.objects.filter(id=two).update(merged_into=one)

        with pytest.raises(CodeUsedUp):
            reserve(here.bakery.id, "p2", who=one)


def test_a_personal_code_is_its_owners_alone() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = member(here.bakery.id, here.mira), member(here.bakery.id, here.oleg)
        series_actions.create_series(
            here.bakery.id,
            Terms(name="Birthday", promotion_slug="birthday", valid_days=14),
            kind="personal",
        )

        text = actions.issue_code(here.bakery.id, "birthday", here.mira, "birthday:2026")

        assert actions.issue_code(here.bakery.id, "birthday", here.mira, "birthday:2026") == text
        with pytest.raises(Conflict):
            actions.issue_code(here.bakery.id, "birthday", here.oleg, "birthday:2026")
        assert status(here, text, mira) == ("usable", "")
        assert status(here, text, oleg) == ("not_yours", "code_not_yours")
        assert status(here, text) == ("not_yours", "code_not_yours")
        with time_machine.travel(clock.now() + timedelta(days=14), tick=False):
            assert status(here, text, mira) == ("expired", "code_expired")
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM events_event WHERE workspace_id = %s AND kind = 'code.issued'",
            [here.bakery.id],
        )
        assert raw.fetchone() == (1,)


def test_a_pool_is_given_out_until_it_is_empty() -> None:
    here = town()
    with scope(here.bakery.id):
        one = series_actions.create_series(
            here.bakery.id, Terms(name="Pool", promotion_slug="pool"), kind="unique"
        )
        for text in ("POOL1", "POOL2", "POOL3"):
            series_actions.add_code(here.bakery.id, one.public_id, text)

        given = actions.issue_codes(here.bakery.id, one, [(here.mira, "a"), (here.oleg, "b")])

        assert given == ["POOL1", "POOL2"]
        with pytest.raises(Refused) as told:
            actions.issue_codes(here.bakery.id, one, [(here.mira, "c"), (here.mira, "d")])
        assert (told.value.code, told.value.details["left"]) == ("codes_run_out", 1)


def test_a_promotion_without_codes_gives_none() -> None:
    here = town()
    with scope(here.bakery.id), pytest.raises(NotFound):
        actions.issue_code(here.bakery.id, "nothing", here.mira, "k")


def test_the_same_key_makes_one_series() -> None:
    here = town()
    with scope(here.bakery.id):
        first = series_actions.create_series(
            here.bakery.id, Terms(name="One"), kind="shared", key="k"
        )
        again = series_actions.create_series(
            here.bakery.id, Terms(name="One"), kind="shared", key="k"
        )
        assert first == again
        with pytest.raises(Conflict):
            series_actions.create_series(here.bakery.id, Terms(name="Two"), kind="shared", key="k")
        assert len(series_queries.all_series(here.bakery.id)) == 1


@pytest.mark.parametrize(
    ("terms", "more", "code"),
    [
        ({"name": ""}, {}, "series_name"),
        ({"name": "a\x07"}, {}, "series_name"),
        ({"name": "a", "uses_per_code": 0}, {}, "series_limit"),
        ({"name": "a", "valid_days": 0}, {}, "series_days"),
        ({"name": "a"}, {"kind": "golden"}, "series_kind"),
        ({"name": "a"}, {"period": "hour"}, "series_kind"),
        ({"name": "a"}, {"slug": "Not a slug"}, "series_slug"),
        ({"name": "a"}, {"prefix": "ЩОСЬ"}, "series_prefix"),
        ({"name": "a"}, {"prefix": "TOOLONGPREFIX"}, "series_prefix"),
    ],
)
def test_a_series_that_cannot_be_is_refused(
    terms: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    here = town()
    with scope(here.bakery.id):
        with pytest.raises(Invalid) as told:
            series_actions.create_series(
                here.bakery.id, Terms(**terms), **{"kind": "shared", **more}
            )

        assert told.value.code == code
        assert series_queries.all_series(here.bakery.id) == []


def test_new_limits_count_what_was_used_before() -> None:
    here = town()
    with scope(here.bakery.id):
        one = member(here.bakery.id, here.mira)
        public_id = shared(here.bakery.id)
        reserve(here.bakery.id, "p1", who=one)
        actions.settle_codes(here.bakery.id, "p1")
        reserve(here.bakery.id, "p2", who=one)
        assert counters(here.bakery.id) == (0, 0)

        series_actions.change_series(
            here.bakery.id, public_id, Terms(name="S", uses_per_code=2, uses_per_member=2)
        )

        assert counters(here.bakery.id) == (1, 1)
        assert status(here, "SPRING26", one) == ("in_use", "code_in_use")
        actions.release_codes(here.bakery.id, "p2")
        reserve(here.bakery.id, "p3", who=one)
        with pytest.raises(RegularsError):
            reserve(here.bakery.id, "p4", who=one)


def _race(workspace_id: int, count: int, act: Callable[[int], None]) -> list[str]:
    """Codes of refusals, and "" for what went through, of `count` threads at once."""
    together = Barrier(count)

    def one(number: int) -> str:
        try:
            with scope(workspace_id):
                together.wait(timeout=30)
                act(number)
            return ""
        except RegularsError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(one, range(count)))


@pytest.mark.parametrize("limit", [1, 5])
def test_many_tills_on_one_code_get_exactly_its_limit(limit: int) -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=limit)

    told = _race(here.bakery.id, 16, lambda n: reserve(here.bakery.id, f"p{n}"))

    assert told == [""] * limit + ["code_in_use"] * (16 - limit)
    with scope(here.bakery.id):
        assert counters(here.bakery.id) == (limit, 0)


def test_many_tills_on_one_total_get_exactly_its_limit() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_total=3)

    told = _race(here.bakery.id, 12, lambda n: reserve(here.bakery.id, f"p{n}"))

    assert told == [""] * 3 + ["code_total_used_up"] * 9


def test_two_codes_in_any_order_never_lock_each_other_out() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, "ALPHA1", uses_per_code=100)
        shared(here.bakery.id, "BETA22", uses_per_code=100)
    pair = ["ALPHA1", "BETA22"]

    told = _race(
        here.bakery.id,
        12,
        lambda n: (
            actions.reserve_codes(
                here.bakery.id, pair[:: 1 if n % 2 else -1], f"p{n}", None, clock.now() + HOUR
            ),
            None,
        )[1],
    )

    assert told == [""] * 12
    with scope(here.bakery.id):
        assert counters(here.bakery.id, "ALPHA1") == counters(here.bakery.id, "BETA22") == (12, 0)


def test_the_same_purchase_twice_at_once_takes_one_use() -> None:
    here = town()
    with scope(here.bakery.id):
        shared(here.bakery.id, uses_per_code=5)

    told = _race(here.bakery.id, 8, lambda n: reserve(here.bakery.id, "p1"))

    assert told == [""] * 8
    with scope(here.bakery.id):
        assert counters(here.bakery.id) == (1, 0)


def test_a_pool_gives_each_code_to_one() -> None:
    here = town()
    with scope(here.bakery.id):
        one = series_actions.create_series(
            here.bakery.id, Terms(name="Pool", promotion_slug="pool"), kind="unique"
        )
        for number in range(6):
            series_actions.add_code(here.bakery.id, one.public_id, f"POOL{number}")
    given: list[str] = []

    told = _race(
        here.bakery.id,
        8,
        lambda n: given.append(actions.issue_code(here.bakery.id, "pool", here.mira, f"k{n}")),
    )

    assert told == [""] * 6 + ["codes_run_out"] * 2
    assert sorted(given) == [f"POOL{n}" for n in range(6)]


def _pool(workspace_id: int) -> Any:
    return series_actions.create_series(
        workspace_id, Terms(name="Pool", promotion_slug="pool"), kind="unique", prefix="ab"
    )


def _work(workspace_id: int) -> None:
    """Do the jobs of this workspace, as the worker does."""
    raw = cursor()
    raw.execute(
        f"SELECT {jobs.COLUMNS} FROM jobs_job WHERE workspace_id = %s AND kind = 'loyalty.codes'"
        " AND state = 'waiting'",
        [workspace_id],
    )
    for row in raw.fetchall():
        raw.execute("UPDATE jobs_job SET state = 'running' WHERE id = %s", [row[0]])
        code_tasks.run(jobs.JobRecord(*row))


@pytest.mark.usefixtures("as_engine")
def test_codes_are_generated_by_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_tasks, "CHUNK_CODES", 400)
    here = town()
    with scope(here.bakery.id):
        one = _pool(here.bakery.id)
        batch = series_actions.generate_codes(here.bakery.id, one.public_id, 1000, key="k")
        again = series_actions.generate_codes(here.bakery.id, one.public_id, 1000, key="k")
        assert batch == again
        with pytest.raises(Conflict):
            series_actions.generate_codes(here.bakery.id, one.public_id, 999, key="k")

    with scope(here.bakery.id):
        _work(here.bakery.id)

    with scope(here.bakery.id):
        done = series_queries.batch(here.bakery.id, batch.public_id)
        made = series_queries.codes_of(here.bakery.id, one.id, limit=2000)
    assert (done.state, done.made, done.rejected) == ("done", 1000, 0)
    assert len({row.code for row in made}) == 1000
    assert all(row.code.startswith("A8") and len(row.code) == 15 for row in made)
    assert made[0].shown.count("-") == 2 and made[0].uses_max == 1


@pytest.mark.usefixtures("as_engine")
def test_a_file_becomes_codes_and_bad_rows_keep_their_reasons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(code_tasks, "CHUNK_CODES", 2)
    here = town()
    with scope(here.bakery.id):
        one = _pool(here.bakery.id)
        series_actions.add_code(here.bakery.id, one.public_id, "THERE-1")
        batch = series_actions.upload_codes(
            here.bakery.id, one.public_id, b"code\nNEW-1\nthere 1\nab\nNEW-2\nnew1\n",
            file_name="codes.csv", key="k",
        )  # fmt: skip
        _work(here.bakery.id)

        done = series_queries.batch(here.bakery.id, batch.public_id)
        told = list(series_queries.rejects(here.bakery.id, done.id))

    assert (done.state, done.made, done.rejected) == ("done", 2, 3)
    assert [(row.row_no, row.value, row.reason) for row in told] == [
        (3, "there 1", "code_exists"),
        (4, "ab", "code_invalid"),
        (6, "new1", "code_twice"),
    ]
    assert not series_actions.path_of(here.bakery.id, batch.public_id).exists()


@pytest.mark.usefixtures("as_engine")
def test_a_file_that_is_none_fails_with_its_reason() -> None:
    here = town()
    with scope(here.bakery.id):
        one = _pool(here.bakery.id)
        batch = series_actions.upload_codes(
            here.bakery.id, one.public_id, b"\xff\xfe\xff", file_name="x", key="k"
        )
        with pytest.raises(Invalid):
            _work(here.bakery.id)

        done = series_queries.batch(here.bakery.id, batch.public_id)

    assert (done.state, done.reason, done.made) == ("failed", "upload_unreadable", 0)
