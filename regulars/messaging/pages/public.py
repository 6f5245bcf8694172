"""What a letter's reader reaches from its foot: unsubscribing at once, or choosing on a page.

RFC 8058: a POST by a mail program carries no cookie and unsubscribes at once, without a redirect.
A GET only shows a page, because scanners follow every link of a letter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from regulars.customers import actions as customer_actions
from regulars.customers import queries as customers
from regulars.customers.records import PreferenceRecord, Profile, TopicRecord
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.messaging import actions, queries, words
from regulars.messaging.actions import choosing
from regulars.messaging.actions.choosing import CHANNEL, Choice
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Purpose, Token, TokenInvalid
from regulars.messaging.records import MessageRecord
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

ONE_CLICK = "List-Unsubscribe"
SOURCE_ONE_CLICK, SOURCE_PAGE = "one_click", "page"
NO_STORE = "no-store, private"
PREFERENCES = "messaging/preferences.html"
Answer = Callable[[HttpRequest, WorkspaceRecord, Token], HttpResponse]


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The page of one letter's receiver, and the one-click POST of their mail program."""
    return opened(request, token, _answer)


def opened(request: HttpRequest, token: str, answer: Answer) -> HttpResponse:
    """What the letter of this token leads to; a page that says so when the token is not ours."""
    try:
        workspace_id = tokens.workspace_of(token)
        with scope(workspace_id):
            workspace = workspaces.workspace(workspace_id)
            said = tokens.unseal(workspace.secret.encode(), Purpose.UNSUBSCRIBE, token)
            return answer(request, workspace, said)
    except (TokenInvalid, NotFound):
        return page(request, PREFERENCES, {"is_broken": True}, status=404)


def _answer(request: HttpRequest, workspace: WorkspaceRecord, said: Token) -> HttpResponse:
    public_id = said.message_public_id
    if request.method == "POST" and ONE_CLICK in request.POST:
        actions.unsubscribe(workspace.id, public_id, source=SOURCE_ONE_CLICK)
        return _uncached(HttpResponse("Unsubscribed.\n", content_type="text/plain"))
    message = queries.message(workspace.id, public_id)
    if message is None:
        # A test letter: everything works, nothing is changed.
        return page(request, PREFERENCES, {"shop": workspace, "is_test": True})
    profile = receiver(workspace.id, message)
    is_own = profile is not None and is_written_to(workspace.id, message, profile)
    told = ""
    if request.method == "POST":
        told = _act(request, workspace, message, profile if is_own else None)
        profile = receiver(workspace.id, message)
    context: dict[str, Any] = {"shop": workspace, "told": told, "is_own": is_own}
    language = language_of(profile, workspace)
    if profile is not None and is_own:
        context |= _choices(workspace, profile, spoken(request, language))
    return page(request, PREFERENCES, context, language=language)


def _act(
    request: HttpRequest, workspace: WorkspaceRecord, message: MessageRecord, own: Profile | None
) -> str:
    """Do what was asked; gives the word for it. Leaving is open to anybody with the letter."""
    action = request.POST.get("action", "")
    if action == "unsubscribe":
        actions.unsubscribe(workspace.id, message.public_id, source=SOURCE_PAGE)
        return "left"
    if own is None:
        return ""
    if action == "subscribe":
        actions.subscribe_again(workspace.id, message.public_id, source=SOURCE_PAGE)
        return "back"
    if action == "save":
        choosing.choose(workspace.id, message.public_id, own.id, _choice(request))
        return "saved"
    if action == "pause":
        choosing.pause(workspace.id, own.id)
        return "paused"
    if action == "wake":
        customer_actions.wake_marketing(workspace.id, own.id)
        return "woken"
    if action == "erase" and request.POST.get("sure"):
        choosing.ask_to_be_erased(workspace.id, own.id)
        return "erasure"
    return "unsure" if action == "erase" else ""


