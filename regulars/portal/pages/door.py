"""How a page of the account is opened: whose shop, whose session, in which language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.outside.callers import address_of
from regulars.portal import actions, queries, words
from regulars.portal.actions.sessions import TOTAL
from regulars.portal.pure.origins import ancestors
from regulars.portal.records import SessionRecord, SettingRecord
from regulars.store import trail
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

SESSION_COOKIE = "regulars_my"
LANGUAGE_COOKIE = "regulars_my_language"
LANGUAGE_KEPT_S = 365 * 86_400
DIGITS_MAX = 18


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page of the account; without a session nobody is known."""

    request: HttpRequest
    workspace: WorkspaceRecord
    setting: SettingRecord
    language: str
    session: SessionRecord | None = None
    profile: Profile | None = None

    @property
    def id(self) -> int:
        """The workspace, for queries and actions."""
        return self.workspace.id

    @property
    def me(self) -> Profile:
        """The customer; only for pages that need a session."""
        assert self.profile is not None
        return self.profile

    def url(self, name: str, *args: str) -> str:
        """The address of a page of this account."""
        return reverse(f"portal:{name}", args=[self.workspace.slug, *args])

    @staticmethod
    def number(typed: str) -> int:
        """A row's number out of an address; 0 when it is none."""
        is_number = typed.isascii() and typed.isdigit() and len(typed) <= DIGITS_MAX
        return int(typed) if is_number else 0

    def lead_to(self, name: str, *args: str, told: str = "") -> HttpResponse:
        """Go to another page of the account, which says that it was done."""
        address = self.url(name, *args)
        return HttpResponseRedirect(f"{address}?told={told}" if told else address, status=303)

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Codes and names of the languages the account speaks."""
        return [*words.LANGUAGES.items()]

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """The pages one finds at the foot of a phone."""
        here = self.request.path
        found = [(self.url(name), icon, label) for name, icon, label in words.TABS]
        current = max((url for url, *_rest in found if here.startswith(url)), key=len, default="")
        return [
            {"url": url, "icon": icon, "label": label, "is_current": url == current}
            for url, icon, label in found
        ]

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        """A page in the visitor's language."""
        given = {
            "visit": self,
            "shop": self.workspace,
            "slug": self.workspace.slug,
            "me": self.profile,
            "told": self.request.GET.get("told", "")[:20],
            "language": self.language,
            **context,
        }
        name = template if template.endswith(".svg") else f"{template}.html"
        return render(self.request, f"portal/{name}", given, status=status)

    def is_safe(self) -> bool:
        """Whether cookies may only travel over TLS here."""
        return bool(settings.SESSION_COOKIE_SECURE)


Page = Callable[..., HttpResponseBase]


def open_to_all(*methods: str) -> Callable[[Page], Page]:
    """A page of the account that asks for no session."""
    return lambda page: _opened(page, methods or ("GET", "HEAD"), needs_session=False)


def for_customers(*methods: str, takes_files: bool = False) -> Callable[[Page], Page]:
    """A page of the account for its owner; everybody else is led to the sign-in.

    takes_files  the page asks itself how long a form is before it reads it
    """
    return lambda page: _opened(
        page, methods or ("GET", "HEAD"), needs_session=True, takes_files=takes_files
    )


