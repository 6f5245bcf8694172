"""Gift certificates: parts, holds, returns, the ledger, races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, RegularsError
from regulars.loyalty.actions import gift_cards as actions
from regulars.loyalty.code_records import GiftCardRecord, GiftCardShort, GiftCardUnusable
from regulars.loyalty.queries import codes as states
from regulars.loyalty.queries import gift_cards as queries
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")
HOUR = timedelta(hours=1)


def issue(here: Town, face: int = 50_000, key: str = "one", **more: Any) -> GiftCardRecord:
    return actions.issue_gift_card(here.bakery.id, face, key=key, **more)


def reserve(here: Town, card: GiftCardRecord, amount: int, purchase: str = "p1") -> None:
    actions.reserve_gift(here.bakery.id, [(card.shown, amount)], purchase, clock.now() + HOUR)


def now_of(here: Town, card: GiftCardRecord) -> tuple[int, int]:
    one = queries.gift_card(here.bakery.id, card.public_id)
    return one.available_minor, one.held_minor


def books(here: Town) -> list[tuple[str, int]]:
    """Kinds and amounts on certificates' accounts, in the order they were posted."""
    raw = cursor()
    raw.execute(
        "SELECT t.kind, sum(e.amount)::bigint FROM loyalty_txn AS t"
        " JOIN loyalty_entry AS e ON e.txn_id = t.id AND e.account = 'giftcard'"
        " WHERE t.workspace_id = %s GROUP BY t.id ORDER BY t.id",
        [here.bakery.id],
    )
    return [(row[0], row[1]) for row in raw.fetchall()]


def assert_sound(here: Town) -> None:
    assert queries.gift_faults(here.bakery.id) == []
    raw = cursor()
    raw.execute(
        "SELECT coalesce(sum(amount), 0)::bigint,"
        " coalesce(sum(amount) FILTER (WHERE account = 'giftcard_liability'), 0)::bigint"
        " FROM loyalty_entry WHERE workspace_id = %s",
        [here.bakery.id],
    )
    assert raw.fetchone() == (0, -queries.gift_liability(here.bakery.id))


def test_a_certificate_is_spent_in_parts() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
        assert (card.currency, card.face_minor, len(card.code)) == ("UAH", 50_000, 15)

        reserve(here, card, 20_000)
        reserve(here, card, 20_000)
        assert now_of(here, card) == (30_000, 20_000)
        assert actions.settle_gift(here.bakery.id, "p1") == 20_000
        assert actions.settle_gift(here.bakery.id, "p1") == 0
        reserve(here, card, 30_000, "p2")
        actions.settle_gift(here.bakery.id, "p2")

        assert now_of(here, card) == (0, 0)
        assert books(here) == [
            ("giftcard.issue", 50_000),
            ("giftcard.redeem", -20_000),
            ("giftcard.redeem", -30_000),
        ]
        assert_sound(here)


def test_more_than_there_is_is_refused_and_moves_nothing() -> None:
    here = town()
    with scope(here.bakery.id):
        card, other = issue(here), issue(here, 1_000, key="two")

        with pytest.raises(GiftCardShort) as told:
            actions.reserve_gift(
                here.bakery.id,
                [(card.code, 40_000), (other.code, 1_001)],
                "p1",
                clock.now() + HOUR,
            )

        assert told.value.details["available"] == 1_000
        assert (now_of(here, card), now_of(here, other)) == ((50_000, 0), (1_000, 0))
        assert actions.settle_gift(here.bakery.id, "p1") == 0
        assert_sound(here)


def test_the_same_purchase_with_another_amount_is_a_conflict() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
        reserve(here, card, 20_000)

        with pytest.raises(Conflict):
            reserve(here, card, 25_000)

        assert now_of(here, card) == (30_000, 20_000)


def test_what_is_released_may_be_spent_again() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
        reserve(here, card, 50_000)

        assert actions.release_gift(here.bakery.id, "p1") == 50_000
        assert actions.release_gift(here.bakery.id, "p1") == 0

        assert now_of(here, card) == (50_000, 0)
        assert books(here) == [("giftcard.issue", 50_000)]
        reserve(here, card, 25_000)
        assert now_of(here, card) == (25_000, 25_000)


def test_a_hold_past_its_time_gives_way() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
        reserve(here, card, 50_000)
        with time_machine.travel(clock.now() + 2 * HOUR, tick=False):
            (state,) = states.gift_card_states(here.bakery.id, [card.code], clock.now())
            assert (state.status, state.available_minor) == ("usable", 50_000)
            reserve(here, card, 10_000, "p2")

            assert actions.settle_gift(here.bakery.id, "p1") == 0
            assert actions.settle_gift(here.bakery.id, "p2") == 10_000
        assert now_of(here, card) == (40_000, 0)
        assert_sound(here)


def test_partial_returns_come_back_to_the_certificates_that_paid() -> None:
    here = town()
    with scope(here.bakery.id):
        one, two = issue(here, 10_000), issue(here, 5_000, key="two")
        actions.reserve_gift(
            here.bakery.id, [(one.code, 10_000), (two.code, 4_000)], "p1", clock.now() + HOUR
        )
        actions.settle_gift(here.bakery.id, "p1")

        assert actions.give_back_gift(here.bakery.id, "p1", 6_000, "r1") == 6_000
        assert actions.give_back_gift(here.bakery.id, "p1", 6_000, "r1") == 6_000
        assert (now_of(here, one), now_of(here, two)) == ((2_000, 0), (5_000, 0))
        with pytest.raises(Conflict):
            actions.give_back_gift(here.bakery.id, "p1", 7_000, "r1")
        with pytest.raises(Invalid):
            actions.give_back_gift(here.bakery.id, "p1", 8_001, "r2")
        assert actions.give_back_gift(here.bakery.id, "p1", 8_000, "r3") == 8_000

        assert (now_of(here, one), now_of(here, two)) == ((10_000, 0), (5_000, 0))
        assert_sound(here)


