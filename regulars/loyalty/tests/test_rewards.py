"""Rewards, activities, draws and referrals against the database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events.records import Event
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused, RegularsError
from regulars.loyalty import reward_tasks
from regulars.loyalty.actions import activities, points, referrals, rewards, series
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.members import enrol
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.erasure import TRACES
from regulars.loyalty.models.members import Member
from regulars.loyalty.models.rewards import Entrance, Referral, RewardOrder
from regulars.loyalty.point_records import Grant, PointsInsufficient
from regulars.loyalty.pure import draws
from regulars.loyalty.pure.programme import Holding
from regulars.loyalty.queries import activities as activity_queries
from regulars.loyalty.queries import balances
from regulars.loyalty.queries import referrals as referral_queries
from regulars.loyalty.queries import rewards as reward_queries
from regulars.loyalty.reward_records import LimitReached, ReferralTermsRecord, RewardGone
from regulars.store.persons import Fate
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")
RUSSIAN = "t={t}&s=565.00&fn=9284000100250000&i={i}&fp=2547369411&n=1"
OURS = {"registers": ["9284000100250000"]}


def members(here: Town) -> tuple[int, int]:
    mira, oleg = enrol(here.bakery.id, [here.mira, here.oleg])
    return mira, oleg


def give(here: Town, member: int, amount: int, key: str = "start") -> None:
    points.grant(
        here.bakery.id,
        Grant(member_id=member, currency="points", points=amount, key=key, kind="bonus"),
    )


def has(here: Town, member: int) -> tuple[int, int]:
    found = balances.balances(here.bakery.id, [member])[member].get("points")
    return (found.available, found.reserved) if found else (0, 0)


def cup(here: Town, **more: Any) -> str:
    terms = RewardTerms(**{"name": "Cup", "points": 10_000, "currency": "points", **more})
    return rewards.create_reward(here.bakery.id, terms).public_id


def kinds(here: Town, kind: str) -> int:
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM events_event WHERE workspace_id = %s AND kind = %s",
        [here.bakery.id, kind],
    )
    row = raw.fetchone()
    return 0 if row is None else int(row[0])


def test_a_reward_is_ordered_made_ready_and_handed_over() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        give(here, mira, 25_000)
        one = cup(here, stock=3)

        order = rewards.order_reward(here.bakery.id, mira, one, key="k", quantity=2)

        assert rewards.order_reward(here.bakery.id, mira, one, key="k", quantity=2) == order
        assert (order.state, order.points) == ("ordered", 20_000)
        assert has(here, mira) == (5_000, 20_000)
        assert reward_queries.reward(here.bakery.id, one).stock == 1
        rewards.move_order(here.bakery.id, order.public_id, "ready")
        done = rewards.move_order(here.bakery.id, order.public_id, "handed_over", actor="anna")
        assert rewards.move_order(here.bakery.id, order.public_id, "handed_over") == done
        assert has(here, mira) == (5_000, 0)
        with pytest.raises(Conflict) as told:
            rewards.move_order(here.bakery.id, order.public_id, "cancelled")
        assert told.value.code == "reward_order_step"
        assert has(here, mira) == (5_000, 0)
        assert kinds(here, "reward.ordered") == 1


def test_a_cancelled_order_gives_points_and_stock_back_once() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        give(here, mira, 10_000)
        one = cup(here, stock=1)
        order = rewards.order_reward(here.bakery.id, mira, one, key="k")
        for _ in range(2):
            rewards.move_order(here.bakery.id, order.public_id, "cancelled", reason="broken")

        assert has(here, mira) == (10_000, 0)
        assert reward_queries.reward(here.bakery.id, one).stock == 1
        with pytest.raises(Conflict):
            rewards.move_order(here.bakery.id, order.public_id, "ready")


def test_what_cannot_be_ordered_leaves_everything_as_it_was() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        give(here, mira, 15_000)
        one = cup(here, stock=5, per_member_max=1)
        hidden = cup(here, name="Hidden")
        rewards.show_reward(here.bakery.id, hidden, is_shown=False)
        later = cup(here, name="Later", starts_at=clock.now() + timedelta(days=1))
    for act, fault in (
        (
            lambda: rewards.order_reward(here.bakery.id, mira, one, key="a", quantity=2),
            LimitReached,
        ),
        (lambda: rewards.order_reward(here.bakery.id, mira, hidden, key="b"), Refused),
        (lambda: rewards.order_reward(here.bakery.id, mira, later, key="c"), Refused),
        (lambda: rewards.order_reward(here.bakery.id, mira, "unknown", key="d"), NotFound),
    ):
        with pytest.raises(fault), scope(here.bakery.id):
            act()
    with pytest.raises(PointsInsufficient), scope(here.bakery.id):
        rewards.order_reward(
            here.bakery.id, mira, cup(here, name="Pot", points=15_001, stock=1), key="e"
        )
    with scope(here.bakery.id):
        assert has(here, mira) == (15_000, 0)
        assert reward_queries.reward(here.bakery.id, one).stock == 5
        assert not RewardOrder.objects.filter(workspace_id=here.bakery.id).exists()
    with scope(here.other.id), pytest.raises(NotFound):
        rewards.order_reward(here.other.id, mira, one, key="f")


def test_a_code_is_handed_over_at_once() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        give(here, mira, 10_000)
        series.create_series(
            here.bakery.id, Terms(name="Coupons", promotion_slug="tenth"), kind="personal"
        )
        one = cup(here, promotion_slug="tenth")

        order = rewards.order_reward(here.bakery.id, mira, one, key="k")

        assert order.state == "handed_over" and len(order.code) == 15
        assert has(here, mira) == (0, 0)


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


def test_the_last_one_on_the_shelf_goes_to_one() -> None:
    here = town()
    with scope(here.bakery.id):
        both = members(here)
        for member in both:
            give(here, member, 100_000, f"start {member}")
        one = cup(here, stock=3)

    told = _race(
        here, 8, lambda n: rewards.order_reward(here.bakery.id, both[n % 2], one, key=f"k{n}")
    )

    assert told == [""] * 3 + ["reward_out"] * 5
    with scope(here.bakery.id):
        assert reward_queries.reward(here.bakery.id, one).stock == 0
        assert sum(has(here, member)[1] for member in both) == 30_000
    assert issubclass(RewardGone, Refused)


def test_editing_does_not_undo_what_was_taken_meanwhile() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        give(here, mira, 10_000)
        one = cup(here, stock=5)
        rewards.order_reward(here.bakery.id, mira, one, key="k")

        terms = RewardTerms(name="Cup", points=10_000, currency="points", stock=8)
        changed = rewards.change_reward(here.bakery.id, one, terms, stock_before=5)

        assert changed.stock == 7


def activity(here: Town, kind: str, **more: Any) -> str:
    made = activities.create_activity(
        here.bakery.id,
        ActivityTerms(**{"name": kind, "currency": "points", "points": 500, **more}),
        kind=kind,
    )
    activities.set_activity(here.bakery.id, made.public_id, "open")
    return made.public_id


def test_a_receipt_is_taken_once_in_the_workspace() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = members(here)
        one = activity(here, "receipts", settings={**OURS, "points_per_100": 10})
        text = RUSSIAN.format(t=clock.now().strftime("%Y%m%dT%H%M"), i=1)

        first = activities.take_part(here.bakery.id, one, mira, {"qr": text}, key="a")
        assert activities.take_part(here.bakery.id, one, mira, {"qr": text}, key="a") == first
        for member, key in ((mira, "b"), (oleg, "c")):
            with pytest.raises(Conflict) as told:
                activities.take_part(
                    here.bakery.id, one, member, {"qr": text.replace("565", "1")}, key=key
                )
            assert told.value.code == "receipt_taken"

        assert (first.state, first.points) == ("accepted", 500 + 5_650)
        assert has(here, mira) == (6_150, 0) and has(here, oleg) == (0, 0)
        assert kinds(here, "receipt.registered") == 1


def test_a_photo_waits_for_a_person() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        one = activity(here, "receipts", per_member_max=1)
        sent = activities.take_part(here.bakery.id, one, mira, {"photo": "x.jpg"}, key="a")
        assert sent.state == "waiting" and has(here, mira) == (0, 0)
        assert [e.public_id for e in activity_queries.waiting(here.bakery.id)] == [sent.public_id]
        with pytest.raises(LimitReached):
            activities.take_part(here.bakery.id, one, mira, {"photo": "y.jpg"}, key="b")

        activities.decide(here.bakery.id, sent.public_id, is_accepted=False, reason="blurred")
        again = activities.take_part(here.bakery.id, one, mira, {"photo": "y.jpg"}, key="b")
        for _ in range(2):
            activities.decide(
                here.bakery.id, again.public_id, is_accepted=True, points_given=700, actor="anna"
            )

        assert has(here, mira) == (700, 0)
        with pytest.raises(Conflict):
            activities.decide(here.bakery.id, again.public_id, is_accepted=False)
        assert activity_queries.waiting(here.bakery.id) == []


def test_one_person_gives_no_more_than_one_person_may() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, _ = members(here)
        one = activity(here, "receipts")
        sent = activities.take_part(here.bakery.id, one, mira, {"photo": "x.jpg"}, key="a")
        most = 500 + Holding().approval_points

        with pytest.raises(Refused) as told:
            activities.decide(
                here.bakery.id, sent.public_id, is_accepted=True, points_given=most + 1
            )
        assert told.value.code == "entrance_points_limit" and has(here, mira) == (0, 0)
        activities.decide(here.bakery.id, sent.public_id, is_accepted=True, points_given=most)
        assert has(here, mira) == (most, 0)


def test_limits_count_what_was_had_before_cards_were_merged() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = members(here)
        give(here, mira, 20_000)
        give(here, oleg, 10_000, "oleg")
        one = cup(here, stock=5, per_member_max=1)
        rewards.order_reward(here.bakery.id, oleg, one, key="o")
        contest = activity(here, "contest", per_member_max=1)
        activities.take_part(here.bakery.id, contest, oleg, {"text": "a"}, key="a")
        Member.objects.filter(id=oleg).update(merged_into=mira)

        with pytest.raises(LimitReached):
            rewards.order_reward(here.bakery.id, mira, one, key="m")
        with pytest.raises(LimitReached):
            activities.take_part(here.bakery.id, contest, mira, {"text": "b"}, key="b")


def test_a_code_under_the_lid_is_used_once() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = members(here)
        lids = series.create_series(here.bakery.id, Terms(name="Lids"), kind="unique", slug="lids")
        series.add_code(here.bakery.id, lids.public_id, "LID-777")
        other = series.create_series(here.bakery.id, Terms(name="Other"), kind="unique")
        series.add_code(here.bakery.id, other.public_id, "NOT-LID")
        one = activity(here, "lid", settings={"series": "lids"})

        activities.take_part(here.bakery.id, one, mira, {"code": "lid 777"}, key="a")
        for text, key in (("LID777", "b"), ("NOTLID", "c"), ("NOTHING1", "d")):
            with pytest.raises(RegularsError):
                activities.take_part(here.bakery.id, one, oleg, {"code": text}, key=key)

        assert has(here, mira) == (500, 0) and has(here, oleg) == (0, 0)
        assert Entrance.objects.filter(workspace_id=here.bakery.id).count() == 1


def test_an_activity_keeps_its_limits_and_its_days() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = members(here)
        one = activity(here, "contest", per_member_max=1, total_max=2, period="day")
        activities.take_part(here.bakery.id, one, mira, {"text": "a"}, key="a")
        with pytest.raises(LimitReached) as told:
            activities.take_part(here.bakery.id, one, mira, {"text": "b"}, key="b")
        assert told.value.code == "activity_member_limit"
        activities.take_part(here.bakery.id, one, oleg, {"text": "c"}, key="c")
        with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
            activities.take_part(here.bakery.id, one, mira, {"text": "d"}, key="d")
        with pytest.raises(Conflict):
            activities.take_part(here.bakery.id, one, mira, {"text": "other"}, key="a")
        activities.set_activity(here.bakery.id, one, "closed")
        with pytest.raises(Refused):
            activities.take_part(here.bakery.id, one, oleg, {"text": "e"}, key="e")
        assert has(here, mira) == (1_000, 0)


def test_the_same_receipt_from_many_phones_counts_once() -> None:
    here = town()
    with scope(here.bakery.id):
        both = members(here)
        one = activity(here, "receipts", settings=OURS)
        text = RUSSIAN.format(t=clock.now().strftime("%Y%m%dT%H%M"), i=2)

    told = _race(
        here, 8,
        lambda n: activities.take_part(
            here.bakery.id, one, both[n % 2], {"qr": text}, key=f"k{n}"
        ),
    )  # fmt: skip

    assert told == [""] + ["receipt_taken"] * 7
    with scope(here.bakery.id):
        assert sum(has(here, member)[0] for member in both) == 500


def test_a_draw_shows_its_seed_only_afterwards_and_can_be_repeated() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = members(here)
        one = activity(here, "contest", points=0)
        for number in range(5):
            who = oleg if number == 4 else mira
            activities.take_part(here.bakery.id, one, who, {"text": "x"}, key=f"k{number}")
        closes = clock.now() + timedelta(hours=1)
        promised = activities.commit_draw(
            here.bakery.id, one, prizes=2, closes_at=closes, key="draw"
        )
        assert (promised.seed, promised.state) == ("", "committed")
        with pytest.raises(Refused) as told:
            activities.draw_lots(here.bakery.id, promised.public_id)
        assert told.value.code == "draw_early"
        with time_machine.travel(closes + timedelta(minutes=1), tick=False):
            late = activities.take_part(here.bakery.id, one, oleg, {"text": "late"}, key="late")
            drawn = activities.draw_lots(here.bakery.id, promised.public_id)
            assert activities.draw_lots(here.bakery.id, promised.public_id) == drawn

        tickets = activity_queries.tickets(here.bakery.id, drawn)
        assert draws.seed_hash(drawn.seed) == promised.seed_hash
        assert draws.list_hash(tickets) == drawn.tickets_hash and drawn.tickets == 5
        assert draws.winners(drawn.seed, tickets, 2) == drawn.winners
        assert len(drawn.winners) == 2 and late.public_id not in tickets
        assert len({tickets[ticket] for ticket in drawn.winners}) == 2


def test_a_promised_public_number_is_mixed_in() -> None:
    here = town()
    with scope(here.bakery.id):
        one = activity(here, "contest", points=0)
        for number, who in enumerate(members(here)):
            activities.take_part(here.bakery.id, one, who, {"text": "x"}, key=f"k{number}")
        closes = clock.now() + timedelta(hours=1)
        plain, mixed = (
            activities.commit_draw(
                here.bakery.id, one, prizes=1, closes_at=closes, key=f"d{name}", public_source=name
            ).public_id
            for name in ("", "Lottery of Friday")
        )
        with time_machine.travel(closes + timedelta(minutes=1), tick=False):
            for draw_id, number in ((plain, "7"), (mixed, "")):
                with pytest.raises(Invalid) as told:
                    activities.draw_lots(here.bakery.id, draw_id, public_number=number)
                assert told.value.code == "draw_number"
            drawn = activities.draw_lots(here.bakery.id, mixed, public_number=" 7 12 ")
            assert activities.draw_lots(here.bakery.id, mixed) == drawn
            with pytest.raises(Conflict):
                activities.draw_lots(here.bakery.id, mixed, public_number="8")

        tickets = activity_queries.tickets(here.bakery.id, drawn)
        assert drawn.public_number == "7 12"
        assert draws.winners(drawn.seed, tickets, 1, "7 12") == drawn.winners


def _forget(here: Town, customer_id: int) -> None:
    """Erase as the room's trace says, apart from the rest of an erasure."""
    trace = next(one for one in TRACES.rows if one.table == "loyalty_entrance")
    assert trace.fate is Fate.EMPTY
    cursor().execute(
        f"UPDATE loyalty_entrance SET {trace.sets}"
        f" WHERE workspace_id = %(workspace)s AND {trace.mine}",
        {"workspace": here.bakery.id, "ids": [customer_id]},
    )


