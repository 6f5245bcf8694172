"""Which verb a campaign understands in which state."""

from __future__ import annotations

from enum import StrEnum

from regulars.campaigns.records import State


class Verb(StrEnum):
    """What can be done to a campaign."""

    UPDATE = "update"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    LAUNCH = "launch"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


ALLOWED: dict[Verb, frozenset[State]] = {
    Verb.UPDATE: frozenset({State.DRAFT}),
    Verb.SCHEDULE: frozenset({State.DRAFT, State.SCHEDULED}),
    Verb.UNSCHEDULE: frozenset({State.SCHEDULED}),
    Verb.LAUNCH: frozenset({State.DRAFT, State.SCHEDULED}),
    Verb.PAUSE: frozenset({State.LAUNCHING, State.SENDING}),
    Verb.RESUME: frozenset({State.PAUSED}),
    Verb.CANCEL: frozenset(
        {State.DRAFT, State.SCHEDULED, State.LAUNCHING, State.SENDING, State.PAUSED}
    ),
}


def may(state: State, verb: Verb) -> bool:
    """Whether a campaign in this state understands the verb."""
    return state in ALLOWED[verb]


def verbs_of(state: State) -> frozenset[Verb]:
    """Everything a campaign in this state understands."""
    return frozenset(verb for verb in Verb if may(state, verb))
