"""Addresses of connections, the public one among them."""

from __future__ import annotations

from django.urls import path

from regulars.intake.connectors import doors, pages

app_name = "connectors"

urlpatterns = [
    path("in/<str:public_id>", doors.receive, name="receive"),
    path("data/connections/", pages.connections, name="list"),
    path("data/connections/<str:public_id>/", pages.connection, name="connection"),
    path("data/connections/<str:public_id>/save", pages.save, name="save"),
    path("data/connections/<str:public_id>/map", pages.save_map, name="map"),
    path("data/connections/<str:public_id>/log", pages.log, name="log"),
    path("data/connections/<str:public_id>/secret", pages.reveal, name="secret"),
    path("data/connections/<str:public_id>/pause", pages.pause, name="pause"),
    path("data/connections/<str:public_id>/delete", pages.delete, name="delete"),
    path("data/connections/<str:public_id>/replay", pages.replay, name="replay"),
    path("data/connections/<str:public_id>/pull", pages.pull_now, name="pull"),
]