def test_a_published_draw_is_provable_when_its_winner_is_erased() -> None:
    here = town()
    with scope(here.bakery.id):
        mira, oleg = members(here)
        one = activity(here, "contest", points=0)
        for number, who in enumerate((mira, oleg)):
            activities.take_part(here.bakery.id, one, who, {"text": "I, Mira"}, key=f"m{number}")
        closes = clock.now() + timedelta(hours=1)
        first, second = (
            activities.commit_draw(
                here.bakery.id, one, prizes=2, closes_at=closes + timedelta(hours=n), key=f"d{n}"
            )
            for n in range(2)
        )
        with connection.cursor() as raw:
            raw.execute(
                "UPDATE loyalty_draw SET closes_at = clock_timestamp() WHERE id = %s", [first.id]
            )
        drawn = activities.draw_lots(here.bakery.id, first.public_id)
        for _ in range(2):
            _forget(here, here.mira)

        tickets = activity_queries.tickets(here.bakery.id, drawn)
        assert draws.list_hash(tickets) == drawn.tickets_hash
        assert draws.winners(drawn.seed, tickets, 2) == drawn.winners
        # Nobody erased is drawn later on, and nothing of what was said is left.
        assert len(activity_queries.tickets(here.bakery.id, second)) == 1
        kept = activity_queries.entrances(here.bakery.id, drawn.winners)
        said = {one.member_id: (one.state, one.said) for one in kept.values()}
        assert said == {mira: ("forgotten", {}), oleg: ("accepted", {"text": "I, Mira"})}


