"""Work of points in the worker: events that count or give, the nights, and the seals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from regulars.events.records import Event, Origin
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.loyalty.actions import (
    accruals,
    carrying,
    nightly,
    rules,
    seals,
    sliding,
    turnover,
    waking,
)
from regulars.loyalty.pure.programme import EarnRule
from regulars.loyalty.queries import programme
from regulars.orders.queries.values import values_together
from regulars.store.scope import cursor, scope

NIGHT_JOB = "loyalty.night"
NIGHT_AGAIN = timedelta(minutes=1)
WORKSPACES_AT_ONCE_MAX = 10_000
# Older news gives no points any more: who imports history does not mean to.
EARN_AGE_MAX = timedelta(days=3)
# What stands for an occasion of a rule, beside the events that rules name themselves.
OCCASIONS = {
    "member.joined": "joined",
    "review.left": "review",
    "Product Reviewed": "review",
    "survey.answered": "survey",
    "Survey Completed": "survey",
    "receipt.registered": "receipt",
}
# How the log names events that came with the public key of a site.
SITE_PREFIX = "site:"
# Workspaces with members whose local day has begun and whose night was not run yet.
BEHIND = """
SELECT w.id FROM workspaces_workspace w
WHERE EXISTS (SELECT FROM loyalty_member m WHERE m.workspace_id = w.id)
  AND NOT EXISTS (SELECT FROM loyalty_night n WHERE n.workspace_id = w.id
                  AND n.day >= (%s AT TIME ZONE w.time_zone)::date AND n.finished_at IS NOT NULL)
ORDER BY w.id LIMIT %s
"""


def take_counts(workspace_id: int, events: Sequence[Event]) -> None:
    """What counts towards tiers; and orders by other doors earn, or lose what they earned."""
    now = clock.now()
    touched = turnover.note(workspace_id, events, now)
    eldest = now - EARN_AGE_MAX
    live = [e for e in events if e.origin == Origin.LIVE.value and e.received_at >= eldest]
    accruals.take(workspace_id, live, now)
    accruals.withdraw(workspace_id, live, now)
    # Balances are locked before members, here as everywhere.
    turnover.look(workspace_id, touched, now)


def take_events(workspace_id: int, events: Sequence[Event]) -> None:
    """Any event: points that wait for it wake, live on by it, and rules that ask for it give."""
    waking.take(workspace_id, [event for event in events if not _is_of_a_browser(event)])
    sliding.take(workspace_id, events)
    live = programme.live(workspace_id)
    triggers = {rule.trigger for rule in live.programme.earning if rule.is_on}
    if not live.is_open or not triggers - {"cart", "birthday"}:
        return
    found = [one for event in events for one in _occasions(event, live.programme.earning)]
    found += _first_purchases(workspace_id, events) if "first_purchase" in triggers else []
    rules.give(workspace_id, found)


def _occasions(event: Event, earning: Sequence[EarnRule]) -> list[rules.Occasion]:
    if event.customer_id is None:
        return []
    trigger = OCCASIONS.get(event.kind)
    # Anybody may send events with a site's public key: they give only as often as a rule bounds.
    fitting = [r for r in earning if not _is_of_a_browser(event) or r.once_per != "event"]
    named = [r.id for r in fitting if r.trigger == "event" and _is_for(r, event)]
    told = [r.id for r in fitting if trigger is not None and r.trigger == trigger]
    key = f"event:{event.id}"
    return [
        rules.Occasion(event.customer_id, what, key, event.time, frozenset(ids))
        for what, ids in (("event", named), (trigger or "", told))
        if ids
    ]


def _is_of_a_browser(event: Event) -> bool:
    return event.source.startswith(SITE_PREFIX)


def _is_for(rule: EarnRule, event: Event) -> bool:
    # Points that give points would never end.
    is_own = event.kind.startswith("points.")
    return (
        rule.event == event.kind
        and not is_own
        and all(event.props.get(name) == value for name, value in rule.event_where.items())
    )


def _first_purchases(workspace_id: int, events: Sequence[Event]) -> list[rules.Occasion]:
    paid = [e for e in events if e.kind == "order.paid" and e.customer_id is not None]
    values = values_together(workspace_id, [e.customer_id for e in paid if e.customer_id])
    return [
        rules.Occasion(
            e.customer_id,
            "first_purchase",
            "first",
            e.time,
            purchase_id=accruals.bonus_of(e.subject_id) if e.subject_id else None,
        )
        for e in paid
        if e.customer_id is not None
        if (value := values.get(e.customer_id)) is not None and value.orders_count == 1
    ]


def take_merges(workspace_id: int, events: Sequence[Event]) -> None:
    """Cards became one, or one became two: points follow."""
    for event in events:
        if event.customer_id is None or event.subject_id is None:
            continue
        if event.kind == "customer.merged":
            carrying.merge(workspace_id, event.subject_id, event.customer_id, str(event.id))
        else:
            carrying.split(workspace_id, event.subject_id, str(event.id))


def seal() -> int:
    """Seal what was posted; how many transactions."""
    return seals.seal_waiting()


def nights() -> int:
    """Ask for the nights that have come; in how many workspaces. Engine only."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(BEHIND, [clock.now(), WORKSPACES_AT_ONCE_MAX])
        behind = [row[0] for row in raw.fetchall()]
    for workspace_id in behind:
        with scope(workspace_id):
            jobs.enqueue_anew(workspace_id, NIGHT_JOB, {}, NIGHT_JOB, every=NIGHT_AGAIN)
    return len(behind)


def run_night(job: JobRecord) -> None:
    """Run every night of the workspace that has come."""
    nightly.run_due(job.workspace_id, renew=lambda: jobs.renew(job))
