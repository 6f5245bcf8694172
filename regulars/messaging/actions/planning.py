"""Messages planned and cancelled, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.messaging.models import TemplateVersion
from regulars.store.scope import cursor

OCCURRENCE_CHARS_MAX = 200
CUSTOMERS_MAX = 50_000

# 16 random bytes as 22 url-safe characters, the form of kernel.ids.new_public_id.
PUBLIC_ID = "translate(rtrim(encode(uuid_send(gen_random_uuid()), 'base64'), '='), '+/', '-_')"
_PLAN = f"""
INSERT INTO messaging_message
  (public_id, workspace_id, occurrence, campaign_id, customer_id, channel, state, reason, variant,
   template_version_id, is_marketing, topic, planned_at, due_at, expires_at, attempts)
SELECT {PUBLIC_ID}, %(workspace)s, %(occurrence)s, %(campaign)s, customer_id, %(channel)s,
       'planned', '', %(variant)s, %(version)s, %(is_marketing)s, %(topic)s, %(now)s, due_at,
       %(expires_at)s, 0
FROM unnest(%(customers)s::bigint[], %(due)s::timestamptz[]) AS given (customer_id, due_at)
ON CONFLICT (workspace_id, occurrence, customer_id, channel) DO NOTHING
"""
# A held one would never be claimed and so never expire.
_CANCEL = """
WITH ended AS (
    UPDATE messaging_message
    SET state = CASE WHEN state = 'handing' THEN state ELSE 'cancelled' END,
        finished_at = CASE WHEN state = 'handing' THEN finished_at ELSE %(now)s END,
        token = CASE WHEN state = 'handing' THEN token END,
        expires_at = CASE WHEN state = 'handing' THEN least(expires_at, %(now)s)
                          ELSE expires_at END,
        held_at = CASE WHEN state = 'handing' THEN NULL ELSE held_at END
    WHERE workspace_id = %(workspace)s AND {column} = %(which)s
      AND state IN ('planned', 'deferred', 'claimed', 'handing')
    RETURNING state)
SELECT count(*) FROM ended WHERE state = 'cancelled'
"""


def plan_messages(
    workspace_id: int,
    *,
    occurrence: str,
    campaign_id: int | None,
    customer_ids: Sequence[int],
    template_version_id: int,
    due_at: datetime | Sequence[datetime],
    is_marketing: bool,
    channel: str = "email",
    variant: str = "",
    expires_at: datetime | None = None,
    topic: str = "",
) -> int:
    """One message for each customer; returns how many are new.

    occurrence   what this sending is, such as "campaign:12"; a customer gets one message for it,
                 however often it is planned
    customer_ids at most 50,000 a call
    due_at       one time for all, or one for each customer (pacing)
    topic        the key of the topic a marketing letter is about; asked again at the hand-over
    raises       NotFound(template_unknown), Invalid(message_occurrence | message_batch)
    """
    if not 0 < len(occurrence) <= OCCURRENCE_CHARS_MAX:
        raise Invalid("message_occurrence", "An occurrence has 1 to 200 characters.")
    if len(customer_ids) > CUSTOMERS_MAX:
        raise Invalid("message_batch", f"Plan at most {CUSTOMERS_MAX} messages a call.")
    dues = [due_at] * len(customer_ids) if isinstance(due_at, datetime) else list(due_at)
    assert len(dues) == len(customer_ids)
    known = TemplateVersion.objects.filter(workspace_id=workspace_id, id=template_version_id)
    if not known.exists():
        raise NotFound("template_unknown", "There is no such version of a template.")
    raw = cursor()
    raw.execute(
        _PLAN,
        {
            "workspace": workspace_id,
            "occurrence": occurrence,
            "campaign": campaign_id,
            "customers": list(customer_ids),
            "due": dues,
            "version": template_version_id,
            "is_marketing": is_marketing,
            "topic": topic,
            "channel": channel,
            "variant": variant,
            "expires_at": expires_at,
            "now": clock.now(),
        },
    )
    planned = raw.rowcount
    if planned:
        raw.execute("SELECT pg_notify('regulars_messages', '')")
    return planned


def cancel_messages(
    workspace_id: int, *, occurrence: str | None = None, campaign_id: int | None = None
) -> int:
    """Cancel what was not handed over yet; returns how many messages.

    A claimed one is cancelled too: its worker is stopped when it asks to hand over. One in
    hand-over may still be taken by the server; put off, it expires instead of being tried again.
    """
    assert (occurrence is None) != (campaign_id is None)
    column = "occurrence" if campaign_id is None else "campaign_id"
    raw = cursor()
    raw.execute(
        _CANCEL.format(column=column),
        {
            "now": clock.now(),
            "workspace": workspace_id,
            "which": occurrence if campaign_id is None else campaign_id,
        },
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])
