"""Addresses of the rights of a person."""

from __future__ import annotations

from django.urls import path

from regulars.privacy import pages

app_name = "privacy"

urlpatterns = [
    path("erasures/", pages.erasures, name="erasures"),
    path("erasures/<str:public_id>/", pages.erasure, name="erasure"),
    path("files/<str:public_id>", pages.download, name="download"),
    path("persons/<str:public_id>/", pages.person, name="person"),
    path("persons/<str:public_id>/file", pages.make_export, name="export"),
    path("persons/<str:public_id>/erase", pages.erase, name="erase"),
]
