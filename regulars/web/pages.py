"""Doors of the shell: search, look, language."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from regulars.web.context import KEYS_COOKIE, THEME_COOKIE, THEMES
from regulars.web.search import results_for
from regulars.workspaces.actions import choose_language_of

YEAR_S = 365 * 24 * 3600
QUERY_CHARS_MAX = 200


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """The search page, for those who come without the palette."""
    return render(request, "web/search.html", _found(request))


@require_GET
def search_results(request: HttpRequest) -> HttpResponse:
    """Only the list, for the palette."""
    return render(request, "web/parts/results.html", _found(request))


@login_not_required
@require_POST
def choose_look(request: HttpRequest) -> HttpResponse:
    """Keeps the choice of theme or of keyboard shortcuts in a cookie and returns."""
    response = redirect(_way_back(request))
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, samesite="Lax")
    keys = request.POST.get("keys")
    if keys in {"on", "off"}:
        response.set_cookie(KEYS_COOKIE, keys, max_age=YEAR_S, samesite="Lax")
    return response


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Keeps the language in Django's cookie and, for a member, in the profile; then returns."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        choose_language_of(request.user.pk, language)
    return set_language(request)


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address by habit."""
    return redirect(static("web/mark.svg"), permanent=True)


def _found(request: HttpRequest) -> dict[str, object]:
    query = request.GET.get("q", "").strip()[:QUERY_CHARS_MAX]
    return {"query": query, "groups": results_for(request, query)}


def _way_back(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.headers.get("Referer") or "/"
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(target, hosts, require_https=request.is_secure())
    return target if is_ours else "/"
