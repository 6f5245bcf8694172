"""The row of each customer that facts and the lake read, kept in step with the books."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from regulars.customers import actions as customers
from regulars.kernel import clock
from regulars.loyalty import standing_tasks
from regulars.loyalty.actions import members, points, standings
from regulars.loyalty.point_records import Grant, Hold
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("as_engine")
COLUMNS = "is_member, balance, pending, next_expiry_points, has_code, is_gone"


@pytest.fixture
def place(as_engine: None) -> Town:
    return town()


def row(place: Town, customer_id: int, columns: str = COLUMNS) -> tuple[Any, ...] | None:
    with scope(place.bakery.id):
        raw = cursor()
        raw.execute(
            f"SELECT {columns} FROM loyalty_standing WHERE workspace_id = %s AND customer_id = %s",
            [place.bakery.id, customer_id],
        )
        return raw.fetchone()


def give(place: Town, amount: int, key: str, **dates: Any) -> int:
    with scope(place.bakery.id):
        (member_id,) = members.enrol(place.bakery.id, [place.mira])
        points.grant(place.bakery.id, Grant(member_id, "points", amount, key, **dates))
        standings.refresh(place.bakery.id, [place.mira])
        return member_id


def test_it_says_what_the_books_say_and_holds_still_count(place: Town) -> None:
    ends_at = clock.now() + timedelta(days=10)
    member_id = give(place, 5_000, "a", expires_at=ends_at)
    give(place, 700, "b", activates_at=ends_at)
    with scope(place.bakery.id):
        points.hold(place.bakery.id, Hold(member_id, "points", 2_000, "h", "p1"))
        standings.refresh(place.bakery.id, [place.mira])

    assert row(place, place.mira) == (True, 5_000, 700, 3_000, False, False)
    zone = place.bakery.zone
    assert row(place, place.mira, "joined_on, next_expiry_on") == (
        clock.now().astimezone(zone).date(), ends_at.astimezone(zone).date(),
    )  # fmt: skip


def test_who_takes_no_part_has_no_row(place: Town) -> None:
    with scope(place.bakery.id):
        assert standings.refresh(place.bakery.id, [place.oleg]) == 0

    assert row(place, place.oleg) is None


def test_what_has_not_changed_is_not_written(place: Town) -> None:
    give(place, 100, "a")
    before = row(place, place.mira, "xid::text")
    with scope(place.bakery.id):
        assert standings.refresh(place.bakery.id, [place.mira, place.oleg]) == 0

    assert row(place, place.mira, "xid::text") == before


def test_time_alone_brings_it_up(place: Town) -> None:
    give(place, 100, "a", expires_at=clock.now() + timedelta(days=1))

    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        standing_tasks.refresh_due()

    assert row(place, place.mira, "balance, next_expiry_on, due_at") == (0, None, None)


def test_who_was_merged_speaks_no_more(place: Town) -> None:
    give(place, 100, "a")
    with scope(place.bakery.id):
        customers.merge_two(place.bakery.id, place.mira, place.oleg, actor="test")
        roots = {place.mira, place.oleg}
        standings.refresh(place.bakery.id, sorted(roots))
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM loyalty_standing s JOIN customers_customer c"
            " ON c.id = s.customer_id WHERE s.workspace_id = %s AND NOT s.is_gone"
            " AND c.merged_into IS NOT NULL", [place.bakery.id],
        )  # fmt: skip
        assert raw.fetchone() == (0,)


def test_another_shop_is_not_touched(place: Town) -> None:
    give(place, 100, "a")
    with scope(place.other.id):
        assert standings.refresh(place.other.id, [place.zoe, place.mira]) == 0

    assert row(place, place.mira, "balance") == (100,)
