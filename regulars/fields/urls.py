from __future__ import annotations

from django.urls import path

from regulars.fields import pages

app_name = "fields"
urlpatterns = [
    path("fields/", pages.listing, name="list"),
    path("fields/new/", pages.new, name="new"),
    path("fields/field/", pages.edit, name="field"),
]
