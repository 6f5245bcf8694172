"""What a letter's reader chooses on the page behind its foot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import (
    CHANNELS_SHOWN,
    ConsentState,
    NewConsent,
    Purpose,
    TopicRecord,
)
from regulars.kernel import clock
from regulars.messaging.actions.answers import unsubscribe

CHANNEL = "email"
ACTOR = "customer"
SOURCE = "preferences"
PAUSE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Choice:
    """The form as it was sent.

    wanted    pairs of channel and purpose that were ticked
    gap_days  by channel; those left out stay as they are
    language  empty leaves it as it is
    """

    wanted: Collection[tuple[str, str]]
    gap_days: Mapping[str, int]
    language: str


def purposes_of(topics: Collection[TopicRecord]) -> list[str]:
    """What may be ticked: each topic, or marketing as a whole where there are none."""
    return [topic.purpose for topic in topics] or [Purpose.MARKETING.value]


def channels_of(asked: Collection[str]) -> list[str]:
    """The channels a reader decides about: mail, and wherever they were asked before."""
    return [name for name in CHANNELS_SHOWN if name == CHANNEL or name in asked]


def choose(workspace_id: int, message_public_id: str, customer_id: int, choice: Choice) -> None:
    """Write down what the reader ticked and unticked, and only what changed.

    A channel with nothing ticked is left as a whole; who leaves single topics keeps the others.
    message_public_id  the letter that led here; "" when none did
    raises  Invalid(preference_gap)
    """
    # The customer's row is locked before consents are, as everywhere.
    if choice.language:
        given = {"language": choice.language}
        customers.change_profile(workspace_id, customer_id, given, actor=SOURCE, source=SOURCE)
    topics = customer_queries.topics(workspace_id)
    purposes = purposes_of(topics)
    wishes = customer_queries.wishes(workspace_id, customer_id, purposes)
    said: list[NewConsent] = []
    for channel in channels_of(wishes.asked):
        wanted = {p for p in purposes if (channel, p) in choice.wanted}
        agreed = {p for p in purposes if (channel, p) in wishes.agreed}
        if wanted:
            said += [_say(customer_id, channel, p, ConsentState.GIVEN) for p in wanted - agreed]
            said += [_say(customer_id, channel, p, ConsentState.WITHDRAWN) for p in agreed - wanted]
        elif agreed and channel == CHANNEL and message_public_id:
            unsubscribe(workspace_id, message_public_id, source=SOURCE)
        elif agreed:
            whole = Purpose.MARKETING.value
            said.append(_say(customer_id, channel, whole, ConsentState.WITHDRAWN))
    customers.record_consents(workspace_id, said)
    for channel, days in choice.gap_days.items():
        customers.choose_gap(workspace_id, customer_id, channel, days)


def _say(customer_id: int, channel: str, purpose: str, state: ConsentState) -> NewConsent:
    return NewConsent(
        customer_id=customer_id,
        channel=channel,
        purpose=purpose,
        state=state,
        source=SOURCE,
        at=clock.now(),
        actor=ACTOR,
    )


def pause(workspace_id: int, customer_id: int) -> None:
    """Send no marketing for thirty days."""
    customers.pause_marketing(workspace_id, customer_id, clock.now() + PAUSE)


def ask_to_be_erased(workspace_id: int, customer_id: int) -> None:
    """Write down the wish, and stop all marketing at once."""
    customers.ask_erasure(workspace_id, customer_id, source=SOURCE)
    wishes = customer_queries.wishes(workspace_id, customer_id, [Purpose.MARKETING.value])
    whole = Purpose.MARKETING.value
    customers.record_consents(
        workspace_id,
        [
            _say(customer_id, channel, whole, ConsentState.WITHDRAWN)
            for channel in sorted(wishes.asked | {CHANNEL})
        ],
    )
