"""A card's changing code opens its points to one purchase."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from regulars.kernel import clock
from regulars.loyalty import till_tasks
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.queries import cards
from regulars.loyalty.tests.counter import Shop, cart, new_id, shop
from regulars.store.scope import cursor, scope

TILLS = 6


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def shown(place: Shop, member: dict[str, str]) -> dict[str, str]:
    """What the member's card shows now, as a till reads it."""
    with scope(place.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT m.id FROM loyalty_member m JOIN customers_customer c ON c.id = m.customer_id"
            " WHERE m.workspace_id = %s AND c.external_id = %s",
            [place.workspace.id, member["external_id"]],
        )
        member_id = raw.fetchone()[0]
        card = actions.issue_card(place.workspace.id, member_id, key=f"card:{member_id}")
        return {"token": cards.qr_text(place.workspace.id, card.id, clock.now())}


def pay(token: dict[str, str], points: int = 10_00, purchase_id: str = "") -> dict[str, object]:
    return cart(purchase_id, member=token, points={"amount": points})


def test_a_code_that_paid_pays_for_nothing_else(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    token = shown(tea, member)
    asked = pay(token)

    # Looking costs nothing, and neither does asking twice.
    assert tea.call("identify", {"member": token})[0] == 200
    assert tea.call("calculate", asked)[0] == 200
    first = tea.call("hold", asked)
    assert first[0] == 200 and tea.call("hold", asked) == first
    status, refusal = tea.call("hold", pay(token))

    assert (status, refusal["code"]) == (403, "qr_used")
    assert tea.balance(member)["reserved"] == 10_00
    assert tea.count("loyalty_purchase") == 1
    # Without points it is a card like any other.
    assert tea.call("hold", cart(member=token))[0] == 200


def test_the_next_code_pays_again(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    assert tea.call("hold", pay(shown(tea, member)))[0] == 200

    with time_machine.travel(clock.now() + timedelta(seconds=31)):
        assert tea.call("hold", pay(shown(tea, member)))[0] == 200

    assert tea.balance(member)["reserved"] == 20_00


def test_a_hold_that_was_refused_has_spent_nothing(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    token = shown(tea, member)
    wrong = {**pay(token), "expect": {"quote_hash": "another"}}
    assert tea.call("hold", wrong)[1]["code"] == "quote_changed"

    assert tea.call("hold", pay(token))[0] == 200


def test_of_many_tills_with_one_picture_one_takes_the_points(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    token = shown(tea, member)

    answers = tea.calls([("hold", pay(token, purchase_id=new_id())) for _ in range(TILLS)])

    assert sorted(status for status, _ in answers) == [200] + [403] * (TILLS - 1)
    assert tea.balance(member)["reserved"] == 10_00


def test_a_one_time_code_is_enough_where_the_programme_asks_for_it(tea: Shop) -> None:
    tea.settle({"burning": {"asks_code": True}})
    member = tea.member(points_held=50_00)

    status, refusal = tea.call("hold", pay(shown(tea, member)))

    assert (status, refusal["code"]) == (403, "burn_code_needed")
    assert tea.count("loyalty_spentcode") == 0


@pytest.mark.usefixtures("as_engine")
def test_spent_codes_are_forgotten_after_a_day(tea: Shop) -> None:
    tea.call("hold", pay(shown(tea, tea.member(points_held=50_00))))
    till_tasks.prune()
    assert tea.count("loyalty_spentcode") == 1

    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        till_tasks.prune()

    assert tea.count("loyalty_spentcode") == 0