def _choice(request: HttpRequest) -> Choice:
    pairs = (value.partition(" ") for value in request.POST.getlist("wanted"))
    gaps = {name: request.POST.get(f"gap-{name}", "") for name in words.CHANNELS}
    language = request.POST.get("language", "")
    return Choice(
        wanted={(channel, purpose) for channel, _, purpose in pairs},
        gap_days={n: int(days) for n, days in gaps.items() if days in map(str, words.GAPS)},
        language=language if language in dict(settings.LANGUAGES) else "",
    )


def receiver(workspace_id: int, message: MessageRecord) -> Profile | None:
    """Whom the message went to, under the name they have now."""
    roots = customers.roots_of(workspace_id, [message.customer_id])
    customer_id = roots.get(message.customer_id, message.customer_id)
    return customers.profiles(workspace_id, [customer_id]).get(customer_id)


def is_written_to(workspace_id: int, message: MessageRecord, profile: Profile) -> bool:
    """Whether the letter went to the address the customer has now.

    An old address may be somebody else's by now: its letters may only stop things.
    """
    kept = queries.written_to(workspace_id, message.public_id)
    if kept is None:
        return True
    if not profile.email:
        # Split off again or taken away: whose the address is now is not theirs to say.
        return False
    (own,) = customers.address_hashes(workspace_id, [profile.email], channel=CHANNEL)
    return kept == own


def _choices(workspace: WorkspaceRecord, profile: Profile, language: str) -> dict[str, Any]:
    topics = customers.topics(workspace.id)
    purposes = choosing.purposes_of(topics)
    wishes = customers.wishes(workspace.id, profile.id, purposes)
    chosen = customers.preferences(workspace.id, profile.id)
    until = chosen.paused_until
    return {
        "address": masked(profile.email or ""),
        "is_subscribed": any(channel == CHANNEL for channel, _ in wishes.agreed),
        "is_asked": CHANNEL in wishes.asked,
        "topics": topics,
        "channels": [
            _channel(name, topics, wishes.agreed, chosen, language)
            for name in choosing.channels_of(wishes.asked)
        ],
        "paused_until": until if until is not None and until > clock.now() else None,
        "zone": workspace.time_zone,
        "spoken": language_of(profile, workspace),
        "has_asked_erasure": customers.has_asked_erasure(workspace.id, profile.id),
    }


def _channel(
    name: str,
    topics: list[TopicRecord],
    agreed: frozenset[tuple[str, str]],
    chosen: PreferenceRecord,
    language: str,
) -> dict[str, Any]:
    with translation.override(language):
        labels = [topic.name_in(language) for topic in topics] or [gettext("News and offers")]
    gap = chosen.gap_days.get(name, 0)
    return {
        "name": name,
        "label": words.CHANNELS.get(name, name),
        "purposes": [
            (purpose, label, (name, purpose) in agreed)
            for purpose, label in zip(choosing.purposes_of(topics), labels, strict=True)
        ],
        "gaps": [(days, label, days == gap) for days, label in words.GAPS.items()],
    }


def masked(address: str) -> str:
    """Enough of the address for its owner to know it, too little for anybody else."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…{at}{domain}" if at else ""


def language_of(profile: Profile | None, workspace: WorkspaceRecord) -> str:
    """The language the receiver is spoken to in."""
    code = ((profile.language if profile else None) or "").lower()[:2]
    return code if code in dict(settings.LANGUAGES) else workspace.language


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    language: str = "",
    status: int = 200,
) -> HttpResponse:
    """A public page in the receiver's language, kept by nobody on the way."""
    language = spoken(request, language)
    with translation.override(language):
        return _uncached(render(request, template, context, status=status))


def spoken(request: HttpRequest, language: str) -> str:
    """The language of the page: the reader's own choice, else the receiver's."""
    is_chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    if is_chosen or language not in dict(settings.LANGUAGES):
        return translation.get_language() or settings.LANGUAGE_CODE
    return language


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
