"""A certificate whose day passes while a till holds its money."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from regulars.kernel import clock
from regulars.loyalty.actions import gift_cards
from regulars.loyalty.queries import gift_cards as queries
from regulars.loyalty.tests.counter import Shop, at, cart, shop
from regulars.store.scope import cursor, scope

FACE = 5_000
HOUR = timedelta(hours=1)


@pytest.fixture
def tea(db: None) -> Shop:
    return shop({"returns": {"release_grace_hours": 3}})


def held_past_its_day(place: Shop) -> str:
    """A purchase that holds the whole certificate, whose day passed a moment ago."""
    place.gift_card("GIFT-2345", FACE)
    asked = cart(gift_cards=[{"code": "GIFT-2345"}])
    status, told = place.call("hold", asked)
    assert (status, told["summary"]["gift_paid"]) == (200, FACE)
    with scope(place.workspace.id):
        cursor().execute(
            "UPDATE loyalty_giftcard SET ends_at = now() - interval '1 second'"
            " WHERE workspace_id = %s",
            [place.workspace.id],
        )
        gift_cards.end_gift_cards(place.workspace.id, clock.now())
    return str(asked["purchase_id"])


def confirm(place: Shop, purchase_id: str) -> dict[str, Any]:
    status, told = place.call("confirm", {"purchase_id": purchase_id, "occurred_at": at()})
    assert status == 200, told
    return told


def kept(place: Shop) -> tuple[int, int, datetime | None]:
    """What the certificate has, what is held of it, and its day."""
    with scope(place.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT available_minor, held_minor, ends_at FROM loyalty_giftcard"
            " WHERE workspace_id = %s",
            [place.workspace.id],
        )
        ((available, held, ends_at),) = raw.fetchall()
        assert queries.gift_faults(place.workspace.id) == []
        return available, held, ends_at


def test_a_hold_let_go_gives_the_money_the_programmes_grace(tea: Shop) -> None:
    name = held_past_its_day(tea)

    assert tea.call("cancel", {"purchase_id": name})[0] == 200

    available, held, ends_at = kept(tea)
    assert (available, held) == (FACE, 0) and ends_at is not None
    assert clock.now() + 2 * HOUR < ends_at < clock.now() + 4 * HOUR


def test_a_late_confirmation_takes_what_is_still_kept_whatever_the_day(tea: Shop) -> None:
    name = held_past_its_day(tea)
    tea.let_pass(name)

    sold = confirm(tea, name)

    assert (sold["flags"], sold["summary"]["gift_paid"]) == (["late"], FACE)
    assert kept(tea)[:2] == (0, 0)


def test_a_late_confirmation_within_the_grace_takes_it_anew(tea: Shop) -> None:
    name = held_past_its_day(tea)
    tea.let_pass(name)
    assert tea.expire(name)

    sold = confirm(tea, name)

    assert (sold["flags"], sold["summary"]["gift_paid"]) == (["late"], FACE)
    assert kept(tea)[:2] == (0, 0)


def test_a_confirmation_in_time_takes_it_though_the_day_has_passed(tea: Shop) -> None:
    name = held_past_its_day(tea)

    sold = confirm(tea, name)

    assert (sold["flags"], sold["summary"]["gift_paid"]) == ([], FACE)
    assert kept(tea)[:2] == (0, 0)
