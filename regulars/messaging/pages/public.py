"""What a letter's reader reaches from its foot: unsubscribing, at once or by a page.

RFC 8058: a POST by a mail program carries no cookie and unsubscribes at once, without a redirect.
A GET only shows a page, because scanners follow every link of a letter.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound
from regulars.messaging import actions, queries
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Purpose, Token, TokenInvalid
from regulars.messaging.records import MessageRecord
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

ONE_CLICK = "List-Unsubscribe"
SOURCE_ONE_CLICK, SOURCE_PAGE = "one_click", "page"
CHANNEL, MARKETING = "email", "marketing"
REFUSED_CONSENT = frozenset({"consent_missing", "consent_withdrawn"})
NO_STORE = "no-store, private"


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The page of one letter's receiver, and the one-click POST of their mail program."""
    try:
        workspace_id = tokens.workspace_of(token)
        with scope(workspace_id):
            workspace = workspaces.workspace(workspace_id)
            said = tokens.unseal(workspace.secret.encode(), Purpose.UNSUBSCRIBE, token)
            return _answer(request, workspace, said)
    except (TokenInvalid, NotFound):
        return _page(request, {"is_broken": True}, status=404)


def _answer(request: HttpRequest, workspace: WorkspaceRecord, said: Token) -> HttpResponse:
    public_id = said.message_public_id
    if request.method == "POST":
        if ONE_CLICK in request.POST:
            actions.unsubscribe(workspace.id, public_id, source=SOURCE_ONE_CLICK)
            return _uncached(HttpResponse("Unsubscribed.\n", content_type="text/plain"))
        if request.POST.get("action") == "unsubscribe":
            actions.unsubscribe(workspace.id, public_id, source=SOURCE_PAGE)
        elif request.POST.get("action") == "subscribe":
            actions.subscribe_again(workspace.id, public_id, source=SOURCE_PAGE)
    message = queries.message(workspace.id, public_id)
    context: dict[str, Any] = {"shop": workspace, "is_changed": request.method == "POST"}
    if message is None:
        # A test letter: everything works, nothing is changed.
        return _page(request, context | {"is_test": True})
    return _page_of(request, workspace, message, context)


def _page_of(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    message: MessageRecord,
    context: dict[str, Any],
) -> HttpResponse:
    roots = customers.roots_of(workspace.id, [message.customer_id])
    customer_id = roots.get(message.customer_id, message.customer_id)
    refusals = customers.contact_refusals(
        workspace.id, [customer_id], channel=CHANNEL, purpose=MARKETING
    )
    profile = customers.profiles(workspace.id, [customer_id]).get(customer_id)
    context |= {
        "is_subscribed": refusals.get(customer_id) not in REFUSED_CONSENT and profile is not None,
        "address": masked(profile.email or "") if profile else "",
    }
    language = (profile.language or "").lower()[:2] if profile else ""
    return _page(request, context, language=language or workspace.language)


def masked(address: str) -> str:
    """Enough of the address for its owner to know it, too little for anybody else."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…{at}{domain}" if at else ""


def _page(
    request: HttpRequest, context: dict[str, Any], *, language: str = "", status: int = 200
) -> HttpResponse:
    # Whoever chose a language by hand keeps it; else the letter's receiver is spoken to in theirs.
    is_chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    if is_chosen or language not in dict(settings.LANGUAGES):
        language = translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        return _uncached(render(request, "messaging/preferences.html", context, status=status))


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
