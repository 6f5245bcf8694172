"""Activities in the account: each kind is taken part in, once for each form, within its limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from regulars.kernel import clock
from regulars.loyalty.actions import activities, members, points, rewards, series
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.point_records import Grant
from regulars.loyalty.queries import activities as queries
from regulars.portal.actions import limits
from regulars.portal.tests.test_standing import SETTINGS
from regulars.portal.tests.visits import Browser, leads_to, open_town
from regulars.store.scope import scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("as_engine")
QUIZ = {
    "questions": [
        {"text": "Which rises?", "options": ["Bread", "Stone"], "right": 0},
        {"text": "Which is sour?", "options": ["Sugar", "Rye"], "right": 1},
    ],
    "pass": 2,
}
RECEIPT = "t={t}&s=565.00&fn=9284000100250000&i={i}&fp=2547369411&n=1"


@pytest.fixture
def town(as_engine: None) -> Town:
    made = open_town()
    for shop in (made.bakery, made.other):
        with scope(shop.id):
            programmes.save_settings(shop.id, SETTINGS, actor="test")
            programmes.set_open(shop.id, True, actor="test")
    return made


def begin(town: Town, kind: str, *, is_open: bool = True, **more: Any) -> str:
    terms = {"name": f"The {kind}", "currency": "points", "points": 500, **more}
    with scope(town.bakery.id):
        made = activities.create_activity(town.bakery.id, ActivityTerms(**terms), kind=kind)
        if is_open:
            activities.set_activity(town.bakery.id, made.public_id, "open")
    return made.public_id


def entries(town: Town, public_id: str) -> list[Any]:
    with scope(town.bakery.id):
        one = queries.activity(town.bakery.id, public_id)
        return queries.entrances_of(town.bakery.id, one.id)


def mira(town: Town) -> Browser:
    return Browser(town.bakery).come_in(town.mira)


def test_a_quiz_is_answered_once_and_its_result_is_shown(town: Town) -> None:
    one = begin(town, "quiz", settings=QUIZ, per_member_max=1)
    browser = mira(town)
    page = browser.text(f"play/{one}")
    assert "Which rises?" in page
    assert "+5 points for 2 right answers out of 2" in page
    assert "You may take part 1 more time." in page
    assert "right" not in page.partition("<form method")[2].partition("</form>")[0]

    form = {"answer-0": "0", "answer-1": "1", "key": "k"}
    for _ in range(2):
        answer = browser.post(f"play/{one}", **form)
        assert answer["Location"] == f"{browser.address(f'play/{one}')}?told=entered"
    page = browser.text(f"play/{one}?told=entered")

    assert len(entries(town, one)) == 1
    assert "2 right out of 2" in page
    assert "+5<" in page
    assert "Send my answers" not in page
    assert "To spend: 5" in browser.text("points")


def test_a_missing_answer_is_said_and_what_was_chosen_stays(town: Town) -> None:
    one = begin(town, "quiz", settings=QUIZ)

    answer = mira(town).post(f"play/{one}", **{"answer-1": "1"}, key="k")

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Answer every question" in page
    assert 'name="answer-1" value="1" required checked' in page
    assert entries(town, one) == []


def test_a_code_under_the_lid_is_taken_once_by_whoever_comes_first(town: Town) -> None:
    with scope(town.bakery.id):
        lids = series.create_series(town.bakery.id, Terms(name="Lids"), kind="unique", slug="lids")
        series.add_code(town.bakery.id, lids.public_id, "LID-777")
    one = begin(town, "lid", settings={"series": "lids"})
    oleg = Browser(town.bakery).come_in(town.oleg)

    assert mira(town).post(f"play/{one}", code=" lid 777", key="k").status_code == 303
    late, unknown = (
        oleg.post(f"play/{one}", code=code, key=code) for code in ("LID777", "NOTHING1")
    )

    assert (late.status_code, "came in before" in late.content.decode()) == (422, True)
    assert (unknown.status_code, "no such code here" in unknown.content.decode()) == (422, True)
    assert 'value="NOTHING1"' in unknown.content.decode()
    assert len(entries(town, one)) == 1


def test_a_receipt_is_taken_by_the_text_of_its_code(town: Town) -> None:
    one = begin(town, "receipts", points=0, settings={
        "points_per_100": 10, "registers": ["9284000100250000"]})  # fmt: skip
    browser = mira(town)
    assert "+10 points for every" in browser.text(f"play/{one}").replace("\u00a0", " ")
    text = RECEIPT.format(t=f"{clock.now():%Y%m%dT%H%M}", i=131)

    assert browser.post(f"play/{one}", qr=text, key="k").status_code == 303
    again = Browser(town.bakery).come_in(town.oleg).post(f"play/{one}", qr=text, key="o")
    nonsense = browser.post(f"play/{one}", qr="<script>alert(1)</script>", key="n")

    assert "receipt came in before" in again.content.decode()
    assert (nonsense.status_code, "Copy it whole" in nonsense.content.decode()) == (422, True)
    assert "&lt;script&gt;alert" in nonsense.content.decode()
    page = browser.text(f"play/{one}")
    assert "A receipt for" in page
    assert "+56.50" in page


def test_a_contest_waits_for_its_jury_and_the_reason_is_told(town: Town) -> None:
    one = begin(town, "contest", settings={"jury": True})
    browser = mira(town)
    browser.post(f"play/{one}", text="My best loaf", key="k")
    assert "A person looks at it" in browser.text(f"play/{one}")
    (entry,) = entries(town, one)
    with scope(town.bakery.id):
        activities.decide(
            town.bakery.id, entry.public_id, is_accepted=False, reason="No picture", actor="anna"
        )

    page = browser.text(f"play/{one}")

    assert ("Was not accepted" in page, "No picture" in page, "anna" in page) == (
        True, True, False,
    )  # fmt: skip
    other = Browser(town.bakery).come_in(town.oleg).text(f"play/{one}")
    assert "My best loaf" not in other
    assert "No picture" not in other


def test_a_wheel_is_turned_and_its_limit_is_for_a_day(town: Town) -> None:
    wheel = {"prizes": [{"name": "Ten crumbs", "points": 1_000, "weight": 1}]}
    one = begin(town, "game", settings=wheel, per_member_max=1, period="day", points=0)
    browser = mira(town)
    assert "1 more time today" in browser.text(f"play/{one}")

    browser.post(f"play/{one}", key="a")
    refused = browser.post(f"play/{one}", key="b")

    assert "as often as one may" in refused.content.decode()
    assert "Ten crumbs" in browser.text(f"play/{one}")
    assert len(entries(town, one)) == 1
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        assert browser.post(f"play/{one}", key="c").status_code == 303


def test_the_list_says_what_is_open_what_was_had_and_what_is_over(town: Town) -> None:
    begin(town, "contest", name="Open one")
    begin(town, "contest", name="Secret one", is_open=False)
    begin(town, "contest", name="Coming one", starts_at=clock.now() + timedelta(days=3))
    had = begin(town, "contest", name="Had one", per_member_max=1)
    over = begin(town, "contest", name="Over one")
    browser = mira(town)
    for one in (had, over):
        assert browser.post(f"play/{one}", key=one).status_code == 303
    with scope(town.bakery.id):
        activities.set_activity(town.bakery.id, over, "closed")

    page = browser.text("play")

    assert [name in page for name in ("Open one", "Coming one", "Had one", "Over one")] == [
        True, True, True, True,
    ]  # fmt: skip
    assert "Secret one" not in page
    assert page.index("What is over") < page.index("Over one")
    assert "Over one" not in Browser(town.bakery).come_in(town.oleg).text("play")
    assert "3 things to take part in" in browser.text()


def test_drafts_and_those_of_other_shops_are_not_there(town: Town) -> None:
    draft, shown = begin(town, "contest", is_open=False), begin(town, "contest")
    for browser, one in (
        (mira(town), draft),
        (mira(town), "x" * 22),
        (Browser(town.other).come_in(town.zoe), shown),
    ):
        assert browser.get(f"play/{one}").status_code == 404
        assert browser.post(f"play/{one}", text="x", key="k").status_code == 404
    nobody = Browser(town.bakery)
    assert leads_to(nobody.get(f"play/{shown}"), nobody, "sign-in")
    assert leads_to(nobody.post(f"play/{shown}", key="k"), nobody, "sign-in")
    assert mira(town).post(f"play/{shown}", "https://evil.example", key="k").status_code == 403
    assert entries(town, shown) == []


def test_a_draw_tells_its_tickets_and_only_its_own_winners(town: Town) -> None:
    one = begin(town, "contest", points=0)
    browser, oleg = mira(town), Browser(town.bakery).come_in(town.oleg)
    for key in ("a", "b"):
        browser.post(f"play/{one}", key=key)
    closes = clock.now() + timedelta(hours=1)
    with scope(town.bakery.id):
        draw = activities.commit_draw(town.bakery.id, one, prizes=2, closes_at=closes, key="d")
    page = browser.text(f"play/{one}")
    assert ("You have 2 tickets." in page, draw.seed_hash in page) == (True, True)
    assert "You have 0 tickets." in oleg.text(f"play/{one}")
    with time_machine.travel(closes + timedelta(minutes=1), tick=False):
        with scope(town.bakery.id):
            drawn = activities.draw_lots(town.bakery.id, draw.public_id)
        won, other = browser.text(f"play/{one}"), oleg.text(f"play/{one}")

    assert "Your ticket won" in won
    assert "Your ticket won" not in other
    for page in (won, other):
        assert (drawn.seed in page, drawn.tickets_hash in page) == (True, True)
        assert "Mira" not in page.partition("</header>")[2]


@time_machine.travel("2026-11-22T10:00:30Z", tick=False)
def test_codes_are_not_tried_without_end(town: Town) -> None:
    from regulars.customers import queries as customers

    one = begin(town, "contest")
    with scope(town.bakery.id):
        public_id = customers.profiles(town.bakery.id, [town.mira])[town.mira].public_id
        for _ in range(limits.ENTERED.times_max):
            limits.take(town.bakery.id, limits.ENTERED, public_id)

    assert "too often" in mira(town).post(f"play/{one}", key="k").content.decode()
    assert entries(town, one) == []


def test_a_closed_programme_lets_nobody_take_part(town: Town) -> None:
    one = begin(town, "contest")
    with scope(town.bakery.id):
        programmes.set_open(town.bakery.id, False, actor="test")

    for page in ("play", f"play/{one}"):
        assert "gives no points for now" in mira(town).text(page)
    mira(town).post(f"play/{one}", key="k")
    assert entries(town, one) == []


def test_prizes_say_how_far_they_are_and_what_is_gone(town: Town) -> None:
    with scope(town.bakery.id):
        (member_id,) = members.enrol(town.bakery.id, [town.mira])
        points.grant(town.bakery.id, Grant(member_id, "points", 10_000, "a"))
        for name, cost, stock in (("Mug", 6_000, 2), ("Oven", 12_000, None), ("Cake", 5_000, 0)):
            made = rewards.create_reward(
                town.bakery.id,
                RewardTerms(name=name, currency="points", points=cost, stock=stock),
            )
            rewards.show_reward(town.bakery.id, made.public_id, is_shown=True)

    page = mira(town).text("prizes")

    assert page.index("Mug") < page.index("Oven") < page.index("Cake")
    assert ("2 left" in page, "20 points to go" in page, "All taken" in page) == (True, True, True)
    assert page.count("Yes, order it") == 1
    assert "60 points are taken at once." in page


def test_points_of_an_activity_are_told_with_its_name(town: Town) -> None:
    one = begin(town, "contest", name="Loaf of the week")
    browser = mira(town)
    browser.post(f"play/{one}", key="k")

    page = browser.text("points")

    assert ("For taking part" in page, "Loaf of the week" in page) == (True, True)
