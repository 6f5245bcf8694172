"""Promotions and the programme: versions, states, keys, what a reader finds wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.loyalty.actions import members as enrolling
from regulars.loyalty.actions import points, promotions
from regulars.loyalty.actions import programme as settling
from regulars.loyalty.point_records import Grant
from regulars.loyalty.pure.cart import Cart, CodeState, meant
from regulars.loyalty.queries import programme, simulator
from regulars.loyalty.queries import promotions as found
from regulars.loyalty.tests.carts import ask, cart, line
from regulars.store.scope import cursor, scope
from tests.town import Town, town

TEN = {"effects": [{"type": "percent_off", "value": "10"}]}
HALF = {"effects": [{"type": "percent_off", "value": "50"}]}


@pytest.fixture
def place(db: object) -> Town:
    return town()


def test_a_new_workspace_has_a_closed_programme_of_version_zero(place: Town) -> None:
    with scope(place.bakery.id):
        live = programme.live(place.bakery.id)

        assert (live.version, live.is_open, live.currency) == (0, False, "UAH")
        assert live.programme.main.slug == "points"


def test_every_change_of_rules_makes_one_version(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        settling.set_open(shop, True, actor="anna")
        opened = programme.version(shop)
        made = promotions.create_promotion(shop, name="Ten", definition=TEN)
        assert programme.version(shop) == opened

        promotions.set_state(shop, made.slug, "live")
        promotions.change_promotion(shop, made.slug, name="Ten", definition=HALF)
        promotions.change_promotion(shop, made.slug, name="Ten", definition=HALF)

        assert programme.version(shop) == opened + 2
        assert [one.what for one in programme.versions(shop)[:2]] == ["promotion:ten"] * 2
        assert programme.live(shop).version == opened + 2


def test_live_rules_and_those_of_an_earlier_version_are_both_at_hand(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        settling.set_open(shop, True)
        promotions.create_promotion(shop, name="Ten", definition=TEN)
        promotions.set_state(shop, "ten", "live")
        before = programme.version(shop)
        moment = clock.now()
        promotions.change_promotion(shop, "ten", name="Ten", definition=HALF)
        goods = cart(line("A", "100"))

        assert ask(programme.live(shop), goods).summary.to_pay_minor == 5000
        then = programme.live_version(shop, before)
        assert ask(then, goods).summary.to_pay_minor == 9000
        assert programme.live_at(shop, moment).version == before
        promotions.set_state(shop, "ten", "ended")
        assert ask(programme.live(shop), goods).summary.to_pay_minor == 10000


def test_settings_are_saved_by_whoever_read_them_last(place: Town) -> None:
    shop = place.bakery.id
    settings = {"currencies": [{"slug": "beans", "name": "Beans", "is_main": True}]}
    with scope(shop):
        saved = settling.save_settings(shop, settings, actor="anna")
        assert settling.save_settings(shop, settings).version == saved.version
        with pytest.raises(Conflict, match="Somebody changed"):
            settling.save_settings(shop, {}, expect_version=saved.version - 1)
        with pytest.raises(Invalid) as refused:
            settling.save_settings(shop, {"currencies": [{"slug": "beans"}]})

        assert refused.value.code == "programme_invalid"
        assert refused.value.details["path"] == "currencies[0].name"
        assert programme.live(shop).programme.main.slug == "beans"


def test_a_kind_of_points_that_members_have_is_not_forgotten(place: Town) -> None:
    shop = place.bakery.id
    two = [
        {"slug": "beans", "name": "Beans", "is_main": True},
        {"slug": "leaves", "name": "Leaves"},
    ]
    with scope(shop):
        settling.save_settings(shop, {"currencies": two})
        (mira,) = enrolling.enrol(shop, [place.mira])
        points.grant(shop, Grant(member_id=mira, currency="leaves", points=500, key="a"))

        with pytest.raises(Refused) as refused:
            settling.save_settings(shop, {"currencies": two[:1]})

        assert refused.value.code == "currency_used"
        assert len(programme.programme(shop).programme.currencies) == 2


def test_a_promotion_is_created_once_by_its_key(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        first = promotions.create_promotion(shop, name="Ten", definition=TEN, key="k")
        again = promotions.create_promotion(shop, name="Ten", definition=TEN, key="k")
        with pytest.raises(Conflict) as other:
            promotions.create_promotion(shop, name="Half", definition=HALF, key="k")

        assert first == again
        assert other.value.code == "idempotency_mismatch"
        assert found.how_many(shop) == 1
        second = promotions.create_promotion(shop, name="Ten", definition=TEN)
        assert second.slug == "ten-2"


def test_states_go_only_their_way(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        promotions.create_promotion(shop, name="Ten", definition=TEN)
        with pytest.raises(Refused, match="from draft to paused"):
            promotions.set_state(shop, "ten", "paused")
        promotions.set_state(shop, "ten", "live")
        promotions.set_state(shop, "ten", "ended")
        with pytest.raises(Refused) as ended:
            promotions.change_promotion(shop, "ten", name="Ten", definition=HALF)

        assert ended.value.code == "promotion_ended"
        assert found.counts(shop) == {"ended": 1}


@pytest.mark.parametrize(
    ("definition", "code", "path"),
    [
        ({}, "promotion_invalid", "effects"),
        ({**TEN, "lane": "roof"}, "promotion_invalid", "lane"),
        ({**TEN, "what": 1}, "promotion_invalid", "what"),
        ({**TEN, "trigger": "event"}, "promotion_invalid", "trigger"),
        ({**TEN, "when": {"segment": "nobody"}}, "segment_unknown", "when"),
        (
            {"effects": [{"type": "earn", "value": 1, "currency": "gold"}]},
            "currency_unknown",
            "effects[0].currency",
        ),
        ({"effects": [{"type": "tier_set", "tier": "x"}]}, "tier_unknown", "effects[0].tier"),
        (
            {**TEN, "when": {"all": [{"member": {"fact": "no.such", "op": "eq", "value": 1}}]}},
            "rule_invalid",
            None,
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_its_path(
    place: Town, definition: dict[str, object], code: str, path: str | None
) -> None:
    shop = place.bakery.id
    with scope(shop):
        with pytest.raises(Invalid) as refused:
            promotions.create_promotion(shop, name="Bad", definition=definition)

        assert refused.value.code == code
        assert path is None or refused.value.details["path"] == path
        assert found.how_many(shop) == 0


def test_an_offer_in_person_is_loaded_until_it_ends_or_is_withdrawn(place: Town) -> None:
    shop = place.bakery.id
    personal = {**TEN, "when": {"personal": True}}
    with scope(shop):
        mira, oleg = enrolling.enrol(shop, [place.mira, place.oleg])
        promotions.create_promotion(shop, name="For you", definition=personal)
        promotions.set_state(shop, "for-you", "live")
        now = clock.now()
        assert promotions.offer(shop, "for-you", [mira], key="a", until=now + timedelta(1)) == 1
        assert promotions.offer(shop, "for-you", [mira], key="a", until=now + timedelta(9)) == 0
        goods = cart(line("A", "100"))

        live = programme.live(shop)
        hers, _ = simulator.load(shop, live, goods, mira, now)
        his, _ = simulator.load(shop, live, goods, oleg, now)

        assert ask(live, goods, by=hers).summary.to_pay_minor == 9000
        assert ask(live, goods, by=his).not_applied[0].reason == "not_offered"
        late, _ = simulator.load(shop, live, goods, mira, now + timedelta(2))
        assert late is not None
        assert late.offers == frozenset()
        assert promotions.withdraw_offer(shop, "for-you", [mira]) == 1


def test_usage_is_loaded_for_the_limits_a_cart_meets(place: Town) -> None:
    shop = place.bakery.id
    limited = {**TEN, "limits": [{"what": "uses", "per": "total", "value": 2}]}
    with scope(shop):
        promotions.create_promotion(shop, name="Two", definition=limited)
        promotions.set_state(shop, "two", "live")
        live = programme.live(shop)
        goods = cart(line("A", "100"))
        (use,) = ask(live, goods).uses
        with cursor() as asked:
            asked.execute(
                "INSERT INTO loyalty_usage (workspace_id, limit_key, limit_value, reserved, used,"
                " updated_at) VALUES (%s, %s, 2, 1, 1, now())",
                [shop, use.key.text],
            )

        _, usage = simulator.load(shop, live, goods, None, clock.now())

        assert usage == {use.key: 2}
        answer = ask(live, goods, usage=usage)
        assert answer.summary.to_pay_minor == 10000
        assert answer.not_applied[0].reason == "limit_reached"


def test_another_workspace_sees_nothing(place: Town) -> None:
    with scope(place.bakery.id):
        promotions.create_promotion(place.bakery.id, name="Ten", definition=TEN)
        promotions.set_state(place.bakery.id, "ten", "live")
    with scope(place.other.id):
        with pytest.raises(NotFound):
            found.promotion(place.other.id, "ten")
        with pytest.raises(NotFound):
            promotions.set_state(place.other.id, "ten", "paused")
        assert found.promotions(place.other.id) == []
        assert programme.live(place.other.id).promotions.promotions == ()


def test_codes_open_promotions_and_limits_by_code_are_loaded(place: Town) -> None:
    shop = place.bakery.id
    coded = {
        **TEN,
        "trigger": "code",
        "limits": [{"what": "uses", "per": "code", "value": 1}],
    }
    with scope(shop):
        promotions.create_promotion(shop, name="Coded", definition=coded)
        promotions.set_state(shop, "coded", "live")
        live = programme.live(shop)
        goods: Cart = cart(line("A", "100"), codes=("SPRING",))
        states = [CodeState("SPRING", "usable", "coded")]
        (use,) = ask(live, goods, typed=states).uses

        assert use.key.who == meant("SPRING")
        _, usage = simulator.load(shop, live, goods, None, clock.now())
        assert usage == {}


def test_whoever_was_merged_into_a_member_used_the_same_limits(place: Town) -> None:
    shop = place.bakery.id
    twice = {**TEN, "limits": [{"what": "uses", "per": "member", "value": 2}]}
    with scope(shop):
        mira, oleg = enrolling.enrol(shop, [place.mira, place.oleg])
        promotions.create_promotion(shop, name="Twice", definition=twice)
        promotions.set_state(shop, "twice", "live")
        live, goods = programme.live(shop), cart(line("A", "100"))
        his, _ = simulator.load(shop, live, goods, oleg, clock.now())
        (use,) = ask(live, goods, by=his).uses
        with cursor() as asked:
            asked.execute(
                "INSERT INTO loyalty_usage (workspace_id, limit_key, limit_value, reserved, used,"
                " updated_at) VALUES (%s, %s, 2, 0, 1, now())",
                [shop, use.key.text],
            )
            asked.execute("UPDATE loyalty_member SET merged_into = %s WHERE id = %s", [mira, oleg])

        hers, usage = simulator.load(shop, live, goods, mira, clock.now())
        (left,) = ask(live, goods, by=hers, usage=usage).uses

        assert left.key.who == str(mira)
        assert (left.amount, left.ceiling) == (1, 1)
