"""What tills did without us: each thing once, in its order, and only points are given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from regulars.kernel import clock
from regulars.loyalty import till_tasks
from regulars.loyalty.actions import cards
from regulars.loyalty.card_records import CardRecord
from regulars.loyalty.queries import cards as card_queries
from regulars.loyalty.queries import members
from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.store.scope import cursor, scope


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def sync(place: Shop, *items: dict[str, Any]) -> list[dict[str, Any]]:
    status, told = place.call("sync", {"items": list(items)})
    assert status == 200, told
    return list(told["items"])


def sale(purchase_id: str = "", **fields: Any) -> dict[str, Any]:
    return {"sale": cart(purchase_id, **{"occurred_at": at(hours=5), **fields})}


def back(purchase_id: str, return_id: str = "", **fields: Any) -> dict[str, Any]:
    name = return_id or new_id("r")
    given = {"purchase_id": purchase_id, "return_id": name, "occurred_at": at(hours=4)}
    return {"return": {**given, **fields}}


def test_an_offline_sale_earns_once_however_often_it_is_sent(tea: Shop) -> None:
    member = tea.member()
    item = sale(member=member)

    answers = [sync(tea, item) for _ in range(3)]

    assert answers[0][0]["status"] == 200
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0]["result"]["flags"] == ["offline"]
    assert tea.balance(member)["available"] == 20_00


def test_a_sale_that_was_confirmed_before_the_line_broke_stays_as_it_is(tea: Shop) -> None:
    member = tea.member()
    asked = cart(member=member)
    tea.call("confirm", asked)

    (told,) = sync(tea, {"sale": {**asked, "occurred_at": at(minutes=1)}})
    assert told["status"] == 200
    assert "confirmed_before" in told["result"]["flags"]
    (told,) = sync(tea, {"sale": {**asked, "lines": [line(qty="9")]}})
    assert (told["status"], told["error"]["code"]) == (409, "idempotency_mismatch")
    assert tea.balance(member)["available"] == 20_00


def test_a_held_purchase_that_was_sold_offline_is_taken_as_it_was_held(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    asked = cart(member=member, points={"amount": "auto"})
    _, held = tea.call("hold", asked)

    (told,) = sync(tea, {"sale": {"purchase_id": asked["purchase_id"], "occurred_at": at()}})

    assert told["result"]["flags"] == ["offline"]
    assert told["result"]["summary"] == held["summary"]
    assert tea.balance(member)["available"] == 15_00


def test_offline_nothing_is_burnt_and_the_prices_of_the_till_stand(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    item = sale(
        member=member, points={"amount": 50_00}, lines=[line(external_discount=1_000)],
        codes=["SPRING"],
    )  # fmt: skip

    (told,) = sync(tea, item)

    assert told["result"]["flags"] == ["offline", "burn_ignored", "codes_ignored"]
    assert told["result"]["summary"]["to_pay"] == 19_000
    assert told["result"]["summary"]["points_paid"] == 0
    assert tea.balance(member)["available"] == 50_00 + 19_00


def test_an_offline_sale_earns_by_the_rules_of_its_moment(tea: Shop) -> None:
    member = tea.member()
    tea.settle({"earning": [{"id": "tenth", "trigger": "cart", "share": "50"}]})

    sync(tea, sale(member=member))

    assert tea.balance(member)["available"] == 20_00


def test_an_unknown_member_makes_the_sale_nobodys(tea: Shop) -> None:
    (told,) = sync(tea, sale(member={"card": "0000"}))

    assert told["status"] == 200
    assert told["result"]["flags"] == ["offline", "member_unknown"]


def card_of(place: Shop, member: dict[str, str]) -> CardRecord:
    """A new card of the member."""
    with scope(place.workspace.id):
        key = members.MemberKey("external_id", member["external_id"])
        found = members.find(place.workspace.id, key)
        assert found is not None
        return cards.issue_card(place.workspace.id, found.id, key=f"card:{found.id}")


def test_a_code_that_was_shown_while_the_line_was_down_still_names_its_card(tea: Shop) -> None:
    member = tea.member()
    card = card_of(tea, member)
    sold_at = clock.now() - timedelta(days=2)
    with scope(tea.workspace.id):
        shown = card_queries.qr_text(tea.workspace.id, card.id, sold_at)

    (told,) = sync(tea, sale(member={"token": shown}, occurred_at=at(sold_at)))

    assert told["result"]["flags"] == ["offline"]
    assert tea.balance(member)["available"] == 20_00
    (late,) = sync(tea, sale(member={"token": shown}, occurred_at=at()))
    assert late["result"]["flags"] == ["offline", "member_unknown"]
    assert tea.balance(member)["available"] == 20_00


def test_a_card_that_was_blocked_or_mistyped_makes_the_sale_nobodys(tea: Shop) -> None:
    member = tea.member()
    card = card_of(tea, member)
    with scope(tea.workspace.id):
        cards.block_card(tea.workspace.id, card.public_id, reason="lost")
    mistyped = card.number[:-1] + str((int(card.number[-1]) + 1) % 10)

    told = sync(
        tea, sale(member={"card": card.number}), sale(member={"card": mistyped}),
    )  # fmt: skip

    assert [one["status"] for one in told] == [200, 200]
    assert [one["result"]["flags"] for one in told] == [["offline", "member_unknown"]] * 2
    assert tea.balance(member)["available"] == 0


def test_goods_that_only_the_till_knew_are_sold_all_the_same(tea: Shop) -> None:
    tea.settle({"pricing": {"unknown_goods": "refuse", "zero_prices": False}})
    strange = [line(sku="X", name="", category=""), line("2", sku="Y", price=0)]

    (told,) = sync(tea, sale(lines=strange, occurred_at=at()))
    status, refused = tea.call("calculate", cart(lines=strange))

    assert told["result"]["flags"] == ["offline", "goods_unknown"]
    assert told["result"]["summary"]["to_pay"] == 20_000
    assert (status, refused["code"]) == (422, "price_zero")


@pytest.mark.parametrize("ago", [{"days": 46}, {"minutes": -60}])
def test_a_clock_that_cannot_be_right_is_flagged(tea: Shop, ago: dict[str, float]) -> None:
    member = tea.member()

    (told,) = sync(tea, sale(member=member, occurred_at=at(**ago)))

    assert told["result"]["flags"] == ["offline", "clock"]
    assert tea.balance(member)["available"] == 20_00


def test_one_bad_item_does_not_hold_up_the_others(tea: Shop) -> None:
    member = tea.member()

    told = sync(
        tea,
        sale(member=member),
        sale(lines=[line(price=-1)]),
        {"sale": {"purchase_id": new_id(), "occurred_at": at()}},
        {},
        {"sale": 5},
        sale(member=member),
    )

    assert [one["status"] for one in told] == [200, 422, 404, 422, 422, 200]
    assert tea.balance(member)["available"] == 40_00


def test_a_queue_is_taken_in_its_order(tea: Shop) -> None:
    member = tea.member()
    name = new_id()

    told = sync(tea, sale(name, member=member), back(name), back(name))

    assert [one["status"] for one in told] == [200, 200, 409]
    assert told[1]["result"]["state"] == "returned"
    assert told[2]["error"]["code"] == "return_nothing"
    assert tea.balance(member)["available"] == 0


def test_a_return_that_comes_before_its_sale_waits_for_it(tea: Shop) -> None:
    member = tea.member()
    name = new_id()
    orphan = back(name, accept_orphan=True)

    (refused,) = sync(tea, back(name))
    (waiting,) = sync(tea, orphan)
    (sold,) = sync(tea, sale(name, member=member))
    (again,) = sync(tea, orphan)

    assert (refused["status"], refused["error"]["code"]) == (404, "purchase_unknown")
    assert waiting["result"]["state"] == "waiting"
    assert sold["status"] == 200
    assert again["result"]["state"] == "returned"
    assert tea.balance(member)["available"] == 0
    assert tea.count("loyalty_return", "state = 'done'") == 1


def test_a_wrong_return_that_waits_does_not_hold_up_its_sale(tea: Shop) -> None:
    member = tea.member()
    name = new_id()
    wrong = back(name, accept_orphan=True, lines=[{"line_id": "99", "qty": "1"}])
    right = back(name, accept_orphan=True, lines=[{"line_id": "1", "qty": "1"}])
    sync(tea, wrong, right)

    (sold,) = sync(tea, sale(name, member=member))

    assert sold["status"] == 200
    assert tea.balance(member)["available"] == 10_00
    assert tea.count("loyalty_return", "state = 'refused'") == 1
    assert tea.count("loyalty_return", "state = 'done'") == 1


def test_a_return_that_was_done_and_then_queued_stays_as_it_is(tea: Shop) -> None:
    asked = cart()
    tea.call("confirm", asked)
    one = back(asked["purchase_id"])["return"] | {"occurred_at": at()}
    _, done = tea.call("returns", one)

    (told,) = sync(tea, {"return": {**one, "accept_orphan": True}})

    assert (told["status"], told["result"]) == (200, done)


def test_the_price_that_was_paid_offline_is_not_rounded_by_the_programme(tea: Shop) -> None:
    tea.settle({"pricing": {"round_step_minor": 100}})

    (told,) = sync(tea, sale(lines=[line(qty="1", price=10_055)], occurred_at=at()))

    assert told["result"]["summary"]["to_pay"] == 10_055


def test_the_worker_does_returns_whose_sale_came_another_way(tea: Shop, as_engine: None) -> None:
    member = tea.member()
    name = new_id()
    sync(tea, back(name, accept_orphan=True))
    tea.call("confirm", cart(name, member=member))

    till_tasks.settle_waiting()

    assert tea.balance(member)["available"] == 0
    assert tea.count("loyalty_return", "state = 'done'") == 1


def test_the_worker_leaves_a_return_of_more_than_was_sold(tea: Shop, as_engine: None) -> None:
    name = new_id()
    sync(tea, back(name, accept_orphan=True, lines=[{"line_id": "1", "qty": "9"}]))
    tea.call("confirm", cart(name))

    till_tasks.settle_waiting()

    assert tea.count("loyalty_return", "state = 'refused'") == 1


def test_the_worker_releases_holds_that_ran_out(tea: Shop, as_engine: None) -> None:
    member = tea.member(points_held=50_00)
    _, told = tea.call("hold", cart(member=member, points={"amount": "auto"}))
    _, other = tea.call("hold", cart())
    tea.let_pass(told["purchase_id"])

    till_tasks.expire_holds()

    assert tea.balance(member)["available"] == 50_00
    assert tea.count("loyalty_purchase", "state = 'expired'") == 1
    assert tea.count("loyalty_purchase", "state = 'held'") == 1
    assert tea.call(f"purchases/{other['purchase_id']}")[1]["state"] == "held"


def test_an_answer_that_is_no_longer_kept_is_told_anew(tea: Shop, as_engine: None) -> None:
    asked = cart(member=tea.member())
    _, first = tea.call("confirm", asked)
    with scope(tea.workspace.id):
        cursor().execute(
            "UPDATE loyalty_answer SET created_at = created_at - interval '61 days'"
            " WHERE workspace_id = %s",
            [tea.workspace.id],
        )

    till_tasks.prune()

    assert tea.count("loyalty_answer") == 0
    status, again = tea.call("confirm", asked)
    assert (status, again) == (200, first)
    assert tea.call("confirm", {**asked, "cashier": "Ann"})[0] == 409
