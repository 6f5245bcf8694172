"""Addresses of imports."""

from __future__ import annotations

from django.urls import path

from regulars.intake import pages

app_name = "intake"

urlpatterns = [
    path("imports/", pages.imports, name="imports"),
    path("imports/new", pages.upload, name="upload"),
    path("imports/<str:public_id>/", pages.one_import, name="import"),
    path("imports/<str:public_id>/try", pages.try_import, name="try"),
    path("imports/<str:public_id>/run", pages.run_import, name="run"),
    path("imports/<str:public_id>/state", pages.state, name="state"),
    path("imports/<str:public_id>/rejected.csv", pages.rejected, name="rejected"),
    path("sources/", pages.sources, name="sources"),
    path("forms/new", pages.new_form, name="new_form"),
    path("forms/<str:public_id>/", pages.one_form, name="form"),
    path("forms/<str:public_id>/edit", pages.edit_form, name="edit_form"),
    path("forms/<str:public_id>/close", pages.close_form, name="close_form"),
    path("sites/new", pages.new_site, name="new_site"),
    path("sites/<str:public_id>/", pages.one_site, name="site"),
    path("sites/<str:public_id>/edit", pages.edit_site, name="edit_site"),
    path("sites/<str:public_id>/check", pages.site_check, name="site_check"),
    path("sites/<str:public_id>/close", pages.close_site, name="close_site"),
]
