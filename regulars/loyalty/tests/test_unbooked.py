"""What a member bought a moment ago counts before it stands in the books of orders."""

from __future__ import annotations

import os
from typing import Any

import pytest

from regulars.customers import actions as customers
from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty import till_tasks
from regulars.loyalty.actions import carrying, members
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries import simulator, unbooked
from regulars.loyalty.tests.counter import Shop, at, cart, new_id, shop
from regulars.store.scope import cursor, scope
from tests.town import town

TEN = [{"type": "percent_off", "value": "10"}]
TILLS = 6
# A million shows the same plan and takes a minute to make.
ROWS = int(os.environ.get("REGULARS_PURCHASES", "20000"))


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def only_first(place: Shop) -> None:
    first = {"field": "member.is_first_purchase", "op": "eq", "value": True}
    place.promote("first", when=first, effects=TEN)


def discount(told: tuple[int, dict[str, Any]]) -> int:
    status, said = told
    assert status == 200, said
    return int(said["summary"]["discount"])


def to_orders(place: Shop, purchase_id: str) -> None:
    """What the consumer does with a confirmed purchase."""
    with scope(place.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT id, customer_id FROM loyalty_purchase WHERE workspace_id = %s"
            " AND purchase_id = %s",
            [place.workspace.id, purchase_id],
        )
        row_id, customer_id = raw.fetchone()
        now, kind = clock.now(), "purchase.confirmed"
        one = Event(1, place.workspace.id, customer_id, now, now, kind, "live", "till", row_id, {})
        till_tasks.take_purchases(place.workspace.id, [one])


def test_a_second_sale_before_the_books_know_of_the_first_is_not_the_first(tea: Shop) -> None:
    only_first(tea)
    member = tea.member()
    first, second = cart(member=member), cart(member=member)

    assert discount(tea.call("calculate", first)) == 2_000
    assert discount(tea.call("confirm", first)) == 2_000
    assert discount(tea.call("confirm", second)) == 0

    for one in (first, second):
        to_orders(tea, one["purchase_id"])
    assert discount(tea.call("calculate", cart(member=member))) == 0
    assert discount(tea.call("calculate", cart(member=tea.member()))) == 2_000


def test_of_carts_held_at_once_one_is_the_first(tea: Shop) -> None:
    only_first(tea)
    member = tea.member()

    answers = tea.calls([("hold", cart(member=member)) for _ in range(TILLS)])

    assert sorted(discount(one) for one in answers) == [0] * (TILLS - 1) + [2_000]


def test_a_purchase_is_not_before_itself(tea: Shop) -> None:
    only_first(tea)
    asked = cart(member=tea.member())
    assert discount(tea.call("hold", asked)) == 2_000

    assert discount(tea.call("calculate", asked)) == 2_000
    assert discount(tea.call("calculate", {**asked, "purchase_id": new_id()})) == 0
    sold = tea.call("confirm", {"purchase_id": asked["purchase_id"], "occurred_at": at()})
    assert discount(sold) == 2_000


@pytest.mark.parametrize("end", ["cancel", "expire", "return"])
def test_what_came_to_nothing_counts_for_nothing(tea: Shop, end: str) -> None:
    only_first(tea)
    member = tea.member()
    asked = cart(member=member)
    tea.call("confirm" if end == "return" else "hold", asked)
    assert discount(tea.call("calculate", cart(member=member))) == 0

    name = asked["purchase_id"]
    if end == "cancel":
        tea.call("cancel", {"purchase_id": name})
    elif end == "expire":
        tea.let_pass(name)
    else:
        tea.call("returns", {"purchase_id": name, "return_id": new_id(), "occurred_at": at()})

    assert discount(tea.call("calculate", cart(member=member))) == 2_000


