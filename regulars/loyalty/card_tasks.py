"""Cards in wallets: who hears that points changed, and telling phones so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from regulars.events.records import Event
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.loyalty import google_tasks
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.models.cards import PassDevice
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.queries import members
from regulars.loyalty.wallet import notices
from regulars.loyalty.wallet.issuing import signer_of
from regulars.store.scope import cursor, scope

JOB = "loyalty.passes"
BEHIND_AT_ONCE_MAX = 1_000


def take_changes(workspace_id: int, events: Sequence[Event]) -> None:
    """Points or tiers of these customers changed: their passes are old; phones and Google hear."""
    ids = sorted({one.customer_id for one in events if one.customer_id is not None})
    found = members.of_customers(workspace_id, ids)
    touched = actions.touch_cards(workspace_id, [one.id for one in found.values()])
    for card_id in touched.on_phones:
        _ask(workspace_id, card_id)
    if touched.at_google:
        google_tasks.ask(workspace_id)


def run(job: JobRecord) -> None:
    """Tell every device of a card that has not heard of its last change.

    raises  Outside(push_unreachable); the job is tried again
    """
    with scope(job.workspace_id):
        kept = queries.wallet(job.workspace_id)
        card = queries.card_by_id(job.workspace_id, int(job.payload["card"]))
        behind = _behind(job.workspace_id, card.id)
    if not kept.has_apple or not behind:
        return
    said = notices.push(signer_of(kept), [token for _device, token in behind])
    heard = [device for device, token in behind if said.get(token) == 200]
    gone = [device for device, token in behind if said.get(token) == notices.GONE]
    with scope(job.workspace_id):
        rows = PassDevice.objects.filter(workspace_id=job.workspace_id, card_id=card.id)
        rows.filter(device__in=gone).delete()
        # What changed meanwhile is later than this, and is told of by the next round.
        rows.filter(device__in=heard).update(pushed_at=card.changed_at)


def nudge() -> int:
    """Ask again for cards some device has not heard of: a change that came while one was told.

    Engine only; how many cards.
    """
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "SELECT DISTINCT c.workspace_id, c.id FROM loyalty_passdevice AS d"
            " JOIN loyalty_card AS c ON c.id = d.card_id"
            " JOIN loyalty_wallet AS w ON w.workspace_id = c.workspace_id AND w.apple_key <> ''"
            " WHERE c.changed_at > coalesce(d.pushed_at, d.registered_at) LIMIT %s",
            [BEHIND_AT_ONCE_MAX],
        )
        found = raw.fetchall()
    for workspace_id, card_id in found:
        with scope(workspace_id):
            _ask(workspace_id, card_id)
    return len(found)


def _ask(workspace_id: int, card_id: int) -> None:
    jobs.enqueue_anew(workspace_id, JOB, {"card": card_id}, str(card_id), every=timedelta(0))


def _behind(workspace_id: int, card_id: int) -> list[tuple[str, str]]:
    raw = cursor()
    raw.execute(
        "SELECT d.device, d.push_token FROM loyalty_passdevice AS d"
        " JOIN loyalty_card AS c ON c.id = d.card_id WHERE d.workspace_id = %s"
        " AND d.card_id = %s AND c.changed_at > coalesce(d.pushed_at, d.registered_at)"
        " ORDER BY d.id LIMIT %s",
        [workspace_id, card_id, notices.TOKENS_AT_ONCE_MAX],
    )
    return [(row[0], row[1]) for row in raw.fetchall()]
