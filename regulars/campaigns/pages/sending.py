"""What the review page needs to let somebody send, and what it asks of them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from regulars.campaigns.forms import SendForm
from regulars.campaigns.pure import pacing
from regulars.campaigns.pure.reach import Reach
from regulars.campaigns.pure.states import Verb, may
from regulars.campaigns.records import CampaignRecord
from regulars.kernel import clock
from regulars.kernel.ids import new_public_id

# Above this many receivers their number is typed by hand before anything leaves.
CONFIRM_ABOVE = 1_000


def must_confirm(reach: Reach) -> bool:
    """True when the number of receivers must be typed."""
    return reach.contacted > CONFIRM_ABOVE


def send_context(one: CampaignRecord, reach: Reach, form: SendForm | None = None) -> dict[str, Any]:
    """The form to send with, and how long sending will take."""
    takes = pacing.duration(reach.contacted, per_hour=one.pace_per_hour)
    return {
        "send_form": form or SendForm(initial={"key": new_public_id()}),
        "must_confirm": must_confirm(reach),
        "takes_hours": takes.total_seconds() / 3600 if takes else None,
        "may_launch": may(one.state, Verb.LAUNCH),
        "may_unschedule": may(one.state, Verb.UNSCHEDULE),
        "may_cancel": may(one.state, Verb.CANCEL),
        "may_resume": may(one.state, Verb.RESUME),
        "now": timezone.localtime(clock.now()),
    }
