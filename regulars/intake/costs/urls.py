"""Addresses of ad costs."""

from __future__ import annotations

from django.urls import path

from regulars.intake.costs import pages

app_name = "costs"

urlpatterns = [
    path("data/costs/", pages.listing, name="list"),
    path("data/costs/upload", pages.upload, name="upload"),
]