def test_only_paid_money_is_money_spent_and_counts_in_challenges(tea: Shop) -> None:
    spent = {"field": "member.lifetime_spend", "op": "gte", "value": 40_000}
    twice = {"challenge": {"of": "amount", "value": 40_000, "within_days": 7, "counts_this": False}}
    tea.promote("spender", when=spent, effects=TEN)
    tea.promote("regular", when=twice, effects=[{"type": "percent_off", "value": "50"}])
    member = tea.member()
    tea.call("confirm", cart(member=member))
    tea.call("hold", cart(member=member))

    assert discount(tea.call("calculate", cart(member=member))) == 0
    tea.call("confirm", cart(member=member))

    applied = tea.call("calculate", cart(member=member))[1]["applied"]
    assert {one["promo_id"] for one in applied} == {"spender", "regular"}


def test_a_sale_is_counted_once_when_it_becomes_an_order(tea: Shop) -> None:
    only_first(tea)
    member = tea.member()
    asked = cart(member=member)
    tea.call("confirm", asked)
    tea.call("hold", cart(member=member))
    to_orders(tea, asked["purchase_id"])

    with scope(tea.workspace.id):
        found = _member_of(tea, member)
        live = programmes.live(tea.workspace.id)
        one = simulator.snapshot(tea.workspace.id, live, found, clock.now())

    assert (one.purchases, one.lifetime_spend_minor) == (2, 18_000)


def _member_of(place: Shop, member: dict[str, str]) -> int:
    raw = cursor()
    raw.execute(
        "SELECT m.id FROM loyalty_member m JOIN customers_customer c ON c.id = m.customer_id"
        " WHERE m.workspace_id = %s AND c.external_id = %s",
        [place.workspace.id, member["external_id"]],
    )
    return int(raw.fetchone()[0])


def test_what_somebody_merged_bought_is_theirs_who_they_are_now(tea: Shop) -> None:
    only_first(tea)
    mira, oleg = tea.member(), tea.member()
    tea.call("confirm", cart(member=oleg))
    with scope(tea.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT external_id, id FROM customers_customer WHERE workspace_id = %s",
            [tea.workspace.id],
        )
        ids = dict(raw.fetchall())
        loser, root = ids[oleg["external_id"]], ids[mira["external_id"]]
        customers.merge(tea.workspace.id, loser, root)
        carrying.merge(tea.workspace.id, loser, root, "1")

    assert discount(tea.call("calculate", cart(member=mira))) == 0


def test_nothing_is_asked_when_no_rule_looks_at_the_past(
    tea: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unbooked, "of_member", lambda *_, **__: pytest.fail("was asked"))

    assert tea.call("calculate", cart(member=tea.member()))[0] == 200


@pytest.mark.usefixtures("as_engine")
def test_the_books_of_a_large_shop_are_never_read_through() -> None:
    here = town()
    shop_id = here.bakery.id
    with scope(shop_id):
        (mira,) = members.enrol(shop_id, [here.mira])
        raw = cursor()
        raw.execute(
            "INSERT INTO loyalty_purchase (workspace_id, purchase_id, state, member_id, shop, till,"
            " cashier, channel, currency, to_pay_minor, rules_version, occurred_at, created_at,"
            " updated_at, hold_hash, confirm_hash, cart_hash, cart, result, flags)"
            " SELECT %s, 'big-' || n, 'confirmed', CASE WHEN n %% 5 = 0 THEN %s ELSE -n END, '',"
            " '', '', 'till', 'UAH', 1, 1, now(), now() - n * interval '1 second', now(), '', '',"
            " '', '{}', '{}', '[]' FROM generate_series(1, %s) AS n",
            [shop_id, mira, ROWS],
        )
        raw.execute(
            "EXPLAIN " + unbooked._OPEN,
            {"workspace": shop_id, "member": mira, "now": clock.now(), "but": "",
             "most": unbooked.NEWEST_MAX, "source": "till"},
        )  # fmt: skip
        plan = "\n".join(row[0] for row in raw.fetchall())
        # The few members of this shop may be read through; its purchases and orders may not.
        assert "Seq Scan on loyalty_purchase" not in plan
        assert "Seq Scan on orders_order" not in plan
        assert "purchase_by_member" in plan
        assert "order_once" in plan or "order_by_number" in plan
        assert len(unbooked.of_member(shop_id, mira, clock.now())) == unbooked.NEWEST_MAX
