from __future__ import annotations

from django.urls import path

from regulars.events import pages

app_name = "events"
urlpatterns = [
    path("events/", pages.feed, name="list"),
    path("failed/", pages.failed, name="failed"),
    path("failed/replay/", pages.replay, name="replay"),
    path("failed/again/", pages.again, name="again"),
]
