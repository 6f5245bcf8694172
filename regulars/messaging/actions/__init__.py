"""Writes of messaging: templates, the sender, planned messages, and what comes back."""

from regulars.messaging.actions.answers import subscribe_again, take_bounce, unsubscribe
from regulars.messaging.actions.asking import ask_again, ask_double_opt_in, confirm_question
from regulars.messaging.actions.holding import hold_messages, release_messages
from regulars.messaging.actions.past import record_past
from regulars.messaging.actions.planning import cancel_messages, plan_messages
from regulars.messaging.actions.senders import NewSender, save_sender
from regulars.messaging.actions.signing import check_dkim, make_dkim_key
from regulars.messaging.actions.templates import (
    archive_template,
    create_template,
    save_version,
)
from regulars.messaging.actions.testing import send_test, try_sender

__all__ = [
    "NewSender",
    "archive_template",
    "ask_again",
    "ask_double_opt_in",
    "cancel_messages",
    "check_dkim",
    "confirm_question",
    "create_template",
    "hold_messages",
    "make_dkim_key",
    "plan_messages",
    "record_past",
    "release_messages",
    "save_sender",
    "save_version",
    "send_test",
    "subscribe_again",
    "take_bounce",
    "try_sender",
    "unsubscribe",
]
