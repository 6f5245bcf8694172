"""Points that no till gave: rules for events and birthdays, orders by other doors, waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from regulars import wiring
from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as log_actions
from regulars.events import consumers
from regulars.events import queries as log
from regulars.events.records import Event, NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty import tasks
from regulars.loyalty.actions import members, nightly, points, programme, sliding, waking
from regulars.loyalty.actions.adjustments import Adjust
from regulars.loyalty.point_records import Grant, Hold
from regulars.loyalty.queries import balances, sealed
from regulars.loyalty.queries import programme as settled
from regulars.loyalty.queries.members import by_id
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder, OrderStatus
from regulars.store.scope import cursor, scope
from tests.town import Town, town

DAY = timedelta(days=1)


@pytest.fixture
def place(db: None) -> Iterator[Town]:
    made = town()
    with scope(made.bakery.id):
        yield made
        assert sealed.sums(made.bakery.id) == []


def settle(place: Town, **given: Any) -> None:
    """The bakery's programme, open, with one currency and these settings."""
    currency = {"slug": "points", "name": "Points", "is_main": True, "minor_per_point": 100}
    programme.save_settings(place.bakery.id, {"currencies": [currency], **given})
    programme.set_open(place.bakery.id, True)


def event(place: Town, number: int, kind: str, **fields: Any) -> Event:
    """An event of Mira's, now."""
    now = clock.now()
    made = Event(
        number, place.bakery.id, place.mira, now, now, kind, "live", "test", None, {}
    )  # fmt: skip
    return replace(made, **fields)


def have(place: Town, member_id: int, now: datetime | None = None) -> tuple[int, int]:
    """Available and pending points."""
    found = balances.balances(place.bakery.id, [member_id], now)[member_id].get("points")
    return (found.available, found.pending) if found else (0, 0)


def test_an_event_gives_by_its_rule_once_and_only_where_it_fits(place: Town) -> None:
    settle(
        place,
        earning=[
            {"id": "app", "trigger": "event", "event": "App Opened", "points": 500,
             "event_where": {"platform": "ios"}},
            {"id": "daily", "trigger": "event", "event": "App Opened", "points": 10,
             "once_per": "day"},
            {"id": "words", "trigger": "review", "points": 70},
        ],
    )  # fmt: skip
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    ios = event(place, 1, "App Opened", props={"platform": "ios"})
    other = event(place, 2, "App Opened", props={"platform": "web"})
    written = event(place, 3, "Product Reviewed")

    for _ in range(2):
        tasks.take_events(place.bakery.id, [ios, other, written])

    assert have(place, mira) == (500 + 10 + 70, 0)


def test_who_takes_no_part_and_a_closed_programme_earn_nothing(place: Town) -> None:
    settle(place, earning=[{"id": "words", "trigger": "review", "points": 70}])
    (mira,) = members.enrol(place.bakery.id, [place.mira])

    tasks.take_events(place.bakery.id, [event(place, 1, "review.left", customer_id=place.oleg)])
    programme.set_open(place.bakery.id, False)
    tasks.take_events(place.bakery.id, [event(place, 2, "review.left")])

    assert have(place, mira) == (0, 0)


def test_a_tier_and_a_period_multiply(place: Town) -> None:
    settle(
        place,
        tiers={"tiers": [{"slug": "base", "name": "Base", "earn": "1.5"}]},
        multipliers=[{"factor": "2", "from": "2020-01-01T00:00:00+00:00"}],
        earning=[{"id": "words", "trigger": "review", "points": 70}],
    )
    (mira,) = members.enrol(place.bakery.id, [place.mira])

    tasks.take_events(place.bakery.id, [event(place, 1, "review.left")])

    assert have(place, mira) == (210, 0)


def test_joining_and_the_first_purchase_give_once_for_ever(place: Town) -> None:
    settle(
        place,
        earning=[
            {"id": "hello", "trigger": "joined", "points": 100},
            {"id": "first", "trigger": "first_purchase", "points": 50},
        ],
    )
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    order = _order(place, "1", "10.00")
    paid = event(place, 2, "order.paid", subject_id=order)

    tasks.take_events(place.bakery.id, [event(place, 1, "member.joined"), paid])
    _order(place, "2", "10.00")
    tasks.take_events(place.bakery.id, [event(place, 3, "order.paid")])

    assert have(place, mira) == (150, 0)


def _order(place: Town, number: str, total: str) -> int:
    made = orders.record_order(
        place.bakery.id,
        NewOrder(
            number, clock.now(), "UAH", (NewLine("bun", Decimal(4), Decimal(total) / 4),),
            source="api", customer_id=place.mira,
        ),
    )  # fmt: skip
    return made.id


