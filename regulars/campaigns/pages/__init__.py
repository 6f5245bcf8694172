"""Screens of campaigns."""

from regulars.campaigns.pages.composer import (
    campaign,
    message,
    new,
    preview,
    reach,
    recipients,
    review,
    send_test,
)
from regulars.campaigns.pages.lists import copy, listing
from regulars.campaigns.pages.results import people, report
from regulars.campaigns.pages.steering import cancel, pause, resume, send, unschedule

__all__ = [
    "campaign",
    "cancel",
    "copy",
    "listing",
    "message",
    "new",
    "pause",
    "people",
    "preview",
    "reach",
    "recipients",
    "report",
    "resume",
    "review",
    "send",
    "send_test",
    "unschedule",
]
