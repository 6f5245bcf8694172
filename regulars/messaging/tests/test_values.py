"""What other rooms say of a customer comes into letters by the names templates ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes, policy
from typing import Any

import pytest

from regulars.messaging import actions, placeholders, queries
from regulars.messaging.records import Asked
from regulars.messaging.tests.peers import aiosmtpd_peer
from regulars.messaging.tests.sending import plan, ready_town, sending, states, wait_for
from regulars.store.scope import scope

SOURCE = "<html><body>You have {{ garden.roses }} roses, {{ customer.first_name }}.</body></html>"
asked_for: list[tuple[int, list[Asked]]] = []


def _roses(workspace_id: int, asked: Sequence[Asked]) -> list[Mapping[str, object]]:
    asked_for.append((workspace_id, list(asked)))
    return [{"roses": 10 + place} for place, _ in enumerate(asked)]


@pytest.fixture(autouse=True)
def garden(as_engine: None) -> Iterator[None]:
    asked_for.clear()
    placeholders.declare_values("garden", _roses)
    yield
    del placeholders._values["garden"]


def test_letters_tell_what_another_room_says_asked_once_for_all_receivers() -> None:
    with aiosmtpd_peer() as (sink, controller):
        town, version = ready_town(controller.port, source=SOURCE)
        plan(town.bakery.id, version, [town.mira, town.oleg], is_marketing=False)
        with sending():
            wait_for(lambda: set(states(town.bakery.id).values()) == {"accepted"})

    read: list[Any] = [message_from_bytes(raw, policy=policy.default) for _, _, raw in sink.letters]
    said = sorted(one.get_body(("html",)).get_content().split(".")[0] for one in read)
    assert [line.rsplit("You ")[-1] for line in said] == [
        "have 10 roses, Mira", "have 11 roses, Oleg",
    ]  # fmt: skip
    ((workspace_id, asked),) = asked_for
    assert workspace_id == town.bakery.id
    assert [one.customer_id for one in asked] == [town.mira, town.oleg]
    assert all(one.message_public_id for one in asked)


def test_a_preview_and_a_test_tell_it_too() -> None:
    with aiosmtpd_peer() as (sink, controller):
        town, _version = ready_town(controller.port)
        with scope(town.bakery.id):
            shown = queries.preview(town.bakery.id, town.mira, subject="Roses", source=SOURCE)
            actions.send_test(
                town.bakery.id, customer_id=town.mira, address="anna@example.com",
                subject="{{ garden.roses }}", source=SOURCE,
            )  # fmt: skip

    ((_, _, raw),) = sink.letters
    assert "You have 10 roses, Mira." in shown.html
    assert b"Subject: 10" in raw
    assert [one.message_public_id for _, asked in asked_for for one in asked] == ["", ""]


def test_a_room_nobody_names_is_not_asked() -> None:
    with aiosmtpd_peer() as (_sink, controller):
        town, _version = ready_town(controller.port)
        with scope(town.bakery.id):
            queries.preview(town.bakery.id, town.mira, subject="News", source="<p>Hello</p>")

    assert asked_for == []