def _told(place: Town, order: int, number: int, kind: str) -> Event:
    return event(place, number, kind, subject_id=order, props={"source": "api"})


def test_an_order_by_another_door_earns_once_and_keeps_its_share(place: Town) -> None:
    settle(place, earning=[{"id": "tenth", "trigger": "cart", "share": "10"}])
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    order = _order(place, "7", "100.00")

    for _ in range(2):
        tasks.take_counts(place.bakery.id, [_told(place, order, 1, "order.paid")])
    assert have(place, mira) == (1_000, 0)

    raw = cursor()
    raw.execute("SELECT public_id FROM orders_order WHERE id = %s", [order])
    row = raw.fetchone()
    assert row is not None
    back = orders.record_return(place.bakery.id, row[0], key="a", quantities={1: Decimal(1)})
    tasks.take_counts(place.bakery.id, [_told(place, back.id, 2, "order.returned")])
    assert have(place, mira) == (750, 0)

    other = _order(place, "8", "40.00")
    tasks.take_counts(place.bakery.id, [_told(place, other, 3, "order.paid")])
    assert have(place, mira) == (750 + 400, 0)
    orders.set_status(place.bakery.id, other, OrderStatus.CANCELLED)
    for _ in range(2):
        tasks.take_counts(place.bakery.id, [_told(place, other, 4, "order.cancelled")])
    assert have(place, mira) == (750, 0)


def test_an_order_of_a_till_earned_at_the_till(place: Town) -> None:
    settle(place, earning=[{"id": "tenth", "trigger": "cart", "share": "10"}])
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    order = _order(place, "7", "100.00")

    told = event(place, 1, "order.paid", subject_id=order, props={"source": "till"})
    tasks.take_counts(place.bakery.id, [told])
    imported = replace(_told(place, order, 2, "order.paid"), origin="import")
    tasks.take_counts(place.bakery.id, [imported])

    assert have(place, mira) == (0, 0)


WAITING = {
    "terms": {
        "delivered": {
            "pending": {"kind": "event", "event": "order.delivered", "cancel_after": "14d"},
            "expiry": {"kind": "rolling", "span": "1mo"},
        }
    },
}


def test_points_wait_for_an_event_and_are_withdrawn_without_it(place: Town) -> None:
    settle(place, **WAITING)
    terms = settled.live(place.bakery.id).programme.terms["delivered"]
    now = clock.now()
    (mira,) = members.enrol(place.bakery.id, [place.mira], now)
    for name in ("a", "b"):
        points.grant(
            place.bakery.id,
            Grant(mira, "points", 100, name, terms=terms, purchase_id=name),
            now,
        )
    delivered = event(
        place, 1, "order.status_changed", props={"status": "delivered", "purchase": "a"}
    )

    assert waking.take(place.bakery.id, [delivered], now + DAY) == 1
    assert waking.take(place.bakery.id, [delivered], now + DAY) == 0

    assert have(place, mira, now + DAY) == (100, 100)
    assert have(place, mira, now + 14 * DAY) == (100, 0)
    late = replace(delivered, id=2, props={"status": "delivered", "purchase": "b"})
    assert waking.take(place.bakery.id, [late], now + 15 * DAY) == 0
    assert have(place, mira, now + 15 * DAY) == (100, 0)
    assert have(place, mira, now + 32 * DAY) == (0, 0)


def test_changes_by_hand_need_a_reason_and_above_a_limit_two_persons(place: Town) -> None:
    bakery = place.bakery.id
    (mira,) = members.enrol(bakery, [place.mira])

    with pytest.raises(Invalid):
        points.adjust(bakery, Adjust(mira, "points", 10, " ", "k0", "user:1"), limit=100)
    small = points.adjust(bakery, Adjust(mira, "points", 100, "sorry", "k1", "user:1"), limit=100)
    large = points.adjust(bakery, Adjust(mira, "points", 101, "sorry", "k2", "user:1"), limit=100)
    assert (small.state, large.state, have(place, mira)) == ("posted", "waiting", (100, 0))

    with pytest.raises(Refused) as error:
        points.approve(bakery, large.public_id, "user:1")
    assert error.value.code == "second_person_needed"
    assert points.approve(bakery, large.public_id, "user:2").decided_by == "user:2"
    with pytest.raises(Conflict):
        points.approve(bakery, large.public_id, "user:3")

    with pytest.raises(Invalid):
        points.adjust(bakery, Adjust(mira, "pebbles", 1, "sorry", "k9", "user:1"), limit=100)
    raw = cursor()
    raw.execute("SELECT DISTINCT reason FROM loyalty_txn WHERE workspace_id = %s", [bakery])
    assert raw.fetchall() == [("",)]
    no = points.adjust(bakery, Adjust(mira, "points", -101, "fraud", "k3", "user:1"), limit=100)
    assert points.refuse(bakery, no.public_id, "user:2").state == "refused"
    assert have(place, mira) == (201, 0)


