"""The page behind a confirming letter: one button, which alone confirms."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from regulars.customers import queries as customers
from regulars.customers.records import TOPIC_MARK
from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Refused
from regulars.messaging import actions, queries
from regulars.messaging.pages.public import (
    is_written_to,
    language_of,
    masked,
    opened,
    page,
    receiver,
    spoken,
)
from regulars.messaging.pure.tokens import Token
from regulars.messaging.records import QuestionRecord
from regulars.workspaces.records import WorkspaceRecord

TEMPLATE = "messaging/confirm.html"
# What a refusal makes of the page.
SHOWN = {"question_expired": "expired", "question_address": "moved", "question_limit": "limit"}


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once more; only the button's POST confirms, for scanners follow every link."""
    return opened(request, token, _answer)


def _answer(request: HttpRequest, workspace: WorkspaceRecord, said: Token) -> HttpResponse:
    public_id = said.message_public_id
    asked = queries.question(workspace.id, public_id)
    message = queries.message(workspace.id, public_id)
    if asked is None or message is None:
        raise NotFound("question_unknown", "This letter asks for nothing.")
    state = _act(request, workspace, public_id, asked)
    profile = receiver(workspace.id, message)
    is_own = profile is not None and is_written_to(workspace.id, message, profile)
    language = language_of(profile, workspace)
    context: dict[str, Any] = {
        "shop": workspace,
        "state": state,
        "token": request.path.split("/")[2],
        "address": masked(profile.email or "") if profile and is_own else "",
        "text": customers.consent_text(workspace.id, asked.text_version),
        "names": [
            topic.name_in(spoken(request, language))
            for topic in customers.topics(workspace.id, with_archived=True)
            if topic.purpose == asked.purpose and asked.purpose.startswith(TOPIC_MARK)
        ],
    }
    return page(request, TEMPLATE, context, language=language)


def _act(
    request: HttpRequest, workspace: WorkspaceRecord, public_id: str, asked: QuestionRecord
) -> str:
    """Do what the button says; gives the state the page shows."""
    action = request.POST.get("action", "") if request.method == "POST" else ""
    try:
        if action == "confirm":
            actions.confirm_question(workspace.id, public_id)
            return "confirmed"
        if action == "again":
            actions.ask_again(workspace.id, public_id)
            return "again"
    except Refused as refused:
        if refused.code not in SHOWN:
            raise
        return SHOWN[refused.code]
    if asked.confirmed_at is not None:
        return "confirmed"
    return "open" if asked.is_open(clock.now()) else "expired"