def open_referrals(here: Town, **more: Any) -> None:
    referrals.save_terms(
        here.bakery.id,
        ReferralTermsRecord(
            **{
                "is_open": True, "currency": "points", "inviter_points": 10_000,
                "friend_points": 5_000, "cheque_minor_min": 20_000, "wait_days": 14, **more,
            }
        ),
    )  # fmt: skip


def invited(here: Town, **more: Any) -> tuple[int, Any]:
    mira, *_ = enrol(here.bakery.id, [here.mira])
    code = referrals.invite_code(here.bakery.id, mira)
    return mira, referrals.invite(here.bakery.id, code.lower(), here.oleg, **more)


def event(here: Town, kind: str, total: int = 50_000, purchase: str = "p1") -> Event:
    now = clock.now()
    props = {"purchase": purchase, "total": total}
    return Event(1, here.bakery.id, here.oleg, now, now, kind, "live", "till", 7, props)


def test_both_sides_get_their_points_after_the_wait() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here)
        mira, one = invited(here)
        assert one.state == "invited"
        assert referrals.invite_code(here.bakery.id, mira) == referral_queries.code_of(
            here.bakery.id, mira
        )
        bought = event(here, "purchase.confirmed")
        reward_tasks.take_purchases(here.bakery.id, [bought, bought])
        assert referrals.reward_due(here.bakery.id, clock.now() + timedelta(days=13)) == 0
        with time_machine.travel(clock.now() + timedelta(days=14, minutes=1), tick=False):
            assert referrals.reward_due(here.bakery.id, clock.now()) == 1
            assert referrals.reward_due(here.bakery.id, clock.now()) == 0

        (oleg,) = enrol(here.bakery.id, [here.oleg])
        assert has(here, mira) == (10_000, 0) and has(here, oleg) == (5_000, 0)
        assert kinds(here, "referral.completed") == 1
        figures = referral_queries.figures(here.bakery.id)
        assert (figures.by_state, figures.points) == ({"completed": 1}, 15_000)
        again = referrals.invite(
            here.bakery.id, referral_queries.code_of(here.bakery.id, mira), here.oleg
        )
        assert again.state == "completed"


