"""The API object: routers of the rooms, the key check, errors by one table."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from regulars.api.auth import ApiKeyAuth, in_scope
from regulars.api.errors import body_of, status_of
from regulars.kernel.errors import RegularsError

ROUTERS = {
    "customers": "/customers",
    "orders": "/orders",
    "segments": "/segments",
    "campaigns": "/campaigns",
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
    if find_spec(f"regulars.{_room}") is None or find_spec(f"regulars.{_room}.api") is None:  # YARD
        continue  # YARD
    api.add_router(_prefix, import_module(f"regulars.{_room}.api").router)


@api.exception_handler(RegularsError)
def _ours(request: HttpRequest, error: RegularsError) -> HttpResponse:
    return api.create_response(request, body_of(error), status=status_of(error))


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