def test_the_end_that_was_asked_for_survives_the_second_person(place: Town) -> None:
    bakery = place.bakery.id
    (mira,) = members.enrol(bakery, [place.mira])
    ends = clock.now() + 2 * DAY
    asked = Adjust(mira, "points", 500, "sorry", "k", "user:1", expires_at=ends)

    large = points.adjust(bakery, asked, limit=100)
    points.approve(bakery, large.public_id, "user:2")

    assert have(place, mira) == (500, 0)
    assert have(place, mira, ends) == (0, 0)


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        (date(1990, 5, 8), date(2026, 5, 1), 300),
        (date(1990, 5, 9), date(2026, 5, 1), 0),
        (date(1992, 2, 29), date(2026, 2, 21), 300),
        (date(1992, 2, 29), date(2028, 2, 21), 0),
        (date(1992, 2, 29), date(2028, 2, 22), 300),
    ],
)
def test_a_birthday_gives_some_days_before_once_a_year(
    db: None, born: date, today: date, expected: int
) -> None:
    place = town()
    bakery = place.bakery
    with scope(bakery.id):
        settle(
            place,
            earning=[{"id": "cake", "trigger": "birthday", "points": 300, "days_before": 7}],
        )
        (someone,) = customers.identify_many(
            bakery.id, [Identity(external_id="cake", traits={"birth_on": born})]
        )
        (member,) = members.enrol(bakery.id, [someone])
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=bakery.zone)

    for moment in (noon, noon + DAY / 4, *([noon + DAY] if expected else [])):
        nightly.run_due(bakery.id, moment)

    with scope(bakery.id):
        assert have(place, member) == (expected, 0)


def test_a_night_tells_of_points_that_end_within_the_week(db: None) -> None:
    place = town()
    midnight = datetime(2026, 6, 1, tzinfo=place.bakery.zone).astimezone(UTC)
    start = midnight - DAY / 2
    with scope(place.bakery.id):
        (mira,) = members.enrol(place.bakery.id, [place.mira], start)
        for number, days in enumerate((6, 7.5, 7.9, 8.5)):
            ends = midnight + timedelta(days=days)
            points.grant(
                place.bakery.id, Grant(mira, "points", 10, f"g{number}", expires_at=ends), start
            )

    nightly.run_due(place.bakery.id, midnight)

    with scope(place.bakery.id):
        told = log.timeline(place.bakery.id, place.mira, 50, kinds=("points.expiring",))
        assert [one.props["points"] for one in told] == [20]


