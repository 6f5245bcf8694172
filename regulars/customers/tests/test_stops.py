"""Who is stopped follows addresses: the rows agree with what the dispatcher would decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.customers import actions, queries
from regulars.customers.actions import stops
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.store.scope import cursor, scope
from tests.town import town, workspace

EMAIL = "email"
ADDRESSES = ("a@x.example", "b@x.example", "c@x.example")
PEOPLE = ("one", "two", "three")


def stopped(workspace_id: int) -> set[tuple[int, str]]:
    raw = cursor()
    raw.execute(
        "SELECT customer_id, channel FROM customers_stop WHERE workspace_id = %s AND NOT is_gone",
        [workspace_id],
    )
    return {(int(row[0]), str(row[1])) for row in raw.fetchall()}


def refused(workspace_id: int) -> set[tuple[int, str]]:
    """Who would be refused for the address alone, by the hand-over's own question."""
    raw = cursor()
    raw.execute(
        "SELECT id FROM customers_customer WHERE workspace_id = %s AND merged_into IS NULL",
        [workspace_id],
    )
    ids = [row[0] for row in raw.fetchall()]
    # Marketing letters without consent say so first; what waits for nobody's consent does not.
    agreed = queries.may_contact(workspace_id, ids, EMAIL, "marketing")
    assert set(agreed.values()) <= {None, "suppressed", "address_missing"}
    return {(one, EMAIL) for one, reason in agreed.items() if reason == "suppressed"}


def known(workspace_id: int, person: str, **more: str) -> int:
    (found,) = actions.identify_many(workspace_id, [Identity(external_id=person, **more)])
    actions.give_consent(workspace_id, found, channel=EMAIL, purpose="marketing", source="test")
    return found


def test_who_takes_a_suppressed_address_is_stopped_and_who_leaves_it_is_not(db):
    place = workspace()
    with scope(place.id):
        actions.suppress(place.id, channel=EMAIL, address="Dead@x.example ", reason="bounce")
        assert stopped(place.id) == set()

        one = known(place.id, "one", email="dead@x.example")
        assert stopped(place.id) == refused(place.id) == {(one, EMAIL)}

        known(place.id, "one", email="alive@x.example")
        assert stopped(place.id) == refused(place.id) == set()


def test_an_address_that_went_to_another_is_found_by_its_hash(db):
    place = workspace()
    with scope(place.id):
        one = known(place.id, "one", email="a@x.example")
        (written_to,) = queries.address_hashes(place.id, ["a@x.example"], channel=EMAIL)
        known(place.id, "one", email="b@x.example")
        two = known(place.id, "two", email="a@x.example")
        actions.suppress(
            place.id, channel=EMAIL, address_hash=written_to, past_owner_id=one, reason="bounce"
        )

        assert refused(place.id) <= {(two, EMAIL)}
        assert stopped(place.id) == refused(place.id)


def test_nobody_of_another_workspace_is_stopped(db):
    people = town()
    with scope(people.other.id):
        actions.identify_many(
            people.other.id, [Identity(external_id="zoe", email="same@x.example")]
        )
    with scope(people.bakery.id):
        actions.suppress(people.bakery.id, channel=EMAIL, address="same@x.example", reason="bounce")

    with scope(people.other.id):
        assert stopped(people.other.id) == set()


ACTS = st.one_of(
    st.tuples(st.just("identify"), st.sampled_from(PEOPLE), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("suppress"), st.sampled_from(ADDRESSES), st.just("")),
    st.tuples(st.just("lift"), st.sampled_from(ADDRESSES), st.just("")),
    st.tuples(st.just("merge"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
    st.tuples(st.just("unmerge"), st.sampled_from(PEOPLE), st.just("")),
)


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(ACTS, min_size=3, max_size=10))
def test_whatever_happens_the_rows_say_what_the_dispatcher_decides(db, acts):
    place = workspace()
    ids: dict[str, int] = {}
    for act, first, second in acts:
        with scope(place.id):
            _do(place.id, ids, act, first, second)
            assert stopped(place.id) == refused(place.id), acts


def _do(workspace_id: int, ids: dict[str, int], act: str, first: str, second: str) -> None:
    try:
        if act == "identify":
            (ids[first],) = actions.identify_many(
                workspace_id, [Identity(external_id=first, email=second)], as_named=True
            )
        elif act == "suppress":
            actions.suppress(workspace_id, channel=EMAIL, address=first, reason="bounce")
        elif act == "lift":
            actions.lift_suppression(
                workspace_id, channel=EMAIL, address=first, actor="anna", note="She asked."
            )
        elif act == "merge" and first in ids and second in ids:
            actions.merge(workspace_id, ids[first], ids[second])
        elif act == "unmerge" and first in ids:
            actions.unmerge(workspace_id, ids[first])
    except RegularsError:
        pass
    for one in set(ids.values()):
        root = queries.roots_of(workspace_id, [one]).get(one, one)
        actions.give_consent(
            workspace_id, root, channel=EMAIL, purpose="marketing", source="test",
            at=clock.now() - timedelta(seconds=1),
        )  # fmt: skip


@pytest.mark.parametrize("is_stopped", [True, False])
def test_once_an_hour_everybody_is_brought_right(db, is_stopped):
    place = workspace()
    with scope(place.id):
        one = known(place.id, "one", email="a@x.example")
        actions.suppress(place.id, channel=EMAIL, address="b@x.example", reason="bounce")
        if is_stopped:
            actions.suppress(place.id, channel=EMAIL, address="a@x.example", reason="bounce")
        cursor().execute(
            "INSERT INTO customers_stop (workspace_id, customer_id, channel, is_gone)"
            " VALUES (%s, %s, 'email', %s) ON CONFLICT (workspace_id, customer_id, channel)"
            " DO UPDATE SET is_gone = excluded.is_gone",
            [place.id, one, is_stopped],
        )

    stops.settle_all(place.id)

    with scope(place.id):
        assert stopped(place.id) == refused(place.id) == ({(one, EMAIL)} if is_stopped else set())
