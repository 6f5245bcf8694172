"""Reads of messaging."""

from regulars.messaging.queries.catcher import caught, caught_letter
from regulars.messaging.queries.messages import (
    campaign_message,
    campaign_messages,
    counts_by_state,
    counts_of_campaigns,
    message,
    messages_of,
    occurrences,
    reasons,
    written_to,
)
from regulars.messaging.queries.previews import check_source, preview
from regulars.messaging.queries.questions import question
from regulars.messaging.queries.senders import account, sender, signing
from regulars.messaging.queries.suppressed import suppression_count, suppressions
from regulars.messaging.queries.templates import template, templates, version
from regulars.messaging.queries.wanting import refusals

__all__ = [
    "account",
    "campaign_message",
    "campaign_messages",
    "caught",
    "caught_letter",
    "check_source",
    "counts_by_state",
    "counts_of_campaigns",
    "message",
    "messages_of",
    "occurrences",
    "preview",
    "question",
    "reasons",
    "refusals",
    "sender",
    "signing",
    "suppression_count",
    "suppressions",
    "template",
    "templates",
    "version",
    "written_to",
]
