"""Companies: who belongs to which, from a source and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regulars.customers import actions, queries
from regulars.customers.records import Membership
from regulars.events import queries as events
from regulars.kernel.errors import NotFound
from regulars.store.scope import scope
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def joined(place: Town, *rows: Membership) -> int:
    with scope(place.bakery.id):
        return actions.join_companies(place.bakery.id, rows)


def test_a_group_call_makes_the_company_and_lets_the_customer_belong(place: Town) -> None:
    count = joined(
        place, Membership(place.mira, "acme", {"name": "Acme Ltd", "plan": "gold"}, NOON)
    )

    with scope(place.bakery.id):
        (company,) = queries.companies_of(place.bakery.id, [place.mira])
        (event, *_) = events.timeline(place.bakery.id, place.mira, kinds=["company.joined"])
    assert count == 1
    assert (company.group_id, company.name, company.traits, company.members) == (
        "acme", "Acme Ltd", {"plan": "gold"}, 1,
    )  # fmt: skip
    assert event.props == {"company": "Acme Ltd", "company_id": company.public_id}
    with scope(place.other.id):
        assert queries.companies(place.other.id) == []
        with pytest.raises(NotFound):
            queries.company(place.other.id, company.public_id)


def test_a_repeated_call_changes_nothing(place: Town) -> None:
    row = Membership(place.mira, "acme", {"name": "Acme"}, NOON)

    assert [joined(place, row, row), joined(place, row)] == [1, 0]

    with scope(place.bakery.id):
        assert len(events.timeline(place.bakery.id, place.mira, kinds=["company.joined"])) == 1


def test_the_later_call_counts_whatever_came_first(place: Town) -> None:
    later, earlier = NOON + timedelta(hours=1), NOON
    joined(
        place, Membership(place.mira, "acme", {"name": "New", "plan": "gold", "seats": 5}, later)
    )
    joined(
        place, Membership(place.mira, "acme", {"name": "Old", "plan": "tin", "tax": "7"}, earlier)
    )
    joined(place, Membership(place.mira, "acme", {"seats": None}, later))

    with scope(place.bakery.id):
        (company,) = queries.companies_of(place.bakery.id, [place.mira])
    assert (company.name, company.traits) == ("New", {"plan": "gold", "tax": "7"})


def test_a_group_that_cannot_be_read_is_left_out(place: Town) -> None:
    rows = [Membership(place.mira, bad, {}, NOON) for bad in ("", "  ", "a\nb", "x" * 300)]

    assert joined(place, *rows) == 0

    with scope(place.bakery.id):
        assert queries.companies(place.bakery.id) == []


def test_a_customer_of_another_workspace_never_belongs(place: Town) -> None:
    assert joined(place, Membership(place.zoe, "acme", {}, NOON)) == 0

    with scope(place.bakery.id):
        (found,) = queries.companies(place.bakery.id)
    assert found[0].members == 0


def test_whoever_left_by_hand_is_not_brought_back_by_an_older_call(place: Town) -> None:
    row = Membership(place.mira, "acme", {}, NOON)
    joined(place, row)
    with scope(place.bakery.id):
        (company,) = queries.companies_of(place.bakery.id, [place.mira])
        assert actions.leave_company(place.bakery.id, company.id, [place.mira])

    assert joined(place, row) == 0

    with scope(place.bakery.id):
        assert queries.companies_of(place.bakery.id, [place.mira]) == []


def test_merged_people_are_one_member(place: Town) -> None:
    joined(
        place,
        Membership(place.mira, "acme", {}, NOON),
        Membership(place.oleg, "acme", {}, NOON),
    )
    with scope(place.bakery.id):
        actions.merge(place.bakery.id, place.oleg, place.mira)
        (company,) = queries.companies_of(place.bakery.id, [place.mira])
        people = queries.members(place.bakery.id, company.id)
        ids = queries.member_ids(place.bakery.id, company.id)

    assert company.members == 1
    assert [profile.id for profile, _name in people] == [place.mira]
    assert sorted(ids) == sorted([place.mira, place.oleg])


def test_companies_are_found_by_a_part_of_the_name(place: Town) -> None:
    for group, name in (("a", "Bakery North"), ("b", "North Star"), ("c", "South")):
        joined(place, Membership(place.mira, group, {"name": name}, NOON))

    with scope(place.bakery.id):
        found = queries.companies_named(place.bakery.id, "north", 6)
    assert [one.name for one in found] == ["North Star", "Bakery North"]
