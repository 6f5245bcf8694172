"""The workspace's clock for a request, and refusals as pages."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from regulars.kernel.errors import RegularsError
from regulars.web.errors import page_for

Handler = Callable[[HttpRequest], HttpResponse]


class ShellMiddleware:
    """Shows times in the workspace's zone and answers the product's refusals with pages.

    Stands last, after the middleware that sets `request.workspace`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request)):
            response = self.get_response(request)
        _forbid_shared_caches(response)
        return _whole_page_sign_in(request, response)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for an error of the product; every other error stays what it is."""
        return page_for(request, error) if isinstance(error, RegularsError) else None


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


def _forbid_shared_caches(response: HttpResponse) -> None:
    # Pages hold personal data: no cache but the browser's own may keep them, and that asks first.
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
