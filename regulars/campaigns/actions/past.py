"""A campaign that was sent before, by us or by another tool: kept for its report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from regulars.campaigns.models import Campaign
from regulars.campaigns.pure import drafts
from regulars.campaigns.queries.campaigns import find_created, record_of
from regulars.campaigns.records import CampaignRecord, Draft, State
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.kernel.ids import new_public_id


def record_past(
    workspace_id: int,
    draft: Draft,
    *,
    key: str,
    launched_at: datetime,
    finished_at: datetime,
    contacted_count: int,
    control_count: int,
    template_version_id: int | None = None,
) -> CampaignRecord:
    """A campaign already sent; nothing is started, and the same key again gives the first one.

    Its messages, assignments and events are written by the caller under the record's id.

    raises  Invalid(draft_invalid | past_invalid), Conflict(idempotency_mismatch)
    """
    drafts.check(draft)
    if not launched_at <= finished_at <= clock.now():
        raise Invalid("past_invalid", "A past campaign was launched, then finished, before now.")
    if min(contacted_count, control_count) < 0:
        raise Invalid("past_invalid", "A campaign has no fewer customers than none.")
    told = {
        "launched_at": launched_at,
        "finished_at": finished_at,
        "contacted_count": contacted_count,
        "control_count": control_count,
    }
    content_hash = drafts.content_hash({**asdict(draft), **told})
    row = Campaign(
        workspace_id=workspace_id,
        public_id=new_public_id(),
        state=State.SENT.value,
        template_version_id=template_version_id,
        audience_count=contacted_count + control_count,
        create_key=key,
        create_hash=content_hash,
        created_at=launched_at,
        updated_at=finished_at,
        **asdict(draft),
        **told,
    )
    return _saved_once(row)


def _saved_once(row: Campaign) -> CampaignRecord:
    assert row.create_key is not None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        found = find_created(row.workspace_id, row.create_key)
        if found is None:
            raise
        record, content_hash = found
        if content_hash != row.create_hash:
            raise Conflict(
                "idempotency_mismatch",
                "This key was already used for another campaign; take a new one.",
            ) from None
        return record
    return record_of(row)
