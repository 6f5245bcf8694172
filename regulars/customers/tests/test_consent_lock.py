"""Refusals and letters being handed over wait for each other."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from regulars.customers import actions
from regulars.customers.actions.consents import LOCK_CLASS
from regulars.customers.records import ConsentState, NewConsent
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("as_engine")
Said = Callable[[Town], object]


def withdraw(here: Town) -> None:
    actions.withdraw_consent(
        here.bakery.id, here.mira, channel="email", purpose="marketing", source="test"
    )


def give(here: Town) -> None:
    actions.give_consent(
        here.bakery.id, here.mira, channel="email", purpose="marketing", source="test"
    )


def suppress(here: Town) -> None:
    actions.suppress(
        here.bakery.id, channel="email", address="mira@example.com", reason="complaint"
    )


def record(here: Town) -> None:
    said = NewConsent(here.mira, "email", "marketing", ConsentState.WITHDRAWN, "file")
    actions.record_consents(here.bakery.id, [said], origin="import")


def may_read(workspace_id: int) -> bool:
    """Whether another connection could read consents to act on them now."""
    with psycopg.connect(place.conninfo_for(Role.ENGINE)) as other:
        row = other.execute(
            "SELECT pg_try_advisory_xact_lock_shared(%s, %s)", [LOCK_CLASS, workspace_id]
        ).fetchone()
    return row == (True,)


@pytest.mark.parametrize(
    ("say", "is_refusal"), [(withdraw, True), (record, True), (suppress, True), (give, False)]
)
def test_a_refusal_is_seen_by_whoever_reads_consents_after_it_began(
    say: Said, is_refusal: bool
) -> None:
    here = town()

    with scope(here.bakery.id):
        assert may_read(here.bakery.id)
        say(here)
        assert may_read(here.bakery.id) is not is_refusal
        assert may_read(here.other.id)

    assert may_read(here.bakery.id)


def test_those_who_read_do_not_wait_for_each_other() -> None:
    here = town()

    with scope(here.bakery.id):
        actions.lock_consents(here.bakery.id, is_shared=True)
        assert may_read(here.bakery.id)
