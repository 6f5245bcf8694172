"""Addresses of the reports."""

from __future__ import annotations

from django.urls import path

from regulars.reports import pages

app_name = "reports"

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("reports/revenue", pages.revenue, name="revenue"),
    path("reports/rfm", pages.rfm, name="rfm"),
    path("reports/cohorts", pages.cohorts, name="cohorts"),
    path("reports/campaigns/<str:public_id>", pages.campaign, name="campaign"),
]