def test_a_return_within_the_wait_gives_nothing() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here)
        mira, one = invited(here)
        reward_tasks.take_purchases(here.bakery.id, [event(here, "purchase.confirmed")])
        reward_tasks.take_purchases(
            here.bakery.id, [event(here, "purchase.returned", purchase="z")]
        )
        assert referral_queries.referral(here.bakery.id, one.public_id).state == "waiting"
        reward_tasks.take_purchases(here.bakery.id, [event(here, "purchase.returned")])

        kept = referral_queries.referral(here.bakery.id, one.public_id)
        assert (kept.state, kept.reasons) == ("refused", ("returned",))
        assert referrals.reward_due(here.bakery.id, clock.now() + timedelta(days=99)) == 0
        assert has(here, mira) == (0, 0)


def test_a_return_of_an_order_by_another_door_ends_the_wait_of_an_order() -> None:
    here = town()
    now = clock.now()

    def order(kind: str, subject: int) -> Event:
        props = {"number": str(subject), "total": 50_000}
        return Event(1, here.bakery.id, here.oleg, now, now, kind, "live", "", subject, props)

    with scope(here.bakery.id):
        open_referrals(here)
        _, one = invited(here)
        reward_tasks.take_purchases(here.bakery.id, [order("order.paid", 7)])
        reward_tasks.take_purchases(here.bakery.id, [order("order.cancelled", 8)])
        assert referral_queries.referral(here.bakery.id, one.public_id).state == "waiting"
        reward_tasks.take_purchases(here.bakery.id, [order("order.returned", 9)])
        assert referral_queries.referral(here.bakery.id, one.public_id).state == "refused"


