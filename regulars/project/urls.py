"""Where each room's pages are mounted."""

from __future__ import annotations

from django.urls import include, path

from regulars.api.api import api, missing

ROOMS = (
    ("", "web"),
    ("", "reports"),
    ("customers/", "customers"),
    ("", "orders"),
    ("segments/", "segments"),
    ("loyalty/", "loyalty"),
    ("campaigns/", "campaigns"),
    ("", "messaging"),
    ("data/", "intake"),
    ("", "intake.connectors"),
    ("", "intake.costs"),
    ("data/", "events"),
    ("data/", "fields"),
    ("settings/", "workspaces"),
    ("settings/", "audit"),
    ("privacy/", "privacy"),
    ("", "portal"),
)
urlpatterns = [
    path("api/v1/", api.urls),
    path("api/<path:path>", missing),
    *(path(prefix, include(f"regulars.{room}.urls")) for prefix, room in ROOMS),
    path("", include("allauth.urls")),
]
handler400 = "regulars.web.errors.bad_request"
handler403 = "regulars.web.errors.forbidden"
handler404 = "regulars.web.errors.not_found"
handler500 = "regulars.web.errors.server_error"
