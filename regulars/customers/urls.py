"""Addresses of customers."""

from __future__ import annotations

from django.urls import path

from regulars.customers import pages

app_name = "customers"

urlpatterns = [
    path("", pages.listing, name="list"),
    path("export.csv", pages.export, name="export"),
    path("new", pages.new, name="new"),
    path("<str:public_id>/", pages.card, name="card"),
    path("<str:public_id>/timeline", pages.timeline, name="timeline"),
    path("<str:public_id>/edit", pages.edit, name="edit"),
    path("<str:public_id>/consents", pages.say_consent, name="consent"),
    path("<str:public_id>/allow", pages.allow_address, name="allow"),
    path("<str:public_id>/data.json", pages.personal_data, name="data"),
]
