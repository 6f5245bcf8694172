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
    path("overlap", pages.overlap, name="overlap"),
    path("lists/", pages.lists, name="lists"),
    path("lists/choose", pages.choose_list, name="choose_list"),
    path("lists/new", pages.new_list, name="new_list"),
    path("lists/<str:public_id>/", pages.one_list, name="one_list"),
    path("lists/<str:public_id>/rename", pages.rename_list, name="rename_list"),
    path("lists/<str:public_id>/archive", pages.archive_list, name="archive_list"),
    path("lists/<str:public_id>/upload", pages.upload_list, name="upload_list"),
    path("lists/<str:public_id>/remove", pages.remove_from_list, name="remove_from_list"),
    path("lists/<str:public_id>/rejects/<str:upload_id>", pages.list_rejects, name="list_rejects"),
    path("hooks/<str:public_id>/", pages.hook, name="hook"),
    path("hooks/<str:public_id>/change", pages.change_hook, name="change_hook"),
    path("hooks/<str:public_id>/again", pages.send_again, name="send_again"),
    path("exports/<str:public_id>/file", pages.export_file, name="export_file"),
    path("of/<str:public_id>", pages.of_customer, name="of_customer"),
    path("<str:public_id>/", pages.segment, name="segment"),
    path("<str:public_id>/edit", pages.edit, name="edit"),
    path("<str:public_id>/now", pages.now, name="now"),
    path("<str:public_id>/customers", pages.people, name="people"),
    path("<str:public_id>/why", pages.why, name="why"),
    path("<str:public_id>/history", pages.history, name="history"),
    path("<str:public_id>/exports", pages.exports, name="exports"),
    path("<str:public_id>/export", pages.begin_export, name="begin_export"),
    path("<str:public_id>/hooks", pages.new_hook, name="new_hook"),
    path("<str:public_id>/rename", pages.rename, name="rename"),
    path("<str:public_id>/delete", pages.delete, name="delete"),
    path("<str:public_id>/archive", pages.archive, name="archive"),
    path("<str:public_id>/restore", pages.restore, name="restore"),
]
