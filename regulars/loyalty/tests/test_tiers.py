"""Tiers are reached, kept and lost; looked at day by day or from scratch they are the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events.records import Event
from regulars.loyalty.actions import members, nightly, programme, tiers, turnover
from regulars.loyalty.pure.programme import Span, Tier, TierPolicy
from regulars.loyalty.pure.tiers import Row, Standing, look, qualified, replay, window
from regulars.loyalty.queries.members import by_id
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import town, workspace

KYIV = ZoneInfo("Europe/Kyiv")
TIERS = (Tier("base", "Base"), Tier("silver", "Silver", 1_000), Tier("gold", "Gold", 5_000))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=KYIV).astimezone(UTC)  # type: ignore[arg-type,misc]


def _row(amount: int, *parts: int) -> Row:
    moment = at(*parts)
    return Row(moment.astimezone(KYIV).date(), amount, moment)


def _slug(policy: TierPolicy, rows: list[Row], *now: int) -> str:
    return replay(policy, rows, at(2026, 1, 1), at(*now), KYIV)[0].slug


def test_the_highest_tier_that_is_paid_for_is_reached_at_once() -> None:
    policy = TierPolicy(tiers=TIERS)

    assert [qualified(policy, n) for n in (0, 999, 1_000, 4_999, 5_000)] == [
        "base", "base", "silver", "silver", "gold",
    ]  # fmt: skip
    found = look(policy, Standing("base"), 1_000, at(2026, 3, 1), KYIV)
    assert (found.slug, found.since, found.until) == ("silver", at(2026, 3, 1), None)


def test_a_year_counts_from_the_first_of_january_and_keeps_through_the_next() -> None:
    policy = TierPolicy(period="year", keeps="next_period", tiers=TIERS)
    rows = [_row(5_000, 2026, 6, 1)]

    assert window(policy, at(2026, 6, 1), KYIV).start == date(2026, 1, 1)
    assert _slug(policy, rows, 2026, 6, 1) == "gold"
    assert _slug(policy, rows, 2027, 12, 31, 23, 59) == "gold"
    assert _slug(policy, rows, 2028, 1, 1) == "base"


def test_one_step_down_at_the_end_of_each_period() -> None:
    policy = TierPolicy(period="year", keeps="period", downgrade="one_down", tiers=TIERS)
    rows = [_row(5_000, 2026, 6, 1)]

    assert [_slug(policy, rows, year, 1, 1) for year in (2027, 2028, 2029)] == [
        "silver", "base", "base",
    ]  # fmt: skip


def test_grace_puts_the_fall_off() -> None:
    policy = TierPolicy(period="year", keeps="period", grace_days=30, tiers=TIERS)
    rows = [_row(5_000, 2026, 6, 1)]

    assert _slug(policy, rows, 2027, 1, 30, 23, 59) == "gold"
    assert _slug(policy, rows, 2027, 1, 31) == "base"
    saved = [*rows, _row(5_000, 2027, 1, 20)]
    assert _slug(policy, saved, 2027, 12, 31) == "gold"


def test_a_rolling_window_lets_days_drop_out() -> None:
    policy = TierPolicy(period="rolling", span=Span(30, "d"), tiers=TIERS)
    rows = [_row(600, 2026, 3, 1, 12), _row(400, 2026, 3, 20, 12)]

    assert _slug(policy, rows, 2026, 3, 20, 12) == "silver"
    assert _slug(policy, rows, 2026, 3, 30, 23, 59) == "silver"
    assert _slug(policy, rows, 2026, 3, 31) == "base"


def test_a_tier_may_start_with_the_next_period() -> None:
    policy = TierPolicy(period="month", starts="next_period", keeps="period", tiers=TIERS)
    rows = [_row(1_000, 2026, 3, 10)]

    assert [_slug(policy, rows, 2026, month, 1) for month in (3, 4, 5)] == [
        "base", "silver", "base",
    ]  # fmt: skip


def test_who_never_falls_never_falls() -> None:
    policy = TierPolicy(period="month", keeps="period", downgrade="none", tiers=TIERS)

    assert _slug(policy, [_row(5_000, 2026, 3, 10)], 2036, 1, 1) == "gold"


def test_a_return_takes_a_tier_that_nothing_keeps() -> None:
    policy = TierPolicy(tiers=TIERS)
    rows = [_row(1_000, 2026, 3, 10), _row(-1, 2026, 3, 11)]

    assert _slug(policy, rows, 2026, 3, 10) == "silver"
    assert _slug(policy, rows, 2026, 3, 11) == "base"


# What follows is the same through the database.


def settled(place: WorkspaceRecord, policy: dict[str, Any], **further: Any) -> None:
    """The programme of a workspace, open, with these tiers."""
    programme.save_settings(
        place.id,
        {
            "currencies": [{"slug": "points", "name": "Points", "is_main": True}],
            "tiers": {
                "tiers": [
                    {"slug": "base", "name": "Base"},
                    {"slug": "silver", "name": "Silver", "least": 1_000},
                    {"slug": "gold", "name": "Gold", "least": 5_000},
                ],
                **policy,
            },
            **further,
        },
    )
    programme.set_open(place.id, True)


def earned(number: int, customer_id: int, points: int, moment: datetime) -> Event:
    """An event that tells of points given."""
    return Event(
        number, 0, customer_id, moment, moment, "points.earned", "live", "loyalty", None,
        {"currency": "points", "points": points},
    )  # fmt: skip


POLICIES = st.fixed_dictionaries(
    {
        "basis": st.just("earned"),
        "period": st.sampled_from(["lifetime", "rolling", "year", "quarter", "month"]),
        "span": st.sampled_from(["20d", "1mo", "2mo"]),
        "starts": st.sampled_from(["now", "next_period"]),
        "keeps": st.sampled_from(["period", "next_period", "span"]),
        "downgrade": st.sampled_from(["none", "one_down", "earned"]),
        "grace_days": st.sampled_from([0, 3]),
    }
)
# What happens on which day after the first: points, nights that run, and nights that are missed.
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 3, 4, 21, 33]),
        st.sampled_from(["earn", "earn", "night", "give"]),
        st.sampled_from([-600, 100, 600, 2_000, 5_000]),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(policy=POLICIES, history=HISTORIES)
# Nobody looked for months: what should have been seen then is seen as of then.
@example(
    policy={
        "basis": "earned", "period": "month", "span": "1mo", "starts": "now", "keeps": "period",
        "downgrade": "one_down", "grace_days": 3,
    },
    history=[(0, "earn", 5_000), (33, "earn", 100), (33, "earn", 100)],
)  # fmt: skip
# The first night of a programme computes everybody anew: what time has done comes before.
@example(
    policy={
        "basis": "earned", "period": "lifetime", "span": "20d", "starts": "now", "keeps": "period",
        "downgrade": "one_down", "grace_days": 3,
    },
    history=[(0, "earn", -600), (4, "night", 100)],
)  # fmt: skip
def test_looked_at_by_the_day_or_from_scratch_is_the_same(
    db: None, policy: dict[str, Any], history: list[tuple[int, str, int]]
) -> None:
    place = workspace("tiers")
    now = at(2026, 1, 29, 15)
    with scope(place.id):
        settled(place, policy)
        (customer,) = customers.identify_many(place.id, [Identity(external_id="a")])
        (member,) = members.enrol(place.id, [customer], now)

    for number, (days, what, points) in enumerate(history):
        now += timedelta(days=days, minutes=1)
        with scope(place.id):
            if what == "earn":
                turnover.take(place.id, [earned(number, customer, points, now)], now)
            elif what == "give":
                tiers.give_tier(place.id, member, "gold" if points > 0 else "silver", None, now)
        if what == "night":
            nightly.run_due(place.id, now)
    nightly.run_due(place.id, now)

    with scope(place.id):
        scratch, changes = tiers.standings_from_scratch(place.id, [member], now)[member]
        found = by_id(place.id, member)
        assert found is not None
        kept = (found.tier_slug, found.tier_since, found.tier_until, found.tier_counted)
        assert kept == (scratch.slug, scratch.since, scratch.until, scratch.counted)
        raw = cursor()
        raw.execute(
            "SELECT at, old_slug, new_slug, counted, why FROM loyalty_tierchange"
            " WHERE workspace_id = %s ORDER BY id",
            [place.id],
        )
        assert raw.fetchall() == [(c.at, c.old, c.new, c.counted, c.why) for c in changes]


def test_a_change_is_told_and_nobody_elses_tier_moves(db: None) -> None:
    here = town()
    now = at(2026, 5, 1, 12)
    with scope(here.bakery.id):
        settled(here.bakery, {"basis": "earned"})
        mira, oleg = members.enrol(here.bakery.id, [here.mira, here.oleg], now)
        changed = turnover.take(here.bakery.id, [earned(1, here.mira, 1_000, now)], now)

        assert changed == 1
        tiers_now = [getattr(by_id(here.bakery.id, one), "tier_slug", "") for one in (mira, oleg)]
        assert tiers_now == ["silver", "base"]
        raw = cursor()
        raw.execute(
            "SELECT customer_id, props->>'old', props->>'new' FROM events_event"
            " WHERE workspace_id = %s AND kind = 'tier.changed' ORDER BY id",
            [here.bakery.id],
        )
        assert raw.fetchall() == [
            (here.mira, "", "base"), (here.oleg, "", "base"), (here.mira, "base", "silver"),
        ]  # fmt: skip
    with scope(here.other.id):
        assert by_id(here.other.id, mira) is None
        assert tiers.standings_from_scratch(here.other.id, [mira], now) == {}


def test_a_new_policy_is_applied_to_the_whole_history(db: None) -> None:
    here = town()
    now = at(2026, 5, 1, 12)
    with scope(here.bakery.id):
        settled(here.bakery, {"basis": "earned"})
        (mira,) = members.enrol(here.bakery.id, [here.mira], now)
        turnover.take(here.bakery.id, [earned(1, here.mira, 1_000, now)], now)
        settled(here.bakery, {"basis": "orders"})
    nightly.run_due(here.bakery.id, now + timedelta(days=1))

    with scope(here.bakery.id):
        found = by_id(here.bakery.id, mira)
        assert found is not None and found.tier_slug == "base"


@pytest.mark.parametrize(("basis", "expected"), [("spend", "silver"), ("orders", "base")])
def test_orders_count_whatever_door_they_came_by(db: None, basis: str, expected: str) -> None:
    from decimal import Decimal

    from regulars.orders import actions as orders
    from regulars.orders.records import NewLine, NewOrder

    here = town()
    now = at(2026, 5, 1, 12)
    with scope(here.bakery.id):
        settled(here.bakery, {"basis": basis})
        (mira,) = members.enrol(here.bakery.id, [here.mira], now)
        order = NewOrder(
            "7", now, "UAH", (NewLine("bun", Decimal(2), Decimal("7.50")),), customer_id=here.mira
        )
        made = orders.record_order(here.bakery.id, order)
        paid = Event(
            1, here.bakery.id, here.mira, now, now, "order.paid", "live", "orders", made.id, {}
        )

        turnover.take(here.bakery.id, [paid], now)
        turnover.take(here.bakery.id, [paid], now + timedelta(minutes=1))

        found = by_id(here.bakery.id, mira)
        assert found is not None
        assert (found.tier_slug, found.tier_counted) == (
            expected, 1_500 if basis == "spend" else 1,
        )  # fmt: skip
