"""A segment that decides prices or points is not taken away under the programme."""

from __future__ import annotations

import pytest

from regulars.kernel.errors import Refused
from regulars.loyalty.actions import programme as settling
from regulars.loyalty.actions import promotions
from regulars.loyalty.pure.programme_reading import DEFAULT_SETTINGS
from regulars.loyalty.queries.segment_uses import uses_of_segment
from regulars.segments import actions as segments
from regulars.segments.records import Used
from regulars.store.scope import scope
from tests.town import Town, town

EVERYBODY = {"version": 1, "where": {"all": []}}
EFFECTS = [{"type": "percent_off", "value": "10"}]


@pytest.fixture
def place(db: object) -> Town:
    return town()


def test_a_promotion_keeps_its_segment_until_it_is_over(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        vip = segments.create_segment(shop, name="VIP", rule=EVERYBODY)
        plain = segments.create_segment(shop, name="Plain", rule=EVERYBODY)
        definition = {"when": {"all": [{"not": {"segment": "vip"}}]}, "effects": EFFECTS}
        promotions.create_promotion(shop, name="Others", definition=definition)

        for act in (
            lambda: segments.archive_segment(shop, vip.public_id),
            lambda: segments.delete_segment(shop, vip.public_id),
            lambda: segments.rename_slug(shop, vip.public_id, "best"),
        ):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.details["users"] == [
                {"kind": "promotion", "id": "others", "name": "Others"}
            ]
        assert segments.archive_segment(shop, plain.public_id).is_archived

        promotions.set_state(shop, "others", "ended")
        assert segments.archive_segment(shop, vip.public_id).is_archived


def test_a_rule_about_members_and_a_multiplier_name_segments_and_lists_too(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        segments.create_segment(shop, name="VIP", rule=EVERYBODY)
        segments.create_list(shop, name="Guests")
        rule = {"version": 1, "where": {"any": [{"segment": "vip"}, {"list": "guests"}]}}
        definition = {"when": {"member": rule}, "effects": EFFECTS}
        promotions.create_promotion(shop, name="Some", definition=definition)
        settling.save_settings(
            shop,
            {
                **DEFAULT_SETTINGS,
                "multipliers": [{"factor": "2", "segments": ["vip"], "name": "VIP"}],
            },
        )

        used = [uses_of_segment(shop, Used(kind, 0, "", slug)) for kind, slug in (
            ("segment", "vip"), ("list", "guests"), ("segment", "guests"), ("list", "vip"),
        )]  # fmt: skip

    assert [[one.kind for one in found] for found in used] == [
        ["promotion", "programme"], ["promotion"], [], [],
    ]  # fmt: skip
    with scope(place.other.id):
        assert uses_of_segment(place.other.id, Used("segment", 0, "", "vip")) == []
