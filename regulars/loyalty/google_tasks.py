"""Cards in Google Wallet: what they show follows every change of points and tiers."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Outside, RegularsError
from regulars.loyalty.actions import google_cards as actions
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.wallet import google, issuing
from regulars.store.scope import cursor, scope

JOB = "loyalty.google_cards"
CARDS_AT_ONCE_MAX = 100
WORKSPACES_AT_ONCE_MAX = 1_000
# After tries that all failed, and after a refusal of the account itself, Google is left in peace.
REST = timedelta(hours=1)
# What is said against the account, not against one card.
ACCOUNT_STATUSES = (401, 403)


def ask(workspace_id: int) -> None:
    """Have Google told of the workspace's changed cards; asked again, it is one job still."""
    kept = queries.wallet(workspace_id)
    is_resting = kept.google_rests_until is not None and kept.google_rests_until > clock.now()
    if kept.has_google and not is_resting:
        jobs.enqueue_anew(workspace_id, JOB, {}, "all", every=timedelta(0))


def run(job: JobRecord) -> None:
    """Tell Google of cards that changed since it was told last, each as it is now.

    raises  Outside; the job is tried again, and after its last try Google rests for an hour
    """
    try:
        is_more = _tell(job.workspace_id)
    except RegularsError as error:
        is_over = not isinstance(error, Outside) or error.is_permanent
        if is_over or job.attempts >= jobs.TRIES_MAX:
            with scope(job.workspace_id):
                actions.note_fault(job.workspace_id, error.message, rests_for=REST)
        raise
    if is_more:
        with scope(job.workspace_id):
            jobs.put_back(job, clock.now())


def nudge() -> int:
    """Ask again where cards changed while others were told of. Engine only; how many workspaces."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "SELECT w.workspace_id FROM loyalty_wallet AS w WHERE w.google_key <> ''"
            " AND EXISTS (SELECT FROM loyalty_card AS c WHERE c.workspace_id = w.workspace_id"
            " AND c.google_told_at < c.changed_at) ORDER BY w.workspace_id LIMIT %s",
            [WORKSPACES_AT_ONCE_MAX],
        )
        found = [row[0] for row in raw.fetchall()]
    for workspace_id in found:
        with scope(workspace_id):
            ask(workspace_id)
    return len(found)


def _tell(workspace_id: int) -> bool:
    """Tell of as many as one run takes; whether there may be more."""
    with scope(workspace_id):
        kept = queries.wallet(workspace_id)
        behind = queries.google_behind(workspace_id, CARDS_AT_ONCE_MAX)
        word = issuing.tier_word(workspace_id)
    if not kept.has_google or not behind:
        return False
    issuer = issuing.issuer_of(kept)
    token = google.access_token(issuer, clock.now())
    for card_id in behind:
        _tell_one(workspace_id, card_id, issuer, token, word)
    return len(behind) == CARDS_AT_ONCE_MAX


def _tell_one(
    workspace_id: int, card_id: int, issuer: google.Issuer, token: str, word: str
) -> None:
    with scope(workspace_id):
        # The time of the change first: what changes after it is told by the next round.
        card = queries.card_by_id(workspace_id, card_id)
        view = queries.view(workspace_id, card)
    fault = ""
    is_saved = True
    try:
        is_saved = google.update(view, issuer, token, tier_word=word)
    except Outside as error:
        if error.code != "provider_refused" or error.details["status"] in ACCOUNT_STATUSES:
            raise
        # This card alone: asked again it would be refused again, until it changes.
        fault = f"{card.public_id}: {error.message}"
    with scope(workspace_id):
        actions.note_told(workspace_id, card_id, card.changed_at, is_saved=is_saved)
        if fault:
            actions.note_fault(workspace_id, fault)
