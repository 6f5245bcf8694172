"""Pages of codes, certificates, rewards, activities, referrals, the coalition and wallets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from regulars.kernel import clock
from regulars.loyalty.actions import activities, coalition, gift_cards, points, rewards, series
from regulars.loyalty.actions import codes as codes_used
from regulars.loyalty.actions import referrals as referral_actions
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.members import enrol
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.models.rewards import Draw
from regulars.loyalty.point_records import Grant
from regulars.loyalty.queries import activities as activity_queries
from regulars.loyalty.queries import cards, members, referrals
from regulars.loyalty.queries import coalition as coalition_queries
from regulars.loyalty.queries import gift_cards as gift_queries
from regulars.loyalty.queries import rewards as reward_queries
from regulars.loyalty.queries import series as series_queries
from regulars.loyalty.reward_records import ReferralTermsRecord
from regulars.segments.tests.shop import member_of
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")


def client_of(here: Town, role: Role = Role.OWNER) -> Client:
    return member_of(here.bakery, role)


def url(name: str, *args: object) -> str:
    return reverse(f"loyalty:{name}", args=args)


def get(client: Client, name: str, /, *args: object, **query: str) -> str:
    told = client.get(url(name, *args), query)
    assert told.status_code == 200, (name, told.status_code)
    return told.content.decode()


def post(client: Client, name: str, /, *args: object, **said: Any) -> Any:
    told = client.post(url(name, *args), said)
    assert told.status_code == 302, (name, told.status_code, told.content[-4000:])
    return told


def test_empty_pages_say_what_to_do() -> None:
    here = town()
    client = client_of(here)
    for name, words in (
        ("codes", "No codes yet"), ("gift_cards", "No certificates yet"),
        ("rewards", "No rewards yet"), ("reward_orders", "Nothing is ordered"),
        ("activities", "No activities yet"), ("queue", "Nothing waits"),
        ("referrals", "Members cannot invite friends yet"), ("coalition", "No coalition yet"),
        ("wallet", "Apple: no certificate"),
    ):  # fmt: skip
        assert words in get(client, name), name
    for name in ("new_series", "new_gift_card", "new_reward", "new_activity", "new_partner",
                 "referral_terms"):  # fmt: skip
        get(client, name)


def test_a_series_is_made_filled_and_looked_into() -> None:
    here = town()
    client = client_of(here)
    post(client, "new_series", name="Spring", kind="shared", code="SPRING-26", period="all",
         uses_per_code="2", key="k")  # fmt: skip
    with scope(here.bakery.id):
        (one,) = series_queries.all_series(here.bakery.id)
    assert "SPRING-26" in get(client, "series", one.public_id)
    assert "Spring" in get(client, "codes")
    post(client, "add_code", one.public_id, code="SECOND-26")
    with scope(here.bakery.id):
        codes_used.reserve_codes(
            here.bakery.id, ["SPRING26"], "till-1", None, clock.now() + timedelta(hours=1)
        )
    told = get(client, "code", code="sprіng 26")
    assert "till-1" in told and "On hold" in told
    post(client, "block_code", code="SPRING26", do="block")
    post(client, "edit_series", one.public_id, name="Spring sale", uses_per_code="5")
    post(client, "block_series", one.public_id, do="block")
    with scope(here.bakery.id):
        kept = series_queries.series(here.bakery.id, one.public_id)
        assert (kept.name, kept.uses_per_code, kept.state) == ("Spring sale", 5, "blocked")
        assert series_queries.code(here.bakery.id, "SPRING26").state == "blocked"
    assert client.get(url("code"), {"code": "nothing"}).status_code == 302
    file = b"".join(client.get(url("export_codes", one.public_id)).streaming_content)
    assert b"SPRING-26,blocked,0,1,5" in file and file.count(b"\n") == 3


def test_a_pool_is_asked_for_and_a_file_taken() -> None:
    here = town()
    client = client_of(here)
    post(client, "new_series", name="Pool", kind="unique", period="all", key="k")
    with scope(here.bakery.id):
        (one,) = series_queries.all_series(here.bakery.id)
    post(client, "generate_codes", one.public_id, count="1000", key="g")
    post(client, "generate_codes", one.public_id, count="0", key="bad")
    post(
        client, "upload_codes", one.public_id, key="u", file=SimpleUploadedFile("c.csv", b"A1B2\n")
    )
    with scope(here.bakery.id):
        found = series_queries.batches(here.bakery.id, one.id)
        assert [(b.kind, b.asked, b.state) for b in found] == [
            ("uploaded", 0, "waiting"), ("generated", 1000, "waiting"),
        ]  # fmt: skip
    assert "1,000 codes to be generated" in get(client, "series", one.public_id)
    get(client, "code_rejects", one.public_id, found[0].public_id)


def test_wrong_forms_come_back_with_what_was_typed() -> None:
    here = town()
    client = client_of(here)
    told = client.post(url("new_series"), {"name": "Kept", "kind": "golden", "period": "all"})
    assert told.status_code == 422 and b"Kept" in told.content
    told = client.post(url("new_gift_card"), {"face": "-1"})
    assert told.status_code == 422
    told = client.post(
        url("new_activity"),
        {"name": "Q", "kind": "quiz", "points": "5", "currency": "points", "period": "all",
         "details": "No answers here"},
    )  # fmt: skip
    assert told.status_code == 422 and b"not complete" in told.content
    told = client.post(url("wallet"), {"colour": "#0b5d4e", "apple_certificate": "nothing"})
    assert told.status_code == 422 and b"not readable PEM" in told.content


def test_a_certificate_is_issued_and_blocked() -> None:
    here = town()
    client = client_of(here)
    for _ in range(2):
        post(client, "new_gift_card", face="500.50", note="for Mira", key="k")
    with scope(here.bakery.id):
        (one,) = gift_queries.gift_cards(here.bakery.id)
        assert one.face_minor == 50_050
    assert "for Mira" in get(client, "gift_card", one.public_id)
    assert one.shown in get(client, "gift_cards")
    post(client, "block_gift_card", one.public_id, do="block")
    with scope(here.bakery.id):
        assert gift_queries.gift_card(here.bakery.id, one.public_id).state == "blocked"


def member(here: Town) -> int:
    (found,) = enrol(here.bakery.id, [here.mira])
    points.grant(
        here.bakery.id,
        Grant(member_id=found, currency="points", points=100_000, key="start", kind="bonus"),
    )
    return found


def test_a_reward_goes_from_the_catalogue_to_its_owner() -> None:
    here = town()
    client = client_of(here)
    post(client, "new_reward", name="Cup", points="100", currency="points", stock="5", key="k")
    with scope(here.bakery.id):
        (one,) = reward_queries.rewards(here.bakery.id)
        order = rewards.order_reward(here.bakery.id, member(here), one.public_id, key="o")
    assert "Mira" in get(client, "reward_orders") and "Cup" in get(client, "rewards")
    post(client, "reward", one.public_id, name="Big cup", points="100", currency="points",
         stock="9", stock_before="5")  # fmt: skip
    post(client, "show_reward", one.public_id, do="hide")
    post(client, "move_order", order.public_id, state="ready")
    cashier = client_of(here, Role.CASHIER)
    post(cashier, "move_order", order.public_id, state="handed_over")
    with scope(here.bakery.id):
        kept = reward_queries.reward(here.bakery.id, one.public_id)
        assert (kept.name, kept.stock, kept.state) == ("Big cup", 8, "hidden")
        assert reward_queries.order(here.bakery.id, order.public_id).state == "handed_over"


def test_an_activity_is_opened_played_checked_and_drawn() -> None:
    here = town()
    client = client_of(here)
    post(client, "new_activity", name="Contest", kind="contest", points="7", currency="points",
         period="all", has_jury="on", key="k")  # fmt: skip
    with scope(here.bakery.id):
        (one,) = activity_queries.activities(here.bakery.id)
    post(client, "set_activity", one.public_id, state="open")
    with scope(here.bakery.id):
        mira = member(here)
        sent = activities.take_part(
            here.bakery.id, one.public_id, mira, {"text": "My tea"}, key="e"
        )
    assert "My tea" in get(client, "queue")
    post(client, "decide_entrance", sent.public_id, do="accept", points="9,5")
    with scope(here.bakery.id):
        kept = activity_queries.entrance(here.bakery.id, sent.public_id)
        assert (kept.state, kept.points) == ("accepted", 950)
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    post(client, "promise_draw", one.public_id, prizes="1", closes_on=day, key="d",
         public_source="Lottery")  # fmt: skip
    with scope(here.bakery.id):
        (draw,) = activity_queries.draws(here.bakery.id, one.id)
    shown = get(client, "activity", one.public_id)
    assert draw.seed_hash in shown and "Lottery" in shown
    post(client, "draw_lots", one.public_id, draw.public_id)
    with scope(here.bakery.id):
        assert activity_queries.draw(here.bakery.id, draw.public_id).state == "committed"
    get(client, "draw_tickets", one.public_id, draw.public_id)
    with scope(here.bakery.id):
        # The winner's entry went with the winner.
        Draw.objects.filter(id=draw.id).update(winners=["gone"], state="drawn")
    assert "gone" in get(client, "activity", one.public_id)
    assert client.get(url("entrance_photo", sent.public_id)).status_code == 404


def test_questions_and_prizes_are_read_from_lines() -> None:
    here = town()
    client = client_of(here)
    post(client, "new_activity", name="Quiz", kind="quiz", points="5", currency="points",
         period="day", key="q",
         details="Which tea? | green | *black\nWhere? | *Uji | Assam")  # fmt: skip
    post(client, "new_activity", name="Wheel", kind="game", points="0", currency="points",
         period="day", details="Ten | 10 | 3\nNothing | 0 | 7", key="w")  # fmt: skip
    post(client, "new_activity", name="Receipts", kind="receipts", points="1", currency="points",
         period="all", registers="123\n 456 ", auto_max="300", key="r")  # fmt: skip
    with scope(here.bakery.id):
        sent, wheel, quiz = activity_queries.activities(here.bakery.id)
        assert [q["right"] for q in quiz.settings["questions"]] == [1, 0]
        assert (sent.settings["registers"], sent.settings["auto_minor_max"]) == (
            ["123", "456"], 30_000,
        )  # fmt: skip
        assert wheel.settings["prizes"][0] == {"name": "Ten", "points": 1_000, "weight": 3}


def test_referrals_are_settled_and_stopped() -> None:
    here = town()
    client = client_of(here)
    post(client, "referral_terms", is_open="on", inviter="100", friend="50", currency="points",
         cheque="200", wait_days="14", invited_max="5", period="month")  # fmt: skip
    with scope(here.bakery.id):
        assert referrals.terms(here.bakery.id) == ReferralTermsRecord(
            True, "points", 10_000, 5_000, 20_000, 14, 5, "month"
        )
        code = referral_actions.invite_code(here.bakery.id, member(here))
        one = referral_actions.invite(here.bakery.id, code, here.oleg)
    assert "Oleg" in get(client, "referrals")
    post(client, "refuse_referral", one.public_id, reason="odd")
    assert "odd" in get(client, "referrals", state="refused")


def test_the_coalition_is_settled_and_closed() -> None:
    here = town()
    client = client_of(here)
    post(client, "new_partner", name="Café", cost="1.00", shops="cafe-1\ncafe-2")
    with scope(here.bakery.id):
        (period,) = coalition_queries.periods(here.bakery.id)
        one = coalition_queries.partners(here.bakery.id)[1]
    assert "Café" in get(client, "coalition")
    post(client, "partner", one.public_id, name="Café", cost="1.20", shops="cafe-1")
    assert client.get(url("settlement_file", period.public_id)).status_code == 200
    post(client, "close_period", period.public_id)
    with scope(here.bakery.id):
        assert [p.state for p in coalition_queries.periods(here.bakery.id)] == ["open", "closed"]
        assert coalition.lines_hash(here.bakery.id, period.id)
    get(client, "coalition", period=period.public_id)


def test_the_wallet_shows_no_key() -> None:
    from regulars.loyalty.tests.test_wallet import settings

    here = town()
    client = client_of(here)
    given = settings()
    told = {name: getattr(given, name) for name in given.__slots__}
    said = {name: value for name, value in told.items() if value is not None}
    post(client, "wallet", **said)
    page = get(client, "wallet")
    assert "Apple: ready" in page and "PRIVATE KEY" not in page
    with scope(here.bakery.id):
        assert cards.wallet(here.bakery.id).has_google


def test_a_card_is_issued_blocked_and_swapped_on_its_page() -> None:
    here = town()
    with scope(here.bakery.id):
        mira = members.by_id(here.bakery.id, member(here))
        assert mira is not None
    client = client_of(here, Role.CASHIER)
    owner = client_of(here)
    assert "No card yet" in get(owner, "member_cards", mira.public_id)
    for _ in range(2):
        post(client, "issue_card", mira.public_id, number="", key="k")
    post(client, "issue_card", mira.public_id, number="№", key="bad")
    with scope(here.bakery.id):
        (one,) = cards.cards_of_member(here.bakery.id, mira.id)
    post(client, "change_card", mira.public_id, one.public_id, do="block")
    post(client, "change_card", mira.public_id, one.public_id, do="unblock")
    post(client, "change_card", mira.public_id, one.public_id, do="swap", key="s")
    with scope(here.bakery.id):
        states = [c.state for c in cards.cards_of_member(here.bakery.id, mira.id)]
        assert states == ["active", "replaced"]
    get(owner, "member_cards", mira.public_id)
    stranger = member_of(here.other, Role.OWNER)
    assert stranger.get(url("member_cards", mira.public_id)).status_code == 404
    told = stranger.post(url("change_card", mira.public_id, one.public_id), {"do": "block"})
    assert told.status_code == 404


def test_who_may_only_look_changes_nothing_and_strangers_see_nothing() -> None:
    here = town()
    with scope(here.bakery.id):
        one = series.create_series(here.bakery.id, Terms(name="S"), kind="shared")
        gift = gift_cards.issue_gift_card(here.bakery.id, 1_000, key="g")
        reward = rewards.create_reward(
            here.bakery.id, RewardTerms(name="Cup", points=100, currency="points")
        )
        game = activities.create_activity(
            here.bakery.id, ActivityTerms(name="A", currency="points"), kind="contest"
        )
    viewer = client_of(here, Role.SUPPORT)
    assert viewer.get(url("codes")).status_code == 200
    assert viewer.get(url("new_series")).status_code == 403
    assert viewer.post(url("block_series", one.public_id), {"do": "block"}).status_code == 403
    assert viewer.get(url("export_codes", one.public_id)).status_code == 403
    assert viewer.get(url("wallet")).status_code == 403
    stranger = member_of(here.other, Role.OWNER)
    for name, public_id in (
        ("series", one.public_id), ("gift_card", gift.public_id), ("reward", reward.public_id),
        ("activity", game.public_id), ("export_codes", one.public_id),
    ):  # fmt: skip
        assert stranger.get(url(name, public_id)).status_code == 404, name
    assert Client().get(url("codes")).status_code == 302
    with scope(here.bakery.id):
        assert series_queries.series(here.bakery.id, one.public_id).state == "active"
