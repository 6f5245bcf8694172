"""Writes of campaigns."""

from regulars.campaigns.actions.control import cancel, pause, resume
from regulars.campaigns.actions.drafts import copy_draft, create_draft, update
from regulars.campaigns.actions.past import record_past
from regulars.campaigns.actions.starts import schedule, send_now, unschedule

__all__ = [
    "cancel",
    "copy_draft",
    "create_draft",
    "pause",
    "record_past",
    "resume",
    "schedule",
    "send_now",
    "unschedule",
    "update",
]
