"""Pages for what went wrong: what happened and what to do, in the member's language."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _

from regulars.kernel.errors import (
    Conflict,
    Invalid,
    NotFound,
    Outside,
    Refused,
    RegularsError,
)
from regulars.web.refusals import said

# The nearest class in this order decides; the API keeps its own table.
STATUS_OF = ((NotFound, 404), (Refused, 403), (Invalid, 422), (Conflict, 409), (Outside, 503))
# A template exists for these; every other refusal uses the page of a bad request.
PAGES = {400, 403, 404, 405, 500, 503}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The request could not be read."""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The member may not do this; a PermissionDenied with text says why."""
    reason = str(exception) if isinstance(exception, PermissionDenied) else ""
    return error_page(request, 403, reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing lives at this address."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; the page uses nothing that may be broken too."""
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was opened too long ago or in another session."""
    text = _("This page was open for too long. Go back, reload it and send the form again.")
    return error_page(request, 403, text)


def page_for(request: HttpRequest, error: RegularsError) -> HttpResponse:
    """A refusal of the product as a page, or as a toast when only a part was asked for."""
    status = next((code for kind, code in STATUS_OF if isinstance(error, kind)), 400)
    return error_page(request, status, said(error.message))


def error_page(
    request: HttpRequest, status: int, reason: str = "", *, template: str = ""
) -> HttpResponse:
    """The page of one status; htmx gets the toast alone."""
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return HttpResponse(_toast(reason or _("That did not work. Try again.")), status=status)
    name = status if status in PAGES else 400
    template = template or f"{name}.html"
    page = loader.render_to_string(template, {"reason": reason}, _safe_request(request, name))
    return HttpResponse(page, status=status)


def _toast(text: str) -> str:
    return loader.render_to_string("web/parts/toast.html", {"tone": "bad", "text": text})


def _safe_request(request: HttpRequest, status: int) -> HttpRequest | None:
    """Context processors may be what failed, so the page of a fault goes without them."""
    return None if status == 500 else request
