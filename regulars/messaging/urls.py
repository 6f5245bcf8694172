"""Addresses of messaging, the public one of letters' readers among them."""

from __future__ import annotations

from django.urls import path

from regulars.messaging.pages import (
    catcher,
    confirming,
    public,
    senders,
    suppressed,
    templates,
)

app_name = "messaging"

public_urlpatterns = [
    path("u/<str:token>", public.preferences, name="preferences"),
    path("u/<str:token>/confirm", confirming.confirm, name="confirm"),
]
urlpatterns = [
    *public_urlpatterns,
    path("messages/templates", templates.listing, name="templates"),
    path("messages/templates/new", templates.new, name="new_template"),
    path("messages/templates/check", templates.check, name="check"),
    path("messages/templates/look", templates.look, name="look"),
    path("messages/templates/<str:public_id>", templates.edit, name="template"),
    path("messages/templates/<str:public_id>/archive", templates.archive, name="archive_template"),
    path("messages/sender", senders.sender, name="sender"),
    path("messages/sender/test", senders.test_sender, name="test_sender"),
    path("messages/sender/key", senders.make_key, name="make_key"),
    path("messages/sender/key/check", senders.check_key, name="check_key"),
    path("messages/outbox", catcher.outbox, name="outbox"),
    path("messages/outbox/<str:public_id>", catcher.caught, name="caught"),
    path("messages/outbox/<str:public_id>/html", catcher.caught_html, name="caught_html"),
    path("messages/suppressed", suppressed.suppressed, name="suppressed"),
]
