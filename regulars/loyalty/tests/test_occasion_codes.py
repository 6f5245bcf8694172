"""Codes given out by the thousand on one occasion: each key once, under one lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.actions import issuing
from regulars.loyalty.actions import series as series_actions
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.code_records import SeriesRecord
from regulars.loyalty.queries import own_codes
from regulars.loyalty.queries import series as queries
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")


def made(here: Town, kind: str = "personal", pool: int = 0, prefix: str = "") -> SeriesRecord:
    one = series_actions.create_series(
        here.bakery.id, Terms(name="Spring", promotion_slug="spring"), kind=kind, prefix=prefix
    )
    for number in range(pool):
        series_actions.add_code(here.bakery.id, one.public_id, f"SPRING {number:03}")
    return one


def wanted(count: int, first: int = 1) -> list[tuple[int, str]]:
    return [(number, f"occasion:{number}") for number in range(first, first + count)]


def issued(here: Town) -> int:
    raw = cursor()
    raw.execute(
        "SELECT count(*), count(DISTINCT issue_key) FROM loyalty_code"
        " WHERE workspace_id = %s AND issued_at IS NOT NULL",
        [here.bakery.id],
    )
    row = raw.fetchone()
    assert row is not None and row[0] == row[1]
    return int(row[0])


def test_a_thousand_keys_take_one_lock_and_few_statements() -> None:
    here = town()
    with scope(here.bakery.id):
        one = made(here)
    with scope(here.bakery.id):
        with connection.execute_wrapper(lambda *call: pytest.fail("not through the ORM")):
            assert (
                issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(2_500)) == 2500
            )
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        assert raw.fetchone() == (1,)
        assert issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(2_600)) == 100
        assert issued(here) == 2_600


def test_too_many_at_once_and_keys_that_repeat_are_refused() -> None:
    here = town()
    with scope(here.bakery.id):
        one = made(here)
        for asked in (wanted(issuing.OCCASION_CODES_MAX + 1), [(1, "a"), (2, "a")], [(1, "")]):
            with pytest.raises(Invalid):
                issuing.issue_for_occasion(here.bakery.id, one, "occasion", asked)
        assert issuing.issue_for_occasion(here.bakery.id, one, "occasion", []) == 0
        assert issued(here) == 0


def test_all_or_none_are_given_of_a_pool() -> None:
    here = town()
    with scope(here.bakery.id):
        one = made(here, "unique", pool=5)
        assert queries.free(here.bakery.id, one) == 5
    with pytest.raises(Refused) as caught, scope(here.bakery.id):
        issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(6))
    assert caught.value.code == "codes_run_out"
    with scope(here.bakery.id):
        assert (issued(here), queries.free(here.bakery.id, one)) == (0, 5)
        assert issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(5)) == 5
        assert issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(5)) == 0
        assert (issued(here), queries.free(here.bakery.id, one)) == (5, 0)


def test_a_shared_series_has_none_for_each_and_a_key_names_one_customer() -> None:
    here = town()
    with scope(here.bakery.id):
        shared, one = made(here, "shared", pool=1), made(here)
        with pytest.raises(Refused) as caught:
            issuing.issue_for_occasion(here.bakery.id, shared, "occasion", wanted(1))
        issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(1))
        with pytest.raises(Conflict):
            issuing.issue_for_occasion(here.bakery.id, one, "occasion", [(2, "occasion:1")])

        assert caught.value.code == "series_shared"
        assert [row.kind for row in queries.own_series(here.bakery.id)] == ["personal"]
        assert issued(here) == 1


def test_two_workers_at_the_same_occasion_give_one_code_each() -> None:
    here = town()
    with scope(here.bakery.id):
        one = made(here, "unique", pool=40)
    gate = Barrier(2)

    def work(_: int) -> int:
        try:
            with scope(here.bakery.id):
                gate.wait()
                return issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(30))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        given = sorted(pool.map(work, range(2)))

    assert given == [0, 30]
    with scope(here.bakery.id):
        assert (issued(here), queries.free(here.bakery.id, one)) == (30, 10)


def test_the_code_of_a_key_is_found_in_its_own_workspace_only() -> None:
    here = town()
    with scope(here.bakery.id):
        one = made(here, prefix="TEA")
        issuing.issue_for_occasion(here.bakery.id, one, "occasion", wanted(1))
        found = own_codes.given(here.bakery.id, ["occasion:1", "occasion:2"])
        assert list(found) == ["occasion:1"]
        assert found["occasion:1"].shown.replace("-", "").startswith("TEA")
        assert found["occasion:1"].promotion_slug == "spring"
        assert queries.sample(one).startswith("TEAX-XXXX")
    with scope(here.other.id):
        assert own_codes.given(here.other.id, ["occasion:1"]) == {}
