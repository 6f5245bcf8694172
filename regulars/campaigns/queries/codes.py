"""The codes that a campaign gives: of which series, and whether they are enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop as _

from regulars.campaigns.pure import codes as pure
from regulars.campaigns.records import CampaignRecord
from regulars.loyalty.queries import series
from regulars.messaging import queries as messaging

REFUSALS = {
    pure.SERIES_BLOCKED: _("The series of codes is blocked: let its codes be used again first."),
    pure.SERIES_OVER: _("The series of codes has ended: its codes would not work."),
    pure.CODES_SHORT: _(
        "The series has fewer free codes than there are recipients: add codes to it first."
    ),
    "codes_run_out": _("The series has no more codes to give: add codes to it, then resume."),
}


@dataclass(frozen=True, slots=True)
class Codes:
    """What a campaign gives besides its letter.

    ends_at     when the codes of the series stop working
    free        codes that the series has left; None when it makes them as they are asked for
    is_printed  whether the letter says the code
    """

    series_id: str
    name: str
    is_active: bool
    ends_at: datetime | None
    free: int | None
    is_printed: bool

    def lack(self, *, wanted: int, now: datetime) -> str:
        """Why not everybody of so many can be given a code that works; empty when they can."""
        return pure.lack_of(
            is_active=self.is_active, ends_at=self.ends_at, free=self.free, wanted=wanted, now=now
        )


def codes_given(workspace_id: int, campaign: CampaignRecord) -> Codes | None:
    """The codes that go with the campaign's letters; None when none do.

    raises  NotFound(series_unknown)
    """
    if campaign.code_series_id is None:
        return None
    one = series.series_by_id(workspace_id, campaign.code_series_id)
    letter = messaging.check_source(workspace_id, subject=campaign.subject, source=campaign.source)
    return Codes(
        series_id=one.public_id,
        name=one.name,
        is_active=one.state == "active",
        ends_at=one.ends_at,
        free=series.free(workspace_id, one),
        is_printed=pure.prints_code(letter.names),
    )


def samples(workspace_id: int, campaign: CampaignRecord) -> dict[str, dict[str, object]]:
    """What previews and tests print where a letter prints the code; nothing is given out."""
    if campaign.code_series_id is None:
        return {}
    one = series.series_by_id(workspace_id, campaign.code_series_id)
    shown = series.sample(one)
    return {"loyalty": {"code": shown, "codes": {one.promotion_slug or one.slug: shown}}}
