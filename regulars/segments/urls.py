"""Addresses of segments."""

from __future__ import annotations

from django.urls import path

from regulars.segments import pages

app_name = "segments"

urlpatterns = [
    path("", pages.listing, name="list"),
    path("recount", pages.recount, name="recount"),
    path("new", pages.new, name="new"),
    path("draft", pages.draft, name="draft"),
    path("count", pages.count, name="count"),
    path("values", pages.values, name="values"),
    path("of/<str:public_id>", pages.of_customer, name="of_customer"),
    path("<str:public_id>/", pages.segment, name="segment"),
    path("<str:public_id>/edit", pages.edit, name="edit"),
    path("<str:public_id>/now", pages.now, name="now"),
    path("<str:public_id>/customers", pages.people, name="people"),
    path("<str:public_id>/archive", pages.archive, name="archive"),
    path("<str:public_id>/restore", pages.restore, name="restore"),
]
