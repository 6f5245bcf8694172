"""Which series of codes an author may choose, and which one was chosen."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.campaigns.records import CampaignRecord
from regulars.loyalty.queries import series

# What a letter writes to print the code that is given with it.
CODE_NAME = "{{ loyalty.code }}"


def code_choices(workspace_id: int, one: CampaignRecord) -> list[tuple[str, str]]:
    """Series that give codes now, and the chosen one even when it does not any more."""
    found = [
        (row.public_id, row.name)
        for row in series.own_series(workspace_id)
        if row.state == "active" or row.id == one.code_series_id
    ]
    return [("", _("No codes")), *found]


def chosen_series(workspace_id: int, one: CampaignRecord) -> str:
    """The public id of the campaign's series; empty without one."""
    if one.code_series_id is None:
        return ""
    return series.series_by_id(workspace_id, one.code_series_id).public_id


def series_chosen(workspace_id: int, public_id: str) -> int | None:
    """The series of a public id; None for an empty one. raises NotFound(series_unknown)"""
    return series.series(workspace_id, public_id).id if public_id else None