def test_a_certificate_ends_on_its_day_and_money_that_comes_back_gets_thirty_more() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here, ends_at=clock.now() + timedelta(days=10))
        reserve(here, card, 20_000)
        actions.settle_gift(here.bakery.id, "p1")
        later = clock.now() + timedelta(days=11)
        with time_machine.travel(later, tick=False):
            with pytest.raises(GiftCardUnusable):
                reserve(here, card, 1, "p2")
            assert actions.end_gift_cards(here.bakery.id, clock.now()) == 1
            assert actions.end_gift_cards(here.bakery.id, clock.now()) == 0
            assert now_of(here, card) == (0, 0)
            assert_sound(here)

            actions.give_back_gift(here.bakery.id, "p1", 20_000, "r1")

            one = queries.gift_card(here.bakery.id, card.public_id)
            assert (one.available_minor, one.ends_at) == (20_000, later + timedelta(days=30))
            assert_sound(here)
    assert one.expired_minor == 30_000


def test_money_that_a_hold_lets_go_after_the_day_may_be_spent_for_another_day() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here, ends_at=clock.now() + timedelta(days=10))
        reserve(here, card, 20_000)
        late = clock.now() + timedelta(days=11)
        with time_machine.travel(late, tick=False):
            actions.end_gift_cards(here.bakery.id, clock.now())
            assert now_of(here, card) == (0, 20_000)

            assert actions.release_gift(here.bakery.id, "p1") == 20_000

            one = queries.gift_card(here.bakery.id, card.public_id)
            assert one.ends_at == late + timedelta(hours=24)
            assert actions.end_gift_cards(here.bakery.id, clock.now()) == 0
            reserve(here, card, 5_000, "p2")
            actions.settle_gift(here.bakery.id, "p2")
            assert_sound(here)
        with time_machine.travel(late + timedelta(hours=25), tick=False):
            assert actions.end_gift_cards(here.bakery.id, clock.now()) == 1
            assert now_of(here, card) == (0, 0)
            assert_sound(here)
        one = queries.gift_card(here.bakery.id, card.public_id)
        assert one.expired_minor == 45_000


def test_a_certificate_before_its_day_keeps_its_day_when_a_hold_lets_go() -> None:
    here = town()
    with scope(here.bakery.id):
        ends_at = clock.now() + timedelta(hours=2)
        card = issue(here, ends_at=ends_at)
        reserve(here, card, 20_000)

        actions.release_gift(here.bakery.id, "p1")

        assert queries.gift_card(here.bakery.id, card.public_id).ends_at == ends_at


def test_a_blocked_or_unknown_certificate_pays_nothing() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
        actions.block_gift_card(here.bakery.id, card.public_id)
        with pytest.raises(GiftCardUnusable) as told:
            reserve(here, card, 1)
        assert told.value.code == "gift_card_blocked"
        (state, none) = states.gift_card_states(
            here.bakery.id, [card.shown.lower(), "NOSUCH"], clock.now()
        )
        assert (state.status, none.status) == ("blocked", "unknown")
        assert (state.available_minor, none.available_minor) == (0, 0)


def test_another_workspace_cannot_spend_it() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
    with scope(here.other.id):
        with pytest.raises(GiftCardUnusable):
            actions.reserve_gift(here.other.id, [(card.code, 1)], "p1", clock.now() + HOUR)
        with pytest.raises(NotFound):
            queries.gift_card(here.other.id, card.public_id)
        assert queries.gift_liability(here.other.id) == 0
    with scope(here.bakery.id):
        assert now_of(here, card) == (50_000, 0)


def test_the_same_key_issues_one_certificate() -> None:
    here = town()
    with scope(here.bakery.id):
        first = issue(here)
        assert issue(here) == first
        with pytest.raises(Conflict) as told:
            issue(here, 60_000)
        assert told.value.code == "idempotency_mismatch"
        issue(here, code="GIFT-2026", key="two")
        with pytest.raises(Conflict) as told:
            issue(here, code="gift 2O26", key="three")
        assert told.value.code == "code_exists"
        assert books(here) == [("giftcard.issue", 50_000)] * 2


@pytest.mark.parametrize("face", [0, -1, 10**10])
def test_an_amount_that_cannot_be_is_refused(face: int) -> None:
    here = town()
    with scope(here.bakery.id):
        with pytest.raises(Invalid):
            issue(here, face)
        assert books(here) == []


def _race(here: Town, count: int, act: Callable[[int], object]) -> list[str]:
    together = Barrier(count)

    def one(number: int) -> str:
        try:
            with scope(here.bakery.id):
                together.wait(timeout=30)
                act(number)
            return ""
        except RegularsError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(one, range(count)))


def test_many_tills_never_spend_more_than_there_is() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here, 50_000)

    told = _race(here, 12, lambda n: reserve(here, card, 12_000, f"p{n}"))

    assert told == [""] * 4 + ["gift_card_short"] * 8
    with scope(here.bakery.id):
        assert now_of(here, card) == (2_000, 48_000)


def test_one_return_at_many_tills_gives_back_once() -> None:
    here = town()
    with scope(here.bakery.id):
        card = issue(here)
        reserve(here, card, 20_000)
        actions.settle_gift(here.bakery.id, "p1")

    told = _race(here, 6, lambda n: actions.give_back_gift(here.bakery.id, "p1", 20_000, "r1"))

    assert told == [""] * 6
    with scope(here.bakery.id):
        assert now_of(here, card) == (50_000, 0)
        assert_sound(here)
