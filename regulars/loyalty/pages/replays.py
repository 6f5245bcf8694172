"""Replay: what the receipts of a period would have cost by other rules."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.kernel import clock, ids
from regulars.kernel.errors import Invalid, Refused
from regulars.loyalty import promotion_words as words
from regulars.loyalty.actions import replays as actions
from regulars.loyalty.queries import promotions
from regulars.loyalty.queries import replaying as queries
from regulars.loyalty.replay_tasks import RECEIPTS_MAX
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

STATES: dict[str, tuple[str, str | Promise]] = {
    "waiting": ("neutral", gettext_lazy("Waiting")),
    "running": ("info", gettext_lazy("Running")),
    "done": ("good", gettext_lazy("Done")),
    "full": ("warn", gettext_lazy("Stopped at the limit of receipts")),
    "failed": ("bad", gettext_lazy("Failed")),
}
KEY_CHARS_MAX = 60


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The form of a replay and the newest ones."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    today = clock.now().astimezone(ZoneInfo(workspace.time_zone)).date()
    chosen = request.GET.getlist("promotion")
    context = {
        "promotions": [
            (one.slug, one.name, one.slug in chosen)
            for one in promotions.promotions(workspace.id, states=("draft", "paused", "live"))
        ],
        "since": today - timedelta(days=30),
        "until": today,
        "key": ids.new_public_id(),
        "rows": [(one, STATES[one.state]) for one in queries.replays(workspace.id)],
        "receipts_max": RECEIPTS_MAX,
    }
    return render(request, "loyalty/replays.html", context)


@login_required
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Ask for a replay."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    sent = request.POST
    try:
        since, until = (
            _day(workspace, sent.get("since", "")),
            _day(workspace, sent.get("until", "")),
        )
        made = actions.start_replay(
            workspace.id,
            since=since,
            until=until + timedelta(days=1),
            slugs=sent.getlist("promotion"),
            only=sent.get("only") == "1",
            key=sent.get("key", "")[:KEY_CHARS_MAX] or None,
            actor=member_of(request).email,
        )
    except (Invalid, Refused) as refused:
        messages.error(request, words.error(refused))
        return redirect("loyalty:replays")
    return redirect("loyalty:replay", public_id=made.public_id)


@login_required
@require_safe
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a replay has found so far."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    found = queries.replay(workspace.id, public_id)
    names = {one.slug: one.name for one in promotions.promotions(workspace.id)}
    context: dict[str, Any] = {
        "one": found,
        "found": found.found,
        "state": STATES[found.state],
        "is_running": found.state in ("waiting", "running"),
        "difference": found.found.would_minor - found.found.sold_minor,
        "asked": [names.get(slug, slug) for slug in found.slugs],
        "promotions": sorted(
            ((names.get(slug, slug), one) for slug, one in found.found.promotions.items()),
            key=lambda pair: -pair[1].discount_minor,
        ),
        "receipts_max": RECEIPTS_MAX,
    }
    return render(request, "loyalty/replay.html", context)


def _day(workspace: WorkspaceRecord, text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), ZoneInfo(workspace.time_zone))
    except ValueError:
        raise Invalid("date_invalid", "A day is written as 2026-01-31.") from None
