"""Letters that another tool sent before, kept with ours so that reports see one history."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.errors import Invalid, NotFound
from regulars.messaging.actions.planning import CUSTOMERS_MAX, PUBLIC_ID
from regulars.messaging.models import TemplateVersion
from regulars.messaging.records import MessageState, PastMessage
from regulars.store.scope import cursor

_KEEP = f"""
INSERT INTO messaging_message
  (public_id, workspace_id, occurrence, campaign_id, customer_id, channel, state, reason, variant,
   template_version_id, is_marketing, planned_at, due_at, attempts, handed_at, accepted_at,
   bounced_at, finished_at)
SELECT {PUBLIC_ID}, %(workspace)s, occurrence, campaign_id, customer_id, channel, state, '', '',
       version_id, true, planned_at, planned_at, 1, accepted_at, accepted_at, bounced_at,
       coalesce(bounced_at, accepted_at, planned_at)
FROM unnest(%(occurrences)s::text[], %(campaigns)s::bigint[], %(customers)s::bigint[],
            %(channels)s::text[], %(states)s::text[], %(versions)s::bigint[],
            %(planned)s::timestamptz[], %(accepted)s::timestamptz[], %(bounced)s::timestamptz[])
  AS given (occurrence, campaign_id, customer_id, channel, state, version_id, planned_at,
            accepted_at, bounced_at)
ON CONFLICT (workspace_id, occurrence, customer_id, channel) DO NOTHING
"""
_IDS = """
SELECT m.id, m.public_id
FROM unnest(%(occurrences)s::text[], %(customers)s::bigint[], %(channels)s::text[])
  WITH ORDINALITY AS given (occurrence, customer_id, channel, place)
JOIN messaging_message m
  ON m.workspace_id = %(workspace)s AND m.occurrence = given.occurrence
 AND m.customer_id = given.customer_id AND m.channel = given.channel
ORDER BY place
"""


def record_past(workspace_id: int, rows: Sequence[PastMessage]) -> list[tuple[int, str]]:
    """Keep letters sent before, nothing leaves; gives (id, public id) in the rows' order.

    What is known by (occurrence, customer, channel) stays as it is, so repeating changes nothing.
    No events are recorded: whoever brings the history knows when they happened.
    raises  NotFound(template_unknown), Invalid(message_batch)
    """
    if len(rows) > CUSTOMERS_MAX:
        raise Invalid("message_batch", f"Bring at most {CUSTOMERS_MAX} messages a call.")
    versions = {row.template_version_id for row in rows}
    known = TemplateVersion.objects.filter(workspace_id=workspace_id, id__in=versions)
    if known.count() != len(versions):
        raise NotFound("template_unknown", "There is no such version of a template.")
    values = {
        "workspace": workspace_id,
        "occurrences": [row.occurrence for row in rows],
        "campaigns": [row.campaign_id for row in rows],
        "customers": [row.customer_id for row in rows],
        "channels": [row.channel for row in rows],
        "states": [_state_of(row).value for row in rows],
        "versions": [row.template_version_id for row in rows],
        "planned": [row.planned_at for row in rows],
        "accepted": [row.accepted_at for row in rows],
        "bounced": [row.bounced_at for row in rows],
    }
    raw = cursor()
    raw.execute(_KEEP, values)
    raw.execute(_IDS, values)
    kept = [(int(id_), str(public_id)) for id_, public_id in raw.fetchall()]
    assert len(kept) == len(rows)
    return kept


def _state_of(row: PastMessage) -> MessageState:
    if row.bounced_at is not None:
        return MessageState.BOUNCED
    return MessageState.ACCEPTED if row.accepted_at is not None else MessageState.REJECTED
