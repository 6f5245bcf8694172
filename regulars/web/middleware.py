"""Who may come in, in whose language and by whose clock a page is made, and refusals as pages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from regulars.kernel.errors import RegularsError
from regulars.web.errors import error_page, page_for

log = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]
# The API asks for a key instead; pages of one's own account need no workspace.
API_APP = "ninja"
UNSTORABLE = (DataError, psycopg.DataError, UnicodeEncodeError, OverflowError)
ACCOUNT_PREFIX = "account_"


class ShellMiddleware:
    """Shuts pages to strangers, speaks the member's language, answers refusals with pages.

    A page is open to everyone only when it is marked `login_not_required`.
    Stands last, after the middleware that sets `request.workspace`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _speak(request)
        with timezone.override(zone_of(request)):
            response = _form_only(request, self.get_response(request))
        _forbid_shared_caches(response)
        return _whole_page_sign_in(request, response)

    def process_view(
        self, request: HttpRequest, page: Handler, args: Sequence[Any], named: Mapping[str, Any]
    ) -> HttpResponse | None:
        """The way to sign-in for strangers, a word for those who belong to no workspace."""
        match = request.resolver_match
        is_program = bool(match and API_APP in match.app_names)
        if not is_program and _has_nul(request):
            return error_page(request, 400)
        if not getattr(page, "login_required", True) or is_program:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        is_own = bool(match and (match.url_name or "").startswith(ACCOUNT_PREFIX))
        if is_own or getattr(request, "member", None) is not None:
            return None
        return error_page(request, 403, template="web/no_workspace.html")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for an error of the product and for what cannot be stored; else nothing."""
        if isinstance(error, RegularsError):
            return page_for(request, error)
        if isinstance(error, UNSTORABLE):
            # A form with files is first read by its page; a day may lie beyond every calendar.
            log.warning("a form gave a value that cannot be stored: %s", type(error).__name__)
            return error_page(
                request, 400, _("A value is too large, or holds a sign that no text has.")
            )
        return None


def _has_nul(request: HttpRequest) -> bool:
    """Whether an address or a form holds the one character that no column of text can hold."""
    given = [request.path_info, *_texts(request.GET)]
    # A form with files is not read here: its page may have to refuse it unread.
    if request.content_type == "application/x-www-form-urlencoded":
        given += _texts(request.POST)
    return any("\x00" in text for text in given)


def _texts(form: QueryDict) -> Iterator[str]:
    for name, values in form.lists():
        yield name
        yield from values


def _speak(request: HttpRequest) -> None:
    """The language of the member's profile, which goes before the browser's wish."""
    language = getattr(getattr(request, "user", None), "language", "")
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """The zone of the workspace; None, the default zone, when there is none or it is unknown."""
    name = getattr(getattr(request, "workspace", None), "time_zone", "")
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _whole_page_sign_in(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends the whole page to sign in when a session ended under a part of it."""
    target, login = response.headers.get("Location", ""), resolve_url(settings.LOGIN_URL)
    if not request.headers.get("HX-Request") or not target.startswith(login):
        return response
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    address = f"{login}?{urlencode({'next': here.path or '/'})}"
    return HttpResponse(status=204, headers={"HX-Redirect": address})


def _form_only(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A page for whoever was led to an address of a form, by a sign-in for instance."""
    if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.method != "GET":
        return response
    if getattr(response, "content", b"-"):
        return response
    page = error_page(request, response.status_code)
    page["Allow"] = response.get("Allow", "")
    return page


def _forbid_shared_caches(response: HttpResponse) -> None:
    # Pages hold personal data: no cache but the browser's own may keep them, and that asks first.
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
