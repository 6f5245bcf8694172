"""What campaigns say in words: states, reasons, what is missing, verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.analytics import lift as verdicts
from regulars.analytics.lift import Lift
from regulars.analytics.messages import MessageCounts
from regulars.analytics.ratios import Ratio
from regulars.campaigns.pure import drafts, letters
from regulars.campaigns.pure.reactions import Step
from regulars.campaigns.queries import Fate, Person
from regulars.campaigns.queries.codes import REFUSALS as CODE_REFUSALS
from regulars.campaigns.records import State
from regulars.messaging.records import MessageState

Word = str | Promise

STATES: dict[State, tuple[str, Word]] = {
    State.DRAFT: ("neutral", gettext_lazy("Draft")),
    State.SCHEDULED: ("info", gettext_lazy("Scheduled")),
    State.LAUNCHING: ("info", gettext_lazy("Starting")),
    State.SENDING: ("info", gettext_lazy("Sending")),
    State.SENT: ("good", gettext_lazy("Sent")),
    State.CANCELLED: ("bad", gettext_lazy("Cancelled")),
    State.PAUSED: ("warn", gettext_lazy("Paused")),
}

MESSAGE_STATES: dict[MessageState, tuple[str, Word]] = {
    MessageState.PLANNED: ("info", gettext_lazy("Waiting")),
    MessageState.DEFERRED: ("warn", gettext_lazy("Put off by the mail server, tried again later")),
    MessageState.CLAIMED: ("info", gettext_lazy("About to be sent")),
    MessageState.HANDING: ("info", gettext_lazy("Being handed over")),
    MessageState.ACCEPTED: ("good", gettext_lazy("Accepted by the mail server")),
    MessageState.BOUNCED: ("bad", gettext_lazy("Came back")),
    MessageState.REJECTED: ("bad", gettext_lazy("Rejected by the mail server")),
    MessageState.UNKNOWN: ("warn", gettext_lazy("Outcome unknown")),
    MessageState.REFUSED: ("warn", gettext_lazy("Not sent")),
    MessageState.EXPIRED: ("warn", gettext_lazy("Too late to send")),
    MessageState.CANCELLED: ("neutral", gettext_lazy("Cancelled")),
}

REASONS: dict[str, Word] = {
    "consent_missing": gettext_lazy("Never agreed to marketing e-mail"),
    "consent_withdrawn": gettext_lazy("Withdrew the consent to marketing e-mail"),
    "topic_left": gettext_lazy("Does not want letters about this topic"),
    "paused": gettext_lazy("Has paused letters for a while"),
    "too_often": gettext_lazy("Wants letters less often than this"),
    "address_missing": gettext_lazy("Has no e-mail address"),
    "suppressed": gettext_lazy("The address bounced or complained before"),
    "customer_merged": gettext_lazy("Was merged into another customer, who is asked instead"),
    "customer_unknown": gettext_lazy("Is no longer in the base"),
    "customer_erased": gettext_lazy("Is no longer in the base"),
}

STEPS: dict[Step, Word] = {
    Step.OPENED: gettext_lazy("Opened, machines too"),
    Step.OPENED_CONFIRMED: gettext_lazy("Opened, confirmed"),
    Step.CLICKED: gettext_lazy("Clicked"),
    Step.ORDERED: gettext_lazy("Ordered within the window"),
    Step.UNSUBSCRIBED: gettext_lazy("Unsubscribed"),
    Step.COMPLAINED: gettext_lazy("Complained"),
}

LACKS: dict[str, Word] = {
    drafts.RECIPIENTS_MISSING: gettext_lazy("Choose who the campaign is for."),
    drafts.SEGMENT_ARCHIVED: gettext_lazy("The segment was archived: choose another one."),
    drafts.SUBJECT_MISSING: gettext_lazy("Write a subject."),
    drafts.MESSAGE_MISSING: gettext_lazy("Write the message."),
    **{code: gettext_lazy(text) for code, text in CODE_REFUSALS.items()},
}

LINK_FAULTS: dict[str, Word] = {
    letters.LINK_EMPTY: gettext_lazy("leads nowhere"),
    letters.LINK_RELATIVE: gettext_lazy("add https:// so that it opens on phones"),
    letters.LINK_SCHEME: gettext_lazy("cannot be opened from a letter"),
    letters.LINK_HOST: gettext_lazy("is not a complete address"),
    letters.LINK_INSECURE: gettext_lazy("use https:// instead of http://"),
}


WELCOME = frozenset({Step.OPENED, Step.OPENED_CONFIRMED, Step.CLICKED, Step.ORDERED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison with the control group allows to say."""

    tone: str
    title: str
    text: str


