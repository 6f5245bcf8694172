"""Addresses of customers."""

from __future__ import annotations

from django.urls import path

from regulars.customers import pages
from regulars.customers.pages import duplicates, erasures, merges, quality, topics

app_name = "customers"

urlpatterns = [
    path("", pages.listing, name="list"),
    path("new", pages.new, name="new"),
    path("views", pages.save_view, name="save_view"),
    path("views/<str:public_id>", pages.change_view, name="change_view"),
    path("columns", pages.choose_columns, name="columns"),
    path("tasks", pages.my_tasks, name="tasks"),
    path("tasks/<str:task_id>", pages.settle_task, name="settle_task"),
    path("companies", pages.companies, name="companies"),
    path("companies/new", pages.new_company, name="new_company"),
    path("companies/<str:public_id>/", pages.company, name="company"),
    path("companies/<str:public_id>/edit", pages.edit_company, name="edit_company"),
    path("quality", quality.quality, name="quality"),
    path("quality/settle", quality.settle, name="settle_flags"),
    path("topics", topics.topics, name="topics"),
    path("topics/save", topics.save_topic, name="save_topic"),
    path("topics/archive", topics.archive_topic, name="archive_topic"),
    path("topics/texts", topics.add_text, name="add_text"),
    path("erasures", erasures.erasures, name="erasures"),
    path("erasures/<str:public_id>", erasures.settle_erasure, name="settle_erasure"),
    path("many", pages.batch_list, name="batches"),
    path("many/confirm", pages.confirm, name="bulk"),
    path("many/run", pages.run, name="bulk_run"),
    path("many/<str:public_id>", pages.batch, name="batch"),
    path("many/<str:public_id>/file", pages.download, name="download"),
    path("merges", merges.merges, name="merges"),
    path("merges/rules", merges.change_rules, name="identity_rules"),
    path("duplicates", duplicates.duplicates, name="duplicates"),
    path("duplicates/find", duplicates.find, name="find_duplicates"),
    path("duplicates/many", duplicates.ask_many, name="ask_duplicates"),
    path("duplicates/many/merge", duplicates.merge_many, name="merge_duplicates"),
    path("duplicates/<str:pair_id>", duplicates.decide, name="decide_duplicate"),
    path("<str:public_id>/", pages.card, name="card"),
    path("<str:public_id>/split", merges.unmerge, name="unmerge"),
    path("<str:public_id>/notes", pages.add_note, name="add_note"),
    path("<str:public_id>/notes/<str:note_id>", pages.edit_note, name="edit_note"),
    path("<str:public_id>/notes/<str:note_id>/pin", pages.pin_note, name="pin_note"),
    path("<str:public_id>/notes/<str:note_id>/delete", pages.delete_note, name="delete_note"),
    path("<str:public_id>/tasks", pages.give_task, name="give_task"),
    path("<str:public_id>/companies", pages.join_company, name="join_company"),
    path("<str:public_id>/companies/leave", pages.leave_company, name="leave_company"),
    path("<str:public_id>/timeline", pages.timeline, name="timeline"),
    path("<str:public_id>/edit", pages.edit, name="edit"),
    path("<str:public_id>/consents", pages.say_consent, name="consent"),
    path("<str:public_id>/allow", pages.allow_address, name="allow"),
    path("<str:public_id>/data.json", pages.personal_data, name="data"),
]
