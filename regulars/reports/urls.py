"""Addresses of the reports."""

from __future__ import annotations

from django.urls import path

from regulars.reports import pages

app_name = "reports"

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("reports/revenue", pages.revenue, name="revenue"),
    path("reports/rfm", pages.rfm, name="rfm"),
    path("reports/rfm/borders", pages.borders, name="borders"),
    path("reports/stages", pages.stages, name="stages"),
    path("reports/migration", pages.migration, name="migration"),
    path("reports/migration/customers", pages.moved, name="moved"),
    path("reports/clusters", pages.clusters, name="clusters"),
    path("reports/clusters/find", pages.find_clusters, name="find_clusters"),
    path("reports/segment", pages.keep_segment, name="keep_segment"),
    path("reports/cohorts", pages.cohorts, name="cohorts"),
    path("reports/campaigns/<str:public_id>", pages.campaign, name="campaign"),
]
