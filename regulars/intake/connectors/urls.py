"""Addresses of connections, the public one among them."""

from __future__ import annotations

from django.urls import path

from regulars.intake.connectors import doors

app_name = "connectors"

urlpatterns = [
    path("in/<str:public_id>", doors.receive, name="receive"),
]
