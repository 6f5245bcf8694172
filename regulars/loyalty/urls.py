"""Addresses of the room's pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from regulars.loyalty.pages import card_public
from regulars.loyalty.wallet import service

app_name = "loyalty"

# Holders of cards and their phones: no sign-in.
_open: list[URLPattern] = [
    path("card/<str:token>", card_public.card, name="card_public"),
    path("card/<str:token>/apple", card_public.card_apple, name="card_apple"),
    path("card/<str:token>/google", card_public.card_google, name="card_google"),
    path(
        "wallet/<int:workspace_id>/v1/devices/<str:device>/registrations/<str:pass_type>/<str:serial>",
        service.registration,
        name="pass_registration",
    ),
    path(
        "wallet/<int:workspace_id>/v1/devices/<str:device>/registrations/<str:pass_type>",
        service.changed,
        name="pass_changed",
    ),
    path(
        "wallet/<int:workspace_id>/v1/passes/<str:pass_type>/<str:serial>",
        service.newest,
        name="pass_newest",
    ),
    path("wallet/<int:workspace_id>/v1/log", service.log, name="pass_log"),
]
urlpatterns: list[URLPattern] = [*_open]
