"""The list of campaigns."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.campaigns import actions, queries, words
from regulars.campaigns.pages.access import campaign_of, workspace_of
from regulars.campaigns.pure.drafts import NAME_CHARS_MAX
from regulars.campaigns.records import ListRow, State
from regulars.messaging.records import MessageState
from regulars.workspaces.records import Right

SHOWN = ("all", "drafts", "active", "sent")
GROUPS: dict[str, frozenset[State]] = {
    "drafts": frozenset({State.DRAFT}),
    "active": frozenset({State.SCHEDULED, State.LAUNCHING, State.SENDING, State.PAUSED}),
    "sent": frozenset({State.SENT, State.CANCELLED}),
}
ACCEPTED = (MessageState.ACCEPTED, MessageState.BOUNCED)


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every campaign with where it stands."""
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    shown = request.GET.get("show", "all")
    rows = queries.list_rows(workspace.id)
    chosen = [row for row in rows if shown not in GROUPS or row.campaign.state in GROUPS[shown]]
    context = {
        "rows": [_line(row) for row in chosen],
        "has_any": bool(rows),
        "shown": shown if shown in SHOWN else "all",
        "choices": [
            ("all", _("All")), ("drafts", _("Drafts")), ("active", _("Under way")),
            ("sent", _("Finished")),
        ],
    }  # fmt: skip
    return render(request, "campaigns/list.html", context)


@login_required
@require_POST
def copy(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new draft from a campaign."""
    workspace, source = campaign_of(request, Right.CAMPAIGNS_EDIT, public_id)
    name = _("%(name)s, copy") % {"name": source.name}
    made = actions.copy_draft(workspace.id, public_id, name=name[:NAME_CHARS_MAX])
    messages.success(request, _("The copy is a draft; change what you like."))
    return redirect("campaigns:recipients", made.public_id)


def _line(row: ListRow) -> dict[str, object]:
    tone, label = words.state(row.campaign.state)
    return {
        "campaign": row.campaign,
        "segment": row.segment_name,
        "tone": tone,
        "label": label,
        "accepted": sum(row.messages.get(state, 0) for state in ACCEPTED),
        "planned": sum(row.messages.values()),
    }
