"""The API object: routers of the rooms, the key check, errors by one table."""

from __future__ import annotations

import logging
from importlib import import_module

import psycopg
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from regulars.api.auth import ApiKeyAuth, in_scope
from regulars.api.errors import RETRY_AFTER_S, body_of, is_passing, status_of
from regulars.kernel.errors import RegularsError

log = logging.getLogger(__name__)

ROUTERS = {
    "customers": "/customers",
    "orders": "/orders",
    "segments": "/segments",
    "value": "/value",
    "loyalty": "/loyalty",
    "campaigns": "/campaigns",
    "privacy": "/privacy",
    "messaging": "/subscriptions",
    "fields": "/fields",
}

api = NinjaAPI(
    title="Regulars",
    version="1",
    urls_namespace="api",
    auth=ApiKeyAuth(),
    docs_url="/docs",
    description="Customers, orders, segments and campaigns of one workspace: that of the key.",
)
api.add_decorator(in_scope)
for _room, _prefix in ROUTERS.items():
    _doors = import_module(f"regulars.{_room}.api")
    api.add_router(_prefix, _doors.router)
    # A room with several nouns opens an address for each.
    for _more, _router in getattr(_doors, "MORE", ()):
        api.add_router(_more, _router)


@api.exception_handler(RegularsError)
def _ours(request: HttpRequest, error: RegularsError) -> HttpResponse:
    response = api.create_response(request, body_of(error), status=status_of(error))
    if is_passing(error):
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


@api.exception_handler(ValidationError)
def _shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [
        {"path": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors
    ]
    content = {
        "code": "body_invalid",
        "message": "The request does not have the shape described in /api/v1/openapi.json.",
        "details": {"faults": faults},
    }
    return api.create_response(request, content, status=422)


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    return _answer(
        request,
        401,
        "key_unknown",
        "Send an open key of scope api as Authorization: Bearer <key>; Settings → Keys makes one.",
    )


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _answer(request, error.status_code, "request_unreadable", f"{error}.")


@api.exception_handler(Http404)
def _missing(request: HttpRequest, _: Http404) -> HttpResponse:
    return _answer(request, 404, "not_found", "There is nothing at this address.")


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, _: RequestDataTooBig) -> HttpResponse:
    megabytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20
    message = f"A request has at most {megabytes} MB; send smaller batches."
    return _answer(request, 413, "body_too_large", message)


@api.exception_handler(DataError)
@api.exception_handler(psycopg.DataError)
@api.exception_handler(UnicodeEncodeError)
@api.exception_handler(OverflowError)
def _unstorable(request: HttpRequest, _: Exception) -> HttpResponse:
    # JSON can carry what no column holds: NUL, half a surrogate pair, and a last day of the
    # calendar that is a day later in UTC.
    log.warning("an API call gave a value that cannot be stored", exc_info=True)
    message = (
        "A value cannot be stored: a character such as NUL, a number too large, or a moment"
        " outside the calendar."
    )
    return _answer(request, 422, "value_unusable", message)


@api.exception_handler(Exception)
def _fault(request: HttpRequest, _: Exception) -> HttpResponse:
    # The words of a fault may name data of others: they stay here.
    log.exception("an API call failed")
    return _answer(request, 500, "server_fault", "The server failed; nothing was changed.")


@login_not_required
def missing(request: HttpRequest, path: str = "") -> HttpResponse:
    """The answer to an address under /api/ that nothing stands at."""
    return _answer(
        request, 404, "not_found", "There is no such call; /api/v1/docs lists what there is."
    )


def _answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    content = {"code": code, "message": message, "details": {}}
    return api.create_response(request, content, status=status)
