"""Cards against the database: issuing, blocking, swapping, codes, the holder's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.card_records import CardRecord
from regulars.loyalty.models.cards import Card
from regulars.loyalty.models.members import Member
from regulars.loyalty.pure import cards as pure
from regulars.loyalty.queries import cards as queries
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")


def enrolled(here: Town) -> int:
    return Member.objects.create(
        workspace_id=here.bakery.id,
        public_id=ids.new_public_id(),
        customer_id=here.mira,
        joined_at=clock.now(),
    ).id


def issued(here: Town, key: str = "one", **more: str) -> CardRecord:
    return actions.issue_card(here.bakery.id, enrolled(here), key=key, **more)


def path_of(here: Town, one: CardRecord, more: str = "") -> str:
    url = queries.page_url(here.bakery, one.public_id)
    return "/loyalty/card/" + url.rsplit("/", 1)[-1] + more


def test_a_card_has_a_number_with_a_check_digit_and_is_found_by_it() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)

        assert pure.has_check_digit(one.number) and len(one.number) == 16
        assert queries.card_of_number(here.bakery.id, pure.spaced(one.number)) == one
        wrong = one.number[:-1] + str((int(one.number[-1]) + 1) % 10)
        with pytest.raises(Refused) as told:
            queries.card_of_number(here.bakery.id, wrong)
        assert told.value.code == "card_mistyped"
        assert queries.card_of_number(here.bakery.id, "12345") is None
        raw = cursor()
        raw.execute(
            "SELECT customer_id, props ->> 'card' FROM events_event WHERE workspace_id = %s"
            " AND kind = 'card.issued'",
            [here.bakery.id],
        )
        assert raw.fetchall() == [(here.mira, one.public_id)]


def test_the_same_key_issues_one_card() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)
        assert actions.issue_card(here.bakery.id, one.member_id, key="one") == one
        with pytest.raises(Conflict):
            actions.issue_card(here.bakery.id, one.member_id + 1, key="one")
        assert Card.objects.filter(workspace_id=here.bakery.id).count() == 1


def test_a_printed_number_belongs_to_one_card() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here, number="4006381333931")
        with pytest.raises(Conflict) as told:
            actions.issue_card(here.bakery.id, one.member_id, key="two", number="4006 3813 3393 1")
        assert told.value.code == "card_taken"
        with pytest.raises(Invalid):
            actions.issue_card(here.bakery.id, one.member_id, key="three", number="№1")
    with scope(here.other.id):
        assert queries.card_of_number(here.other.id, "4006381333931") is None
        with pytest.raises(NotFound):
            queries.card(here.other.id, one.public_id)


def test_a_blocked_card_is_told_and_may_be_unblocked() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)
        actions.block_card(here.bakery.id, one.public_id, reason="lost")
        with pytest.raises(Refused) as told:
            queries.card_of_number(here.bakery.id, one.number)
        assert told.value.code == "card_blocked"
        actions.unblock_card(here.bakery.id, one.public_id)
        assert queries.card_of_number(here.bakery.id, one.number) is not None


def test_a_swapped_card_gives_way_to_the_new_one() -> None:
    here = town()
    with scope(here.bakery.id):
        old = issued(here)
        new = actions.swap_card(here.bakery.id, old.public_id, key="swap")

        assert actions.swap_card(here.bakery.id, old.public_id, key="swap") == new
        with pytest.raises(Refused):
            actions.swap_card(here.bakery.id, old.public_id, key="again")
        assert new.member_id == old.member_id and new.number != old.number
        with pytest.raises(Refused) as told:
            queries.card_of_number(here.bakery.id, old.number)
        assert told.value.code == "card_replaced"
        actions.unblock_card(here.bakery.id, old.public_id)
        assert queries.card(here.bakery.id, old.public_id).state == "replaced"
        assert queries.card(here.bakery.id, old.public_id).replaced_by_id == new.id
        assert queries.active_card(here.bakery.id, old.member_id) == new


def test_a_changing_code_names_its_card_until_its_time_is_over() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)
        now = clock.now()
        text = queries.qr_text(here.bakery.id, one.id, now)

        assert queries.card_of_qr(here.bakery.id, text, now) == one
        assert queries.card_of_qr(here.bakery.id, "hello", now) is None
        with pytest.raises(Refused) as told:
            queries.card_of_qr(here.bakery.id, text, now + timedelta(minutes=2))
        assert told.value.code == "qr_expired"
        with pytest.raises(Refused) as told:
            queries.card_of_qr(here.bakery.id, text[:-1] + "!", now)
        assert told.value.code == "qr_forged"
        actions.block_card(here.bakery.id, one.public_id, reason="")
        with pytest.raises(Refused) as told:
            queries.card_of_qr(here.bakery.id, text, now)
        assert told.value.code == "card_blocked"
    with scope(here.other.id):
        assert queries.card_of_qr(here.other.id, text, now) is None


def test_the_holder_sees_the_card_without_signing_in() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)

    told = Client().get(path_of(here, one))

    assert told.status_code == 200
    text = told.content.decode()
    assert pure.spaced(one.number) in text and "Mira" in text
    assert told["Cache-Control"] == "no-store, private"
    assert "mira@example.com" not in text and "380671234567" not in text


def test_the_page_changes_its_code_with_the_time() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)
    with time_machine.travel(clock.now(), tick=False) as now:
        first = _squares(here, one)
        assert _squares(here, one) == first
        now.shift(timedelta(seconds=30))
        assert _squares(here, one) != first


def _squares(here: Town, one: CardRecord) -> str:
    """The dark modules of the changing code on the page."""
    text = Client().get(path_of(here, one)).content.decode()
    return text.split('<path d="M4 4')[1].split('"')[0]


def test_a_blocked_card_shows_no_codes() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)
        actions.block_card(here.bakery.id, one.public_id, reason="lost")

    text = Client().get(path_of(here, one)).content.decode()

    assert "no longer used" in text and "code-qr" not in text
    assert pure.spaced(one.number) not in text


@pytest.mark.parametrize("broken", ["nothing", "1.x.y", "7", "999999.abc.def"])
def test_a_broken_link_leads_nowhere(broken: str) -> None:
    assert Client().get(f"/loyalty/card/{broken}").status_code == 404


def test_a_link_cannot_be_turned_to_another_card() -> None:
    here = town()
    with scope(here.bakery.id):
        one = issued(here)
        two = actions.issue_card(here.bakery.id, one.member_id, key="two")
    turned = path_of(here, one).replace(one.public_id, two.public_id)

    assert Client().get(turned).status_code == 404
    assert Client().get(path_of(here, one, "/apple")).status_code == 404
