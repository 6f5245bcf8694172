"""Writing a campaign before it is sent."""

from __future__ import annotations

from dataclasses import asdict, replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from regulars.campaigns.actions.locks import locked
from regulars.campaigns.models import Campaign
from regulars.campaigns.pure import drafts
from regulars.campaigns.pure.states import Verb
from regulars.campaigns.queries.campaigns import campaign, find_created, record_of
from regulars.campaigns.records import CampaignRecord, Draft
from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid
from regulars.kernel.ids import new_public_id
from regulars.loyalty.queries import series

FIELDS = tuple(Draft.__dataclass_fields__)


def create_draft(workspace_id: int, draft: Draft, *, key: str | None = None) -> CampaignRecord:
    """A new draft; asking again with the same key and content gives the one that is there.

    raises  Invalid(draft_invalid | series_shared), NotFound(series_unknown),
            Conflict(idempotency_mismatch)
    """
    drafts.check(draft)
    _check_topic(workspace_id, draft.topic)
    _check_series(workspace_id, draft.code_series_id)
    content_hash = drafts.content_hash(asdict(draft))
    if key is not None and (found := _created(workspace_id, key, content_hash)) is not None:
        return found
    now = clock.now()
    row = Campaign(
        workspace_id=workspace_id,
        public_id=new_public_id(),
        create_key=key,
        create_hash=content_hash,
        created_at=now,
        updated_at=now,
    )
    _take(row, draft)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        # A twin with the same key was quicker.
        found = _created(workspace_id, key or "", content_hash)
        if found is None:
            raise
        return found
    return record_of(row)


def _created(workspace_id: int, key: str, content_hash: str) -> CampaignRecord | None:
    found = find_created(workspace_id, key)
    if found is not None and found[1] != content_hash:
        raise Conflict(
            "idempotency_mismatch",
            _("This key was already used for another campaign; take a new one."),
        )
    return None if found is None else found[0]


def update(workspace_id: int, public_id: str, draft: Draft) -> CampaignRecord:
    """The draft with its new content.

    raises  NotFound, Invalid(draft_invalid | series_shared), Conflict(campaign_state) once it is
            no draft
    """
    drafts.check(draft)
    _check_topic(workspace_id, draft.topic)
    _check_series(workspace_id, draft.code_series_id)
    row = locked(workspace_id, public_id, Verb.UPDATE)
    _take(row, draft)
    row.updated_at = clock.now()
    row.save(update_fields=[*FIELDS, "updated_at"])
    return record_of(row)


def copy_draft(workspace_id: int, public_id: str, *, name: str) -> CampaignRecord:
    """A new draft with the content of another campaign, sent or not. raises NotFound, Invalid"""
    source = campaign(workspace_id, public_id)
    return create_draft(workspace_id, replace(source.draft(), name=name))


def _check_topic(workspace_id: int, topic: str) -> None:
    known = customers.topics(workspace_id, with_archived=True) if topic else []
    if topic and topic not in {one.key for one in known}:
        raise Invalid("topic_unknown", _("There is no such topic."), path="topic")


def _check_series(workspace_id: int, series_id: int | None) -> None:
    if series_id is None:
        return
    if series.series_by_id(workspace_id, series_id).kind not in series.OWN_KINDS:
        raise Invalid(
            "series_shared",
            _("This series has one code for everybody: write that code into the letter."),
            path="code_series",
        )


def _take(row: Campaign, draft: Draft) -> None:
    for name in FIELDS:
        setattr(row, name, getattr(draft, name))
    row.name = draft.name.strip()