def state(value: State) -> tuple[str, Word]:
    """Tone and name of a campaign's state."""
    return STATES[value]


def message_state(value: MessageState) -> tuple[str, Word]:
    """Tone and name of a message's state."""
    return MESSAGE_STATES[value]


def reason(code: str) -> Word:
    """A reason in words; what a mail server said stays as it was said."""
    return REASONS.get(code, code)


def fate(person: Person) -> tuple[str, Word]:
    """Tone and words for what became of a person in the campaign."""
    if person.fate is Fate.MESSAGE:
        assert person.state is not None
        return message_state(person.state)
    if person.fate is Fate.REACTED:
        assert person.step is not None
        return "good" if person.step in WELCOME else "warn", STEPS[person.step]
    return {
        Fate.CONTROL: ("neutral", gettext_lazy("Held back in the control group")),
        Fate.EXCLUDED: ("warn", gettext_lazy("Left out")),
        Fate.WAITING: ("info", gettext_lazy("Is among the recipients, not yet planned")),
        Fate.ABSENT: ("neutral", gettext_lazy("Was not among the recipients at the launch")),
    }[person.fate]


def rates(counts: MessageCounts) -> list[tuple[str, Ratio]]:
    """Rates of the campaign with their names, in the order of the funnel."""
    return [
        (_("Delivered of sent"), counts.delivery_rate),
        (_("Opened of delivered, machines too"), counts.open_rate),
        (_("Opened of delivered, confirmed"), counts.confirmed_open_rate),
        (_("CTR (sent)"), counts.click_rate_sent),
        (_("CTR (delivered)"), counts.click_rate_delivered),
        (_("Clicked of opened (CTOR)"), counts.click_to_open_rate),
        (_("Ordered of clicked"), counts.conversion_of_clicks),
        (_("Ordered of delivered"), counts.conversion_of_delivered),
        (_("Unsubscribed of delivered"), counts.unsubscribe_rate),
        (_("Complained of delivered"), counts.complaint_rate),
    ]


def verdict(lift: Lift) -> Verdict:
    """The sentence that stands above the comparison."""
    return {
        verdicts.CONTROL_ABSENT: Verdict(
            "neutral",
            _("No control group"),
            _("Nobody was held back, so nobody can tell what would have happened anyway."),
        ),
        verdicts.SPLIT_BROKEN: Verdict(
            "bad",
            _("The split is broken"),
            _(
                "The groups do not have the sizes that were planned, and chance does not explain "
                "it. The comparison is not shown, for it would mislead."
            ),
        ),
        verdicts.DATA_SHORT: Verdict(
            "warn",
            _("Not enough data yet"),
            _("A comparison needs 30 customers in each group and 10 buyers in both together."),
        ),
        verdicts.GAIN: Verdict(
            "good",
            _("The campaign brought money"),
            _("Contacted customers spent more than those held back, beyond chance."),
        ),
        verdicts.LOSS: Verdict(
            "bad",
            _("The campaign cost money"),
            _("Contacted customers spent less than those held back, beyond chance."),
        ),
        verdicts.UNCLEAR: Verdict(
            "info",
            _("No clear difference"),
            _("The difference in money between the groups may be chance."),
        ),
    }[lift.verdict]
