"""Addresses of the room's pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from regulars.loyalty.pages import (
    adjustments,
    card_public,
    ledger,
    liability,
    programme,
    promotions,
    replays,
    tiers,
    trying,
)
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
# The programme, its books and what is owed.
_books: list[URLPattern] = [
    path("programme", programme.programme, name="programme"),
    path("programme/open", programme.set_open, name="programme_open"),
    path("programme/earning/new", programme.rule, name="new_rule"),
    path("programme/earning/<str:rule_id>", programme.rule, name="rule"),
    path("programme/<str:part>", programme.part, name="programme_part"),
    path("tiers", tiers.tiers, name="tiers"),
    path("tiers/rules", tiers.policy, name="tier_policy"),
    path("tiers/new", tiers.tier, name="new_tier"),
    path("tiers/<str:slug>", tiers.tier, name="tier"),
    path("ledger", ledger.ledger, name="ledger"),
    path("ledger/by-hand", adjustments.listing, name="adjustments"),
    path("ledger/by-hand/<str:public_id>/decide", adjustments.decide, name="decide"),
    path("ledger/<int:number>", ledger.transaction, name="transaction"),
    path("members/<str:public_id>/adjust", adjustments.adjust, name="adjust"),
    path("liability", liability.liability, name="liability"),
    path("signs-of-fraud", liability.frauds, name="frauds"),
]
# Promotions, a cart to try and past receipts priced anew.
_promotions: list[URLPattern] = [
    path("promotions", promotions.listing, name="promotions"),
    path("promotions/new", promotions.edit, name="new_promotion"),
    path("promotions/<slug:slug>", promotions.one, name="promotion"),
    path("promotions/<slug:slug>/edit", promotions.edit, name="edit_promotion"),
    path("promotions/<slug:slug>/move", promotions.move, name="move_promotion"),
    path("try", trying.page, name="simulator"),
    path("replays", replays.listing, name="replays"),
    path("replays/start", replays.start, name="start_replay"),
    path("replays/<str:public_id>", replays.one, name="replay"),
]
urlpatterns: list[URLPattern] = [*_open, *_books, *_promotions]
