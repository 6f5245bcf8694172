"""The desk: news, payments, goods, comments, and what the books make of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from regulars.customers.records import Identity
from regulars.events import queries as events
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.orders import actions, queries
from regulars.orders.actions import desk as desk_actions
from regulars.orders.queries import books, desk
from regulars.orders.records import (
    ItemKind,
    LeadStatus,
    NewLead,
    NewLine,
    NewOrder,
    OrderStatus,
    Outcome,
    PaymentState,
    Stage,
)
from regulars.store.scope import cursor, scope
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def sell(place: Town, number: str = "1", sku: str = "TEA", quantity: int = 1, **more: Any) -> int:
    given = {"status": OrderStatus.NEW, "payment": PaymentState.UNPAID, **more}
    order = NewOrder(
        number=number, placed_at=NOON, currency="UAH", source="desk",
        lines=(NewLine(sku, Decimal(quantity), Decimal(10), "Tea"),),
        identity=Identity(external_id="mira"), **given,
    )  # fmt: skip
    return actions.record_order(place.bakery.id, order).id


def told_of(place: Town, kind: str) -> list[str]:
    with scope(place.bakery.id):
        found = events.timeline(place.bakery.id, place.mira, 100)
    return [str(e.props.get("status")) for e in reversed(found) if e.kind == kind]


def test_an_unpaid_order_travels_but_is_no_purchase_until_it_is_paid(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place)
        assert actions.move(shop, order_id, Stage.SHIPPED)
        assert queries.value_of(shop, [place.mira]).orders_count == 0
        assert actions.record_payment(shop, order_id, key="a", amount_minor=400)
        order = queries.order_by_id(shop, order_id)
        assert (order.status, order.payment, order.stage) == ("new", "part_paid", "shipped")
        assert actions.record_payment(shop, order_id, key="b", amount_minor=600)
        order = queries.order_by_id(shop, order_id)
        assert (order.status, order.payment, order.paid_minor) == ("shipped", "paid", 1000)
        assert queries.value_of(shop, [place.mira]).total_minor == 1000
    assert told_of(place, "order.paid") == ["None"]


def test_money_is_written_once_for_a_key_and_never_too_much(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place)
        assert actions.record_payment(shop, order_id, key="a", amount_minor=700)
        assert not actions.record_payment(shop, order_id, key="a", amount_minor=700)
        with pytest.raises(Conflict):
            actions.record_payment(shop, order_id, key="a", amount_minor=300)
        with pytest.raises(Refused, match="more than it costs"):
            actions.record_payment(shop, order_id, key="b", amount_minor=301)
        with pytest.raises(Refused, match="More would go back"):
            actions.record_payment(shop, order_id, key="c", amount_minor=-701)
        with pytest.raises(Invalid):
            actions.record_payment(shop, order_id, key="d", amount_minor=0)
        assert [p.amount_minor for p in desk.payments(shop, order_id)] == [700]


def test_money_that_goes_back_is_told_in_part_and_in_full(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place, payment=PaymentState.PAID)
        actions.record_payment(shop, order_id, key="r1", amount_minor=-400)
        order = queries.order_by_id(shop, order_id)
        assert (order.payment, order.status) == ("part_refunded", "paid")
        actions.record_payment(shop, order_id, key="r2", amount_minor=-600)
        order = queries.order_by_id(shop, order_id)
        assert (order.payment, order.status) == ("refunded", "returned")
        assert queries.value_of(shop, [place.mira]).orders_count == 0


def test_an_order_told_by_its_status_opens_its_account_with_what_was_paid(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place, status=OrderStatus.PAID, payment=None)
        order = queries.order_by_id(shop, order_id)
        assert (order.payment, order.payment_now, order.stage_now) == (None, "paid", "received")
        actions.record_payment(shop, order_id, key="r", amount_minor=-300)
        order = queries.order_by_id(shop, order_id)
        rows = [p.amount_minor for p in desk.payments(shop, order_id)]
        value = queries.value_of(shop, [place.mira])

    assert (order.payment, order.status, rows) == ("part_refunded", "paid", [1000, -300])
    assert (value.orders_count, value.total_minor) == (1, 1000)


def test_a_link_to_pay_makes_the_payment_pending(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place)
        actions.ask_for_payment(shop, order_id, "https://pay.example/1", is_asked=True)
        order = queries.order_by_id(shop, order_id)
        assert (order.payment, order.payment_url) == ("pending", "https://pay.example/1")
        for bad in (
            "http://pay.example",
            "javascript:alert(1)",
            "https://a@b.example/",
            "https:// x",
        ):
            with pytest.raises(Invalid):
                actions.ask_for_payment(shop, order_id, bad, is_asked=True)


@pytest.mark.parametrize("seed", range(4))
def test_news_in_any_order_with_repeats_end_alike_and_are_announced_once(
    place: Town, seed: int
) -> None:
    shop = place.bakery.id
    told = [Stage.SHIPPED, Stage.IN_TRANSIT, Stage.DELAYED, Stage.ARRIVED, Stage.DELIVERED] * 2
    random.Random(seed).shuffle(told)
    with scope(shop):
        order_id = sell(place, payment=PaymentState.PAID)
        for stage in told:
            actions.move(shop, order_id, stage, source="carrier")
        order = queries.order_by_id(shop, order_id)
        rows = [row.status for row in desk.history(shop, order_id)]

    assert (order.stage, order.delayed_at, order.status) == ("delivered", None, "delivered")
    announced = told_of(place, "order.status_changed")
    assert announced[-1:] == ["delivered"] or "delivered" in announced
    assert len(announced) == len(set(announced)) == len(rows)


def test_a_change_of_status_tells_tracking_number_and_arrival(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place)
        public_id = queries.order_by_id(shop, order_id).public_id
        actions.set_delivery(
            shop, public_id, {"tracking_number": "204500", "carrier": "own", "eta_at": NOON}
        )
        actions.move(shop, order_id, Stage.SHIPPED)
        (event,) = [e for e in events.timeline(shop, place.mira, 50)
                    if e.kind == "order.status_changed"]  # fmt: skip

    assert event.props["tracking_number"] == "204500"
    assert event.props["eta"] == NOON.isoformat()
    assert event.subject_id == order_id


def test_many_are_moved_and_those_that_stay_say_why(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        ids = [queries.order_by_id(shop, sell(place, str(n))).public_id for n in range(3)]
        actions.move(shop, queries.order(shop, ids[1]).id, Stage.CANCELLED)
        actions.move(shop, queries.order(shop, ids[2]).id, Stage.DELIVERED)
        done = actions.move_many(shop, [*ids, "nobody", ids[0]], Stage.SHIPPED, actor_id=None)

    assert [(m.is_moved, m.code) for m in done] == [
        (True, ""), (False, "order_status_final"), (False, "order_status_back"),
        (False, "order_unknown"),
    ]  # fmt: skip


def stocked(place: Town, count: int, sku: str = "TEA") -> int:
    shop = place.bakery.id
    public_id = actions.save_place(shop, name="Shop", address="Main street 1")
    place_id = desk.place(shop, public_id).id
    actions.set_stock(shop, place_id, {sku: Decimal(count)})
    return place_id


def lies(place: Town) -> tuple[Decimal, Decimal]:
    (row,) = desk.stock(place.bakery.id)
    return row.on_hand, row.reserved


def test_goods_are_promised_taken_and_set_free(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, 5)
        first, second = sell(place, "1", quantity=2), sell(place, "2", quantity=3)
        assert lies(place) == (5, 5)
        actions.move(shop, first, Stage.SHIPPED)
        actions.move(shop, first, Stage.DELIVERED)
        assert lies(place) == (3, 3)
        actions.move(shop, second, Stage.CANCELLED)
        assert lies(place) == (3, 0)
        assert [r.state for r in desk.reservations(shop, first)] == ["taken"]
        assert [r.state for r in desk.reservations(shop, second)] == ["released"]


def test_an_order_with_too_little_in_stock_is_kept_and_told_short(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        place_id = stocked(place, 1)
        order_id = sell(place, quantity=2)
        assert [r.state for r in desk.reservations(shop, order_id)] == ["short"]
        assert lies(place) == (1, 0)
        actions.set_stock(shop, place_id, {"TEA": Decimal(2)})
        assert actions.reserve_again(shop, order_id) == 1
        assert actions.reserve_again(shop, order_id) == 0
        assert lies(place) == (2, 2)


def test_an_unpaid_order_loses_its_goods_in_time_and_a_paid_one_does_not(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, 2)
        unpaid, paid = sell(place, "1"), sell(place, "2")
        actions.record_payment(shop, paid, key="a", amount_minor=100)
    later = clock.now() + timedelta(hours=73)
    monkeypatch.setattr(clock, "now", lambda: later)
    with scope(shop):
        assert actions.expire(shop, unpaid)
        assert not actions.expire(shop, paid)
        assert not actions.expire(shop, unpaid)
        assert lies(place) == (2, 1)
        actions.move(shop, unpaid, Stage.SHIPPED)
        assert lies(place) == (1, 1)


def in_threads(jobs: list[Callable[[], Any]]) -> list[Any]:
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return job()
        except Refused as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.parametrize("turn", range(5))
def test_of_two_orders_for_the_last_piece_exactly_one_gets_it(place: Town, turn: int) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, 1)

    def buy(number: str) -> str:
        with scope(shop):
            order = NewOrder(
                number=number, placed_at=NOON, currency="UAH", source="desk",
                lines=(NewLine("TEA", Decimal(1), Decimal(10)),), status=OrderStatus.NEW,
                payment=PaymentState.UNPAID,
            )  # fmt: skip
            actions.record_order(shop, order, is_stock_needed=True)
            return "sold"

    outcomes = in_threads([lambda n=n: buy(f"{turn}-{n}") for n in range(4)])  # type: ignore[misc]

    assert sorted(outcomes) == ["sold", "stock_short", "stock_short", "stock_short"]
    with scope(shop):
        assert lies(place) == (1, 1)
        assert queries.count(shop) == 1


def test_two_payments_at_once_never_pay_too_much(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place)

    def pay(key: str) -> bool:
        with scope(shop):
            return actions.record_payment(shop, order_id, key=key, amount_minor=600)

    outcomes = in_threads([lambda: pay("a"), lambda: pay("b")])

    assert sorted(map(str, outcomes)) == ["True", "payment_exceeds"]
    with scope(shop):
        assert queries.order_by_id(shop, order_id).paid_minor == 600


LEAD = NewLead(
    source="landing", phone="+380671234567", items=(("TEA", "Tea", 2, "10.50"), ("CUP", "", 1)),
)  # fmt: skip


def test_a_lead_becomes_an_order_once_even_when_two_press_at_once(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        sell(place, "cups", sku="CUP")
        lead = actions.take_lead(shop, LEAD, key="k")

    def convert() -> tuple[str, Outcome]:
        with scope(shop):
            made = actions.convert_lead(shop, lead.public_id)
            return made.public_id, made.outcome

    outcomes = in_threads([convert, convert])

    assert len({public_id for public_id, _ in outcomes}) == 1
    assert sorted(outcome for _, outcome in outcomes) == [Outcome.NEW, Outcome.REPEATED]
    with scope(shop):
        order = queries.order(shop, outcomes[0][0])
        assert (order.total_minor, order.payment, order.customer_id) == (3100, "unpaid", place.mira)
        assert queries.lead(shop, lead.public_id).status == "won"
        with pytest.raises(Refused):
            actions.change_lead(shop, lead.public_id, status=LeadStatus.LOST)
    assert told_of(place, "lead.converted") == ["won"]


def test_a_lead_is_lost_with_a_reason_and_may_be_taken_up_again(place: Town) -> None:
    shop, status = place.bakery.id, LeadStatus
    with scope(shop):
        lead = actions.take_lead(shop, LEAD, key="k")
        with pytest.raises(Invalid):
            actions.change_lead(shop, lead.public_id, status=status.LOST, lost_reason=" ")
        lost = actions.change_lead(shop, lead.public_id, status=status.LOST, lost_reason="Dear")
        assert (lost.status, lost.lost_reason) == ("lost", "Dear")
        again = actions.change_lead(shop, lead.public_id, status=status.IN_WORK)
        assert (again.status, again.lost_reason) == ("in_work", "")
        with pytest.raises(Refused):
            actions.change_lead(shop, lead.public_id, status=status.WON)
        with pytest.raises(Invalid):
            actions.change_lead(shop, lead.public_id, responsible_id=10**9)
    assert told_of(place, "lead.changed") == ["lost", "in_work"]


def test_a_lead_whose_price_nobody_knows_is_not_made_an_order(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        lead = actions.take_lead(shop, LEAD, key="k")
        with pytest.raises(Invalid, match="price of CUP"):
            actions.convert_lead(shop, lead.public_id)
        assert queries.count(shop) == 0


def test_lines_keep_what_kind_of_thing_they_are(place: Town) -> None:
    shop = place.bakery.id
    lines = (
        NewLine("HAIR", Decimal(1), Decimal(500), item=ItemKind.SERVICE, duration_min=45),
        NewLine("ROOM", Decimal(1), Decimal(900), item=ItemKind.BOOKING, starts_at=NOON,
                ends_at=NOON + timedelta(days=1)),
        NewLine("BOOK", Decimal(1), Decimal(90), item=ItemKind.ARTICLE),
    )  # fmt: skip
    order = NewOrder(number="1", placed_at=NOON, currency="UAH", lines=lines)
    with scope(shop):
        made = actions.record_order(shop, order)
        found = queries.lines(shop, made.id)
        assert actions.record_order(shop, order).outcome is Outcome.REPEATED
        later = (*lines[:1], NewLine("ROOM", Decimal(1), Decimal(900), item=ItemKind.BOOKING,
                                     starts_at=NOON + timedelta(days=2)), lines[2])  # fmt: skip
        with pytest.raises(Conflict):
            actions.record_order(
                shop, NewOrder(number="1", placed_at=NOON, currency="UAH", lines=later)
            )

    assert [(line.item, line.duration_min, line.starts_at) for line in found] == [
        ("service", 45, None), ("booking", None, NOON), ("article", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [{"duration_min": 0}, {"ends_at": NOON}, {"item": ItemKind.BOOKING},
     {"starts_at": NOON, "ends_at": NOON - timedelta(1)}, {"starts_at": datetime(2026, 1, 1)}],  # noqa: DTZ001
)  # fmt: skip
def test_times_of_a_line_that_cannot_be_are_refused(place: Town, line: dict[str, Any]) -> None:
    order = NewOrder(
        number="1", placed_at=NOON, currency="UAH",
        lines=(NewLine("A", Decimal(1), Decimal(1), **line),),
    )  # fmt: skip
    with scope(place.bakery.id), pytest.raises(Invalid):
        actions.record_order(place.bakery.id, order)


def test_comments_are_appended_once_and_never_changed(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        order_id = sell(place)
        assert actions.add_comment(shop, "order", order_id, text=" Ring twice ", key="a")
        assert not actions.add_comment(shop, "order", order_id, text="Ring twice", key="a")
        with pytest.raises(Conflict):
            actions.add_comment(shop, "order", order_id, text="Other", key="a")
        with pytest.raises(Invalid):
            actions.add_comment(shop, "order", order_id, text="  ", key="b")
        assert [c.text for c in desk.comments(shop, "order", order_id)] == ["Ring twice"]
        assert desk.comments(shop, "lead", order_id) == []


@pytest.mark.parametrize(
    "said",
    [{"colour": "red"}, {"tracking_url": "javascript:x"}, {"method": "x" * 101},
     {"tracking_number": "1\x002"}, {"eta_at": datetime(2026, 1, 1)}],  # noqa: DTZ001
)  # fmt: skip
def test_a_delivery_that_cannot_be_is_refused(place: Town, said: dict[str, Any]) -> None:
    with scope(place.bakery.id):
        public_id = queries.order_by_id(place.bakery.id, sell(place)).public_id
        with pytest.raises(Invalid):
            actions.set_delivery(place.bakery.id, public_id, said)


def test_what_belongs_to_another_shop_is_not_found(place: Town) -> None:
    shop, other = place.bakery.id, place.other.id
    with scope(shop):
        stocked(place, 1)
        order = queries.order_by_id(shop, sell(place))
        lead = actions.take_lead(shop, LEAD, key="k")
        (kept,) = desk.places(shop)
    with scope(other):
        for call in (
            lambda: actions.move(other, order.id, Stage.SHIPPED),
            lambda: actions.record_payment(other, order.id, key="a", amount_minor=1),
            lambda: actions.assign(other, order.public_id),
            lambda: actions.set_delivery(other, order.public_id, {"method": "x"}),
            lambda: actions.open_page(other, order.public_id),
            lambda: actions.convert_lead(other, lead.public_id),
            lambda: actions.save_place(other, name="x", public_id=kept.public_id),
            lambda: queries.order_by_token(other, order.token or "x"),
            lambda: actions.reserve_again(other, order.id),
        ):
            with pytest.raises(NotFound):
                call()
        assert desk.stock(other) == desk.places(other) == []
    with scope(shop):
        cursor().execute("SELECT 1")
        assert queries.order_by_id(shop, order.id) == order


def test_goods_are_not_promised_to_an_order_that_has_left(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        shop_id = desk.place(shop, actions.save_place(shop, name="Shop")).id
        actions.set_stock(shop, shop_id, {"TEA": Decimal(1)})
        order = sell(place, quantity=3)
        actions.move(shop, order, Stage.SHIPPED)
        actions.set_stock(shop, shop_id, {"TEA": Decimal(9)})

        assert actions.reserve_again(shop, order) == 0
        assert desk.free_of(shop, ["TEA"]) == {"TEA": 9}


def test_a_time_without_a_zone_is_refused(place: Town) -> None:
    shop = place.bakery.id
    naive = datetime(2026, 5, 1, 12)  # noqa: DTZ001 - that is the point
    with scope(shop):
        order = sell(place)
        for act in (
            lambda: actions.move(shop, order, Stage.SHIPPED, at=naive),
            lambda: actions.set_status(shop, order, OrderStatus.PAID, at=naive),
            lambda: actions.record_payment(shop, order, key="k", amount_minor=1, at=naive),
        ):
            with pytest.raises(Invalid) as refused:
                act()
            assert refused.value.code == "order_time"
        assert queries.order_by_id(shop, order).stage_now is Stage.RECEIVED
        assert desk.payments(shop, order) == []


def test_goods_that_come_back_lie_again_where_they_were_taken_once(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        far = desk.place(shop, actions.save_place(shop, name="Far")).id
        near = desk.place(shop, actions.save_place(shop, name="Near")).id
        actions.set_stock(shop, far, {"TEA": Decimal(1)})
        actions.set_stock(shop, near, {"TEA": Decimal(5)})
        order = queries.order_by_id(shop, sell(place, quantity=3, payment=PaymentState.PAID))
        actions.move(shop, order.id, Stage.DELIVERED)
        lying = []
        for key, asked, restocked in (
            ("a", {1: Decimal(1)}, False), ("b", {1: Decimal(1)}, True),
            ("b", {1: Decimal(1)}, True), ("c", {}, True), ("c", {}, True),
        ):  # fmt: skip
            actions.record_return(
                shop, order.public_id, key=key, quantities=asked, is_restocked=restocked
            )
            lying.append([int(r.on_hand) for r in desk.stock(shop)])

    assert lying == [[1, 2], [1, 3], [1, 3], [1, 4], [1, 4]]


def test_a_whole_order_that_comes_back_is_laid_back_once(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        near = desk.place(shop, actions.save_place(shop, name="Near")).id
        actions.set_stock(shop, near, {"TEA": Decimal(5)})
        order = queries.order_by_id(shop, sell(place, quantity=3, payment=PaymentState.PAID))
        actions.move(shop, order.id, Stage.DELIVERED)
        for _ in range(2):
            actions.record_return(shop, order.public_id, key="a", is_restocked=True)

        assert [(r.on_hand, r.reserved) for r in desk.stock(shop)] == [(5, 0)]


@pytest.mark.parametrize(
    ("chosen", "index"),
    [({"stage": "delayed"}, "order_by_delay"), ({"stage": "packed"}, "order_by_stage"),
     ({"payment": "part_paid"}, "order_by_payment"), ({"responsible_id": 5}, "order_by_keeper"),
     ({"place_id": 5}, "order_by_place")],
)  # fmt: skip
def test_few_orders_among_many_are_found_by_their_index(
    place: Town, chosen: dict[str, Any], index: str
) -> None:
    where, given = books._where(place.bakery.id, queries.OrderFilter(**chosen))
    with scope(place.bakery.id):
        raw = cursor()
        # Few rows are read whole, whatever indexes there are.
        raw.execute("SET LOCAL enable_seqscan = off")
        raw.execute(
            f"EXPLAIN SELECT id FROM orders_order WHERE {where}"
            " ORDER BY placed_at DESC, id DESC LIMIT 51",
            given,
        )
        plan = " ".join(row[0] for row in raw.fetchall())

    assert index in plan
    assert "Sort" not in plan


def test_the_list_filters_by_what_every_order_shows(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        for number, status in enumerate(OrderStatus):
            sell(place, f"s{number}", status=status, payment=None)
        for number, stage in enumerate((Stage.PACKED, Stage.CANCELLED, Stage.IN_TRANSIT)):
            order_id = sell(place, f"d{number}")
            if number != 1:
                actions.record_payment(shop, order_id, key="a", amount_minor=number * 100 + 100)
            actions.move(shop, order_id, stage)
        shown = queries.page(shop)
        for stage in Stage:
            found = queries.page(shop, queries.OrderFilter(stage=stage))
            assert found == [o for o in shown if o.stage_now is stage]
        for payment in PaymentState:
            found = queries.page(shop, queries.OrderFilter(payment=payment))
            assert found == [o for o in shown if o.payment_now is payment]


@pytest.mark.parametrize("turn", range(3))
def test_two_who_move_many_orders_of_the_same_goods_both_succeed(place: Town, turn: int) -> None:
    shop = place.bakery.id
    with scope(shop):
        public_id = actions.save_place(shop, name="Shop")
        counts = {"A": Decimal(99), "B": Decimal(99)}
        actions.set_stock(shop, desk.place(shop, public_id).id, counts)
        owners = {"A": place.mira, "B": place.oleg}
        made: list[str] = []
        # One moves orders of A and then B, the other of B and then A; so with the customers.
        for number, sku in enumerate("ABBAABBA"):
            order = NewOrder(
                number=f"{number}", placed_at=NOON, currency="UAH", source="desk",
                lines=(NewLine(sku, Decimal(1), Decimal(10)),), status=OrderStatus.PAID,
                customer_id=owners["B" if sku == "A" else "A"],
            )  # fmt: skip
            made.append(actions.record_order(shop, order).public_id)
    one, two = [made[n] for n in (0, 2, 4, 6)], [made[n] for n in (1, 3, 5, 7)]

    def move(ids: list[str]) -> int:
        with scope(shop):
            return sum(one.is_moved for one in actions.move_many(shop, ids, Stage.CANCELLED))

    def pause(original: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*given: Any, **named: Any) -> Any:
            answer = original(*given, **named)
            cursor().execute("SELECT pg_sleep(0.05)")
            return answer

        return slow

    with pytest.MonkeyPatch.context() as patch:
        # Each holds what it changed for a while, so that the two meet whenever they can.
        patch.setattr(desk_actions, "move", pause(desk_actions.move))
        assert in_threads([lambda: move(one), lambda: move(two)]) == [4, 4]
    with scope(shop):
        assert [(r.on_hand, r.reserved) for r in desk.stock(shop)] == [(99, 0), (99, 0)]


@pytest.mark.parametrize("told", [Stage.CANCELLED, Stage.RETURNED])
def test_money_that_went_back_in_part_is_not_taken_off_again(place: Town, told: Stage) -> None:
    shop = place.bakery.id
    with scope(shop):
        order = queries.order_by_id(shop, sell(place, quantity=3, payment=PaymentState.PAID))
        actions.record_return(shop, order.public_id, key="a", quantities={1: Decimal(1)})

        assert not actions.move(shop, order.id, told)
        with pytest.raises(Refused) as refused:
            actions.move(shop, order.id, told, is_asked=True)
        assert refused.value.code == "order_part_returned"
        value = queries.value_of(shop, [place.mira])
        assert (value.total_minor, value.returned_minor) == (3000, 1000)
        actions.record_return(shop, order.public_id, key="b")
        value = queries.value_of(shop, [place.mira])

    assert value.total_minor == value.returned_minor == 3000


def test_goods_paid_on_delivery_are_kept_until_it_is_over(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, 9)
        early = sell(place, "early", pays_on_delivery=True)
        late = sell(place, "late")
        actions.set_pays_on_delivery(shop, late, True)
        changed = sell(place, "changed", pays_on_delivery=True)
        actions.set_pays_on_delivery(shop, changed, False)
        later = clock.now() + timedelta(days=20)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert [actions.expire(shop, one) for one in (early, late, changed)] == [False, False, True]
        assert lies(place) == (9, 2)
        actions.move(shop, early, Stage.DELIVERED)
        actions.move(shop, late, Stage.CANCELLED)
        assert lies(place) == (8, 0)
        order = queries.order_by_id(shop, early)
    assert (order.payment, order.status, order.pays_on_delivery) == ("unpaid", "new", True)


@pytest.mark.parametrize("is_refund_first", [True, False])
def test_money_back_and_cancelling_end_alike_in_any_order(
    place: Town, is_refund_first: bool
) -> None:
    shop = place.bakery.id
    with scope(shop):
        stocked(place, 9)
        order_id = sell(place, payment=PaymentState.PAID)
        steps = [
            lambda: actions.record_payment(shop, order_id, key="r", amount_minor=-1000),
            lambda: actions.set_status(shop, order_id, OrderStatus.CANCELLED),
        ]
        for step in steps if is_refund_first else steps[::-1]:
            assert step()
        order = queries.order_by_id(shop, order_id)
        assert (order.stage, order.payment, order.status) == ("cancelled", "refunded", "cancelled")
        assert lies(place) == (9, 0)
        assert queries.value_of(shop, [place.mira]).orders_count == 0