def test_a_night_acts_in_its_order_and_goes_on_where_it_was_left(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = town()
    bakery = place.bakery.id
    midnight = datetime(2026, 6, 1, tzinfo=place.bakery.zone).astimezone(UTC)
    start = midnight - DAY / 2
    with scope(bakery):
        settle(
            place,
            tiers={
                "basis": "balance",
                "tiers": [
                    {"slug": "base", "name": "Base"}, {"slug": "rich", "name": "R", "least": 100},
                ],
            },
        )  # fmt: skip
        mira, oleg = members.enrol(bakery, [place.mira, place.oleg], start)
        points.grant(bakery, Grant(mira, "points", 100, "a", activates_at=midnight), start)
        points.grant(bakery, Grant(oleg, "points", 100, "b", expires_at=midnight), start)
    order: list[str] = []
    for name in ("_activate", "_expire"):
        real = getattr(nightly, name)

        def note(*given: Any, real: Any = real, name: str = name) -> int:
            order.append(name)
            if order == ["_activate", "_expire"]:
                raise ConnectionError("the power went off")
            return real(*given)  # type: ignore[no-any-return]

        monkeypatch.setattr(nightly, name, note)

    with pytest.raises(ConnectionError):
        nightly.run_due(bakery, midnight)
    with scope(bakery):
        assert (have(place, mira, start), have(place, oleg, start)) == ((100, 0), (100, 0))
    nightly.run_due(bakery, midnight)
    nightly.run_due(bakery, midnight)

    assert order == ["_activate", "_expire", "_expire"]
    with scope(bakery):
        assert [getattr(by_id(bakery, m), "tier_slug", "") for m in (mira, oleg)] == [
            "rich", "base",
        ]  # fmt: skip
        assert (have(place, mira, start), have(place, oleg, start)) == ((100, 0), (0, 0))


def test_nobody_spends_what_waits(place: Town) -> None:
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    points.grant(place.bakery.id, Grant(mira, "points", 10, "g", waits_for="order.delivered:x"))

    with pytest.raises(Refused):
        points.hold(place.bakery.id, Hold(mira, "points", 1, "h"))


def test_sliding_points_live_on_by_chosen_activities_and_end_by_silence(place: Town) -> None:
    expiry = {"kind": "inactivity", "span": "10d", "activities": ["burn", "App Opened"]}
    settle(
        place,
        currencies=[{"slug": "points", "name": "Points", "is_main": True, "terms": "active"}],
        terms={"active": {"expiry": expiry}},
    )
    live = settled.live(place.bakery.id)
    terms = live.programme.terms_of("", "points")
    now = clock.now()
    (mira,) = members.enrol(place.bakery.id, [place.mira], now)
    points.grant(place.bakery.id, Grant(mira, "points", 100, "g", terms=terms), now)
    opened = event(place, 1, "App Opened", time=now + 4 * DAY)

    def act(*kinds: Event) -> int:
        return sliding.take(place.bakery.id, kinds, now + 4 * DAY)

    assert act(replace(opened, id=9, kind="Page Viewed")) == 0
    assert (act(opened), act(opened)) == (1, 1)
    assert have(place, mira, now + 14 * DAY - DAY / 24 * 2) == (100, 0)

    points.hold(place.bakery.id, Hold(mira, "points", 30, "h", "p"), now + 8 * DAY)
    until = sliding.after_burn(live, "points", now + 8 * DAY)
    points.settle(
        place.bakery.id, hold_key="h", capture_key="c", now=now + 8 * DAY, slides_until=until
    )
    points.give_back(place.bakery.id, "p", 10, "b", now=now + 9 * DAY)
    assert have(place, mira, now + 17 * DAY) == (80, 0)
    assert have(place, mira, now + 18 * DAY + DAY / 12) == (0, 0)
    with pytest.raises(Refused):
        points.hold(place.bakery.id, Hold(mira, "points", 1, "h2"), now + 19 * DAY)


def test_the_switchboard_leads_events_to_points(as_engine: None) -> None:
    place = town()
    bakery = place.bakery.id
    lines = {name: wiring.CONSUMERS[name] for name in ("loyalty.rules", "loyalty.counts")}
    with transaction.atomic():
        consumers.ensure_lanes(lines)
    with scope(bakery):
        settle(
            place,
            earning=[
                {"id": "tenth", "trigger": "cart", "share": "10"},
                {"id": "app", "trigger": "event", "event": "App Opened", "points": 500},
            ],
            tiers={
                "basis": "earned",
                "tiers": [{"slug": "silver", "name": "Silver", "least": 600}],
            },
        )
        (mira,) = members.enrol(bakery, [place.mira])
    now = clock.now()
    with scope(bakery):
        _order(place, "7", "10.00")
        told = (("App Opened", "a", "live"), ("App Opened", "b", "import"))
        for kind, key, origin in told:
            log_actions.record(
                bakery, NewEvent(kind, now, key, customer_id=place.mira, origin=origin)
            )

    for _ in range(3):
        for name, line in lines.items():
            while consumers.run_once(name, line):
                pass

    with scope(bakery):
        assert have(place, mira) == (600, 0)
        found = by_id(bakery, mira)
        assert found is not None and (found.tier_slug, found.tier_counted) == ("silver", 600)


def test_a_first_purchase_that_comes_back_takes_its_bonus_along(place: Town) -> None:
    settle(place, earning=[{"id": "first", "trigger": "first_purchase", "points": 50}])
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    order = _order(place, "1", "10.00")
    tasks.take_counts(place.bakery.id, [_told(place, order, 1, "order.paid")])
    tasks.take_events(place.bakery.id, [_told(place, order, 1, "order.paid")])
    assert have(place, mira) == (50, 0)

    orders.set_status(place.bakery.id, order, OrderStatus.RETURNED)
    for _ in range(2):
        tasks.take_counts(place.bakery.id, [_told(place, order, 2, "order.returned")])

    assert have(place, mira) == (0, 0)


def test_a_browser_earns_only_as_often_as_a_rule_bounds(place: Town) -> None:
    settle(
        place,
        earning=[
            {"id": "each", "trigger": "event", "event": "App Opened", "points": 500},
            {"id": "daily", "trigger": "event", "event": "App Opened", "points": 10,
             "once_per": "day"},
            {"id": "words", "trigger": "review", "points": 70},
        ],
    )  # fmt: skip
    (mira,) = members.enrol(place.bakery.id, [place.mira])
    kinds = ("App Opened", "App Opened", "Product Reviewed")
    sent = [
        event(place, number, kind, source="site:shop", time=clock.now().replace(hour=12))
        for number, kind in enumerate(kinds, start=1)
    ]

    tasks.take_events(place.bakery.id, sent)

    assert have(place, mira) == (10, 0)
