"""Fixed discount cards: a share that stands on the card."""

from __future__ import annotations

import pytest

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.loyalty.actions import cards, members
from regulars.loyalty.actions.card_discounts import set_discount
from regulars.loyalty.queries import programme, simulator
from regulars.loyalty.tests.carts import ask, cart, line
from regulars.store.scope import cursor, scope
from tests.town import Town, town

GOODS = cart(line("A", "100"))


@pytest.fixture
def place(db: object) -> Town:
    return town()


def test_a_cards_discount_is_taken_until_the_card_is_blocked_and_goes_with_a_swap(
    place: Town,
) -> None:
    shop = place.bakery.id

    def to_pay(member_id: int) -> int:
        live = programme.live(shop)
        buyer, usage = simulator.load(shop, live, GOODS, member_id, clock.now())
        return ask(live, GOODS, by=buyer, usage=usage).summary.to_pay_minor

    with scope(shop):
        (mira,) = members.enrol(shop, [place.mira])
        card = cards.issue_card(shop, mira, key="a")
        assert to_pay(mira) == 10000
        assert set_discount(shop, card.public_id, 700).discount == 700
        assert to_pay(mira) == 9300
        other = cards.swap_card(shop, card.public_id, key="b")
        assert to_pay(mira) == 9300
        (oleg,) = members.enrol(shop, [place.oleg])
        with cursor() as asked:
            asked.execute("UPDATE loyalty_member SET merged_into = %s WHERE id = %s", [oleg, mira])
        assert to_pay(oleg) == 9300
        cards.block_card(shop, other.public_id, reason="lost")
        assert to_pay(mira) == 10000


def test_a_discount_is_a_share_of_a_card_of_the_workspace(place: Town) -> None:
    with scope(place.bakery.id):
        (mira,) = members.enrol(place.bakery.id, [place.mira])
        card = cards.issue_card(place.bakery.id, mira, key="a")
        for share in (-1, 10_001):
            with pytest.raises(Invalid):
                set_discount(place.bakery.id, card.public_id, share)
    with scope(place.other.id), pytest.raises(NotFound):
        set_discount(place.other.id, card.public_id, 100)