def test_a_small_first_cheque_is_refused() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here)
        _, one = invited(here)
        reward_tasks.take_purchases(here.bakery.id, [event(here, "purchase.confirmed", 19_999)])

        kept = referral_queries.referral(here.bakery.id, one.public_id)
        assert (kept.state, kept.reasons, kept.amount_minor) == (
            "refused", ("cheque_small",), 19_999,
        )  # fmt: skip


def test_nobody_invites_themselves_or_their_own_phone() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here)
        mira, *_ = enrol(here.bakery.id, [here.mira])
        code = referrals.invite_code(here.bakery.id, mira)
        (twin,) = customers.identify_many(
            here.bakery.id, [Identity(external_id="twin", email="mira+2@example.com")]
        )
        assert referrals.invite(here.bakery.id, code, here.mira).reasons == ("self",)
        assert referrals.invite(here.bakery.id, code, twin).reasons == ("same_email",)
        assert has(here, mira) == (0, 0)


def test_one_device_brings_one_friend_and_an_inviter_so_many() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here, invited_max=2)
        mira, *_ = enrol(here.bakery.id, [here.mira])
        code = referrals.invite_code(here.bakery.id, mira)
        friends = customers.identify_many(
            here.bakery.id,
            [Identity(external_id=f"f{n}", email=f"f{n}@friends.example") for n in range(4)],
        )
        found = [
            referrals.invite(here.bakery.id, code, friend, device=device).reasons
            for friend, device in zip(
                friends, ("phone-1", "phone-1", "phone-2", "phone-3"), strict=True
            )
        ]
        assert found == [(), ("same_device",), (), ("too_many",)]
        (busy,) = referral_queries.busiest(here.bakery.id)
        assert (busy.invited, busy.refused, busy.devices) == (4, 2, 3)
        assert "phone-1" not in str(list(Referral.objects.values_list("device_hash", flat=True)))


