"""Addresses of the audit trail."""

from __future__ import annotations

from django.urls import path

from regulars.audit import pages

app_name = "audit"

urlpatterns = [path("audit/", pages.listing, name="list")]
