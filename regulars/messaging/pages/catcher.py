"""The mail catcher's inbox: letters of a demo, read in the browser as a customer would."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from regulars.messaging import queries
from regulars.messaging.pages.access import framed, member_of, workspace_of
from regulars.workspaces.records import Right

SEARCH_CHARS_MAX = 200
SHOWS = ("letter", "text", "source")


@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """The letters the catcher took, the newest first."""
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    search = request.GET.get("q", "").strip()[:SEARCH_CHARS_MAX]
    context = {
        "letters": queries.caught(
            workspace.id, search=search, with_product=_reads_product(request)
        ),
        "search": search,
        "is_demo": settings.IS_DEMO,
    }
    return render(request, "messaging/outbox.html", context)


@require_GET
def caught(request: HttpRequest, public_id: str) -> HttpResponse:
    """One letter: as it looks, its text, its source."""
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    letter, read = queries.caught_letter(
        workspace.id, public_id, with_product=_reads_product(request)
    )
    shown = request.GET.get("show", "")
    context = {
        "letter": letter,
        "read": read,
        "shown": shown if shown in SHOWS else ("letter" if read.html else "text"),
        "shows": [("letter", _("Letter")), ("text", _("Text part")), ("source", _("Source"))],
    }
    return render(request, "messaging/caught.html", context)


@require_GET
@xframe_options_sameorigin
def caught_html(request: HttpRequest, public_id: str) -> HttpResponse:
    """The HTML of the letter for its frame; its links open in a new tab and count as clicks."""
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    _letter, read = queries.caught_letter(
        workspace.id, public_id, with_product=_reads_product(request)
    )
    return framed(read.html, _reading_policy())


def _reads_product(request: HttpRequest) -> bool:
    """Whoever reads a letter that resets a password can sign in as its receiver."""
    return member_of(request).may(Right.SETTINGS_EDIT)


def _reading_policy() -> str:
    """As the preview's, but links may open and the picture that tells of an opening may load."""
    own = urlsplit(settings.PUBLIC_URL)
    return (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
        f" style-src 'unsafe-inline'; img-src https: data: {own.scheme}://{own.netloc};"
        " frame-ancestors 'self'"
    )