def test_who_bought_before_is_no_new_friend() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here)
        cursor().execute(
            "INSERT INTO loyalty_purchase (workspace_id, purchase_id, state, customer_id, shop,"
            " till, cashier, channel, currency, to_pay_minor, rules_version, occurred_at,"
            " created_at, updated_at, confirmed_at, hold_hash, confirm_hash, cart_hash, cart,"
            " result, flags) VALUES (%s, 'old', 'confirmed', %s, '', '', '', 'till', 'UAH', 1, 0,"
            " now(), now(), now(), now(), '', '', '', '{}', '{}', '[]')",
            [here.bakery.id, here.oleg],
        )
        _, one = invited(here)

        assert (one.state, one.reasons) == ("refused", ("already_customer",))


def test_a_person_may_stop_a_referral_that_waits() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here)
        _, one = invited(here)
        stopped = referrals.refuse(here.bakery.id, one.public_id, reason="looks odd", actor="anna")
        assert (stopped.state, stopped.reasons) == ("refused", ("by_hand: looks odd",))
    with scope(here.other.id):
        with pytest.raises(NotFound):
            referral_queries.referral(here.other.id, one.public_id)
        with pytest.raises(NotFound):
            referrals.invite(here.other.id, "NOSUCH1", here.zoe)


def test_closed_referrals_invite_nobody() -> None:
    here = town()
    with scope(here.bakery.id):
        open_referrals(here, is_open=False)
        with pytest.raises(Refused):
            invited(here)
        with pytest.raises(Invalid):
            open_referrals(here, wait_days=-1)
        with pytest.raises(Invalid):
            open_referrals(here, currency="")
