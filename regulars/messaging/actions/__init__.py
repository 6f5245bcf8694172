"""Writes of messaging: templates, the sender, planned messages, and what comes back."""

from regulars.messaging.actions.answers import take_bounce, unsubscribe
from regulars.messaging.actions.planning import cancel_messages, plan_messages
from regulars.messaging.actions.senders import save_sender
from regulars.messaging.actions.templates import (
    archive_template,
    create_template,
    save_version,
)

__all__ = [
    "archive_template",
    "cancel_messages",
    "create_template",
    "plan_messages",
    "save_sender",
    "save_version",
    "take_bounce",
    "unsubscribe",
]
