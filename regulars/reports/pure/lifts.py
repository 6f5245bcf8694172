"""What campaigns brought against the customers they held back."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.analytics.campaigns import NOBODY, all_arms_of
from regulars.analytics.lift import Lift, read_lift
from regulars.campaigns.records import CampaignRecord
from regulars.experiments.records import experiment_of_campaign
from regulars.reports.records import Row


def lifts_of(
    campaigns: Sequence[CampaignRecord], rows: Sequence[Row]
) -> list[tuple[CampaignRecord, Lift]]:
    """What each campaign brought within its window, against the customers it held back.

    rows  the answer to the question `arms`
    """
    arms = all_arms_of(rows)
    compared = []
    for one in campaigns:
        contacted, control = arms.get(experiment_of_campaign(one.id), (NOBODY, NOBODY))
        compared.append((one, read_lift(contacted, control, control_share=one.control_share)))
    return compared