def _opened(
    page: Page, methods: tuple[str, ...], *, needs_session: bool, takes_files: bool = False
) -> Page:
    # The cookie of Django's own check does not reach a frame on another site; `_check_origin`
    # asks the browser itself where the form stood, and takes no answer for a no.
    @login_not_required
    @csrf_exempt
    @require_http_methods(methods)
    @wraps(page)
    def opened(request: HttpRequest, slug: str, **named: str) -> HttpResponseBase:
        workspace_id = queries.workspace_at(slug)
        if request.method == "POST":
            _check_origin(request)
            if not takes_files and is_longer(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
                # Files would be written to the disk, whatever the page wants of the form.
                raise RequestDataTooBig("A form without files is longer than it may be.")
        with scope(workspace_id):
            visit = _visit(request, workspace_id)
            with (
                trail.acting(_actor(visit)),
                translation.override(visit.language),
                timezone.override(visit.workspace.zone),
            ):
                if needs_session and visit.session is None:
                    return _finished(visit, _to_sign_in(visit))
                return _finished(visit, page(visit, **named))

    return opened


def is_longer(request: HttpRequest, bytes_max: int) -> bool:
    """Whether the body tells to be longer; nothing is read for it, and never more than was told."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdecimal() or int(length) > bytes_max


def _visit(request: HttpRequest, workspace_id: int) -> Visit:
    workspace = workspaces.workspace(workspace_id)
    token = request.COOKIES.get(SESSION_COOKIE, "")
    session = actions.session_of(workspace_id, token) if token else None
    profile = None
    if session is not None:
        profile = customers.profiles(workspace_id, [session.customer_id]).get(session.customer_id)
    if profile is None:
        session = None
    return Visit(
        request,
        workspace,
        queries.settings_of(workspace_id),
        _language(request, profile, workspace),
        session,
        profile,
    )


def _actor(visit: Visit) -> trail.Actor:
    if visit.profile is None:
        return trail.PUBLIC
    return trail.Actor("customer", visit.profile.public_id, "public")


def _language(request: HttpRequest, profile: Profile | None, workspace: WorkspaceRecord) -> str:
    """The visitor's own choice, else the customer's, else the browser's, else the shop's."""
    known = dict(settings.LANGUAGES)
    asked = translation.get_language_from_request(request)
    is_asked = asked in request.headers.get("Accept-Language", "").lower() or (
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) == asked
    )
    wishes = (
        request.COOKIES.get(LANGUAGE_COOKIE, ""),
        ((profile.language if profile else None) or "").lower()[:2],
        asked if is_asked else "",
        workspace.language,
    )
    return next((wish for wish in wishes if wish in known), settings.LANGUAGE_CODE)


def _check_origin(request: HttpRequest) -> None:
    """Only forms of our own pages are taken. raises PermissionDenied"""
    told = request.headers.get("Origin")
    if told is None:
        # Browsers too old to tell the origin tell the page.
        told = request.headers.get("Referer", "")
    parts = urlsplit(told)
    own = urlsplit(settings.PUBLIC_URL)
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return
    if parts.netloc and parts.netloc == request.get_host():
        return
    raise PermissionDenied(_("This form did not come from our own page. Reload it and try again."))


def _to_sign_in(visit: Visit) -> HttpResponse:
    return HttpResponseRedirect(visit.url("sign_in"), status=303)


def _finished(visit: Visit, response: HttpResponseBase) -> HttpResponseBase:
    """What every answer of the account says to browsers: who may frame it, that nobody keeps it."""
    origins = visit.setting.origins
    response._csp_update = {  # type: ignore[attr-defined]
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
    }
    response._csp_replace = {"frame-ancestors": ancestors(origins)}  # type: ignore[attr-defined]
    if origins:
        # The older header knows one site only; browsers that read the policy ignore it.
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
    response.headers.setdefault("Cache-Control", "no-store, private")
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def remember(visit: Visit, response: HttpResponse, token: str) -> None:
    """Let the device keep the token of its session."""
    set_cookie(visit, response, SESSION_COOKIE, token, int(TOTAL.total_seconds()), is_hidden=True)


def forget(visit: Visit, response: HttpResponse) -> None:
    """Let the device forget its session."""
    set_cookie(visit, response, SESSION_COOKIE, "", 0, is_hidden=True)


def remember_language(visit: Visit, response: HttpResponse, language: str) -> None:
    """Let the device keep the visitor's choice of language."""
    set_cookie(visit, response, LANGUAGE_COOKIE, language, LANGUAGE_KEPT_S, is_hidden=False)


def set_cookie(
    visit: Visit, response: HttpResponse, name: str, value: str, age_s: int, *, is_hidden: bool
) -> None:
    """Let the device keep a word for the pages of this account alone; age 0 takes it away."""
    # In a frame of another site a cookie only travels when it says that it may.
    is_framed = bool(visit.setting.origins) and visit.is_safe()
    response.set_cookie(
        name,
        value,
        max_age=age_s,
        path=visit.url("home"),
        secure=visit.is_safe(),
        httponly=is_hidden,
        samesite="None" if is_framed else "Lax",
    )


def network_of(request: HttpRequest) -> str:
    """Where the request comes from; "" when a proxy before us does not tell."""
    meta = request.META
    return address_of(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))
